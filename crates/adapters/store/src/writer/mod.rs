//! The one writer: hot commands and, on SQLite, closures.
//!
//! Invariants: a batch is what queued while the previous commit ran, and what the callers that
//! it answered had to say next; its callers are answered after its commit; a batch that fails as
//! a whole is replayed item by item, so that one bad item fails alone; the queue is bounded, and
//! a full one answers "busy" at once.

mod batch;
mod closures;

use std::any::Any;

use gantry_ports::StoreError;
use gantry_ports::store::{HotError, WriteAbort, WriteClosure};
use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::dialect::Dialect;
use crate::file_lock::FileLock;
use crate::hot::{Command, Reply};

/// The most items of one commit.
const MOST_ITEMS: usize = 256;
/// How often the other tasks get a turn before a batch begins.
const MOST_TURNS: usize = 8;

/// What a closure answers.
pub(crate) type Written = Result<Box<dyn Any + Send>, WriteAbort>;
/// What a hot command answers.
pub(crate) type Decided = Result<Reply, HotError>;

/// Something to be written, and where its answer goes.
pub(crate) enum Item {
    /// A hot command.
    Hot(Command, oneshot::Sender<Decided>),
    /// A closure.
    Write(WriteClosure, oneshot::Sender<Written>),
}

/// The way to the writer.
#[derive(Debug)]
pub(crate) struct Writer {
    items: mpsc::Sender<Item>,
    task: JoinHandle<()>,
    connection: DatabaseConnection,
    dialect: Dialect,
}

impl Writer {
    /// Starts the writer's task, which ends when this handle is gone.
    pub(crate) fn start(
        connection: DatabaseConnection,
        dialect: Dialect,
        lock: Option<FileLock>,
        queue_length: usize,
    ) -> Self {
        let (items, queue) = mpsc::channel(queue_length.max(1));
        let task = tokio::spawn(serve(connection.clone(), dialect, lock, queue));
        Self { items, task, connection, dialect }
    }

    /// Lets the writer finish what is queued and closes its connections.
    pub(crate) async fn stop(self) {
        let Self { items, task, connection, .. } = self;
        drop(items);
        drop(connection);
        if let Err(error) = task.await {
            tracing::error!(%error, "the writer ended badly");
        }
    }

    /// Queues a hot command and waits for its answer.
    ///
    /// # Errors
    /// What the command answers; [`StoreError::Overloaded`] when the queue is full.
    pub(crate) async fn ask(&self, command: Command) -> Decided {
        let (reply, answer) = oneshot::channel();
        self.queue(Item::Hot(command, reply))?;
        answer.await.unwrap_or_else(|_| Err(HotError::Store(writer_is_gone())))
    }

    /// Runs a closure in a transaction.
    pub(crate) async fn write(&self, closure: WriteClosure) -> Written {
        match self.dialect {
            Dialect::Sqlite => {
                let (reply, answer) = oneshot::channel();
                self.queue(Item::Write(closure, reply))?;
                answer.await.unwrap_or_else(|_| Err(WriteAbort::Store(writer_is_gone())))
            }
            Dialect::Postgres => {
                closures::run_alone(&self.connection, self.dialect, &closure).await
            }
        }
    }

    fn queue(&self, item: Item) -> Result<(), StoreError> {
        self.items.try_send(item).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => writer_is_gone(),
        })
    }
}

async fn serve(
    connection: DatabaseConnection,
    dialect: Dialect,
    lock: Option<FileLock>,
    mut queue: mpsc::Receiver<Item>,
) {
    let mut batches = batch::Batches::new(connection, dialect);
    while let Some(first) = queue.recv().await {
        let mut items = vec![first];
        gather(&mut queue, &mut items).await;
        batches.process(items).await;
    }
    batches.close().await;
    drop(lock);
}

/// Adds what is queued, and lets every task that could run now queue its own first: the callers
/// that the last commit answered come back together, and the first of them must not get a commit
/// of its own while the others wait for the next one. Waits for no timer.
async fn gather(queue: &mut mpsc::Receiver<Item>, items: &mut Vec<Item>) {
    for _ in 0..MOST_TURNS {
        let before = items.len();
        while items.len() < MOST_ITEMS {
            match queue.try_recv() {
                Ok(item) => items.push(item),
                Err(_) => break,
            }
        }
        if items.len() == MOST_ITEMS || (items.len() == before && before > 1) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn writer_is_gone() -> StoreError {
    StoreError::Unavailable { reason: "the store is shutting down".into() }
}
