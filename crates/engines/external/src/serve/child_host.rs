//! The context's doors in a child process: notes are lines, what waits is asked of the host.
//!
//! Invariant: every request has a number of its own, and is answered once or not at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gantry_engine_api::protocol::{EngineMessage, RunInput, RunRequest};
use gantry_engine_api::{
    ArtifactDraft, CancellationToken, Checkpoint, EngineError, InputFile, JobFacts, JobHost,
    JobLimits, JobNote, LogLevel,
};
use gantry_types::Credits;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::serve::ThreadPools;
use crate::serve::line_out::LineOut;

type Answer = Result<Value, EngineError>;

struct Account {
    charged: Credits,
    hold: Credits,
}

pub(crate) struct ChildHost {
    run: String,
    facts: JobFacts,
    inputs: BTreeMap<String, RunInput>,
    out: Arc<LineOut>,
    threads: Arc<rayon::ThreadPool>,
    cancellation: CancellationToken,
    account: Mutex<Account>,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    next_request: AtomicU64,
}

impl ChildHost {
    pub(super) fn new(
        request: RunRequest,
        out: Arc<LineOut>,
        pools: &ThreadPools,
    ) -> Result<Self, EngineError> {
        let threads = pools.get_pool(request.threads)?;
        let seed = request.seed.parse().map_err(|_| {
            EngineError::bug(format!("The host gave the seed `{}`.", request.seed.escape_debug()))
        })?;
        let facts = JobFacts {
            job_id: request.job,
            attempt: request.attempt,
            seed,
            limits: JobLimits {
                time: Duration::from_millis(request.limits.time_ms),
                memory_bytes: request.limits.memory_bytes,
                artifact_bytes: request.limits.artifact_bytes,
                max_credits: request.limits.max_credits,
            },
            device: request.device,
            threads: request.threads,
            scratch: request.scratch,
            checkpoint: request.checkpoint,
            children: request.children,
        };
        let account = Account { charged: Credits::ZERO, hold: facts.limits.max_credits };
        Ok(Self {
            run: request.run,
            facts,
            inputs: request.inputs,
            out,
            threads,
            cancellation: CancellationToken::new(),
            account: Mutex::new(account),
            waiting: Mutex::default(),
            next_request: AtomicU64::new(1),
        })
    }

    pub(super) fn cancel(&self) {
        self.cancellation.cancel();
    }

    pub(super) fn take_answer(&self, request: u64, answer: Answer) {
        let asker = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&request);
        if let Some(asker) = asker {
            // Whoever asked may have given up.
            drop(asker.send(answer));
        }
    }

    async fn ask(&self, message: impl FnOnce(String, u64) -> EngineMessage) -> Answer {
        let request = self.next_request.fetch_add(1, Ordering::Relaxed);
        let (asker, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(request, asker);
        self.out.try_say(&message(self.run.clone(), request))?;
        answer.await.unwrap_or_else(|_| Err(EngineError::transient("The host gave no answer.")))
    }

    fn derive_message(&self, note: JobNote) -> EngineMessage {
        let run = self.run.clone();
        match note {
            JobNote::Stage { name, current, total } => {
                EngineMessage::Stage { run, name, current, total }
            }
            JobNote::Progress { fraction } => EngineMessage::Progress { run, fraction },
            JobNote::Log { level, message } => EngineMessage::Log { run, level, message },
            JobNote::Metric { name, step, value } => {
                EngineMessage::Metric { run, name, step, value }
            }
            JobNote::Partial { name, value } => EngineMessage::Partial { run, name, value },
            JobNote::Emit { chunk } => EngineMessage::Emit { run, chunk },
        }
    }
}

#[async_trait]
impl JobHost for ChildHost {
    fn facts(&self) -> &JobFacts {
        &self.facts
    }

    fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    fn pool(&self) -> Result<Arc<rayon::ThreadPool>, EngineError> {
        Ok(Arc::clone(&self.threads))
    }

    fn note(&self, note: JobNote) {
        if let Err(error) = self.out.try_say(&self.derive_message(note)) {
            let (level, run) = (LogLevel::Warning, self.run.clone());
            self.out.say(&EngineMessage::Log { run, level, message: error.message });
        }
    }

    fn charge(&self, credits: Credits) -> Result<(), EngineError> {
        if credits.is_negative() {
            return Err(EngineError::bug("An engine charged a negative amount."));
        }
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        match account.charged.checked_add(credits) {
            Ok(sum) if sum <= account.hold => account.charged = sum,
            Ok(_) | Err(_) => {
                return Err(EngineError::resource(format!(
                    "The job reached its hold of {} credits.",
                    account.hold
                ))
                .with_next_step("Submit it again with smaller inputs or parameters."));
            }
        }
        drop(account);
        self.out.try_say(&EngineMessage::Charge { run: self.run.clone(), credits })
    }

    async fn input(&self, slot: &str) -> Result<InputFile, EngineError> {
        let input = self.inputs.get(slot).ok_or_else(|| {
            EngineError::params(format!("The input `{slot}` is missing."))
                .with_next_step("Give one and submit the job again.")
        })?;
        Ok(InputFile::new(input.meta.clone(), input.path.clone()))
    }

    fn has_input(&self, slot: &str) -> bool {
        self.inputs.contains_key(slot)
    }

    async fn publish(&self, draft: ArtifactDraft) -> Result<(), EngineError> {
        let ask = |run, request| EngineMessage::Artifact {
            run,
            request: Some(request),
            name: draft.name,
            path: draft.path,
            role: Some(draft.role),
            media_type: Some(draft.media_type),
        };
        self.ask(ask).await.map(drop)
    }

    async fn save_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), EngineError> {
        let ask = |run, request| EngineMessage::Checkpoint {
            run,
            request: Some(request),
            version: checkpoint.version,
            state: checkpoint.state,
        };
        self.ask(ask).await.map(drop)
    }

    async fn raise_hold(&self, to: Credits) -> Result<(), EngineError> {
        self.ask(|run, request| EngineMessage::RaiseHold { run, request, to }).await?;
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        account.hold = account.hold.max(to);
        Ok(())
    }

    async fn ask_model(&self, body: Value) -> Result<Value, EngineError> {
        self.ask(|run, request| EngineMessage::AskModel { run, request, body }).await
    }
}
