//! The child's side: serves built-in engines over standard input and output.
//!
//! Invariants: a process serves operations or services; one run at a time, calls side by side; the end of the input ends the process, in the middle of a run
//! too, so that no host's death leaves work behind; a panic ends its run alone.

mod child_host;
mod line_out;
mod services;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use gantry_engine_api::protocol::{
    EngineManifest, EngineMessage, EstimateRule, HostMessage, OperationManifest, PROTOCOL,
    RunRequest,
};
use gantry_engine_api::{AnyOperation, Engine, EngineError, JobContext, OperationSpec, Step};
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::error::ExternalError;
use crate::serve::child_host::ChildHost;
use crate::serve::line_out::LineOut;
use crate::serve::services::ServiceServer;

/// Serves the operations of `engines` until the input ends. Makes its own threads, and leaves
/// those behind that still compute when it returns: the caller is expected to end the process.
///
/// # Errors
/// [`ExternalError`] when no threads can be had, or the host does not keep to the protocol.
pub fn serve_engine(
    engines: &[&dyn Engine],
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), ExternalError> {
    let server = Server::new(engines, output);
    serve_lines(input, |messages| server.serve(messages))
}

/// Serves the services of `engines` until the input ends: loads artifacts and answers calls on
/// them. Otherwise as [`serve_engine`].
///
/// # Errors
/// As [`serve_engine`].
pub fn serve_services(
    engines: &[&dyn Engine],
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<(), ExternalError> {
    let server = ServiceServer::new(engines, output);
    serve_lines(input, |messages| server.serve(messages))
}

fn serve_lines<F>(
    input: impl Read + Send + 'static,
    serve: impl FnOnce(UnboundedReceiver<Heard>) -> F + Send,
) -> Result<(), ExternalError>
where
    F: Future<Output = Result<(), ExternalError>>,
{
    let fail = |what| move |source| ExternalError::Io { what, source };
    let (sender, messages) = unbounded_channel();
    let read = move || read_messages(input, |message| sender.send(message).is_ok());
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(read)
        .map_err(fail("starting the reader"))?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(fail("starting the runtime"))?;
    // A thread of its own, because the caller may itself stand on a runtime.
    let served =
        std::thread::scope(|scope| scope.spawn(|| runtime.block_on(serve(messages))).join());
    runtime.shutdown_background();
    served.unwrap_or_else(|_| Err(ExternalError::Protocol("the server panicked".to_owned())))
}

type Heard = Result<HostMessage, String>;

fn read_messages(input: impl Read, take: impl Fn(Heard) -> bool) {
    let mut lines = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let message = serde_json::from_slice(&line).map_err(|error| error.to_string());
        if !take(message) {
            return;
        }
    }
}

struct Server {
    manifest: EngineManifest,
    operations: BTreeMap<String, Arc<dyn AnyOperation>>,
    out: Arc<LineOut>,
    pool: ThreadPools,
}

/// The threads of the last run, kept for the next one of the same size.
#[derive(Default)]
struct ThreadPools {
    last: Mutex<Option<Arc<rayon::ThreadPool>>>,
}

impl ThreadPools {
    fn get_pool(&self, threads: u16) -> Result<Arc<rayon::ThreadPool>, EngineError> {
        let threads = usize::from(threads.max(1));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = last.as_ref().filter(|pool| pool.current_num_threads() == threads) {
            return Ok(Arc::clone(pool));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("job-{index}"))
            .build()
            .map_err(|error| EngineError::transient(format!("No threads for the job: {error}.")))?;
        Ok(Arc::clone(last.insert(Arc::new(pool))))
    }
}

impl Server {
    fn new(engines: &[&dyn Engine], output: impl Write + Send + 'static) -> Self {
        let all = engines.iter().flat_map(|engine| engine.operations());
        let operations: BTreeMap<String, Arc<dyn AnyOperation>> =
            all.map(|operation| (operation.spec().id, operation)).collect();
        let manifests = operations.values().map(|operation| derive_manifest(operation.spec()));
        let manifest =
            EngineManifest { operations: manifests.collect(), ..derive_introduction(engines) };
        Self {
            manifest,
            operations,
            out: Arc::new(LineOut::new(output)),
            pool: ThreadPools::default(),
        }
    }

    async fn serve(&self, mut messages: UnboundedReceiver<Heard>) -> Result<(), ExternalError> {
        while let Some(message) = messages.recv().await {
            match message.map_err(ExternalError::Protocol)? {
                HostMessage::Hello { .. } => self.out.say(&EngineMessage::Ready {
                    protocol: PROTOCOL,
                    engine: self.manifest.clone(),
                }),
                HostMessage::Estimate { run, operation, params, inputs } => {
                    let answer = match self.operations.get(&operation) {
                        Some(operation) => operation.estimate(&params, &inputs),
                        None => Err(gantry_engine_api::ParamError::new("", "unknown operation")),
                    };
                    self.out.say(&match answer {
                        Ok(estimate) => EngineMessage::Estimate { run, estimate },
                        Err(error) => EngineMessage::Refused {
                            run,
                            pointer: error.pointer,
                            message: error.message,
                        },
                    });
                }
                HostMessage::Run(request) => {
                    if !self.run(*request, &mut messages).await? {
                        return Ok(());
                    }
                }
                HostMessage::ServiceLoad { run, .. } | HostMessage::ServiceCall { run, .. } => {
                    let cause = "This process serves operations; services have one of their own.";
                    self.out.say(&derive_answer(run, Err(EngineError::bug(cause))));
                }
                // Of a run that has just ended.
                HostMessage::Cancel { .. }
                | HostMessage::Answer { .. }
                | HostMessage::ServiceUnload { .. } => {}
            }
        }
        Ok(())
    }

    /// Runs while listening; `false` when the input ended meanwhile.
    async fn run(
        &self,
        request: RunRequest,
        messages: &mut UnboundedReceiver<Heard>,
    ) -> Result<bool, ExternalError> {
        let name = request.run.clone();
        let Some(operation) = self.operations.get(&request.operation).map(Arc::clone) else {
            let cause = format!("This engine has no operation `{}`.", request.operation);
            self.out.say(&derive_answer(name, Err(EngineError::bug(cause))));
            return Ok(true);
        };
        let params = request.params.clone();
        let host = match ChildHost::new(request, Arc::clone(&self.out), &self.pool) {
            Ok(host) => Arc::new(host),
            Err(error) => {
                self.out.say(&derive_answer(name, Err(error)));
                return Ok(true);
            }
        };
        let context = JobContext::new(Arc::<ChildHost>::clone(&host));
        let mut work = tokio::spawn(async move { operation.run(params, context).await });
        loop {
            let message = tokio::select! {
                ended = &mut work => {
                    let answer = ended.unwrap_or_else(|join| Err(derive_panic(join)));
                    self.out.say_end(&derive_answer(name.clone(), answer), &name);
                    return Ok(true);
                }
                message = messages.recv() => message,
            };
            match message {
                None => {
                    work.abort();
                    return Ok(false);
                }
                Some(Ok(HostMessage::Cancel { run })) if run == name => host.cancel(),
                Some(Ok(HostMessage::Answer { run, request, value, error })) if run == name => {
                    host.take_answer(
                        request,
                        error.map_or_else(|| Ok(value.unwrap_or_default()), Err),
                    );
                }
                Some(Ok(_)) => {}
                Some(Err(cause)) => return Err(ExternalError::Protocol(cause)),
            }
        }
    }
}

/// A manifest without operations and services.
fn derive_introduction(engines: &[&dyn Engine]) -> EngineManifest {
    let (id, title) = match engines {
        [engine] => (engine.id().to_owned(), engine.title().to_owned()),
        _ => ("gantry".to_owned(), "Built-in engines".to_owned()),
    };
    let (summary, operations, services) = (String::new(), Vec::new(), Vec::new());
    EngineManifest { id, title, summary, operations, services }
}

fn derive_answer(run: String, answer: Result<Step<Value>, EngineError>) -> EngineMessage {
    match answer {
        Ok(Step::Done(report)) => EngineMessage::Done { run, report },
        Ok(Step::Fork { children, checkpoint }) => EngineMessage::Fork {
            run,
            children: children.into_iter().map(derive_request).collect(),
            version: checkpoint.version,
            state: checkpoint.state,
        },
        Err(error) => EngineMessage::Failed {
            run,
            kind: error.kind,
            message: error.message,
            next_step: error.next_step,
        },
    }
}

fn derive_request(child: gantry_engine_api::ChildJob) -> gantry_engine_api::protocol::ChildRequest {
    gantry_engine_api::protocol::ChildRequest {
        operation: child.operation,
        params: child.params,
        inputs: child.inputs.into_iter().collect(),
        inherits: child.inherits,
        max_credits: child.max_credits,
    }
}

fn derive_manifest(spec: OperationSpec) -> OperationManifest {
    OperationManifest {
        id: spec.id,
        version: spec.version,
        reads_from: None,
        title: spec.title,
        summary: spec.summary,
        inputs: spec.inputs,
        params_schema: spec.params_schema,
        report_schema: spec.report_schema,
        estimate: EstimateRule { dynamic: true, ..EstimateRule::default() },
    }
}

fn derive_panic(join: tokio::task::JoinError) -> EngineError {
    let Ok(panic) = join.try_into_panic() else {
        return EngineError::bug("The engine was cut off.");
    };
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    EngineError::bug(format!("The engine panicked: {text}."))
}
