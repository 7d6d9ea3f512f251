//! What tests of the other crates share: fakes and hosts that need no server.

pub mod doors;
mod memory_host;

pub use memory_host::{MemoryHost, MemoryHostBuilder};
