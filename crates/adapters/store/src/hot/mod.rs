//! The hot path: commands, decided in batches.
//!
//! Invariants: what a batch touches is loaded first, under locks taken in one order (accounts,
//! then jobs); the pure functions of `gantry-rules` decide each command on what the ones before
//! it left; claims come last, so that they see what the batch queued; all effects are written at
//! once, set by set.

mod account;
mod allowance;
mod artifacts;
mod books;
mod cancel;
mod claim;
mod claimed;
mod commands;
mod decide;
mod flush;
mod fork;
mod heartbeat;
mod hold;
mod hold_rows;
mod job;
mod load;
mod notes;
mod port;
mod quota_events;
mod release;
mod restrictions;
mod settle;
mod statements;
mod stop;
mod submit;

pub(crate) use commands::{Command, Reply};
pub(crate) use decide::Decider;
pub(crate) use submit::KEY_LIFETIME;
