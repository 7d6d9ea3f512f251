//! Closures in transactions.
//!
//! Invariant: a closure that panics is rolled back and answers an error; it ends nothing else.

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

/// Runs a closure in a savepoint of a batch's transaction.
pub(super) async fn run_nested(outer: &Sql, closure: &WriteClosure) -> Written {
    let nested = outer.transaction().begin().await;
    let nested = nested.map_err(|error| WriteAbort::Store(derive_store_error(&error, WHAT)))?;
    let session = Session::new(Sql::new(nested, outer.dialect()));
    let answer = call(closure, &session).await;
    finish(session, answer).await.0
}

/// Runs a closure directly in a transaction that is its own.
pub(super) async fn call(closure: &WriteClosure, session: &Session) -> Written {
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
