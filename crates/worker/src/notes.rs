//! What a job says, coalesced before it is stored.
//!
//! Invariants: notes keep their order; of progress and of each partial only the last one since
//! the last flush is kept; the store is written at most twice a second per job; a job that
//! talks without end fills no memory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gantry_engine_api::JobNote;
use gantry_jobs::Jobs;
use gantry_ports::store::{ClaimedJob, JobEventKind, NoteRecord};
use serde_json::json;
use tokio::sync::Notify;

/// The shortest time between two flushes.
const PAUSE: Duration = Duration::from_millis(500);
/// The most notes between two flushes.
const MOST_NOTES: usize = 2_000;
/// The most bytes of one log line.
const LONGEST_LINE: usize = 8 << 10;

#[derive(Default)]
struct Buffer {
    notes: Vec<NoteRecord>,
    dropped: u64,
}

/// Collects the notes of one attempt.
#[derive(Default)]
pub(crate) struct NoteBuffer {
    buffer: Mutex<Buffer>,
    arrived: Notify,
}

impl NoteBuffer {
    pub(crate) fn push(&self, note: JobNote) {
        let record = derive_record(note);
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derive_coalescing_key(&record) {
            buffer.notes.retain(|kept| derive_coalescing_key(kept).as_ref() != Some(&key));
        }
        if buffer.notes.len() >= MOST_NOTES {
            buffer.dropped += 1;
        } else {
            buffer.notes.push(record);
        }
        drop(buffer);
        self.arrived.notify_one();
    }

    fn take(&self) -> Vec<NoteRecord> {
        let mut buffer = self.buffer.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *buffer);
        let mut notes = taken.notes;
        if taken.dropped > 0 {
            let message =
                format!("{} notes were dropped: the job says too much at once.", taken.dropped);
            notes.push(NoteRecord {
                kind: JobEventKind::Log,
                body: json!({ "level": "warning", "message": message }),
            });
        }
        notes
    }

    /// Stores what is there.
    pub(crate) async fn flush(&self, jobs: &Jobs, claim: &ClaimedJob) {
        let notes = self.take();
        if notes.is_empty() {
            return;
        }
        if let Err(error) = jobs.record_notes(claim, notes).await {
            // Notes are a courtesy: the heartbeat finds out about a lost lease.
            tracing::debug!(job = %claim.job.id, %error, "notes were not stored");
        }
    }

    /// Stores notes as they come, until it is dropped.
    #[tracing::instrument(level = "debug", name = "worker::pump", skip_all)]
    pub(crate) async fn pump(self: Arc<Self>, jobs: Jobs, claim: Arc<ClaimedJob>) {
        loop {
            self.arrived.notified().await;
            self.flush(&jobs, &claim).await;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What a later note of the same key replaces.
fn derive_coalescing_key(record: &NoteRecord) -> Option<String> {
    match record.kind {
        JobEventKind::Progress => Some(String::new()),
        JobEventKind::Partial => record.body["name"].as_str().map(str::to_owned),
        JobEventKind::State
        | JobEventKind::Stage
        | JobEventKind::Log
        | JobEventKind::Metric
        | JobEventKind::Emit => None,
    }
}

fn derive_record(note: JobNote) -> NoteRecord {
    let (kind, body) = match note {
        JobNote::Stage { name, current, total } => {
            (JobEventKind::Stage, json!({ "name": name, "current": current, "total": total }))
        }
        JobNote::Progress { fraction } => (JobEventKind::Progress, json!({ "fraction": fraction })),
        JobNote::Log { level, mut message } => {
            if message.len() > LONGEST_LINE {
                let end = (0..=LONGEST_LINE).rev().find(|at| message.is_char_boundary(*at));
                message.truncate(end.unwrap_or(0));
                message.push('…');
            }
            (JobEventKind::Log, json!({ "level": level, "message": message }))
        }
        JobNote::Metric { name, step, value } => {
            (JobEventKind::Metric, json!({ "name": name, "step": step, "value": value }))
        }
        JobNote::Partial { name, value } => {
            (JobEventKind::Partial, json!({ "name": name, "value": value }))
        }
        JobNote::Emit { chunk } => (JobEventKind::Emit, json!({ "chunk": chunk })),
    };
    NoteRecord { kind, body }
}

#[cfg(test)]
mod tests {
    use gantry_engine_api::LogLevel;

    use super::*;

    fn log(message: &str) -> JobNote {
        JobNote::Log { level: LogLevel::Info, message: message.to_owned() }
    }

    #[test]
    fn progress_and_partials_are_coalesced_and_order_is_kept() {
        let buffer = NoteBuffer::default();
        buffer.push(JobNote::Progress { fraction: 0.1 });
        buffer.push(log("first"));
        buffer.push(JobNote::Partial { name: "board".to_owned(), value: json!(1) });
        buffer.push(JobNote::Partial { name: "other".to_owned(), value: json!(2) });
        buffer.push(JobNote::Partial { name: "board".to_owned(), value: json!(3) });
        buffer.push(JobNote::Progress { fraction: 0.2 });
        let notes = buffer.take();
        let kinds: Vec<_> = notes.iter().map(|note| note.kind).collect();
        assert_eq!(
            kinds,
            [
                JobEventKind::Log,
                JobEventKind::Partial,
                JobEventKind::Partial,
                JobEventKind::Progress
            ]
        );
        assert_eq!(notes[2].body, json!({ "name": "board", "value": 3 }));
        assert_eq!(notes[3].body, json!({ "fraction": 0.2 }));
        assert!(buffer.take().is_empty());
    }

    #[test]
    fn a_job_that_talks_without_end_is_cut_and_says_so() {
        let buffer = NoteBuffer::default();
        for _ in 0..MOST_NOTES + 7 {
            buffer.push(log("again"));
        }
        let notes = buffer.take();
        assert_eq!(notes.len(), MOST_NOTES + 1);
        let last = notes[MOST_NOTES].body["message"].as_str().unwrap();
        assert!(last.starts_with("7 notes were dropped"), "{last}");
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let buffer = NoteBuffer::default();
        buffer.push(log(&"ä".repeat(LONGEST_LINE)));
        let message = buffer.take()[0].body["message"].as_str().unwrap().to_owned();
        assert!(message.len() <= LONGEST_LINE + '…'.len_utf8());
    }
}
