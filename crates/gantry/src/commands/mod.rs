//! One module per command.

mod account;
mod account_end;
mod admin;
mod belonging;
mod config;
mod datasets;
mod demo;
mod doctor;
mod edition;
mod engine;
mod identity;
mod jobs;
mod keys;
mod link;
mod login;
mod migrate;
mod people;
mod programs;
mod query;
mod remote_job;
mod save;
mod schedules;
mod serve;
mod server_access;
mod sharing;
mod shop;
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
        Command::Access(command) => sharing::run(command, console),
        Command::Login(arguments) => login::run(arguments, console),
        Command::Account(arguments) => account::run(arguments, console),
        Command::Keys(command) => keys::run(command, console),
        Command::Plans(arguments) => shop::run_plans(arguments, console),
        Command::Credits(command) => shop::run_credits(command, console),
        Command::Billing(command) => shop::run_billing(command, console),
        Command::Invoices(arguments) => shop::run_invoices(arguments, console),
        Command::Members(command) => people::run_members(command, console),
        Command::Organizations(command) => people::run_organizations(command, console),
        Command::OAuthClients(command) => programs::run_clients(command, console),
        Command::Referrals(command) => programs::run_referrals(command, console),
        Command::Audit(arguments) => people::list_audit(arguments, console),
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn the_words_of_all_commands_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_shown_by_itself_is_also_a_command() {
        for words in [
            &["gantry", "account"][..],
            &["gantry", "account", "--server", "http://h", "--json"],
            &["gantry", "account", "show", "--server", "http://h"],
            &["gantry", "account", "sessions", "--server", "http://h", "--json"],
            &["gantry", "plans"],
            &["gantry", "plans", "cancel", "--server", "http://h"],
        ] {
            assert!(Arguments::try_parse_from(words).is_ok(), "{words:?}");
        }
        // Where a command follows, the server belongs to it.
        let words = ["gantry", "account", "--server", "http://h", "usage"];
        assert!(Arguments::try_parse_from(words).is_err());
    }
}
