//! One batch of hot commands: one transaction, one commit.
//!
//! Invariants: a batch that fails as a whole is run item by item, so that one bad command fails
//! alone; a panic in a decision ends nothing else.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use gantry_ports::StoreError;
use gantry_ports::store::HotError;
use sea_orm::DatabaseConnection;

use super::Decided;
use crate::batch_sql::BatchSql;
use crate::dialect::Dialect;
use crate::error::{Retry, derive_retry, derive_store_error};
use crate::file::FileConnection;
use crate::hot::{Command, Decider};
use crate::open::begin_write;
use crate::sql::Sql;

/// How often a batch that lost against another server's is run in all.
const MOST_RUNS: u32 = 6;

/// Where batches are written.
#[derive(Debug)]
pub(super) enum Target {
    /// A PostgreSQL server.
    Pool(DatabaseConnection),
    /// A SQLite file.
    File(FileConnection),
}

/// Runs batches.
pub(super) struct Batches {
    target: Target,
    decider: Decider,
}

/// Why a batch was not committed.
struct BatchFailure {
    error: StoreError,
    retry: Retry,
}

impl Batches {
    /// A runner over one connection.
    pub(super) fn new(target: Target) -> Self {
        let dialect = match target {
            Target::Pool(_) => Dialect::Postgres,
            Target::File(_) => Dialect::Sqlite,
        };
        Self { target, decider: Decider::new(dialect) }
    }

    /// Runs a batch; one answer per command. When it fails as a whole, its commands are run one
    /// by one.
    pub(super) async fn process(&mut self, commands: &[Command]) -> Vec<Decided> {
        match self.run_patiently(commands).await {
            Ok(decided) => decided,
            Err(failure) if commands.len() == 1 => vec![Err(HotError::Store(failure.error))],
            Err(failure) => {
                tracing::warn!(error = %failure.error, "a batch failed and is replayed one by one");
                let mut all = Vec::with_capacity(commands.len());
                for command in commands {
                    let one = self.run_patiently(std::slice::from_ref(command)).await;
                    all.extend(
                        one.unwrap_or_else(|failure| vec![Err(HotError::Store(failure.error))]),
                    );
                }
                all
            }
        }
    }

    /// Runs a batch, again when it lost against another transaction.
    async fn run_patiently(&mut self, commands: &[Command]) -> Result<Vec<Decided>, BatchFailure> {
        let mut runs = 1;
        loop {
            match self.run_guarded(commands).await {
                Err(BatchFailure { retry: Retry::Now, .. }) if runs < MOST_RUNS => runs += 1,
                outcome => return outcome,
            }
        }
    }

    /// A panic in a decision must not end the writer, which everybody waits for.
    async fn run_guarded(&mut self, commands: &[Command]) -> Result<Vec<Decided>, BatchFailure> {
        let Self { target, decider } = self;
        let run = async {
            match target {
                Target::Pool(connection) => run_in_pool(connection, decider, commands).await,
                Target::File(file) => run_in_file(file, decider, commands).await,
            }
        };
        AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|_| {
            let error = StoreError::Broken { reason: "a decision of the store panicked".into() };
            Err(BatchFailure { error, retry: Retry::Useless })
        })
    }
}

async fn run_in_pool(
    connection: &DatabaseConnection,
    decider: &mut Decider,
    commands: &[Command],
) -> Result<Vec<Decided>, BatchFailure> {
    let begun = begin_write(connection).await;
    let begun = begun.map_err(|error| BatchFailure { error, retry: Retry::Useless })?;
    let sql = Sql::new(begun, Dialect::Postgres);
    let decided = match decider.decide(BatchSql::Pool(&sql), commands).await {
        Ok(decided) => decided,
        Err(error) => {
            let retry = sql.retry();
            if let Err(error) = sql.into_transaction().rollback().await {
                tracing::warn!(%error, "a batch could not be rolled back");
            }
            return Err(BatchFailure { error, retry });
        }
    };
    match sql.into_transaction().commit().await {
        Ok(()) => Ok(decided),
        Err(error) => Err(BatchFailure {
            retry: derive_retry(&error),
            error: derive_store_error(&error, "commit"),
        }),
    }
}

async fn run_in_file(
    file: &FileConnection,
    decider: &mut Decider,
    commands: &[Command],
) -> Result<Vec<Decided>, BatchFailure> {
    // What a panic left behind.
    file.roll_back();
    let run = async {
        file.begin()?;
        let decided = decider.decide(BatchSql::File(file), commands).await?;
        file.commit()?;
        Ok(decided)
    };
    run.await.map_err(|error| {
        file.roll_back();
        BatchFailure { error, retry: Retry::Useless }
    })
}
