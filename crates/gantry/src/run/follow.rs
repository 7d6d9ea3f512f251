//! Following a job of this process until it ends; Ctrl-C asks it to stop.

use std::time::Duration;

use gantry_access::Actor;
use gantry_jobs::Jobs;
use gantry_ports::store::{JobEvent, JobEventKind, JobRecord};
use gantry_types::JobId;

use crate::failure::{Exit, Failure};
use crate::progress::ProgressView;
use crate::runtime::StopSignals;

const BATCH: u32 = 200;
/// Hints may be lost; the store is looked at this often whatever happens.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Shows a job's events until it has ended, and answers how it ended.
///
/// # Errors
/// [`Failure`] when the store fails; 130 when Ctrl-C was pressed twice.
pub async fn follow(
    jobs: &Jobs,
    actor: &Actor,
    id: JobId,
    view: &mut ProgressView,
    signals: &mut StopSignals,
) -> Result<JobRecord, Failure> {
    let broken = |error: gantry_jobs::JobsError| Failure::broken(error.to_string());
    let mut hints = jobs.bus().subscribe();
    let mut cursor = 0;
    let mut interrupts: u8 = 0;
    loop {
        // The job is read first: what happens later finds it not yet ended.
        let job = jobs.get_job(actor, id).await.map_err(broken)?;
        let events = jobs.list_job_events(actor, id, cursor, BATCH).await.map_err(broken)?;
        for event in &events {
            cursor = event.cursor;
            show(event, view);
        }
        if events.is_empty() && job.state.is_final() {
            return Ok(job);
        }
        if !events.is_empty() {
            continue;
        }
        tokio::select! {
            _ = hints.recv() => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = signals.next() => {
                interrupts += 1;
                if interrupts > 1 {
                    return Err(Failure::new(Exit::Interrupted, "interrupted"));
                }
                jobs.cancel_job(actor, id).await.map_err(broken)?;
            }
        }
    }
}

fn show(event: &JobEvent, view: &mut ProgressView) {
    let name = match event.kind {
        JobEventKind::State => "state",
        JobEventKind::Stage => "stage",
        JobEventKind::Progress => "progress",
        JobEventKind::Log => "log",
        JobEventKind::Metric => "metric",
        JobEventKind::Partial => "partial",
        JobEventKind::Emit => "emit",
    };
    view.take(name, &event.body);
}
