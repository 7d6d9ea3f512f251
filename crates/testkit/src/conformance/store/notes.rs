//! What running jobs say.

use anyhow::ensure;
use gantry_ports::store::{
    CheckpointCommand, HeartbeatCommand, HeartbeatReply, HotError, JobEventKind, NoteRecord,
    NotesCommand,
};
use gantry_types::Attempt;
use serde_json::{Value, json};

use super::World;
use super::cancel;
use super::world::{START, success};
use crate::conformance::Outcome;

fn note(kind: JobEventKind, body: Value) -> NoteRecord {
    NoteRecord { kind, body }
}

/// The stream is complete and in order, but for progress and partials, of which the last counts.
pub async fn notes_are_told_in_order_and_the_last_of_a_name_stays(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 1).await?;
    let job = world.claim_job(id).await?;
    let attempt = job.job.attempt;
    let say = |notes: Vec<NoteRecord>| {
        world.store.record_notes(NotesCommand { job_id: id, attempt, notes, now: START })
    };
    say(vec![
        note(JobEventKind::Stage, json!({"name": "read", "current": 1, "total": 3})),
        note(JobEventKind::Log, json!({"level": "info", "message": "one \u{0} two"})),
        note(JobEventKind::Partial, json!({"name": "board", "value": 1})),
        note(JobEventKind::Progress, json!({"fraction": 0.25})),
    ])
    .await?;
    say(vec![
        note(JobEventKind::Partial, json!({"name": "board", "value": 2})),
        note(JobEventKind::Partial, json!({"name": "other", "value": 9})),
        note(JobEventKind::Progress, json!({"fraction": 0.5})),
        note(JobEventKind::Progress, json!({"fraction": 0.75})),
        note(JobEventKind::Metric, json!({"name": "loss", "step": 1, "value": 0.5})),
    ])
    .await?;
    let read = world.read().await?;
    let events = read.jobs().list_job_events(account, id, 2, 100).await?;
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    let expected = [
        JobEventKind::Stage,
        JobEventKind::Log,
        JobEventKind::Partial,
        JobEventKind::Partial,
        JobEventKind::Progress,
        JobEventKind::Metric,
    ];
    ensure!(kinds == expected, "{kinds:?}");
    ensure!(events.windows(2).all(|pair| pair[0].cursor < pair[1].cursor));
    ensure!(events[2].body == json!({"name": "board", "value": 2}), "{}", events[2].body);
    ensure!(events[4].body == json!({"fraction": 0.75}));
    let job = world.job(account, id).await?;
    ensure!(job.stage == Some(("read".into(), 1, 3)));
    ensure!((job.progress - 0.75).abs() < f64::EPSILON);
    ensure!(job.cursor == events[5].cursor);
    let state = vec![note(JobEventKind::State, json!({"state": "succeeded"}))];
    ensure!(say(state).await.is_err(), "a note told a state");
    Ok(())
}

/// A heartbeat prolongs the lease and hears of a cancellation; a stranger's is refused.
pub async fn heartbeats_prolong_and_tell_of_a_cancel(world: &World) -> Outcome {
    let account = world.account(100).await?;
    let id = world.submit(account, 1).await?;
    let job = world.claim_job(id).await?;
    let beat = |attempt: Attempt| {
        let lease_until = World::at(600);
        world.store.heartbeat(HeartbeatCommand { job_id: id, attempt, lease_until })
    };
    ensure!(beat(job.job.attempt).await? == HeartbeatReply::Continue);
    ensure!(beat(Attempt::new(7)).await == Err(HotError::LeaseLost));
    let checkpoint = CheckpointCommand {
        job_id: id,
        attempt: job.job.attempt,
        version: 3,
        state: json!({"row": 17}),
    };
    world.store.save_checkpoint(checkpoint.clone()).await?;
    world.store.save_checkpoint(checkpoint).await?;
    let cancel = cancel::command(account, id);
    ensure!(world.store.cancel(cancel).await?.running == [id]);
    ensure!(beat(job.job.attempt).await? == HeartbeatReply::CancelRequested);
    ensure!(world.job(account, id).await?.cancel_requested);
    world.end(&job, success(), None).await?;
    ensure!(beat(job.job.attempt).await == Err(HotError::LeaseLost));
    Ok(())
}
