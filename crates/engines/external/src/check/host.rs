//! The context's doors for a check: everything is taken, counted and forgotten.
//!
//! Invariant: what a run leaves is kept only as far as two runs are compared by it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_engine_api::{
    ArtifactDraft, CancellationToken, Checkpoint, EngineError, InputFile, InputMeta, JobFacts,
    JobHost, JobLimits, JobNote,
};
use gantry_types::{Attempt, Credits, Device, JobId};
use serde_json::Value;
use tempfile::TempDir;

/// A small table for slots that want one.
const TABLE: &str = "city,year,value\nOslo,2023,1.5\nLima,2024,2.25\nKyoto,2025,\n";

pub(crate) struct CheckHost {
    facts: JobFacts,
    inputs: BTreeMap<String, InputFile>,
    pub(super) cancellation: CancellationToken,
    artifacts: Mutex<BTreeMap<String, String>>,
    _folder: TempDir,
}

impl CheckHost {
    pub(crate) fn new(slots: &[String], time: Duration) -> Result<Arc<Self>, EngineError> {
        let folder = tempfile::tempdir()?;
        let scratch = folder.path().join("scratch");
        std::fs::create_dir_all(&scratch)?;
        let mut inputs = BTreeMap::new();
        for slot in slots {
            let path = folder.path().join(format!("input-{slot}"));
            std::fs::write(&path, TABLE)?;
            inputs.insert(slot.clone(), InputFile::new(describe_table(slot), path));
        }
        Ok(Arc::new(Self {
            facts: derive_facts(scratch, time),
            inputs,
            cancellation: CancellationToken::new(),
            artifacts: Mutex::default(),
            _folder: folder,
        }))
    }

    /// The hashes of the artifacts by name.
    pub(super) fn artifacts(&self) -> BTreeMap<String, String> {
        self.artifacts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is known of the sample table.
pub(super) fn describe_table(slot: &str) -> InputMeta {
    InputMeta {
        slot: slot.to_owned(),
        name: "sample.csv".to_owned(),
        media_type: "text/csv".to_owned(),
        bytes: TABLE.len() as u64,
        sha256: String::new(),
        rows: Some(3),
        columns: ["city", "year", "value"].map(str::to_owned).to_vec(),
    }
}

fn derive_facts(scratch: PathBuf, time: Duration) -> JobFacts {
    JobFacts {
        job_id: JobId::generate(),
        attempt: Attempt::new(1),
        seed: 42,
        limits: JobLimits {
            time,
            memory_bytes: 4 << 30,
            artifact_bytes: 1 << 30,
            max_credits: Credits::new(1_000_000_000),
        },
        device: Device::Cpu,
        threads: 1,
        scratch,
        checkpoint: None,
        children: Vec::new(),
    }
}

#[async_trait]
impl JobHost for CheckHost {
    fn facts(&self) -> &JobFacts {
        &self.facts
    }

    fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    fn pool(&self) -> Result<Arc<rayon::ThreadPool>, EngineError> {
        Err(EngineError::transient("A check computes nothing itself."))
    }

    fn note(&self, _: JobNote) {}

    fn charge(&self, _: Credits) -> Result<(), EngineError> {
        Ok(())
    }

    async fn input(&self, slot: &str) -> Result<InputFile, EngineError> {
        self.inputs
            .get(slot)
            .cloned()
            .ok_or_else(|| EngineError::params(format!("The input `{slot}` is missing.")))
    }

    fn has_input(&self, slot: &str) -> bool {
        self.inputs.contains_key(slot)
    }

    async fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError> {
        let mut artifacts = self.artifacts.lock().unwrap_or_else(PoisonError::into_inner);
        match artifacts.insert(draft.name.clone(), draft.sha256) {
            None => Ok(()),
            Some(_) => Err(EngineError::bug(format!("`{}` was published twice.", draft.name))),
        }
    }

    async fn save_checkpoint(&self, _: Checkpoint) -> Result<(), EngineError> {
        Ok(())
    }

    async fn raise_hold(&self, _: Credits) -> Result<(), EngineError> {
        Ok(())
    }

    async fn ask_model(&self, _: Value) -> Result<Value, EngineError> {
        Err(EngineError::resource("A check has no language model."))
    }
}
