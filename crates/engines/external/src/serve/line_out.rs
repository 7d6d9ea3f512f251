//! Messages out, one line each.
//!
//! Invariant: a line is written whole and never longer than the host takes.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use gantry_engine_api::EngineError;
use gantry_engine_api::protocol::{EngineMessage, LONGEST_LINE};

/// Where the child's lines go.
pub(crate) struct LineOut {
    output: Mutex<Box<dyn Write + Send>>,
}

impl LineOut {
    pub(crate) fn new(output: impl Write + Send + 'static) -> Self {
        Self { output: Mutex::new(Box::new(output)) }
    }

    /// Writes a message, unless it is too long. That the host is gone shows at the end of the
    /// input, which ends the process.
    pub(crate) fn say(&self, message: &EngineMessage) {
        drop(self.try_say(message));
    }

    /// Writes the last message of a run; one that is too long becomes an error.
    pub(crate) fn say_end(&self, message: &EngineMessage, run: &str) {
        if let Err(error) = self.try_say(message) {
            self.say(&EngineMessage::Failed {
                run: run.to_owned(),
                kind: error.kind,
                message: error.message,
                next_step: error.next_step,
            });
        }
    }

    /// Writes a message.
    pub(crate) fn try_say(&self, message: &EngineMessage) -> Result<(), EngineError> {
        let mut line = serde_json::to_vec(message)
            .map_err(|error| EngineError::bug(format!("The message is not JSON: {error}.")))?;
        line.push(b'\n');
        if line.len() > LONGEST_LINE {
            return Err(EngineError::resource(format!(
                "The engine said more at once than the {} MiB that fit in a message.",
                LONGEST_LINE >> 20
            ))
            .with_next_step("Publish large results as artifacts."));
        }
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        let written = output.write_all(&line).and_then(|()| output.flush());
        written.map_err(|error| EngineError::transient(format!("The host is gone: {error}.")))
    }
}
