//! Command line, configuration and the composition of everything else; the binary calls [`main`].
//!
//! Invariants: this is the only crate that knows every other one; settings are read here and
//! nowhere else; a command that fails says the cause and the next step, and its exit code tells
//! programs which kind of failure it was.

mod ads;
mod breached_passwords;
mod chores;
mod cli;
mod client;
mod commands;
pub mod config;
mod console;
pub mod editions;
pub mod engines;
pub mod failure;
pub mod house;
mod language;
mod logging;
mod payments;
mod post;
mod progress;
mod providers;
mod render;
mod run;
mod runtime;
mod samples;
mod secret_key;
pub mod server;
mod system_clock;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Arguments;
use crate::failure::Exit;

/// Does what the command line of this process asks.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors, and go to standard output.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let _gone = error.print();
            return exit.into();
        }
    };
    match commands::run(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            arguments.global.console().complain(&failure);
            failure.exit.into()
        }
    }
}
