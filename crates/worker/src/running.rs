//! The jobs that run in this worker, and how to stop them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gantry_engine_api::CancellationToken;
use gantry_types::JobId;

type Tokens = Arc<Mutex<HashMap<JobId, CancellationToken>>>;

/// The cancellation signals of running jobs.
#[derive(Clone)]
pub(crate) struct RunningJobs {
    tokens: Tokens,
    /// Cancels them all.
    recall: CancellationToken,
}

/// Removes a job from the running ones when it ends, however it ends.
pub(crate) struct RunningGuard {
    tokens: Tokens,
    job_id: JobId,
}

impl RunningJobs {
    pub(crate) fn new(recall: CancellationToken) -> Self {
        Self { tokens: Tokens::default(), recall }
    }

    pub(crate) fn insert(&self, job_id: JobId) -> (RunningGuard, CancellationToken) {
        let token = self.recall.child_token();
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(job_id, token.clone());
        (RunningGuard { tokens: Arc::clone(&self.tokens), job_id }, token)
    }

    pub(crate) fn cancel(&self, job_id: JobId) {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(&job_id) {
            token.cancel();
        }
    }
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job_id);
    }
}
