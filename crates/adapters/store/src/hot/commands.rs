//! The closed set of hot commands and their answers.

use std::collections::BTreeMap;

use gantry_ports::store::{
    AllowCommand, AllowanceUseCommand, CancelCommand, Cancelled, CheckpointCommand, ClaimCommand,
    ClaimedJob, ForkCommand, Forked, HeartbeatCommand, HeartbeatReply, JobRestriction,
    NotesCommand, RaiseHoldCommand, ReapCommand, Reaped, ReleaseCommand, SettleCommand, Settled,
    Submitted,
};
use gantry_rules::submission::Submission;
use gantry_types::MeterId;

/// A hot command on its way to the writer.
#[derive(Debug)]
pub(crate) enum Command {
    /// Admit a root job, for everybody or for some.
    Submit(Box<Submission>, Option<Box<JobRestriction>>),
    /// Lease jobs.
    Claim(ClaimCommand),
    /// Prolong a lease.
    Heartbeat(HeartbeatCommand),
    /// Store notes.
    Notes(NotesCommand),
    /// Keep a checkpoint.
    Checkpoint(CheckpointCommand),
    /// Hand work to children.
    Fork(ForkCommand),
    /// Enlarge a hold.
    RaiseHold(RaiseHoldCommand),
    /// End an attempt.
    Settle(Box<SettleCommand>),
    /// Stop a tree.
    Cancel(CancelCommand),
    /// End lost leases.
    Reap(ReapCommand),
    /// Queue what may run now.
    Release(ReleaseCommand),
    /// Reserve units for calls.
    Allow(AllowCommand),
    /// Note what was used of them.
    ReportUse(AllowanceUseCommand),
}

/// The answer to a command that took effect.
#[derive(Debug)]
pub(crate) enum Reply {
    /// To `Submit`.
    Submitted(Submitted),
    /// To `Claim`.
    Claimed(Vec<ClaimedJob>),
    /// To `Heartbeat`.
    Heartbeat(HeartbeatReply),
    /// To `Allow`.
    Allowed(BTreeMap<MeterId, u64>),
    /// To `Notes`, `Checkpoint`, `RaiseHold` and `ReportUse`.
    Done,
    /// To `Fork`.
    Forked(Forked),
    /// To `Settle`.
    Settled(Settled),
    /// To `Cancel`.
    Cancelled(Cancelled),
    /// To `Reap`.
    Reaped(Vec<Reaped>),
    /// To `Release`.
    Released(u64),
}
