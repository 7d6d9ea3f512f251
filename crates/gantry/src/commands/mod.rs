//! One module per command.

mod admin;
mod config;
mod datasets;
mod demo;
mod doctor;
mod edition;
mod engine;
mod import_people;
mod jobs;
mod login;
mod migrate;
mod remote_job;
mod schedules;
mod serve;
mod server_access;
mod submit;
mod worker;

use clap::CommandFactory;
use serde_json::json;

use crate::cli::{Arguments, Command, DataArgs, GlobalArgs};
use crate::config::{Config, Override, load};
use crate::console::{Console, pretty};
use crate::failure::{Exit, Failure};

/// Does what the command line asks.
///
/// # Errors
/// [`Failure`] with its exit code, cause and next step.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let global = &arguments.global;
    let console = global.console();
    match &arguments.command {
        Command::Run(arguments) => crate::run::run(arguments, global, console),
        Command::Workflow(command) => crate::run::run_workflow(command, global, console),
        Command::Serve(arguments) => serve::run(arguments, global, console),
        Command::Worker(arguments) => worker::run(arguments, global, console),
        Command::Demo(arguments) => demo::run(arguments, global, console),
        Command::Jobs(command) => jobs::run(command, console),
        Command::Schedules(command) => schedules::run(command, console),
        Command::Datasets(command) => datasets::run(command, console),
        Command::Login(arguments) => login::run(arguments, console),
        Command::Admin(command) => admin::run(command, global, console),
        Command::Config(command) => config::run(*command, global, console),
        Command::Edition(command) => edition::run(command, console),
        Command::Engine(command) => engine::run(command, global, console),
        Command::EngineHost(arguments) => engine::host(arguments),
        Command::Doctor(data) => doctor::run(data, global, console),
        Command::Migrate(arguments) => migrate::run(arguments, global, console),
        Command::Openapi => print_openapi(console),
        Command::Completions { shell } => Ok(print_completions(*shell, console)),
        Command::Version => Ok(print_version(console)),
    }
}

fn print_openapi(console: Console) -> Result<Exit, Failure> {
    let description = serde_json::to_value(gantry_http::openapi())
        .map_err(|error| Failure::broken(format!("the description is not JSON: {error}")))?;
    console.say(&pretty(&description));
    Ok(Exit::Success)
}

fn print_completions(shell: clap_complete::Shell, console: Console) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "gantry", &mut text);
    console.say(String::from_utf8_lossy(&text).trim_end());
    Exit::Success
}

fn print_version(console: Console) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    console
        .result(&json!({ "name": "gantry", "version": version }), |_| format!("gantry {version}"));
    Exit::Success
}

/// The settings of a command with a data folder.
fn open_config(global: &GlobalArgs, data: &DataArgs) -> Result<Config, Failure> {
    open_config_with(global, data, Vec::new())
}

/// The settings of a command with a data folder and further flags.
fn open_config_with(
    global: &GlobalArgs,
    data: &DataArgs,
    mut flags: Vec<Override>,
) -> Result<Config, Failure> {
    if let Some(folder) = &data.data_dir {
        flags.push(Override { key: "server.data_dir", value: json!(folder) });
    }
    load(global.config.as_deref(), &flags)
}
