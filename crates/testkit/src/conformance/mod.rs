//! What every adapter of a port must do, whatever stands behind it.
//!
//! Invariant: a story uses the port alone, so that it can be told of any adapter.

pub mod blobs;
pub mod store;

/// How a story ends: well, or with what went wrong.
pub type Outcome = anyhow::Result<()>;
