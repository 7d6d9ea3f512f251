//! The port's hot path: each call becomes a command, and its reply the answer.

use std::collections::BTreeMap;

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AllowCommand, AllowanceUseCommand, CancelCommand, Cancelled, CheckpointCommand, ClaimCommand,
    ClaimedJob, ForkCommand, Forked, HeartbeatCommand, HeartbeatReply, HotError, HotPath,
    JobRestriction, NotesCommand, RaiseHoldCommand, ReapCommand, Reaped, ReleaseCommand,
    SettleCommand, Settled, Submitted,
};
use gantry_rules::submission::Submission;
use gantry_types::MeterId;

use super::{Command, Reply};
use crate::store::GantryStore;

/// Sends a command and takes the one reply that answers it.
macro_rules! ask {
    ($store:expr, $command:expr, $reply:pat => $answer:expr) => {
        match $store.writer().ask($command).await? {
            $reply => Ok($answer),
            other => Err(HotError::Store(StoreError::Broken {
                reason: format!("the writer answered {other:?} to another command"),
            })),
        }
    };
}

#[async_trait]
impl HotPath for GantryStore {
    async fn submit(&self, submission: Submission) -> Result<Submitted, HotError> {
        let command = Command::Submit(Box::new(submission), None);
        ask!(self, command, Reply::Submitted(answer) => answer)
    }

    async fn submit_restricted(
        &self,
        submission: Submission,
        restriction: JobRestriction,
    ) -> Result<Submitted, HotError> {
        let command = Command::Submit(Box::new(submission), Some(Box::new(restriction)));
        ask!(self, command, Reply::Submitted(answer) => answer)
    }

    async fn claim(&self, command: ClaimCommand) -> Result<Vec<ClaimedJob>, HotError> {
        ask!(self, Command::Claim(command), Reply::Claimed(jobs) => jobs)
    }

    async fn heartbeat(&self, command: HeartbeatCommand) -> Result<HeartbeatReply, HotError> {
        ask!(self, Command::Heartbeat(command), Reply::Heartbeat(answer) => answer)
    }

    async fn record_notes(&self, command: NotesCommand) -> Result<(), HotError> {
        ask!(self, Command::Notes(command), Reply::Done => ())
    }

    async fn save_checkpoint(&self, command: CheckpointCommand) -> Result<(), HotError> {
        ask!(self, Command::Checkpoint(command), Reply::Done => ())
    }

    async fn fork(&self, command: ForkCommand) -> Result<Forked, HotError> {
        ask!(self, Command::Fork(command), Reply::Forked(answer) => answer)
    }

    async fn raise_hold(&self, command: RaiseHoldCommand) -> Result<(), HotError> {
        ask!(self, Command::RaiseHold(command), Reply::Done => ())
    }

    async fn settle(&self, command: SettleCommand) -> Result<Settled, HotError> {
        let command = Command::Settle(Box::new(command));
        ask!(self, command, Reply::Settled(answer) => answer)
    }

    async fn cancel(&self, command: CancelCommand) -> Result<Cancelled, HotError> {
        ask!(self, Command::Cancel(command), Reply::Cancelled(answer) => answer)
    }

    async fn reap(&self, command: ReapCommand) -> Result<Vec<Reaped>, HotError> {
        ask!(self, Command::Reap(command), Reply::Reaped(jobs) => jobs)
    }

    async fn release(&self, command: ReleaseCommand) -> Result<u64, HotError> {
        ask!(self, Command::Release(command), Reply::Released(count) => count)
    }

    async fn allow(&self, command: AllowCommand) -> Result<BTreeMap<MeterId, u64>, HotError> {
        ask!(self, Command::Allow(command), Reply::Allowed(units) => units)
    }

    async fn report_use(&self, command: AllowanceUseCommand) -> Result<(), HotError> {
        ask!(self, Command::ReportUse(command), Reply::Done => ())
    }
}
