//! The store as a server sees it that may crash at any write.
//!
//! Invariant: a write is carried out whole or not at all, as the store promises; reading changes
//! nothing, so that a crash at it is one at the write before.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use gantry_ports::store::{
    AllowCommand, AllowanceUseCommand, CancelCommand, Cancelled, CheckpointCommand, ClaimCommand,
    ClaimedJob, ForkCommand, Forked, HeartbeatCommand, HeartbeatReply, HotError, HotPath,
    JobRestriction, NotesCommand, RaiseHoldCommand, ReadTx, ReapCommand, Reaped, ReleaseCommand,
    SettleCommand, Settled, Sight, Submitted, WriteAbort, WriteClosure,
};
use gantry_ports::{Store, StoreError};
use gantry_rules::submission::Submission;
use gantry_store::GantryStore;
use gantry_types::MeterId;

use crate::fuse::Fuse;

/// A store behind a fuse.
pub struct FrailStore {
    pub inner: Arc<GantryStore>,
    pub fuse: Arc<Fuse>,
}

#[async_trait]
impl Store for FrailStore {
    async fn read_as(&self, sight: Sight) -> Result<Box<dyn ReadTx>, StoreError> {
        self.inner.read_as(sight).await
    }

    async fn write_erased(&self, closure: WriteClosure) -> Result<Box<dyn Any + Send>, WriteAbort> {
        self.fuse.guard(self.inner.write_erased(closure)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }
}

#[async_trait]
impl HotPath for FrailStore {
    async fn submit(&self, submission: Submission) -> Result<Submitted, HotError> {
        self.fuse.guard(self.inner.submit(submission)).await
    }

    async fn submit_restricted(
        &self,
        submission: Submission,
        restriction: JobRestriction,
    ) -> Result<Submitted, HotError> {
        self.fuse.guard(self.inner.submit_restricted(submission, restriction)).await
    }

    async fn claim(&self, command: ClaimCommand) -> Result<Vec<ClaimedJob>, HotError> {
        self.fuse.guard(self.inner.claim(command)).await
    }

    async fn heartbeat(&self, command: HeartbeatCommand) -> Result<HeartbeatReply, HotError> {
        self.fuse.guard(self.inner.heartbeat(command)).await
    }

    async fn record_notes(&self, command: NotesCommand) -> Result<(), HotError> {
        self.fuse.guard(self.inner.record_notes(command)).await
    }

    async fn save_checkpoint(&self, command: CheckpointCommand) -> Result<(), HotError> {
        self.fuse.guard(self.inner.save_checkpoint(command)).await
    }

    async fn fork(&self, command: ForkCommand) -> Result<Forked, HotError> {
        self.fuse.guard(self.inner.fork(command)).await
    }

    async fn raise_hold(&self, command: RaiseHoldCommand) -> Result<(), HotError> {
        self.fuse.guard(self.inner.raise_hold(command)).await
    }

    async fn settle(&self, command: SettleCommand) -> Result<Settled, HotError> {
        self.fuse.guard(self.inner.settle(command)).await
    }

    async fn cancel(&self, command: CancelCommand) -> Result<Cancelled, HotError> {
        self.fuse.guard(self.inner.cancel(command)).await
    }

    async fn reap(&self, command: ReapCommand) -> Result<Vec<Reaped>, HotError> {
        self.fuse.guard(self.inner.reap(command)).await
    }

    async fn allow(&self, command: AllowCommand) -> Result<BTreeMap<MeterId, u64>, HotError> {
        self.fuse.guard(self.inner.allow(command)).await
    }

    async fn report_use(&self, command: AllowanceUseCommand) -> Result<(), HotError> {
        self.fuse.guard(self.inner.report_use(command)).await
    }

    async fn release(&self, command: ReleaseCommand) -> Result<u64, HotError> {
        self.fuse.guard(self.inner.release(command)).await
    }
}
