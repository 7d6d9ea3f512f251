//! Pure decisions: who is admitted, what is held, how a job moves and how it is settled.
//!
//! Invariants: state in, effects out; no input or output, no clock, no randomness; the same
//! arguments give the same answer, so the money can be read in one sitting and tested without
//! a database.

pub mod account;
pub mod admission;
pub mod allowance;
pub mod billing_details;
pub mod cancellation;
pub mod claim;
pub mod cron;
pub mod discount;
pub mod flag_words;
pub mod flags;
pub mod fork;
pub mod fraud;
pub mod invoice;
pub mod job;
pub mod language;
pub mod ledger;
pub mod lots;
pub mod outcome;
pub mod overrides;
pub mod period;
pub mod plan;
pub mod referral;
pub mod refusal;
pub mod retry;
pub mod revenue;
pub mod rewards;
pub mod settlement;
pub mod sharing;
pub mod submission;
pub mod subscription;
pub mod transition;
pub mod zone;
