//! Closures in transactions.
//!
//! Invariants: closures that queued together on SQLite share a commit, each in a savepoint of its
//! own; a closure that panics is rolled back and answers an error; it ends nothing else.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use gantry_ports::StoreError;
use gantry_ports::store::{WriteAbort, WriteClosure};
use sea_orm::{DatabaseConnection, TransactionTrait};

use super::Written;
use crate::dialect::Dialect;
use crate::error::{Retry, derive_retry, derive_store_error};
use crate::open::begin_write;
use crate::session::Session;
use crate::sql::Sql;

/// How often a transaction that lost against another is run in all.
const MOST_RUNS: u32 = 6;
const WHAT: &str = "transaction";

/// Runs a closure in a transaction of its own, again when it lost against another one.
pub(super) async fn run_alone(
    connection: &DatabaseConnection,
    dialect: Dialect,
    closure: &WriteClosure,
) -> Written {
    let mut runs = 1;
    loop {
        let (answer, retry) = run_once(connection, dialect, closure).await;
        if retry == Retry::Useless || runs == MOST_RUNS {
            return answer;
        }
        runs += 1;
    }
}

/// Runs closures in one transaction; when it fails as a whole, each in one of its own.
pub(super) async fn run_together(
    connection: &DatabaseConnection,
    dialect: Dialect,
    closures: &[WriteClosure],
) -> Vec<Written> {
    if let [alone] = closures {
        return vec![run_alone(connection, dialect, alone).await];
    }
    match run_nested(connection, dialect, closures).await {
        Ok(written) => written,
        Err(error) => {
            tracing::warn!(%error, "writes failed together and are run one by one");
            let mut written = Vec::with_capacity(closures.len());
            for closure in closures {
                written.push(run_alone(connection, dialect, closure).await);
            }
            written
        }
    }
}

async fn run_nested(
    connection: &DatabaseConnection,
    dialect: Dialect,
    closures: &[WriteClosure],
) -> Result<Vec<Written>, StoreError> {
    let outer = begin_write(connection).await?;
    let mut written = Vec::with_capacity(closures.len());
    for closure in closures {
        let nested = outer.begin().await.map_err(|error| derive_store_error(&error, WHAT))?;
        let session = Session::new(Sql::new(nested, dialect));
        let answer = call(closure, &session).await;
        written.push(finish(session, answer).await.0);
    }
    outer.commit().await.map_err(|error| derive_store_error(&error, "commit"))?;
    Ok(written)
}

async fn run_once(
    connection: &DatabaseConnection,
    dialect: Dialect,
    closure: &WriteClosure,
) -> (Written, Retry) {
    let transaction = match begin_write(connection).await {
        Ok(transaction) => transaction,
        Err(error) => return (Err(error.into()), Retry::Useless),
    };
    let session = Session::new(Sql::new(transaction, dialect));
    let answer = call(closure, &session).await;
    finish(session, answer).await
}

/// Runs a closure directly in a transaction that is its own.
async fn call(closure: &WriteClosure, session: &Session) -> Written {
    match AssertUnwindSafe(closure(session)).catch_unwind().await {
        Ok(answer) => answer,
        Err(_) => Err(WriteAbort::Store(StoreError::Broken { reason: "a write panicked".into() })),
    }
}

async fn finish(session: Session, answer: Written) -> (Written, Retry) {
    let sql = session.into_sql();
    let retry = sql.retry();
    let transaction = sql.into_transaction();
    match answer {
        Ok(value) => match transaction.commit().await {
            Ok(()) => (Ok(value), Retry::Useless),
            Err(error) => {
                let retry = derive_retry(&error);
                (Err(WriteAbort::Store(derive_store_error(&error, WHAT))), retry)
            }
        },
        Err(abort) => {
            if let Err(error) = transaction.rollback().await {
                tracing::warn!(%error, "a write could not be rolled back");
            }
            (Err(abort), retry)
        }
    }
}
