//! Project chores: the house rules as a test, generated files, and the order in which checks run.
//!
//! Every chore that writes a committed file also has `--check`, which writes nothing and fails
//! where the committed file differs.

mod ci;
mod console;
mod files;
mod finding;
mod generated;
mod notices;
mod openapi;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Usage: cargo run -p xtask -- <CHORE>

  tidy                house rules: layers, sizes, headers, names, strings, ARCHITECTURE.md
  openapi [--check]   openapi.json from the binary, web/src/api/schema.d.ts from openapi.json
  notices [--check]   THIRD-PARTY-NOTICES.md from the crates and npm packages that are shipped
  ci <check|test|e2e> [STEP…]
                      the checks in their order, with a summary of times; only STEPs if named
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            console::complain(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs one chore; `false` means that it found something to mend.
fn run(words: &[&str]) -> Result<bool> {
    match words {
        ["tidy"] => tidy::run(),
        ["openapi"] => openapi::write(),
        ["openapi", "--check"] => openapi::check(None),
        ["notices"] => notices::write(),
        ["notices", "--check"] => notices::check(),
        ["ci", plan, only @ ..] => ci::run(plan, only),
        [] | ["help" | "--help" | "-h"] => {
            console::say(HELP);
            Ok(true)
        }
        _ => bail!("unknown chore `{}`\n\n{HELP}", words.join(" ")),
    }
}
