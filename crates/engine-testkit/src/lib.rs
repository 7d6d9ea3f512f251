//! What tests of engines share: a host in memory, and an engine that goes through every door.
//!
//! Invariant: it sees what an engine sees (`engine-api`) and nothing below, so that an engine's
//! tests build without a store or a server.

pub mod doors;
mod memory_host;

pub use memory_host::{MemoryHost, MemoryHostBuilder};
