//! What tests of the platform share: a whole installation, a running server, conformance suites,
//! a PostgreSQL server and Python's peers; and, for their convenience, what tests of engines share.

mod app;
mod authenticator;
mod clock;
pub mod conformance;
pub mod fakes;
mod installation;
pub mod postgres;
pub mod python;
mod slow_provider;
mod till;

pub use app::{
    EventStream, PASSWORD, ServerEvent, TestApp, TestClient, TestRequest, TestResponse,
    TestSettings, WithWorker,
};
pub use authenticator::{SoftAnswer, SoftAuthenticator, SoftCreated, SoftKey};
pub use clock::TestClock;
pub use gantry_engine_testkit::{MemoryHost, MemoryHostBuilder, doors};
pub use installation::{
    Installation, Platform, edition_of, generous_terms, insert_account, new_job, new_user,
};
pub use slow_provider::SlowProvider;
pub use till::TestTill;
