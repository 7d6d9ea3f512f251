//! `gantry worker`: a process that runs jobs for a server elsewhere, over PostgreSQL.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::open_config_with;
use crate::cli::{GlobalArgs, WorkerArgs};
use crate::config::{Config, Override};
use crate::console::{Console, Format};
use crate::engines::EngineSet;
use crate::failure::{Exit, Failure};
use crate::house::{House, Purpose};
use crate::logging;
use crate::runtime::{StopSignals, build_runtime};

/// Claims and runs jobs until somebody stops it.
///
/// # Errors
/// [`Failure`] when the worker cannot start.
pub fn run(arguments: &WorkerArgs, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    let mut flags = Vec::new();
    for (key, words) in
        [("worker.devices", &arguments.devices), ("worker.classes", &arguments.classes)]
    {
        if !words.is_empty() {
            flags.push(Override { key, value: json!(words) });
        }
    }
    if let Some(slots) = arguments.slots {
        flags.push(Override { key: "worker.slots", value: json!(slots) });
    }
    let config = open_config_with(global, &arguments.data, flags)?;
    require_shared_store(&config)?;
    logging::start(&config.log, "info")?;
    let runtime = build_runtime()?;
    let ended = runtime.block_on(work(&config, console));
    runtime.shutdown_timeout(Duration::ZERO);
    ended
}

fn require_shared_store(config: &Config) -> Result<(), Failure> {
    if config.store.url.is_none() {
        return Err(Failure::usage(
            "a worker of its own needs PostgreSQL: a SQLite file belongs to one server",
        )
        .with_next(
            "name the server's database in `store.url` (GANTRY__STORE__URL), or give the server \
             more slots with `gantry serve --workers N`",
        ));
    }
    if config.worker.slots == 0 {
        return Err(Failure::usage("a worker without slots runs nothing")
            .with_next("give it some with `--slots N`"));
    }
    Ok(())
}

async fn work(config: &Config, console: Console) -> Result<Exit, Failure> {
    let mut signals = StopSignals::listen()?;
    let house = House::open_for(Purpose::Work, config, EngineSet::built_in()).await?;
    let worker = house.build_worker(config);
    announce(config, &worker.id().to_string(), console);
    let stop = CancellationToken::new();
    let mut work = tokio::spawn(worker.run(stop.clone()));
    tokio::select! {
        () = signals.next() => stop.cancel(),
        ended = &mut work => return Err(derive_end(ended)),
    }
    console.remark("Stopping; jobs that run may end. Once more stops at once.");
    tokio::select! {
        _ended = &mut work => {
            house.flush_hints().await;
            Ok(Exit::Success)
        }
        () = signals.next() => Ok(Exit::Interrupted),
    }
}

fn derive_end(ended: Result<(), tokio::task::JoinError>) -> Failure {
    match ended {
        Ok(()) => Failure::broken("the worker ended"),
        Err(error) => Failure::broken(format!("the worker ended: {error}")),
    }
}

fn announce(config: &Config, id: &str, console: Console) {
    let settings = &config.worker;
    match console.format {
        Format::Json => {
            let line = json!({
                "worker": id,
                "slots": settings.slots,
                "devices": settings.devices,
                "classes": settings.classes,
            });
            console.say(&line.to_string());
        }
        Format::Human => {
            let words = |values: &[serde_json::Value]| -> String {
                let words = values.iter().filter_map(serde_json::Value::as_str);
                words.collect::<Vec<_>>().join(", ")
            };
            let devices: Vec<_> = settings.devices.iter().map(|device| json!(device)).collect();
            let classes: Vec<_> = settings.classes.iter().map(|class| json!(class)).collect();
            let (devices, classes) = (words(&devices), words(&classes));
            let (version, slots) = (env!("CARGO_PKG_VERSION"), settings.slots);
            console.say(&format!(
                "Gantry {version} worker: {slots} slots for {devices} jobs of class {classes}"
            ));
        }
    }
}
