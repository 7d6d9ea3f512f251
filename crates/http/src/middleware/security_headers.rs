//! Headers that tell browsers what an answer may do.
//!
//! Invariant: every answer has a content security policy; one that a route set itself stays.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::extract::Scheme;

/// The policy of public pages: no script at all, styles and pictures from here.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of the one page with a script, which talks to this site alone.
pub const SCRIPTED_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The policy of everything else: data, not documents.
const DATA_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const ALWAYS: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
];

/// Adds what the route did not set.
pub fn add_security_headers(headers: &mut HeaderMap, scheme: Scheme) {
    for (name, value) in ALWAYS {
        let name = HeaderName::from_static(name);
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    if scheme == Scheme::Https {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
}
