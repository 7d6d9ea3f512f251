//! `gantry serve`: web app, API and worker in one process.

use serde_json::json;

use super::open_config_with;
use crate::cli::{GlobalArgs, ServeArgs};
use crate::config::{Config, Override};
use crate::console::{Console, Format};
use crate::failure::{Exit, Failure};
use crate::house::{House, derive_access_failure};
use crate::logging;
use crate::runtime::{StopSignals, build_runtime};
use crate::server::RunningServer;

/// Serves until somebody stops it.
///
/// # Errors
/// [`Failure`] when the server cannot start, or ends by itself.
pub fn run(arguments: &ServeArgs, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    let mut flags = Vec::new();
    if let Some(listen) = arguments.listen {
        flags.push(Override { key: "server.listen", value: json!(listen) });
    }
    if let Some(edition) = &arguments.edition {
        flags.push(Override { key: "server.edition", value: json!(edition) });
    }
    if arguments.no_worker {
        flags.push(Override { key: "worker.slots", value: json!(0) });
    }
    if let Some(workers) = arguments.workers {
        flags.push(Override { key: "worker.slots", value: json!(workers) });
    }
    let config = open_config_with(global, &arguments.data, flags)?;
    logging::start(&config.log, "info")?;
    let runtime = build_runtime()?;
    let ended = runtime.block_on(serve(&config, console));
    runtime.shutdown_background();
    ended
}

async fn serve(config: &Config, console: Console) -> Result<Exit, Failure> {
    let mut signals = StopSignals::listen()?;
    let house = House::open(config).await?;
    let mut server = RunningServer::start(config, &house).await?;
    announce(config, &house, &server, console).await?;
    tokio::select! {
        () = signals.next() => {}
        failure = server.wait() => return Err(failure),
    }
    console.remark("Stopping; jobs that run may end. Once more stops at once.");
    tokio::select! {
        () = server.stop() => Ok(Exit::Success),
        () = signals.next() => Ok(Exit::Interrupted),
    }
}

async fn announce(
    config: &Config,
    house: &House,
    server: &RunningServer,
    console: Console,
) -> Result<(), Failure> {
    let url =
        config.server.public_url.clone().unwrap_or_else(|| format!("http://{}", server.address));
    let setup = house.access.open_setup().await.map_err(|error| derive_access_failure(&error))?;
    let setup_url = setup.map(|token| format!("{url}/setup?token={}", token.expose()));
    match console.format {
        Format::Json => {
            let line = json!({ "url": url, "setup_url": setup_url });
            console.say(&line.to_string());
        }
        Format::Human => {
            console.say(&format!("Gantry {} at {url}", env!("CARGO_PKG_VERSION")));
            if let Some(setup_url) = setup_url {
                console.say(&format!("Create the first administrator: {setup_url}"));
            }
        }
    }
    Ok(())
}
