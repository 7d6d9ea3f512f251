//! One module per command.

pub mod config;

use clap::CommandFactory;

use crate::cli::{Arguments, Command};
use crate::console::Console;
use crate::failure::{Exit, Failure};

/// Does what the command line asks.
///
/// # Errors
/// [`Failure`] with its exit code, cause and next step.
pub fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let console = arguments.global.console();
    let global = arguments.global;
    match arguments.command {
        Command::Config(command) => config::run(command, &global, console),
        Command::Completions { shell } => Ok(print_completions(shell)),
        Command::Version => Ok(print_version(console)),
        _ => Err(Failure::broken("not there yet")),
    }
}

fn print_completions(shell: clap_complete::Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "gantry", &mut text);
    let plain =
        Console { format: crate::console::Format::Human, volume: crate::console::Volume::Normal };
    plain.say(String::from_utf8_lossy(&text).trim_end());
    Exit::Success
}

fn print_version(console: Console) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    console.result(&serde_json::json!({ "name": "gantry", "version": version }), |_| {
        format!("gantry {version}")
    });
    Exit::Success
}
