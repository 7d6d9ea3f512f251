//! The JSON-lines protocol between a host and an engine in another process.
//!
//! The host writes [`HostMessage`]s to the engine's standard input, the engine answers with
//! [`EngineMessage`]s on its standard output: one JSON object per line, in UTF-8. Bytes never
//! travel in lines: inputs lie as read-only files in the run's scratch folder, and artifacts
//! are named by their path in it. Standard error is free text and becomes the job's log.
//!
//! A session: `hello` and `ready` once; then, for each run, `run` and any number of notes,
//! until `done`, `fork` or `failed`. One run at a time. `cancel` asks the run to end soon, an
//! end of standard input asks the process to end.
//!
//! A process that serves services gets no runs: it is told to load artifacts, to answer calls
//! on them, and to unload them. Several calls may be open at once, and are answered in any order.
//!
//! Invariants: every message names its run, so that a late line of an ended run is told from
//! the present one; a line longer than [`LONGEST_LINE`] or one that is not a message ends the
//! process and fails its run alone.

mod engine;
mod host;
mod manifest;
mod written_order;

pub use engine::{ChildRequest, EngineMessage};
pub use host::{HostMessage, RunInput, RunLimits, RunRequest};
pub use manifest::{
    CallMeterRule, EngineManifest, EstimateRule, MeterRule, OperationManifest, ServiceManifest,
};

/// The version of the protocol that this crate speaks.
pub const PROTOCOL: u32 = 1;

/// The most bytes of one line, with its line feed.
pub const LONGEST_LINE: usize = 4 << 20;
