//! The streamed answer of a service: events `chunk`, then `answer` or `problem`.
//!
//! Invariants: what fails before the first piece is an ordinary problem with its status; a client
//! that goes away ends the call; no piece is lost or comes after the last event.

use std::convert::Infallible;
use std::pin::Pin;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::sse::Event;
use futures::stream;
use gantry_access::Actor;
use gantry_jobs::{Jobs, JobsError, ServiceCall};
use gantry_types::RequestId;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::feed::{StreamPermit, answer};
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// How a client wants an answer.
pub enum AnswerForm {
    /// At once and whole.
    Whole,
    /// Piece by piece, as `Accept: text/event-stream` asks.
    Streamed(RequestId),
}

impl<S: Send + Sync> FromRequestParts<S> for AnswerForm {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        if !accept.is_some_and(|accept| accept.contains("text/event-stream")) {
            return Ok(Self::Whole);
        }
        let request_id = parts.extensions.get::<RequestId>().copied();
        Ok(Self::Streamed(request_id.unwrap_or_else(RequestId::generate)))
    }
}

type Call = Pin<Box<dyn Future<Output = Result<Value, JobsError>> + Send>>;

/// A call under way, or ended and not yet told.
enum Stage {
    Running(Call),
    Ended(Result<Value, JobsError>),
    Told,
}

struct CallStream {
    stage: Stage,
    chunks: UnboundedReceiver<Value>,
    first: Option<Value>,
    request_id: RequestId,
    _permit: StreamPermit,
}

/// Calls a service and streams its answer.
///
/// # Errors
/// What the call is refused for, 429 for too many streams.
pub async fn open_call_stream(
    state: &AppState,
    actor: Actor,
    call: ServiceCall,
    request_id: RequestId,
) -> Answer {
    let permit = state.streams.enter(actor.organization_id)?;
    // The sender goes with the call, whose pieces are bounded in bytes by the service's host.
    let (sender, chunks) = unbounded_channel();
    let sink = Box::new(move |chunk| drop(sender.send(chunk)));
    let jobs: Jobs = state.jobs().clone();
    let running: Call = Box::pin(async move { jobs.call_service(&actor, call, sink).await });
    let stage = Stage::Running(running);
    let mut stream = CallStream { stage, chunks, first: None, request_id, _permit: permit };
    stream.first = stream.next_chunk().await;
    if let (None, Stage::Ended(Err(_))) = (&stream.first, &stream.stage)
        && let Stage::Ended(Err(error)) = stream.stage
    {
        return Err(error.into());
    }
    Ok(answer(stream::unfold(stream, CallStream::advance)))
}

impl CallStream {
    /// The next piece; `None` when there are no more.
    async fn next_chunk(&mut self) -> Option<Value> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if let Stage::Running(call) = &mut self.stage {
            tokio::select! {
                biased;
                Some(chunk) = self.chunks.recv() => return Some(chunk),
                ended = call => self.stage = Stage::Ended(ended),
            }
        }
        self.chunks.try_recv().ok()
    }

    async fn advance(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if let Some(chunk) = self.next_chunk().await {
            return Some((Ok(derive_event("chunk", &chunk)), self));
        }
        let Stage::Ended(ended) = std::mem::replace(&mut self.stage, Stage::Told) else {
            return None;
        };
        let event = match ended {
            Ok(output) => derive_event("answer", &json!({ "output": output })),
            Err(error) => derive_event("problem", &Problem::from(error).to_json(self.request_id)),
        };
        Some((Ok(event), self))
    }
}

/// JSON in one line has no line feed, which is all that could break the framing.
fn derive_event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
