//! What a long fit tells its job, and keeps with it for the next attempt.

use gantry_engine_api::{BlockingContext, Checkpoint, LogLevel};
use serde_json::json;

use crate::error::SynthError;
use crate::tier::Notes;

/// The version of what is kept.
const VERSION: u32 = 1;
/// Larger states cost more to keep than to learn again.
const MOST_BYTES: usize = 24 << 20;

/// A job that listens to its fit.
pub(super) struct JobNotes<'a> {
    pub(super) job: &'a BlockingContext,
    /// The number of the stage in which is learned, and of all stages.
    pub(super) step: (u32, u32),
}

impl Notes for JobNotes<'_> {
    fn stage(&self, text: &str) {
        self.job.stage(text, self.step.0, self.step.1);
    }

    fn say(&self, text: String) {
        self.job.log(LogLevel::Info, text);
    }

    fn keep(&self, state: &dyn Fn() -> Result<Vec<u8>, SynthError>) -> Result<(), SynthError> {
        let state = state()?;
        if state.len() > MOST_BYTES {
            return Ok(());
        }
        let state = json!({"training": hex::encode(state)});
        self.job.save_checkpoint(Checkpoint { version: VERSION, state })?;
        Ok(())
    }

    fn find_kept(&self) -> Option<Vec<u8>> {
        let kept = self.job.checkpoint().filter(|kept| kept.version == VERSION)?;
        hex::decode(kept.state.get("training")?.as_str()?).ok()
    }
}
