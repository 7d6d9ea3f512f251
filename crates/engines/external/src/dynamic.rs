//! Estimates that only the engine itself can make.
//!
//! Invariants: the question is asked from a thread of its own to a process of its own, so that
//! neither a full pool nor a slow engine holds anybody longer than [`PATIENCE`]; the same
//! question is asked once.

use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use gantry_engine_api::protocol::{EngineMessage, HostMessage};
use gantry_engine_api::{Estimate, InputMeta, ParamError};
use serde_json::Value;
use tokio::runtime::{Builder, Handle, RuntimeFlavor};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::config::ExternalConfig;
use crate::error::ExternalError;
use crate::handshake::shake_hands;
use crate::process::EngineProcess;

/// How long the engine may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many answers are kept.
const MOST_ANSWERS: usize = 1_000;

type Answer = Result<Estimate, ParamError>;

struct Question {
    operation: String,
    params: Value,
    inputs: Vec<InputMeta>,
    reply: mpsc::Sender<Answer>,
}

/// Asks one engine, and remembers what it said.
pub(crate) struct Estimator {
    config: ExternalConfig,
    line: Mutex<Option<UnboundedSender<Question>>>,
    answers: Mutex<HashMap<String, Answer>>,
}

impl Estimator {
    pub(crate) fn new(config: ExternalConfig) -> Self {
        Self { config, line: Mutex::default(), answers: Mutex::default() }
    }

    /// The engine's estimate.
    pub(crate) fn estimate(&self, operation: &str, params: &Value, inputs: &[InputMeta]) -> Answer {
        let key = serde_json::to_string(&(operation, params, inputs))
            .map_err(|error| ParamError::new("", error.to_string()))?;
        let known = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(answer) = known {
            return answer;
        }
        let (reply, wait) = mpsc::channel();
        let (params, inputs) = (params.clone(), inputs.to_vec());
        self.ask(Question { operation: operation.to_owned(), params, inputs, reply })?;
        // Silence is no answer, and the next question is asked anew.
        let answer = wait_aside(&wait)?;
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST_ANSWERS {
            answers.clear();
        }
        answers.insert(key, answer.clone());
        answer
    }

    /// Starts the process, so that the first question finds it ready.
    pub(crate) fn warm_up(&self) -> Result<(), ParamError> {
        *self.line.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.open()?);
        Ok(())
    }

    fn ask(&self, question: Question) -> Result<(), ParamError> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let question = match line.take() {
            None => question,
            Some(open) => match open.send(question) {
                Ok(()) => {
                    *line = Some(open);
                    return Ok(());
                }
                Err(unsent) => unsent.0,
            },
        };
        let open = self.open()?;
        open.send(question).map_err(|_| derive_unavailable("its thread ended"))?;
        *line = Some(open);
        Ok(())
    }

    fn open(&self) -> Result<UnboundedSender<Question>, ParamError> {
        let (open, questions) = unbounded_channel();
        let config = self.config.clone();
        let thread = std::thread::Builder::new().name("estimates".to_owned());
        let started = thread.spawn(move || serve_questions(&config, questions));
        started.map_err(|error| derive_unavailable(&error.to_string()))?;
        Ok(open)
    }
}

/// Waits without holding up the other tasks of an asynchronous thread.
fn wait_aside(answer: &Receiver<Answer>) -> Result<Answer, ParamError> {
    let wait = || answer.recv_timeout(PATIENCE);
    let is_shared = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    let answered = if is_shared { tokio::task::block_in_place(wait) } else { wait() };
    answered.map_err(|_| derive_unavailable("it did not answer within a second"))
}

/// Keeps one process for questions until nobody can ask any more or it misbehaves. It does not
/// end when idle: a form asks at every change, and must not wait for a slow start.
fn serve_questions(config: &ExternalConfig, mut questions: UnboundedReceiver<Question>) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let mut process = match start(config).await {
            Ok(process) => process,
            Err(error) => return refuse_all(&mut questions, &error),
        };
        while let Some(question) = questions.recv().await {
            let answered = tokio::time::timeout(PATIENCE, put(&mut process, &question)).await;
            let Ok(Some(answer)) = answered else { return };
            // Whoever asked may have given up.
            drop(question.reply.send(answer));
        }
    });
}

async fn start(config: &ExternalConfig) -> Result<EngineProcess, ExternalError> {
    let mut process = EngineProcess::spawn(config)?;
    shake_hands(&mut process.wire).await?;
    Ok(process)
}

fn refuse_all(questions: &mut UnboundedReceiver<Question>, error: &ExternalError) {
    questions.close();
    while let Ok(question) = questions.try_recv() {
        drop(question.reply.send(Err(derive_unavailable(&error.to_string()))));
    }
}

/// Asks; `None` when what came back is no answer to the question.
async fn put(process: &mut EngineProcess, question: &Question) -> Option<Answer> {
    process.runs += 1;
    let name = format!("e{}", process.runs);
    let message = HostMessage::Estimate {
        run: name.clone(),
        operation: question.operation.clone(),
        params: question.params.clone(),
        inputs: question.inputs.clone(),
    };
    process.wire.send(&message).await.ok()?;
    let answer = process.wire.receive().await.ok()?;
    if answer.run() != Some(name.as_str()) {
        return None;
    }
    if let EngineMessage::Refused { pointer, message, .. } = answer {
        return Some(Err(ParamError::new(pointer, message)));
    }
    let EngineMessage::Estimate { estimate, .. } = answer else { return None };
    if estimate.max_credits.is_negative() {
        let refusal = "would cost less than nothing, says the engine; tell its author";
        return Some(Err(ParamError::new("", refusal)));
    }
    Some(Ok(estimate))
}

fn derive_unavailable(cause: &str) -> ParamError {
    ParamError::new(
        "",
        format!("the engine cannot estimate this now ({cause}); try again in a moment"),
    )
}
