//! One batch: one transaction, one commit, then the answers.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use gantry_ports::StoreError;
use gantry_ports::store::{HotError, WriteAbort, WriteClosure};
use sea_orm::DatabaseConnection;
use tokio::sync::oneshot;

use super::{Decided, Item, Written, closures};
use crate::dialect::Dialect;
use crate::error::{Retry, derive_retry, derive_store_error};
use crate::hot::{Command, Decider};
use crate::open::begin_write;
use crate::sql::Sql;

/// How often a batch that lost against another server's is run in all.
const MOST_RUNS: u32 = 6;

/// Runs batches.
pub(super) struct Batches {
    connection: DatabaseConnection,
    dialect: Dialect,
    decider: Decider,
}

/// The answers of a batch, in the order of its commands and closures.
struct Answers {
    decided: Vec<Decided>,
    written: Vec<Written>,
}

/// Why a batch was not committed.
struct BatchFailure {
    error: StoreError,
    retry: Retry,
}

impl Batches {
    /// A runner over one connection.
    pub(super) fn new(connection: DatabaseConnection, dialect: Dialect) -> Self {
        Self { connection, dialect, decider: Decider::new(dialect) }
    }

    /// Closes the connection.
    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    /// Runs a batch and answers its callers.
    pub(super) async fn process(&mut self, items: Vec<Item>) {
        let (mut commands, mut replies) = (Vec::new(), Vec::new());
        let (mut writes, mut write_replies) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Hot(command, reply) => {
                    commands.push(command);
                    replies.push(reply);
                }
                Item::Write(closure, reply) => {
                    writes.push(closure);
                    write_replies.push(reply);
                }
            }
        }
        let answers = self.run_or_replay(&commands, &writes).await;
        deliver(answers.decided, replies);
        deliver(answers.written, write_replies);
    }

    /// Runs a batch; when it fails as a whole, runs its items one by one.
    async fn run_or_replay(&mut self, commands: &[Command], writes: &[WriteClosure]) -> Answers {
        if commands.is_empty() && writes.is_empty() {
            return Answers { decided: Vec::new(), written: Vec::new() };
        }
        match self.run_patiently(commands, writes).await {
            Ok(answers) => answers,
            Err(failure) if commands.len() + writes.len() == 1 => {
                refuse_all(&failure.error, commands.len(), writes.len())
            }
            Err(failure) => {
                tracing::warn!(error = %failure.error, "a batch failed and is replayed one by one");
                self.replay(commands, writes).await
            }
        }
    }

    async fn replay(&mut self, commands: &[Command], writes: &[WriteClosure]) -> Answers {
        let mut all = Answers { decided: Vec::new(), written: Vec::new() };
        for command in commands {
            let one = self.run_patiently(std::slice::from_ref(command), &[]).await;
            let one = one.unwrap_or_else(|failure| refuse_all(&failure.error, 1, 0));
            all.decided.extend(one.decided);
        }
        for closure in writes {
            let one = self.run_patiently(&[], std::slice::from_ref(closure)).await;
            let one = one.unwrap_or_else(|failure| refuse_all(&failure.error, 0, 1));
            all.written.extend(one.written);
        }
        all
    }

    /// Runs a batch, again when it lost against another transaction.
    async fn run_patiently(
        &mut self,
        commands: &[Command],
        writes: &[WriteClosure],
    ) -> Result<Answers, BatchFailure> {
        let mut runs = 1;
        loop {
            match self.run_guarded(commands, writes).await {
                Err(BatchFailure { retry: Retry::Now, .. }) if runs < MOST_RUNS => runs += 1,
                outcome => return outcome,
            }
        }
    }

    /// A panic in a decision must not end the writer, which everybody waits for.
    async fn run_guarded(
        &mut self,
        commands: &[Command],
        writes: &[WriteClosure],
    ) -> Result<Answers, BatchFailure> {
        let run = AssertUnwindSafe(self.run(commands, writes)).catch_unwind();
        run.await.unwrap_or_else(|_| {
            let error = StoreError::Broken { reason: "a decision of the store panicked".into() };
            Err(BatchFailure { error, retry: Retry::Useless })
        })
    }

    async fn run(
        &mut self,
        commands: &[Command],
        writes: &[WriteClosure],
    ) -> Result<Answers, BatchFailure> {
        let begun = begin_write(&self.connection).await;
        let begun = begun.map_err(|error| BatchFailure { error, retry: Retry::Useless })?;
        let sql = Sql::new(begun, self.dialect);
        let decided = match self.decider.decide(&sql, commands).await {
            Ok(decided) => decided,
            Err(error) => {
                let retry = sql.retry();
                roll_back(sql).await;
                return Err(BatchFailure { error, retry });
            }
        };
        let mut written = Vec::with_capacity(writes.len());
        for closure in writes {
            written.push(closures::run_nested(&sql, closure).await);
        }
        match sql.into_transaction().commit().await {
            Ok(()) => Ok(Answers { decided, written }),
            Err(error) => Err(BatchFailure {
                retry: derive_retry(&error),
                error: derive_store_error(&error, "commit"),
            }),
        }
    }
}

async fn roll_back(sql: Sql) {
    if let Err(error) = sql.into_transaction().rollback().await {
        tracing::warn!(%error, "a batch could not be rolled back");
    }
}

fn refuse_all(error: &StoreError, commands: usize, writes: usize) -> Answers {
    Answers {
        decided: (0..commands).map(|_| Err(HotError::Store(error.clone()))).collect(),
        written: (0..writes).map(|_| Err(WriteAbort::Store(error.clone()))).collect(),
    }
}

fn deliver<T>(answers: Vec<T>, replies: Vec<oneshot::Sender<T>>) {
    for (answer, reply) in answers.into_iter().zip(replies) {
        // A caller that went away has no use for its answer.
        drop(reply.send(answer));
    }
}
