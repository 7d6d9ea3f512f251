//! One host process: a task that passes questions on and answers back.
//!
//! Invariants: writing never holds up listening; the process is ended when its memory, an answer
//! or a line goes beyond its bounds, and when nobody needs it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gantry_engine_api::protocol::{HostMessage, RunInput};
use gantry_engine_api::{CallContext, EngineError};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::config::ExternalConfig;
use crate::error::ExternalError;
use crate::handshake::shake_hands;
use crate::kin::read_resident_bytes;
use crate::process::{EngineProcess, describe_exit};
use crate::relay::GRACE;
use crate::services::open_calls::{LoadedThere, Open, OpenCalls, derive_restarting};
use crate::services::remote::RemoteArtifact;
use crate::services::{LOAD_LIMIT, ServiceLimits};
use crate::watch::{Watched, watch};
use crate::wire::WireFault;

/// The most questions that may wait for their answers at one host.
const MOST_OPEN: usize = 128;
/// The most bytes that one call may be answered with, piece by piece.
const ANSWER_BYTES: u64 = 16 << 20;

/// A question for a host.
pub(super) enum Ask {
    Load {
        run: String,
        service: String,
        artifact: RunInput,
        reply: oneshot::Sender<Result<LoadedThere, EngineError>>,
    },
    Call {
        run: String,
        loaded: String,
        input: Value,
        context: CallContext,
        reply: oneshot::Sender<Result<Value, EngineError>>,
    },
    Unload {
        loaded: String,
    },
    Cancel {
        run: String,
    },
}

/// The way to a host.
#[derive(Clone)]
pub(super) struct HostHandle {
    asks: UnboundedSender<Ask>,
    names: Arc<AtomicU64>,
}

impl HostHandle {
    pub(super) fn is_alive(&self) -> bool {
        !self.asks.is_closed()
    }

    /// A name that no other question of this host has.
    pub(super) fn make_name(&self) -> String {
        format!("s{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a question; a host that is gone drops it, and with it the reply's other end.
    pub(super) fn ask(&self, ask: Ask) {
        drop(self.asks.send(ask));
    }

    pub(super) async fn load(
        self,
        service: &str,
        artifact: RunInput,
    ) -> Result<RemoteArtifact, EngineError> {
        let run = self.make_name();
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Load { run: run.clone(), service: service.to_owned(), artifact, reply });
        let loaded = answer.await.unwrap_or_else(|_| Err(derive_restarting("it was lost")))?;
        Ok(RemoteArtifact::new(self, run, loaded))
    }
}

/// Starts a host; its task ends with it.
pub(super) async fn start_host(
    config: &ExternalConfig,
    limits: ServiceLimits,
) -> Result<HostHandle, EngineError> {
    let mut process = EngineProcess::spawn(config)?;
    shake_hands(&mut process.wire).await?;
    let writer = process.wire.take_writer();
    let writer = writer.ok_or_else(|| ExternalError::Ended("it has no input".to_owned()))?;
    let (asks, questions) = unbounded_channel();
    let (lines, unwritten) = unbounded_channel();
    let writing = AbortOnDropHandle::new(tokio::spawn(write_lines(writer, unwritten)));
    let host = Host {
        process,
        limits,
        lines,
        open: OpenCalls::default(),
        idle: Duration::from_secs(config.idle_seconds),
        _writing: writing,
    };
    tokio::spawn(host.serve(questions));
    Ok(HostHandle { asks, names: Arc::new(AtomicU64::new(1)) })
}

async fn write_lines(mut writer: ChildStdin, mut lines: UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        let written = async {
            writer.write_all(&line).await?;
            writer.flush().await
        };
        if written.await.is_err() {
            return;
        }
    }
}

struct Host {
    process: EngineProcess,
    limits: ServiceLimits,
    lines: UnboundedSender<Vec<u8>>,
    open: OpenCalls,
    idle: Duration,
    _writing: AbortOnDropHandle<()>,
}

/// Why a host ends.
enum End {
    /// Nobody needs it.
    Unused,
    /// It closed its output.
    Closed,
    /// It went beyond a bound.
    Unfit(String),
}

impl Host {
    async fn serve(mut self, mut questions: UnboundedReceiver<Ask>) {
        let end = self.listen(&mut questions).await;
        // From here on a question finds nobody, and another host is started for it.
        questions.close();
        let cause = match end {
            End::Unused => return self.end().await,
            End::Unfit(cause) => cause,
            End::Closed => self
                .process
                .find_exit()
                .await
                .map_or_else(|| "it closed its output".to_owned(), describe_exit),
        };
        self.open.end(&cause);
        while let Ok(ask) = questions.try_recv() {
            ask.refuse(&cause);
        }
    }

    async fn listen(&mut self, questions: &mut UnboundedReceiver<Ask>) -> End {
        let complaints = self.process.complaints();
        let leader = self.process.leader();
        let memory_bytes = self.limits.host_bytes;
        let watched = Watched { leader, memory_bytes, complaint_bytes: u64::MAX };
        let watching = watch(watched, &complaints);
        tokio::pin!(watching);
        loop {
            let overdue = self.open.find_overdue();
            let is_idle = self.open.is_idle();
            let wake = overdue.unwrap_or_else(|| Instant::now() + self.idle);
            let before = self.process.wire.received_bytes();
            tokio::select! {
                ask = questions.recv() => match ask {
                    Some(ask) => self.put(ask),
                    None => return End::Unused,
                },
                heard = self.process.wire.receive() => {
                    let message = match heard {
                        Ok(message) => message,
                        Err(WireFault::Closed) => return End::Closed,
                        Err(WireFault::Wrong(cause)) => return End::Unfit(cause),
                    };
                    let bytes = self.process.wire.received_bytes().saturating_sub(before);
                    let resident = read_resident_bytes(leader.as_raw_nonzero().get());
                    if let Err(error) = self.open.take(message, bytes, resident) {
                        return End::Unfit(derive_clause(&error));
                    }
                    self.make_room();
                }
                error = &mut watching, if self.open.len() > 0 => {
                    return End::Unfit(derive_clause(&error));
                }
                () = tokio::time::sleep_until(wake), if overdue.is_some() || is_idle => {
                    if overdue.is_some() {
                        return End::Unfit("a call on it did not end in time".to_owned());
                    }
                    return End::Unused;
                }
            }
        }
    }

    fn put(&mut self, ask: Ask) {
        let is_full = self.open.len() >= MOST_OPEN;
        match ask {
            Ask::Load { .. } | Ask::Call { .. } if is_full => ask.refuse_busy(),
            Ask::Load { run, service, artifact, reply } => {
                let open = Open::Load {
                    reply,
                    file_bytes: artifact.meta.bytes,
                    resident: read_resident_bytes(self.process.leader().as_raw_nonzero().get()),
                    overdue: Instant::now() + LOAD_LIMIT + GRACE,
                };
                self.open.insert(run.clone(), open);
                self.say(&HostMessage::ServiceLoad { run, service, artifact });
            }
            Ask::Call { run, loaded, input, context, reply } => {
                let left = Instant::from_std(context.deadline()).duration_since(Instant::now());
                let time_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                let (name, room) = (loaded.clone(), ANSWER_BYTES);
                self.open.insert(run.clone(), Open::Call { reply, context, loaded: name, room });
                self.say(&HostMessage::ServiceCall { run, loaded, input, time_ms });
            }
            Ask::Unload { loaded } => self.unload(loaded),
            Ask::Cancel { run } => self.say(&HostMessage::Cancel { run }),
        }
    }

    fn unload(&mut self, loaded: String) {
        self.open.forget(&loaded);
        self.say(&HostMessage::ServiceUnload { loaded });
    }

    fn make_room(&mut self) {
        for loaded in self.open.take_orphans() {
            self.unload(loaded);
        }
        for loaded in self.open.find_leaving(self.limits.host_bytes / 2) {
            self.unload(loaded);
        }
    }

    fn say(&self, message: &HostMessage) {
        // Every message of the protocol is JSON; a writer that is gone shows as a closed output.
        if let Ok(mut line) = serde_json::to_vec(message) {
            line.push(b'\n');
            drop(self.lines.send(line));
        }
    }

    async fn end(self) {
        drop(self.lines);
        self.process.end().await;
    }
}

impl Ask {
    fn refuse(self, cause: &str) {
        self.fail(derive_restarting(cause));
    }

    fn refuse_busy(self) {
        let error = EngineError::transient("Too many calls of this service are open.");
        self.fail(error.with_next_step("Try again in a second."));
    }

    fn fail(self, error: EngineError) {
        // Whoever asked may have given up.
        match self {
            Self::Load { reply, .. } => drop(reply.send(Err(error))),
            Self::Call { reply, .. } => drop(reply.send(Err(error))),
            Self::Unload { .. } | Self::Cancel { .. } => {}
        }
    }
}

/// An error's words in the middle of a sentence.
fn derive_clause(error: &EngineError) -> String {
    error.message.trim_end_matches('.').to_owned()
}
