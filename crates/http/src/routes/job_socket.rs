//! The events of a job over a WebSocket, for clients that know no `text/event-stream`.
//!
//! Invariants: the messages, their order and their cursors are those of the stream; who may not read
//! the job is told so before the connection becomes a socket; a page of another site opens none with
//! somebody's cookie; what clients send is not read, and nothing they send makes the store work.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseCode, CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use gantry_access::Via;
use gantry_types::{JobId, ProblemCode};
use tokio::time::{Instant, interval_at, timeout};

use super::job_events::{EventParams, find_cursor};
use crate::extract::{CurrentActor, Params, PathId};
use crate::feed::{Ending, Feed, HEARTBEAT, Subject};
use crate::middleware::require_same_origin;
use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// Bytes of one message of a client.
const MOST_BYTES: usize = 4_096;
/// How long a client may take to answer a close.
const FAREWELL: Duration = Duration::from_secs(5);

/// The events of a job as messages `{"id", "event", "data"}` of a WebSocket: first those that
/// happened, then the new ones, until the job has ended (event `end`, then close code 1000). Close
/// code 1012 asks the client to come back with `after`, the last `id` that it saw.
#[utoipa::path(get, path = "/jobs/{id}/socket", tag = "Jobs",
    params(("id" = Uuid, Path), EventParams),
    responses((status = 101, description = "The connection is a WebSocket now.")))]
pub async fn open_job_socket(
    State(state): State<AppState>,
    CurrentActor(actor): CurrentActor,
    PathId(id): PathId<JobId>,
    Params(params): Params<EventParams>,
    handshake: Handshake,
) -> Answer {
    if let Via::Session { .. } = actor.via {
        require_same_origin(&state.settings, &handshake.headers)?;
    }
    let after = find_cursor(&handshake.headers, &params)?;
    let feed = Feed::open(&state, actor, Subject::Job(id), after).await?;
    let upgrade = handshake.upgrade.map_err(|rejection| refuse(&rejection))?;
    let upgrade = upgrade.max_message_size(MOST_BYTES).max_frame_size(MOST_BYTES);
    Ok(upgrade.on_upgrade(|socket| tell(socket, feed)))
}

/// What a client asks a socket with; whether it can be one is looked at last.
pub struct Handshake {
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
}

impl<S: Send + Sync> FromRequestParts<S> for Handshake {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let upgrade = WebSocketUpgrade::from_request_parts(parts, state).await;
        Ok(Self { headers: parts.headers.clone(), upgrade })
    }
}

fn refuse(rejection: &WebSocketUpgradeRejection) -> Problem {
    Problem::new(ProblemCode::InvalidRequest, format!("This is a WebSocket: {rejection}."))
        .with_next_step("Open it as one, or read the same events from the job's `events`.")
}

/// What came first.
enum Heard {
    /// The job goes on, or has nothing more to tell.
    Next(Option<String>),
    /// The client is gone.
    Gone,
}

async fn tell(mut socket: WebSocket, mut feed: Feed) {
    loop {
        match wait(&mut socket, &mut feed).await {
            Heard::Gone => return,
            Heard::Next(Some(text)) => {
                if socket.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            Heard::Next(None) => break,
        }
    }
    let (code, reason) = derive_close(feed.ending());
    let last = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    drop(feed);
    if socket.send(last).await.is_ok() {
        // Who closes with something unread cuts off what the client has not read yet.
        let farewell = async { while let Some(Ok(_)) = socket.recv().await {} };
        drop(timeout(FAREWELL, farewell).await);
    }
}

/// Waits for what is next, and shows the client that the server is there meanwhile.
async fn wait(socket: &mut WebSocket, feed: &mut Feed) -> Heard {
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    let mut next = pin!(feed.next_message());
    loop {
        tokio::select! {
            message = &mut next => {
                return Heard::Next(message.map(|message| message.to_json()));
            }
            heard = socket.recv() => match heard {
                Some(Ok(
                    Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_),
                )) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Heard::Gone,
            },
            _ = heartbeat.tick() => {
                if socket.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return Heard::Gone;
                }
            }
        }
    }
}

const fn derive_close(ending: Ending) -> (CloseCode, &'static str) {
    match ending {
        Ending::Told => (close_code::NORMAL, "the job has ended"),
        Ending::Open | Ending::Over => (close_code::RESTART, "come back with the last id"),
        Ending::Broken => (close_code::ERROR, "come back with the last id"),
    }
}
