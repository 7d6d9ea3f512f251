//! The HTTP face: the API, its documentation, the public pages and the embedded web app.
//!
//! Invariants: this is the only crate that knows the web framework; a route reads its request,
//! calls one use-case and shapes the answer, and decides nothing; errors of every crate become
//! problems in `problem` alone; the store is the truth that streams read, the bus only wakes
//! them.

mod api;
mod call_stream;
mod dto;
mod etag;
mod extract;
mod feed;
mod memory;
mod metrics;
mod middleware;
mod older_paths;
mod pages;
mod paper;
mod percent;
mod problem;
mod qr_code;
mod router;
#[expect(unused_qualifications, reason = "the macro that describes routes writes some")]
mod routes;
mod serve;
mod state;

pub use api::openapi;
pub use memory::{give_back_memory, let_keep_memory};
pub use metrics::{Gauge, Metrics};
pub use problem::Problem;
pub use router::router;
pub use serve::serve;
pub use state::{AppState, HttpSettings, MetricsAccess, Services, SetupError};

/// The routes with everything around them, ready to be served.
pub use axum::Router;
