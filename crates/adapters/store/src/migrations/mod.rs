//! Schema versions and how a database gets to the newest one.
//!
//! Invariants: a released version never changes, later ones are added; all steps of an upgrade
//! are one transaction under a lock; a database with data is copied before it is upgraded, unless
//! somebody says that there is a copy.

mod backup;
#[cfg(test)]
mod tests;
mod v1;
mod v10;
mod v11;
mod v12;
mod v13;
mod v14;
mod v15;
mod v16;
mod v17;
mod v18;
mod v19;
mod v2;
mod v20;
mod v21;
mod v22;
mod v23;
mod v24;
mod v25;
mod v26;
mod v27;
mod v28;
mod v29;
mod v3;
mod v30;
mod v31;
mod v32;
mod v4;
mod v5;
mod v6;
mod v7;
mod v8;
mod v9;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::config::StoreConfig;
use crate::dialect::Dialect;
use crate::error::{OpenError, broken, derive_store_error};
use crate::open::begin_write;

/// One version of the schema.
struct Version {
    number: u32,
    /// Templates in the words of [`Dialect::schema`].
    statements: &'static [&'static str],
    /// Tables that refuse every change but an insertion, from this version on.
    append_only: &'static [&'static str],
    /// Tables that refuse removals, and changes of the named columns alone, from this version on.
    append_only_in: &'static [(&'static str, &'static [&'static str])],
    /// Tables that were append only and whose rows the statements have put elsewhere.
    replaced: &'static [&'static str],
}

impl Version {
    /// A version that makes no table append only and replaces none.
    const fn new(number: u32, statements: &'static [&'static str]) -> Self {
        Self { number, statements, append_only: &[], append_only_in: &[], replaced: &[] }
    }
}

const VERSIONS: &[Version] = &[
    Version { append_only: v1::APPEND_ONLY, ..Version::new(1, v1::STATEMENTS) },
    Version::new(2, v2::STATEMENTS),
    Version::new(3, v3::STATEMENTS),
    Version::new(4, v4::STATEMENTS),
    Version::new(5, v5::STATEMENTS),
    Version { append_only: v6::APPEND_ONLY, ..Version::new(6, v6::STATEMENTS) },
    Version::new(7, v7::STATEMENTS),
    Version::new(8, v8::STATEMENTS),
    Version::new(9, v9::STATEMENTS),
    Version { append_only_in: v10::APPEND_ONLY_IN, ..Version::new(10, v10::STATEMENTS) },
    Version::new(11, v11::STATEMENTS),
    Version::new(12, v12::STATEMENTS),
    Version::new(13, v13::STATEMENTS),
    Version::new(14, v14::STATEMENTS),
    Version {
        append_only: v15::APPEND_ONLY,
        replaced: v15::REPLACED,
        ..Version::new(15, v15::STATEMENTS)
    },
    Version::new(16, v16::STATEMENTS),
    Version::new(17, v17::STATEMENTS),
    Version::new(18, v18::STATEMENTS),
    Version {
        append_only: v19::APPEND_ONLY,
        append_only_in: v19::APPEND_ONLY_IN,
        ..Version::new(19, v19::STATEMENTS)
    },
    Version::new(20, v20::STATEMENTS),
    Version::new(21, v21::STATEMENTS),
    Version::new(22, v22::STATEMENTS),
    Version::new(23, v23::STATEMENTS),
    Version::new(24, v24::STATEMENTS),
    Version::new(25, v25::STATEMENTS),
    Version::new(26, v26::STATEMENTS),
    Version::new(27, v27::STATEMENTS),
    Version::new(28, v28::STATEMENTS),
    Version::new(29, v29::STATEMENTS),
    Version { append_only: v30::APPEND_ONLY, ..Version::new(30, v30::STATEMENTS) },
    Version::new(31, v31::STATEMENTS),
    Version::new(32, v32::STATEMENTS),
];

const CREATE_VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS schema_versions (version {int} PRIMARY KEY)";

const WHAT: &str = "schema version";

/// Brings the database to the newest version.
///
/// # Errors
/// [`OpenError::TooNew`] for a schema of a later version, [`OpenError::NoBackup`],
/// [`OpenError::Store`].
pub(crate) async fn migrate(
    writer: &DatabaseConnection,
    dialect: Dialect,
    config: &StoreConfig,
) -> Result<(), OpenError> {
    create_versions(writer, dialect).await?;
    let known = VERSIONS.last().map_or(0, |version| version.number);
    let found = read_version(writer, dialect).await?;
    if found > known {
        return Err(OpenError::TooNew { found, known });
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        backup::back_up(writer, config, found).await?;
    }
    upgrade(writer, dialect, VERSIONS).await
}

/// Behind the lock of migrations: PostgreSQL refuses one of two that make the same table at once,
/// `IF NOT EXISTS` or not.
async fn create_versions(writer: &DatabaseConnection, dialect: Dialect) -> Result<(), OpenError> {
    let refuse = |error| OpenError::Store(derive_store_error(&error, WHAT));
    let tx = begin_write(writer).await?;
    if let Some(lock) = dialect.migration_lock() {
        tx.execute_unprepared(lock).await.map_err(refuse)?;
    }
    tx.execute_unprepared(&dialect.schema(CREATE_VERSIONS)).await.map_err(refuse)?;
    tx.commit().await.map_err(refuse)
}

async fn upgrade(
    writer: &DatabaseConnection,
    dialect: Dialect,
    versions: &[Version],
) -> Result<(), OpenError> {
    let refuse = |error| OpenError::Store(derive_store_error(&error, WHAT));
    let tx = begin_write(writer).await?;
    if let Some(lock) = dialect.migration_lock() {
        tx.execute_unprepared(lock).await.map_err(refuse)?;
    }
    // Another server may have upgraded while this one waited for the lock.
    let found = read_version(&tx, dialect).await?;
    for version in versions.iter().filter(|version| version.number > found) {
        for template in version.statements {
            tx.execute_unprepared(&dialect.schema(template)).await.map_err(refuse)?;
        }
        for table in version.append_only {
            for statement in dialect.append_only(table) {
                tx.execute_unprepared(&statement).await.map_err(refuse)?;
            }
        }
        for (table, columns) in version.append_only_in {
            for statement in dialect.append_only_in(table, columns) {
                tx.execute_unprepared(&statement).await.map_err(refuse)?;
            }
        }
        for table in version.replaced {
            for statement in dialect.drop_append_only(table) {
                tx.execute_unprepared(&statement).await.map_err(refuse)?;
            }
        }
        let insert = Statement::from_sql_and_values(
            dialect.backend(),
            "INSERT INTO schema_versions (version) VALUES ($1)",
            [i64::from(version.number).into()],
        );
        tx.execute_raw(insert).await.map_err(refuse)?;
        tracing::info!(version = version.number, "schema upgraded");
    }
    tx.commit().await.map_err(refuse)
}

async fn read_version<C: ConnectionTrait>(
    connection: &C,
    dialect: Dialect,
) -> Result<u32, OpenError> {
    let refuse = |error| OpenError::Store(derive_store_error(&error, WHAT));
    let select = Statement::from_string(
        dialect.backend(),
        "SELECT COALESCE(MAX(version), 0) FROM schema_versions",
    );
    let row = connection.query_one_raw(select).await.map_err(refuse)?;
    let number = match row {
        Some(row) => row.try_get_by_index::<i64>(0).map_err(refuse)?,
        None => 0,
    };
    u32::try_from(number).map_err(|_| OpenError::Store(broken(WHAT, number)))
}
