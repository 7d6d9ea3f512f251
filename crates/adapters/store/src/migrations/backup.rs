//! Copies of a database before its schema changes.
//!
//! Invariants: a copy never replaces another; the password of a database is handed to `pg_dump`
//! by its environment, where other users of the machine do not see it.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::config::{Location, StoreConfig, UpgradeBackup};
use crate::dialect::Dialect;
use crate::error::OpenError;

const PG_DUMP: &str = "pg_dump";

/// Copies a database as its configuration says.
///
/// # Errors
/// [`OpenError::NoBackup`].
pub(super) async fn back_up(
    writer: &DatabaseConnection,
    config: &StoreConfig,
    found: u32,
) -> Result<(), OpenError> {
    let UpgradeBackup::Into(folder) = &config.upgrade_backup else {
        tracing::warn!("the schema is upgraded without a backup, as asked");
        return Ok(());
    };
    let copied = match &config.location {
        Location::Sqlite(path) => copy_file(writer, path, found).await,
        Location::Postgres(url) => dump(url, folder, found).await,
    };
    let target = copied.map_err(|reason| OpenError::NoBackup { found, reason })?;
    tracing::info!(backup = %target.display(), "copied the database before the upgrade");
    Ok(())
}

async fn copy_file(
    writer: &DatabaseConnection,
    path: &Path,
    version: u32,
) -> Result<PathBuf, String> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".v{version}.backup"));
    let target = find_free_path(&name);
    let copy = Statement::from_sql_and_values(
        Dialect::Sqlite.backend(),
        "VACUUM INTO $1",
        [target.display().to_string().into()],
    );
    writer.execute_raw(copy).await.map_err(|error| error.to_string())?;
    Ok(target)
}

async fn dump(url: &str, folder: &Path, version: u32) -> Result<PathBuf, String> {
    let name = folder.join(format!("gantry-postgres.v{version}.backup"));
    let target = find_free_path(name.as_os_str());
    let (url, password) = split_password(url);
    let mut command = tokio::process::Command::new(PG_DUMP);
    command.arg("--format=custom").arg("--no-password").arg("--file").arg(&target);
    command.arg("--dbname").arg(url).kill_on_drop(true);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let ended = command.output().await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "`{PG_DUMP}` is not installed; install PostgreSQL's client programs, or make a backup \
             yourself and run `gantry migrate --no-backup`"
        ),
        _ => format!("`{PG_DUMP}` cannot be run: {error}"),
    })?;
    if ended.status.success() {
        return Ok(target);
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!(
        "`{PG_DUMP}` ended with {}: {}; make a backup yourself and run `gantry migrate --no-backup`",
        ended.status,
        said.trim()
    ))
}

/// A URL without its password, and the password.
fn split_password(url: &str) -> (String, Option<String>) {
    let plain = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return plain() };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let Some((user, host)) = authority.rsplit_once('@') else { return plain() };
    let Some((name, password)) = user.split_once(':') else { return plain() };
    (format!("{scheme}://{name}@{host}{path}"), Some(decode_percent(password)))
}

fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let code = text.get(place + 1..place + 3).filter(|_| *byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                decoded.push(code);
                place += 3;
            }
            None => {
                decoded.push(*byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The name, or the first of `name.1`, `name.2`, … that is free.
fn find_free_path(name: &std::ffi::OsStr) -> PathBuf {
    let candidate = |number: u32| {
        let mut name: OsString = name.to_owned();
        if number > 0 {
            name.push(format!(".{number}"));
        }
        PathBuf::from(name)
    };
    (0..).map(candidate).find(|path| !path.exists()).unwrap_or_else(|| candidate(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_leave_the_url() {
        let split = |url: &str| split_password(url);
        let (url, password) = split("postgres://me:p%40ss:w%2Frd@host:5432/db?sslmode=require");
        assert_eq!(url, "postgres://me@host:5432/db?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss:w/rd"));
        for plain in ["postgres://me@host/db", "postgres://host/db?x=a:b@c", "nonsense"] {
            assert_eq!(split(plain), (plain.to_owned(), None));
        }
    }
}
