//! What is open on one host: loads and calls that wait for their answers, and artifacts.
//!
//! Invariants: everything that was opened is answered once, at the latest when the host is gone;
//! artifacts together stay within their room, except that the newest one always fits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gantry_engine_api::protocol::EngineMessage;
use gantry_engine_api::{CallContext, EngineError};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::relay::{GRACE, derive_protocol_error};

/// An artifact in a host: whether it still is there.
#[derive(Debug, Default)]
pub(super) struct Presence(AtomicBool);

impl Presence {
    pub(super) fn is_there(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A load that was answered.
#[derive(Debug)]
pub(super) struct LoadedThere {
    pub(super) presence: Arc<Presence>,
    pub(super) bytes: u64,
}

/// Something that waits for an answer.
pub(super) enum Open {
    Load {
        reply: oneshot::Sender<Result<LoadedThere, EngineError>>,
        /// Bytes of the artifact's file.
        file_bytes: u64,
        /// Resident bytes of the host before.
        resident: u64,
        overdue: Instant,
    },
    Call {
        reply: oneshot::Sender<Result<Value, EngineError>>,
        context: CallContext,
        loaded: String,
        /// Bytes of what it may still say.
        room: u64,
    },
}

struct Entry {
    presence: Arc<Presence>,
    bytes: u64,
    used: u64,
}

/// Everything that is open on one host.
#[derive(Default)]
pub(super) struct OpenCalls {
    open: HashMap<String, Open>,
    entries: HashMap<String, Entry>,
    /// Artifacts that were loaded when nobody waited for them any more.
    orphans: Vec<String>,
    uses: u64,
}

impl OpenCalls {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.entries.is_empty()
    }

    pub(super) fn insert(&mut self, run: String, open: Open) {
        if let Open::Call { loaded, .. } = &open {
            self.uses += 1;
            if let Some(entry) = self.entries.get_mut(loaded) {
                entry.used = self.uses;
            }
        }
        self.open.insert(run, open);
    }

    pub(super) fn forget(&mut self, loaded: &str) {
        if let Some(entry) = self.entries.remove(loaded) {
            entry.presence.0.store(false, Ordering::Release);
        }
    }

    /// When the host counts as hung: its oldest answer should have come a while ago.
    pub(super) fn find_overdue(&self) -> Option<Instant> {
        let overdue = self.open.values().map(|open| match open {
            Open::Load { overdue, .. } => *overdue,
            Open::Call { context, .. } => Instant::from_std(context.deadline()) + GRACE,
        });
        overdue.min()
    }

    /// Takes what the host said in `bytes` bytes.
    ///
    /// # Errors
    /// What makes the host unfit to go on.
    pub(super) fn take(
        &mut self,
        message: EngineMessage,
        bytes: u64,
        resident: u64,
    ) -> Result<(), EngineError> {
        let run = message.run().unwrap_or_default().to_owned();
        match (message, self.open.remove(&run)) {
            (
                EngineMessage::ServiceLoaded { .. },
                Some(Open::Load { reply, file_bytes, resident: before, .. }),
            ) => {
                let bytes = resident.saturating_sub(before).max(file_bytes);
                self.keep(run, bytes, reply);
                Ok(())
            }
            (
                EngineMessage::ServiceChunk { chunk, .. },
                Some(Open::Call { reply, context, loaded, room }),
            ) => {
                let Some(room) = room.checked_sub(bytes) else {
                    return Err(EngineError::resource("A call was answered with more than fits."));
                };
                context.emit(chunk);
                self.open.insert(run, Open::Call { reply, context, loaded, room });
                Ok(())
            }
            (EngineMessage::ServiceAnswer { output, .. }, Some(Open::Call { reply, .. })) => {
                // Whoever asked may have given up.
                drop(reply.send(Ok(output)));
                Ok(())
            }
            (EngineMessage::Failed { kind, message, next_step, .. }, Some(open)) => {
                let mut error = EngineError::of(kind, message);
                error.next_step = next_step;
                open.fail(error);
                Ok(())
            }
            // A log line of an engine's own has no job to go to.
            (EngineMessage::Log { .. }, open) => {
                if let Some(open) = open {
                    self.open.insert(run, open);
                }
                Ok(())
            }
            (_, Some(open)) => {
                let error =
                    derive_protocol_error("it answered a call of a service with something else");
                open.fail(error.clone());
                Err(error)
            }
            (_, None) => Err(derive_protocol_error(&format!(
                "it spoke of `{}`, which is not open",
                run.chars().take(64).collect::<String>().escape_debug()
            ))),
        }
    }

    fn keep(
        &mut self,
        run: String,
        bytes: u64,
        reply: oneshot::Sender<Result<LoadedThere, EngineError>>,
    ) {
        let presence = Arc::new(Presence(AtomicBool::new(true)));
        self.uses += 1;
        let entry = Entry { presence: Arc::clone(&presence), bytes, used: self.uses };
        self.entries.insert(run.clone(), entry);
        if reply.send(Ok(LoadedThere { presence, bytes })).is_err() {
            self.orphans.push(run);
        }
    }

    /// Takes the artifacts that nobody will ever unload.
    pub(super) fn take_orphans(&mut self) -> Vec<String> {
        std::mem::take(&mut self.orphans)
    }

    /// The artifacts that must leave so that the rest fits into `room`, longest unused first;
    /// neither the newest one nor one that answers a call is among them.
    pub(super) fn find_leaving(&self, room: u64) -> Vec<String> {
        let mut taken: u64 = self.entries.values().map(|entry| entry.bytes).sum();
        let is_busy = |name: &str| {
            self.open
                .values()
                .any(|open| matches!(open, Open::Call { loaded, .. } if loaded == name))
        };
        let newest = self.entries.values().map(|entry| entry.used).max();
        let mut idle: Vec<(&String, &Entry)> = self
            .entries
            .iter()
            .filter(|(name, entry)| Some(entry.used) != newest && !is_busy(name))
            .collect();
        idle.sort_by_key(|(_, entry)| entry.used);
        let mut leaving = Vec::new();
        for (name, entry) in idle {
            if taken <= room {
                break;
            }
            taken = taken.saturating_sub(entry.bytes);
            leaving.push(name.clone());
        }
        leaving
    }

    /// The host is gone: whoever waits is told to ask again.
    pub(super) fn end(&mut self, cause: &str) {
        for entry in self.entries.values() {
            entry.presence.0.store(false, Ordering::Release);
        }
        self.entries.clear();
        for (_, open) in self.open.drain() {
            open.fail(derive_restarting(cause));
        }
    }
}

impl Open {
    pub(super) fn fail(self, error: EngineError) {
        // Whoever asked may have given up.
        match self {
            Self::Load { reply, .. } => drop(reply.send(Err(error))),
            Self::Call { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

/// The error of everything that a lost host took along.
pub(super) fn derive_restarting(cause: &str) -> EngineError {
    EngineError::host_died(format!("The service's host process is started again: {cause}."))
        .with_next_step("Try again in a second.")
}
