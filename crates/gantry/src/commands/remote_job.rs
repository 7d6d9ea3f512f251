//! Following a job of a server.

use gantry_types::{JobId, JobState};
use serde_json::Value;

use crate::client::Client;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::progress::ProgressView;

/// Streams that may end early in a row, without a word, before the command gives up.
const PATIENCE: u32 = 5;

/// Shows a job's events until it has ended, and answers the job.
///
/// # Errors
/// [`Failure`] of the server.
pub fn watch_job(client: &Client, id: JobId, console: Console) -> Result<Value, Failure> {
    let path = format!("/api/v1/jobs/{id}");
    let mut view = ProgressView::new(console, "waiting for a worker");
    let (mut after, mut silent) = (0, 0);
    loop {
        let mut has_ended = false;
        let mut heard = false;
        for event in client.open_events(&format!("{path}/events"), after)? {
            // A stream that breaks off is opened again from where it stood.
            let Ok(event) = event else { break };
            heard = true;
            after = after.max(event.cursor);
            if event.name == "end" {
                has_ended = true;
                break;
            }
            view.take(&event.name, &event.data);
        }
        silent = if heard { 0 } else { silent + 1 };
        let job = client.get(&path)?;
        if has_ended || find_state(&job).is_some_and(JobState::is_final) || silent > PATIENCE {
            view.finish();
            return Ok(job);
        }
    }
}

fn find_state(job: &Value) -> Option<JobState> {
    job["state"].as_str()?.parse().ok()
}

/// The exit code that a job's end stands for.
pub fn derive_exit(job: &Value) -> Exit {
    match find_state(job) {
        Some(JobState::Succeeded) => Exit::Success,
        Some(JobState::Cancelled) => Exit::Interrupted,
        Some(
            JobState::Scheduled
            | JobState::Blocked
            | JobState::Queued
            | JobState::Running
            | JobState::Waiting
            | JobState::Failed
            | JobState::Dead,
        )
        | None => Exit::JobFailed,
    }
}
