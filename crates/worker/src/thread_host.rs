//! The host of a job that runs in a thread of this process.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use gantry_catalog::ResolvedInput;
use gantry_engine_api::{
    ArtifactDraft, CancellationToken, Checkpoint, EngineError, InputFile, JobFacts, JobHost,
    JobNote, read_model_request,
};
use gantry_jobs::{Jobs, JobsError};
use gantry_ports::BlobKey;
use gantry_ports::store::ClaimedJob;
use gantry_rules::outcome::NewArtifact;
use gantry_types::{ArtifactId, Credits};
use serde_json::Value;

use crate::notes::NoteBuffer;

/// What stands behind the context of a job in this process.
pub(crate) struct ThreadHost {
    pub(crate) jobs: Jobs,
    pub(crate) claim: Arc<ClaimedJob>,
    pub(crate) facts: JobFacts,
    pub(crate) stop: CancellationToken,
    pub(crate) inputs: Vec<ResolvedInput>,
    pub(crate) notes: Arc<NoteBuffer>,
    pub(crate) produced: Mutex<Produced>,
    pub(crate) pool: OnceLock<Arc<rayon::ThreadPool>>,
}

/// What an attempt has made and cost so far.
#[derive(Default)]
pub(crate) struct Produced {
    pub(crate) charged: Option<Credits>,
    /// The hold that was granted beyond the one of the claim.
    pub(crate) raised_to: Option<Credits>,
    pub(crate) artifacts: Vec<NewArtifact>,
}

impl ThreadHost {
    /// What the attempt made and cost; leaves nothing behind.
    pub(crate) fn take_produced(&self) -> Produced {
        std::mem::take(&mut *self.produced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn reserve_artifact(&self, draft: &ArtifactDraft) -> Result<(), EngineError> {
        let produced = self.produced.lock().unwrap_or_else(PoisonError::into_inner);
        if produced.artifacts.iter().any(|artifact| artifact.name == draft.name) {
            return Err(EngineError::bug(format!(
                "The artifact `{}` was published twice.",
                draft.name
            )));
        }
        let before: u64 = produced.artifacts.iter().map(|artifact| artifact.bytes).sum();
        let limit = self.facts.limits.artifact_bytes;
        if before.saturating_add(draft.bytes) > limit {
            return Err(EngineError::resource(format!(
                "The artifacts of one job may have {limit} bytes together, and `{}` exceeds that.",
                draft.name
            ))
            .with_next_step("Ask for fewer or smaller files, or for a plan that allows more."));
        }
        Ok(())
    }
}

#[async_trait]
impl JobHost for ThreadHost {
    fn facts(&self) -> &JobFacts {
        &self.facts
    }

    fn cancellation(&self) -> &CancellationToken {
        &self.stop
    }

    fn pool(&self) -> Result<Arc<rayon::ThreadPool>, EngineError> {
        if let Some(pool) = self.pool.get() {
            return Ok(Arc::clone(pool));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(self.facts.threads))
            .thread_name(|index| format!("job-{index}"))
            .build()
            .map_err(|error| EngineError::transient(format!("No threads for the job: {error}.")))?;
        Ok(Arc::clone(self.pool.get_or_init(|| Arc::new(pool))))
    }

    fn note(&self, note: JobNote) {
        self.notes.push(note);
    }

    fn charge(&self, credits: Credits) -> Result<(), EngineError> {
        if credits.is_negative() {
            return Err(EngineError::bug("An engine charged a negative amount."));
        }
        let mut produced = self.produced.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = produced.charged.unwrap_or(Credits::ZERO).checked_add(credits);
        let limit = self.facts.limits.max_credits.max(produced.raised_to.unwrap_or(Credits::ZERO));
        match sum {
            Ok(sum) if sum <= limit => {
                produced.charged = Some(sum);
                Ok(())
            }
            Ok(_) | Err(_) => {
                Err(EngineError::resource(format!("The job reached its hold of {limit} credits."))
                    .with_next_step("Submit it again with smaller inputs or parameters."))
            }
        }
    }

    async fn input(&self, slot: &str) -> Result<InputFile, EngineError> {
        let input = self.inputs.iter().find(|input| input.meta.slot == slot).ok_or_else(|| {
            EngineError::params(format!("The input `{slot}` is missing."))
                .with_next_step("Give one and submit the job again.")
        })?;
        let folder = self.facts.scratch.join("inputs");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("input-{slot}"));
        if path.exists() {
            return Ok(InputFile::new(input.meta.clone(), path));
        }
        self.jobs.catalog().fetch_input(input, &folder).await.map_err(|error| {
            EngineError::transient(format!("The input `{slot}` cannot be fetched: {error}."))
        })
    }

    fn has_input(&self, slot: &str) -> bool {
        self.inputs.iter().any(|input| input.meta.slot == slot)
    }

    async fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError> {
        self.reserve_artifact(&draft)?;
        let id = ArtifactId::generate();
        let (job, attempt) = (self.facts.job_id.to_string(), self.facts.attempt.to_string());
        let stored = async {
            let key = BlobKey::from_words(&["jobs", &job, &attempt, &id.to_string()])?;
            self.jobs.catalog().blobs().put_file(&key, &draft.path).await?;
            Ok::<BlobKey, gantry_ports::BlobError>(key)
        };
        let key = stored.await.map_err(|error| {
            EngineError::transient(format!(
                "The artifact `{}` cannot be stored: {error}.",
                draft.name
            ))
        })?;
        let role = serde_json::to_value(draft.role)
            .ok()
            .and_then(|role| role.as_str().map(str::to_owned))
            .unwrap_or_else(|| "file".to_owned());
        self.produced.lock().unwrap_or_else(PoisonError::into_inner).artifacts.push(NewArtifact {
            id,
            name: draft.name,
            media_type: draft.media_type,
            role,
            bytes: draft.bytes,
            sha256: draft.sha256,
            blob_key: key.as_str().to_owned(),
        });
        Ok(())
    }

    async fn save_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), EngineError> {
        self.jobs.save_checkpoint(&self.claim, checkpoint).await.map_err(derive_write_error)
    }

    async fn raise_hold(&self, to: Credits) -> Result<(), EngineError> {
        self.jobs.raise_hold(&self.claim, to).await.map_err(derive_write_error)?;
        let mut produced = self.produced.lock().unwrap_or_else(PoisonError::into_inner);
        produced.raised_to = produced.raised_to.max(Some(to));
        Ok(())
    }

    async fn ask_model(&self, request: Value) -> Result<Value, EngineError> {
        let request = read_model_request(request)?;
        let answer = tokio::select! {
            answer = self.jobs.ask_model(&self.claim, request) => answer?,
            () = self.stop.cancelled() => return Err(EngineError::cancelled()),
        };
        serde_json::to_value(answer)
            .map_err(|error| EngineError::bug(format!("The answer cannot be told: {error}.")))
    }
}

fn derive_write_error(error: JobsError) -> EngineError {
    if error.is_lease_lost() {
        return EngineError::cancelled();
    }
    match error {
        JobsError::Hot(gantry_ports::store::HotError::Refused(refusal)) => {
            EngineError::resource(format!("The plan does not allow it: {refusal}."))
        }
        other => EngineError::transient(format!("The store did not take it: {other}.")),
    }
}
