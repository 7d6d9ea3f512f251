//! Compression of answers.
//!
//! Invariant: streams of events and downloads stay as they are: a compressor would hold events
//! back, and a download's tag is that of its plain bytes.

use axum::http::{Response, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

/// Answers that are worth compressing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compressible;

impl Predicate for Compressible {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &Response<B>) -> bool {
        !response.headers().contains_key(header::ACCEPT_RANGES)
            && DefaultPredicate::new().should_compress(response)
    }
}

/// Compresses with gzip what is worth it.
pub fn compression() -> CompressionLayer<Compressible> {
    CompressionLayer::new().compress_when(Compressible)
}
