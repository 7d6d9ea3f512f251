//! `gantry migrate`: brings the database to the schema of this version.

use serde_json::json;

use super::open_config;
use crate::cli::{DataArgs, GlobalArgs};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::house::House;
use crate::{logging, runtime};

/// Opens the database, which migrates it; a SQLite file with data is copied beside itself first.
///
/// # Errors
/// [`Failure`] when another server uses it, or a later version made it.
pub fn run(data: &DataArgs, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    let config = open_config(global, data)?;
    logging::start(&config.log, "info")?;
    let runtime = runtime::build_runtime()?;
    runtime.block_on(House::open(&config))?;
    let folder = config.server.data_dir.display().to_string();
    console.result(&json!({ "migrated": true, "data_dir": folder }), |_| {
        format!("The database of {folder} has the schema of gantry {}.", env!("CARGO_PKG_VERSION"))
    });
    Ok(Exit::Success)
}
