//! What tests of the other crates share: fakes and hosts that need no server.

mod app;
pub mod conformance;
pub mod doors;
mod installation;
mod memory_host;
pub mod postgres;

pub use app::{
    EventStream, PASSWORD, ServerEvent, TestApp, TestClient, TestRequest, TestResponse,
    TestSettings, WithWorker,
};
pub use installation::{
    Installation, TestClock, generous_terms, insert_account, new_job, new_user,
};
pub use memory_host::{MemoryHost, MemoryHostBuilder};
