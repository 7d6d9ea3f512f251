//! What tests of the other crates share: fakes and hosts that need no server.

mod memory_host;

pub use memory_host::{MemoryHost, MemoryHostBuilder};
