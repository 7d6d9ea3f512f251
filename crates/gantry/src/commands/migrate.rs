//! `gantry migrate`: brings the database to the schema of this version.

use serde_json::json;

use super::open_config_with;
use crate::cli::{GlobalArgs, MigrateArgs};
use crate::config::Override;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::house::House;
use crate::{logging, runtime};

/// Opens the database, which migrates it; one with data is copied first: a SQLite file beside
/// itself, a PostgreSQL database by `pg_dump` into the data folder.
///
/// # Errors
/// [`Failure`] when another server uses it, a later version made it, or no copy can be made.
pub fn run(
    arguments: &MigrateArgs,
    global: &GlobalArgs,
    console: Console,
) -> Result<Exit, Failure> {
    let mut flags = Vec::new();
    if arguments.no_backup {
        flags.push(Override { key: "store.backup_before_upgrade", value: json!(false) });
    }
    let config = open_config_with(global, &arguments.data, flags)?;
    logging::start(&config.log, "info")?;
    let runtime = runtime::build_runtime()?;
    runtime.block_on(House::open(&config))?;
    let folder = config.server.data_dir.display().to_string();
    console.result(&json!({ "migrated": true, "data_dir": folder }), |_| {
        format!("The database of {folder} has the schema of gantry {}.", env!("CARGO_PKG_VERSION"))
    });
    Ok(Exit::Success)
}
