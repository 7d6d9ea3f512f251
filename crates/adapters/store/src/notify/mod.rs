//! The bus between processes on PostgreSQL: `NOTIFY` and `LISTEN`.
//!
//! Invariants: publishing never waits; what a process publishes it hears at once, and once;
//! whoever may have missed something is told so by [`Hint::Missed`] and reads the store; a
//! database that is away costs hints and nothing else.

mod outbox;
mod payload;

use std::sync::Arc;
use std::time::Duration;

use gantry_ports::{Bus, Hint, StoreError};
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::{PgListener, PgPool};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use uuid::Uuid;

use self::outbox::Outbox;
use crate::error::OpenError;
use crate::open::connect_bus;

const CHANNEL: &str = "gantry_hints";
const SEND: &str = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload";
/// How many hints a listener may be behind before it loses the oldest.
const CAPACITY: usize = 4096;
/// The shortest time between two batches: `NOTIFY` takes a lock of the whole database.
const PAUSE: Duration = Duration::from_millis(5);
/// How long to wait after the database did not answer, at first and at most.
const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// Carries hints between the processes that share a PostgreSQL database.
#[derive(Debug)]
pub struct NotifyBus {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Shared {
    /// Tells a process its own messages from those of others.
    origin: Uuid,
    local: broadcast::Sender<Hint>,
    outbox: Outbox,
    pool: PgPool,
    /// Held while a batch is on its way, so that a flush ends after it.
    sending: tokio::sync::Mutex<()>,
}

impl NotifyBus {
    /// Connects with two connections of its own and listens.
    ///
    /// # Errors
    /// [`OpenError`] when the database does not answer.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let connection = connect_bus(url).await?;
        let pool = connection.get_postgres_connection_pool().clone();
        let listener = listen(&pool).await.map_err(|error| {
            OpenError::Store(StoreError::Unavailable { reason: error.to_string() })
        })?;
        let shared = Arc::new(Shared {
            origin: Uuid::now_v7(),
            local: broadcast::channel(CAPACITY).0,
            outbox: Outbox::default(),
            pool,
            sending: tokio::sync::Mutex::default(),
        });
        let tasks = [
            tokio::spawn(send_all(Arc::clone(&shared))),
            tokio::spawn(hear_all(Arc::clone(&shared), listener)),
        ];
        Ok(Self { shared, tasks })
    }

    /// Sends what was published and not yet sent, for a process that is about to end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer; the hints are lost then.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.shared
            .send_batch()
            .await
            .map_err(|error| StoreError::Unavailable { reason: error.to_string() })
    }
}

impl Drop for NotifyBus {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Bus for NotifyBus {
    fn publish(&self, hint: Hint) {
        // An error means that nobody listens here, which is fine for a hint.
        let _listeners = self.shared.local.send(hint);
        self.shared.outbox.push(hint);
    }

    fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.shared.local.subscribe()
    }
}

impl Shared {
    async fn send_batch(&self) -> Result<(), sqlx::Error> {
        let _turn = self.sending.lock().await;
        let hints = self.outbox.take();
        if hints.is_empty() {
            return Ok(());
        }
        let payloads = payload::encode(self.origin, &hints);
        let sent = sqlx::query(SEND).bind(CHANNEL).bind(payloads).execute(&self.pool).await;
        if sent.is_err() {
            self.outbox.put_back(hints);
        }
        sent.map(drop)
    }

    fn deliver(&self, payload: &str) {
        match payload::decode(payload) {
            Some((origin, _)) if origin == self.origin => {}
            Some((_, hints)) => {
                for hint in hints {
                    let _listeners = self.local.send(hint);
                }
            }
            // A later version may say more than this one understands.
            None => drop(self.local.send(Hint::Missed)),
        }
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn send_all(shared: Arc<Shared>) {
    let mut delay = FIRST_DELAY;
    loop {
        shared.outbox.filled().await;
        match shared.send_batch().await {
            Ok(()) => {
                delay = FIRST_DELAY;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                tracing::warn!(%error, "hints to other processes wait for the database");
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(LONGEST_DELAY);
            }
        }
    }
}

async fn hear_all(shared: Arc<Shared>, mut listener: PgListener) {
    loop {
        match listener.try_recv().await {
            Ok(Some(message)) => {
                shared.deliver(message.payload());
                continue;
            }
            Ok(None) => tracing::warn!("the connection that brings hints was lost"),
            Err(error) => tracing::warn!(%error, "the connection that brings hints was lost"),
        }
        drop(listener);
        listener = listen_again(&shared.pool).await;
        let _listeners = shared.local.send(Hint::Missed);
    }
}

async fn listen_again(pool: &PgPool) -> PgListener {
    let mut delay = FIRST_DELAY;
    loop {
        match listen(pool).await {
            Ok(listener) => {
                tracing::info!("hints of other processes are heard again");
                return listener;
            }
            Err(error) => {
                tracing::debug!(%error, "hints of other processes cannot be heard yet");
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(LONGEST_DELAY);
            }
        }
    }
}
