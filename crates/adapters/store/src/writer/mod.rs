//! The one writer: hot commands and, on SQLite, closures.
//!
//! Invariants: a batch is what queued while the previous commit ran, and what the callers that
//! it answered had to say next; its callers are answered after its commit; on SQLite the commands
//! of a batch are committed first and its closures then, so that there is one writer at any time;
//! the queue is bounded, and a full one answers "busy" at once.

mod batch;
mod closures;
mod thread;

use std::any::Any;

use gantry_ports::StoreError;
use gantry_ports::store::{HotError, WriteAbort, WriteClosure};
use sea_orm::DatabaseConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::dialect::Dialect;
use crate::file::FileConnection;
use crate::file_lock::FileLock;
use crate::hot::{Command, Reply};
use batch::{Batches, Target};
use thread::BatchThread;

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

/// A SQLite file that is this server's alone.
#[derive(Debug)]
pub(crate) struct OwnFile {
    /// The connection for batches.
    pub(crate) file: FileConnection,
    /// Held as long as the file is open.
    pub(crate) lock: FileLock,
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
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the system has no thread left.
    pub(crate) fn start(
        connection: DatabaseConnection,
        file: Option<OwnFile>,
        queue_length: usize,
    ) -> Result<Self, StoreError> {
        let (items, queue) = mpsc::channel(queue_length.max(1));
        let (dialect, task) = match file {
            None => {
                let batches = Batches::new(Target::Pool(connection.clone()));
                (Dialect::Postgres, tokio::spawn(serve_pool(batches, queue)))
            }
            Some(OwnFile { file, lock }) => {
                let batches = BatchThread::start(file)?;
                let serve = serve_file(batches, connection.clone(), lock, queue);
                (Dialect::Sqlite, tokio::spawn(serve))
            }
        };
        Ok(Self { items, task, connection, dialect })
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

/// PostgreSQL takes closures in transactions of their own, beside the writer.
async fn serve_pool(mut batches: Batches, mut queue: mpsc::Receiver<Item>) {
    while let Some((hot, _)) = next_batch(&mut queue).await {
        let decided = batches.process(&hot.items).await;
        hot.deliver(decided);
    }
}

async fn serve_file(
    batches: BatchThread,
    connection: DatabaseConnection,
    lock: FileLock,
    mut queue: mpsc::Receiver<Item>,
) {
    while let Some((mut hot, writes)) = next_batch(&mut queue).await {
        if !hot.items.is_empty() {
            let decided = batches.process(std::mem::take(&mut hot.items)).await;
            hot.deliver(decided);
        }
        if !writes.items.is_empty() {
            let written = closures::run_together(&connection, Dialect::Sqlite, &writes.items).await;
            writes.deliver(written);
        }
    }
    batches.close().await;
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database did not close cleanly");
    }
    drop(lock);
}

/// What is done together, and where the answers go.
struct Asked<T, A> {
    items: Vec<T>,
    replies: Vec<oneshot::Sender<A>>,
}

impl<T, A> Asked<T, A> {
    const fn new() -> Self {
        Self { items: Vec::new(), replies: Vec::new() }
    }

    fn push(&mut self, item: T, reply: oneshot::Sender<A>) {
        self.items.push(item);
        self.replies.push(reply);
    }

    fn deliver(self, answers: Vec<A>) {
        for (answer, reply) in answers.into_iter().zip(self.replies) {
            // A caller that went away has no use for its answer.
            drop(reply.send(answer));
        }
    }
}

/// Commands and closures that are to be written now; `None` when nobody can ask any more.
async fn next_batch(
    queue: &mut mpsc::Receiver<Item>,
) -> Option<(Asked<Command, Decided>, Asked<WriteClosure, Written>)> {
    let mut items = vec![queue.recv().await?];
    gather(queue, &mut items).await;
    let (mut hot, mut writes) = (Asked::new(), Asked::new());
    for item in items {
        match item {
            Item::Hot(command, reply) => hot.push(command, reply),
            Item::Write(closure, reply) => writes.push(closure, reply),
        }
    }
    Some((hot, writes))
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
