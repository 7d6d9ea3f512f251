//! The store on SQLite and PostgreSQL, through one code path.
//!
//! Invariants: hot commands are decided by the pure functions of `gantry-rules` and committed
//! in batches by one writer task; on SQLite everything that writes goes through that task's one
//! connection; what differs between the databases stands in `dialect` alone; a snapshot never
//! writes.

mod batch_sql;
mod config;
mod dialect;
mod error;
mod file;
mod file_lock;
mod hot;
mod migrations;
mod notify;
mod open;
mod row;
mod session;
mod sql;
mod store;
mod tables;
mod writer;

pub use config::{Location, StoreConfig, UpgradeBackup};
pub use error::OpenError;
pub use notify::NotifyBus;
pub use store::GantryStore;
