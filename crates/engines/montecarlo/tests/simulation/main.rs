//! The engine as its host sees it: simulations of small workbooks, the same bits on any number of
//! threads, cancels, errors in words; and columns beside recalculations, bit for bit.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step fails the test")]

mod columns;
mod device;
mod edits;
mod operations;
mod questions;
mod shards;
mod workbooks;
