//! What running jobs say.
//!
//! Invariant: notes touch their job's row alone, never its account's.

use gantry_ports::StoreError;
use gantry_ports::store::{HotError, JobEventKind, NoteRecord, NotesCommand};
use serde_json::Value;

use super::books::Books;
use super::stop::Stop;
use super::submit::encode;

/// The word of an event's kind.
pub(super) const fn kind_word(kind: JobEventKind) -> &'static str {
    match kind {
        JobEventKind::State => "state",
        JobEventKind::Stage => "stage",
        JobEventKind::Progress => "progress",
        JobEventKind::Log => "log",
        JobEventKind::Metric => "metric",
        JobEventKind::Partial => "partial",
        JobEventKind::Emit => "emit",
    }
}

/// Stores notes in their order.
pub(super) fn record(books: &mut Books, command: &NotesCommand) -> Result<(), Stop> {
    books.running(command.job_id, command.attempt)?;
    if command.notes.iter().any(|note| note.kind == JobEventKind::State) {
        let reason = "a note cannot tell a state".to_owned();
        return Err(HotError::Store(StoreError::Broken { reason }).into());
    }
    for note in &command.notes {
        let job = books.job_mut(command.job_id)?;
        match note.kind {
            JobEventKind::Stage => job.stage = Some(encode(&derive_stage(&note.body))?),
            JobEventKind::Progress => job.progress = derive_fraction(&note.body),
            JobEventKind::State
            | JobEventKind::Log
            | JobEventKind::Metric
            | JobEventKind::Partial
            | JobEventKind::Emit => {}
        }
        let body = encode(&note.body)?;
        books.add_event(command.job_id, note.kind, derive_slot(note), (body, command.now))?;
    }
    Ok(())
}

/// The name under which only the last event is kept.
fn derive_slot(note: &NoteRecord) -> Option<String> {
    match note.kind {
        JobEventKind::Progress => Some("progress".to_owned()),
        JobEventKind::Partial => {
            let name = note.body.get("name").and_then(Value::as_str).unwrap_or_default();
            Some(format!("partial:{name}"))
        }
        JobEventKind::State
        | JobEventKind::Stage
        | JobEventKind::Log
        | JobEventKind::Metric
        | JobEventKind::Emit => None,
    }
}

fn derive_stage(body: &Value) -> (&str, u32, u32) {
    let number = |name: &str| {
        let found = body.get(name).and_then(Value::as_u64);
        found.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    };
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    (name, number("current"), number("total"))
}

fn derive_fraction(body: &Value) -> f64 {
    let fraction = body.get("fraction").and_then(Value::as_f64).unwrap_or_default();
    if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 }
}
