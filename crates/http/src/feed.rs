//! Streams of events, as they come (SSE) and as messages (for a socket).
//!
//! Invariants: the bus is listened to before the store is read, so that nothing falls between;
//! every event comes from the store, from the client's cursor on, whatever the bus says; a
//! stream ends by itself after a while, so that a session that was ended is not served for ever.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use gantry_access::Actor;
use gantry_jobs::{Jobs, JobsError};
use gantry_ports::Hint;
use gantry_ports::store::{AccountEvent, JobEvent, JobEventKind};
use gantry_types::{JobId, OrganizationId, ProblemCode};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::problem::{Answer, Problem};
use crate::state::AppState;

/// How often something is sent where nothing happens.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a lost hint can delay an event.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// How long one stream lives; clients come back with their cursor.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
const BATCH: u32 = 200;

/// Counts the open streams of each account.
#[derive(Debug)]
pub struct StreamGate {
    limit: u32,
    open: Mutex<HashMap<OrganizationId, u32>>,
}

/// One open stream; closes with its owner.
#[derive(Debug)]
pub struct StreamPermit {
    gate: Arc<StreamGate>,
    organization_id: OrganizationId,
}

impl StreamGate {
    /// At most `limit` streams per account.
    pub fn new(limit: u32) -> Self {
        Self { limit, open: Mutex::new(HashMap::new()) }
    }

    /// Opens one more.
    ///
    /// # Errors
    /// 429 when the account has as many as it may.
    pub fn enter(self: &Arc<Self>, organization_id: OrganizationId) -> Answer<StreamPermit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(organization_id).or_insert(0);
        if *count >= self.limit {
            return Err(Problem::new(
                ProblemCode::RateLimited,
                format!("{} event streams of this account are open already.", self.limit),
            )
            .with("limit", self.limit)
            .with_next_step("Close other pages, or read the events as JSON.")
            .with_retry_after(10));
        }
        *count += 1;
        Ok(StreamPermit { gate: Arc::clone(self), organization_id })
    }

    /// How many streams are open.
    pub fn count(&self) -> u32 {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.gate.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.organization_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.organization_id);
            }
        }
    }
}

/// What a stream tells.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// One job, until it has ended.
    Job(JobId),
    /// The state changes of an account.
    Account,
}

/// One message on its way.
pub struct Message {
    cursor: u64,
    name: &'static str,
    data: Value,
}

/// An open stream.
pub struct Feed {
    jobs: Jobs,
    actor: Actor,
    subject: Subject,
    after: u64,
    hints: Receiver<Hint>,
    waiting: VecDeque<Message>,
    ending: Ending,
    deadline: Instant,
    shutdown: CancellationToken,
    _permit: StreamPermit,
}

/// Whether a stream ended, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It did not.
    Open,
    /// Everything was told: the job has ended.
    Told,
    /// The server stops, or the stream lived long enough; the client comes back with its cursor.
    Over,
    /// The store did not answer; the same.
    Broken,
}

/// Opens a stream of server-sent events from `after` on.
///
/// # Errors
/// As [`Feed::open`].
pub async fn open_feed(
    state: &AppState,
    actor: Actor,
    subject: Subject,
    after: Option<u64>,
) -> Answer {
    let feed = Feed::open(state, actor, subject, after).await?;
    Ok(answer(stream::unfold(feed, |mut feed| async move {
        let message = feed.next_message().await?;
        Some((Ok(message.into_event()), feed))
    })))
}

impl Feed {
    /// Opens a stream from `after` on.
    ///
    /// # Errors
    /// 404 for a job that is not the actor's, 429 for too many streams.
    pub async fn open(
        state: &AppState,
        actor: Actor,
        subject: Subject,
        after: Option<u64>,
    ) -> Answer<Self> {
        let permit = state.streams.enter(actor.organization_id)?;
        let jobs = state.jobs().clone();
        let hints = jobs.bus().subscribe();
        let after = match (subject, after) {
            (Subject::Job(id), after) => {
                jobs.get_job(&actor, id).await?;
                after.unwrap_or(0)
            }
            (Subject::Account, Some(after)) => after,
            (Subject::Account, None) => jobs.get_account_cursor(&actor).await?,
        };
        let mut waiting = VecDeque::new();
        let mut after = after;
        if matches!(subject, Subject::Account) && after < jobs.get_swept_cursor(&actor).await? {
            // What came between is removed: the client reads its jobs again and goes on from here.
            after = jobs.get_account_cursor(&actor).await?;
            waiting.push_back(Message { cursor: after, name: "reset", data: json!({}) });
        }
        Ok(Self {
            jobs,
            actor,
            subject,
            after,
            hints,
            waiting,
            ending: Ending::Open,
            deadline: Instant::now() + LIFETIME,
            shutdown: state.shutdown.clone(),
            _permit: permit,
        })
    }
}

/// A response that sends events, and a heartbeat where nothing happens.
pub fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    let mut response = Sse::new(events).keep_alive(heartbeat).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that collect answers must not collect this one.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Feed {
    /// The next message, or nothing at the end.
    pub async fn next_message(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            if self.ending == Ending::Open && Instant::now() >= self.deadline {
                self.ending = Ending::Over;
            }
            if self.ending != Ending::Open {
                return None;
            }
            match self.read().await {
                Ok(()) if !self.waiting.is_empty() => {}
                Ok(()) => tokio::select! {
                    () = self.shutdown.cancelled() => self.ending = Ending::Over,
                    () = wait_for_hint(&mut self.hints, self.subject, &self.actor) => {}
                },
                Err(error) => {
                    tracing::warn!(%error, "an event stream ended early");
                    self.ending = Ending::Broken;
                }
            }
        }
    }

    /// Why there is no next message.
    pub const fn ending(&self) -> Ending {
        self.ending
    }

    /// Takes what the store has after the cursor.
    async fn read(&mut self) -> Result<(), JobsError> {
        match self.subject {
            Subject::Account => {
                let events = self.jobs.list_account_events(&self.actor, self.after, BATCH).await?;
                self.waiting.extend(events.iter().map(message_of_account));
            }
            Subject::Job(id) => {
                // The job is read first: events that come later find it not yet ended.
                let job = self.jobs.get_job(&self.actor, id).await?;
                let events = self.jobs.list_job_events(&self.actor, id, self.after, BATCH).await?;
                self.waiting.extend(events.iter().map(message_of_job));
                if events.is_empty() && job.state.is_final() {
                    let data = json!({ "state": job.state });
                    self.waiting.push_back(Message { cursor: self.after, name: "end", data });
                    self.ending = Ending::Told;
                }
            }
        }
        if let Some(last) = self.waiting.back() {
            self.after = self.after.max(last.cursor);
        }
        Ok(())
    }
}

/// Sleeps until the subject may have changed.
async fn wait_for_hint(hints: &mut Receiver<Hint>, subject: Subject, actor: &Actor) {
    let heard = async {
        loop {
            let hint = match hints.recv().await {
                Ok(hint) => hint,
                Err(RecvError::Lagged(_)) => return,
                // Without a bus the clock alone wakes the stream.
                Err(RecvError::Closed) => std::future::pending().await,
            };
            let concerns = match (subject, hint) {
                (_, Hint::Missed) => true,
                (Subject::Job(id), Hint::Job { id: changed, .. }) => id == changed,
                (Subject::Account, Hint::Account { organization_id }) => {
                    organization_id == actor.organization_id
                }
                (Subject::Job(_), Hint::Account { .. })
                | (Subject::Account, Hint::Job { .. })
                | (_, Hint::JobsReady | Hint::Cancel { .. } | Hint::Identity { .. }) => false,
            };
            if concerns {
                return;
            }
        }
    };
    // Too late is as good as heard: the store is read either way.
    let _ = timeout(LOOK_AGAIN, heard).await;
}

fn message_of_account(event: &AccountEvent) -> Message {
    let data = json!({
        "job_id": event.job_id,
        "operation": event.operation,
        "state": event.state,
    });
    Message { cursor: event.cursor, name: "job", data }
}

fn message_of_job(event: &JobEvent) -> Message {
    let mut data = event.body.clone();
    if event.kind == JobEventKind::Log
        && let Value::Object(members) = &mut data
    {
        members.insert("at".to_owned(), event.at.to_string().into());
    }
    Message { cursor: event.cursor, name: name_of(event.kind), data }
}

/// The event's name in streams and in JSON.
pub const fn name_of(kind: JobEventKind) -> &'static str {
    match kind {
        JobEventKind::State => "state",
        JobEventKind::Stage => "stage",
        JobEventKind::Progress => "progress",
        JobEventKind::Log => "log",
        JobEventKind::Metric => "metric",
        JobEventKind::Partial => "partial",
        JobEventKind::Emit => "emit",
    }
}

impl Message {
    /// The message as one JSON object: `id`, `event`, `data`.
    pub fn to_json(&self) -> String {
        json!({ "id": self.cursor.to_string(), "event": self.name, "data": self.data }).to_string()
    }

    fn into_event(self) -> Event {
        // JSON in one line has no line feed, which is all that could break the framing.
        Event::default().id(self.cursor.to_string()).event(self.name).data(self.data.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_bounded_number_of_streams() {
        let gate = Arc::new(StreamGate::new(2));
        let (one, two) = (OrganizationId::generate(), OrganizationId::generate());
        let first = gate.enter(one).unwrap();
        let _second = gate.enter(one).unwrap();
        assert_eq!(gate.enter(one).unwrap_err().code(), ProblemCode::RateLimited);
        let _other = gate.enter(two).unwrap();
        assert_eq!(gate.count(), 3);
        drop(first);
        assert!(gate.enter(one).is_ok());
    }
}
