//! Engines in other processes: any program that speaks the JSON-lines protocol, and built-in
//! engines in child processes of the same binary.
//!
//! Invariants: to everybody else these are ordinary engines; a process that misbehaves, dies or
//! never ends costs its own job and nothing else; no process outlives the pool that started it,
//! nor its own children the process.

mod check;
mod complaints;
mod config;
mod dynamic;
mod engine;
mod error;
mod files;
mod handshake;
mod isolated;
mod kin;
mod lines;
mod pool;
mod price;
mod process;
mod relay;
mod remote;
mod scaffold;
mod schema;
mod serve;
mod services;
#[cfg(test)]
mod storm;
mod watch;
mod wire;

pub use check::{CheckFinding, CheckReport, Severity, check_engine};
pub use config::{CONFIG_FILE, ExternalConfig};
pub use engine::ExternalEngine;
pub use error::ExternalError;
pub use isolated::IsolatedEngine;
pub use pool::EnginePool;
pub use scaffold::{Language, UnknownLanguage, new_engine};
pub use serve::{serve_engine, serve_services};
pub use services::{ServiceLimits, ServicePool};
