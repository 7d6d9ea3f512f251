//! Relays one run: what the engine says goes through the doors of the job's context, and the
//! context's answers go back.
//!
//! Invariants: nothing that the engine says reaches another run; after any fault the process is
//! of no further use; of several reasons to stop the first one is told.

use std::time::Duration;

use gantry_engine_api::protocol::{ChildRequest, EngineMessage, HostMessage, RunRequest};
use gantry_engine_api::{Checkpoint, ChildJob, EngineError, JobContext, Step};
use gantry_types::EngineErrorKind;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use crate::files::{NamedFile, describe_artifact};
use crate::watch::derive_output_error;
use crate::wire::{Wire, WireFault};

/// How long an engine may take to end a run that was asked to stop.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The engine said so, and can take another run.
    Answered(Result<Step<Value>, EngineError>),
    /// The run failed, and the process must not be used again.
    Broken(EngineError),
    /// The engine closed its output; how the process ended says why.
    Closed,
}

/// What is relayed and within which bounds.
pub(crate) struct Relay<'a, R, W> {
    pub(crate) wire: &'a mut Wire<R, W>,
    pub(crate) context: &'a JobContext,
    /// The run that the process served before, whose late lines are told from nonsense.
    pub(crate) former: Option<String>,
    /// Bytes of standard output.
    pub(crate) output_bytes: u64,
}

/// What one message means for the run.
enum Turn {
    Continue,
    /// The engine is asked to stop for this reason.
    Stop(EngineError),
    End(Ended),
}

/// The engine was asked to stop.
struct Stop {
    reason: EngineError,
    deadline: Instant,
}

enum Received {
    Message(EngineMessage),
    Fault(WireFault),
    Cancelled,
    Late(EngineError),
}

impl From<Result<EngineMessage, WireFault>> for Received {
    fn from(received: Result<EngineMessage, WireFault>) -> Self {
        received.map_or_else(Self::Fault, Self::Message)
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Relay<'_, R, W> {
    /// Runs to the end.
    pub(crate) async fn run(mut self, request: RunRequest) -> Ended {
        let run = request.run.clone();
        if let Err(fault) = self.wire.send(&HostMessage::Run(Box::new(request))).await {
            return derive_ended(fault);
        }
        let last_byte = self.wire.received_bytes().saturating_add(self.output_bytes);
        let mut stop: Option<Stop> = None;
        loop {
            let turn = match self.receive(stop.as_ref()).await {
                Received::Message(message) => match self.require_own(&message, &run) {
                    Ok(()) => self.take(message).await,
                    Err(error) => Turn::End(Ended::Broken(error)),
                },
                Received::Fault(fault) => Turn::End(derive_ended(fault)),
                Received::Cancelled => Turn::Stop(EngineError::cancelled()),
                Received::Late(reason) => Turn::End(Ended::Broken(reason)),
            };
            if self.wire.received_bytes() > last_byte {
                return Ended::Broken(derive_output_error(self.output_bytes));
            }
            match turn {
                Turn::Continue => {}
                Turn::Stop(_) if stop.is_some() => {}
                Turn::Stop(reason) => {
                    let cancel = HostMessage::Cancel { run: run.clone() };
                    if let Err(fault) = self.wire.send(&cancel).await {
                        return prefer_reason(derive_ended(fault), Some(reason));
                    }
                    stop = Some(Stop { reason, deadline: Instant::now() + GRACE });
                }
                Turn::End(ended) => return prefer_reason(ended, stop.map(|stop| stop.reason)),
            }
        }
    }

    /// Waits for what comes next: a message, the cancellation, or the end of the patience with an
    /// engine that was asked to stop.
    async fn receive(&mut self, stop: Option<&Stop>) -> Received {
        let Some(stop) = stop else {
            return tokio::select! {
                received = self.wire.receive() => received.into(),
                () = self.context.cancelled() => Received::Cancelled,
            };
        };
        match tokio::time::timeout_at(stop.deadline, self.wire.receive()).await {
            Ok(received) => received.into(),
            Err(_) => Received::Late(stop.reason.clone()),
        }
    }

    fn require_own(&self, message: &EngineMessage, run: &str) -> Result<(), EngineError> {
        match message.run() {
            Some(named) if named == run => Ok(()),
            Some(named) if Some(named) == self.former.as_deref() => Err(EngineError::host_died(
                "The engine's process still spoke of an earlier job, and was replaced.",
            )),
            Some(named) => Err(derive_protocol_error(&format!(
                "it spoke of the run `{}`, and the present one is `{run}`",
                named.chars().take(64).collect::<String>().escape_debug()
            ))),
            None => Err(derive_protocol_error("it said `ready` in the middle of a run")),
        }
    }

    async fn take(&mut self, message: EngineMessage) -> Turn {
        let context = self.context;
        match message {
            EngineMessage::Stage { name, current, total, .. } => {
                context.stage(name, current, total)
            }
            EngineMessage::Progress { fraction, .. } => context.progress(fraction),
            EngineMessage::Log { level, message, .. } => context.log(level, message),
            EngineMessage::Metric { name, step, value, .. } => context.metric(name, step, value),
            EngineMessage::Partial { name, value, .. } => context.publish_partial(name, value),
            EngineMessage::Emit { chunk, .. } => context.emit(chunk),
            EngineMessage::Charge { credits, .. } => {
                if credits.is_negative() {
                    return Turn::Stop(EngineError::bug("An engine charged a negative amount."));
                }
                if let Err(error) = context.charge(credits) {
                    return Turn::Stop(error);
                }
            }
            EngineMessage::Done { report, .. } => {
                return Turn::End(Ended::Answered(Ok(Step::Done(report))));
            }
            EngineMessage::Fork { children, .. }
                if children.iter().any(|child| child.max_credits.is_negative()) =>
            {
                let cause = "it wants children that cost less than nothing";
                return Turn::End(Ended::Broken(derive_protocol_error(cause)));
            }
            EngineMessage::Fork { children, version, state, .. } => {
                let children = children.into_iter().map(derive_child).collect();
                let checkpoint = Checkpoint { version, state };
                return Turn::End(Ended::Answered(Ok(Step::Fork { children, checkpoint })));
            }
            EngineMessage::Failed { kind, message, next_step, .. } => {
                let mut error = EngineError::of(kind, message);
                error.next_step = next_step;
                return Turn::End(Ended::Answered(Err(error)));
            }
            EngineMessage::Ready { .. }
            | EngineMessage::Estimate { .. }
            | EngineMessage::Refused { .. } => {
                return Turn::End(Ended::Broken(derive_protocol_error(
                    "it answered an estimate in the middle of a run",
                )));
            }
            EngineMessage::ServiceLoaded { .. }
            | EngineMessage::ServiceChunk { .. }
            | EngineMessage::ServiceAnswer { .. } => {
                return Turn::End(Ended::Broken(derive_protocol_error(
                    "it answered for a service in the middle of a run",
                )));
            }
            waiting @ (EngineMessage::Artifact { .. }
            | EngineMessage::Checkpoint { .. }
            | EngineMessage::RaiseHold { .. }
            | EngineMessage::AskModel { .. }) => return self.serve(waiting).await,
        }
        Turn::Continue
    }

    /// Goes through a door that waits, and answers where an answer was asked for.
    async fn serve(&mut self, message: EngineMessage) -> Turn {
        let context = self.context;
        let (run, request, served) = match message {
            EngineMessage::Artifact { run, request, name, path, role, media_type } => {
                let named = NamedFile { name, path, role, media_type };
                let published = match describe_artifact(context, named).await {
                    Ok(draft) => context.publish(draft).await,
                    Err(error) => Err(error),
                };
                (run, request, published.map(|()| Value::Null))
            }
            EngineMessage::Checkpoint { run, request, version, state } => {
                let saved = context.save_checkpoint(Checkpoint { version, state }).await;
                (run, request, saved.map(|()| Value::Null))
            }
            EngineMessage::RaiseHold { run, request, to } => {
                let raised = if to.is_negative() {
                    Err(EngineError::bug("An engine asked for a negative hold."))
                } else {
                    context.raise_hold(to).await
                };
                (run, Some(request), raised.map(|()| Value::Null))
            }
            EngineMessage::AskModel { run, request, body } => {
                (run, Some(request), context.ask_model(body).await)
            }
            EngineMessage::Ready { .. }
            | EngineMessage::Estimate { .. }
            | EngineMessage::Refused { .. }
            | EngineMessage::Stage { .. }
            | EngineMessage::Progress { .. }
            | EngineMessage::Log { .. }
            | EngineMessage::Metric { .. }
            | EngineMessage::Partial { .. }
            | EngineMessage::Emit { .. }
            | EngineMessage::Charge { .. }
            | EngineMessage::ServiceLoaded { .. }
            | EngineMessage::ServiceChunk { .. }
            | EngineMessage::ServiceAnswer { .. }
            | EngineMessage::Done { .. }
            | EngineMessage::Fork { .. }
            | EngineMessage::Failed { .. } => return Turn::Continue,
        };
        let Some(request) = request else {
            // Nobody waits for the answer, so a refusal must end the run.
            return served.map_or_else(Turn::Stop, |_| Turn::Continue);
        };
        let (value, error) = match served {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        match self.wire.send(&HostMessage::Answer { run, request, value, error }).await {
            Ok(()) => Turn::Continue,
            Err(fault) => Turn::End(derive_ended(fault)),
        }
    }
}

/// Why we stopped it counts more than what the engine makes of being stopped, but a run that was
/// done before it heard of its cancellation is done.
fn prefer_reason(ended: Ended, stop: Option<EngineError>) -> Ended {
    match (ended, stop) {
        (Ended::Answered(answer), Some(reason)) => {
            if reason.kind != EngineErrorKind::Cancelled || answer.is_err() {
                Ended::Answered(Err(reason))
            } else {
                Ended::Answered(answer)
            }
        }
        // An engine may stop by ending its process.
        (Ended::Closed, Some(reason)) => Ended::Broken(reason),
        (ended, _) => ended,
    }
}

fn derive_child(child: ChildRequest) -> ChildJob {
    ChildJob {
        operation: child.operation,
        params: child.params,
        inputs: child.inputs.into_iter().collect(),
        inherits: child.inherits,
        max_credits: child.max_credits,
    }
}

fn derive_ended(fault: WireFault) -> Ended {
    match fault {
        WireFault::Closed => Ended::Closed,
        WireFault::Wrong(cause) => Ended::Broken(derive_protocol_error(&cause)),
    }
}

/// The error of a run whose engine does not keep to the protocol.
pub(crate) fn derive_protocol_error(cause: &str) -> EngineError {
    EngineError::bug(format!("The engine did not keep to the protocol: {cause}."))
        .with_next_step("Tell the engine's author; `gantry engine check` finds such mistakes.")
}
