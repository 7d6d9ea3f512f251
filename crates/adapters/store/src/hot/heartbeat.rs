//! Signs of life and checkpoints of running jobs.

use gantry_ports::store::{CheckpointCommand, HeartbeatCommand, HeartbeatReply};
use gantry_rules::job::CancelRequest;

use super::books::{Books, PendingCheckpoint};
use super::stop::Stop;
use super::submit::encode;

/// Prolongs a lease.
pub(super) fn heartbeat(
    books: &mut Books,
    command: &HeartbeatCommand,
) -> Result<HeartbeatReply, Stop> {
    books.running(command.job_id, command.attempt)?;
    let job = books.job_mut(command.job_id)?;
    job.facts.lease_until = Some(command.lease_until);
    Ok(match job.facts.cancel {
        CancelRequest::None => HeartbeatReply::Continue,
        CancelRequest::Requested => HeartbeatReply::CancelRequested,
    })
}

/// Keeps a checkpoint in place of the one before.
pub(super) fn save_checkpoint(books: &mut Books, command: &CheckpointCommand) -> Result<(), Stop> {
    let job = books.running(command.job_id, command.attempt)?;
    let checkpoint = PendingCheckpoint {
        organization_id: job.facts.organization_id,
        version: command.version,
        state: encode(&command.state)?,
    };
    books.additions.checkpoints.insert(command.job_id, checkpoint);
    Ok(())
}
