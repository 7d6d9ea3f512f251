//! `gantry engine`: engines of one's own, from the first file to the first job.

use std::path::{Path, PathBuf};

use gantry_external::{ExternalConfig, check_engine, new_engine, serve_engine, serve_services};
use serde_json::json;

use crate::cli::{EngineCommand, EngineHostArgs, GlobalArgs};
use crate::config::{EnginesConfig, IsolationConfig};
use crate::console::Console;
use crate::engines::built_in;
use crate::failure::{Exit, Failure};
use crate::runtime;

/// Makes, checks or runs an engine.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(
    command: &EngineCommand,
    global: &GlobalArgs,
    console: Console,
) -> Result<Exit, Failure> {
    match command {
        EngineCommand::New { name, lang, dir } => {
            let folder = dir.clone().unwrap_or_else(|| PathBuf::from(name));
            make(name, *lang, &folder, console)
        }
        EngineCommand::Check { folder } => check(folder, console),
        EngineCommand::Run { folder, words } => {
            let engines = EnginesConfig {
                isolation: IsolationConfig::Thread,
                external: vec![require_engine(folder)?],
                ..EnginesConfig::default()
            };
            crate::run::run_words(words, &engines, global, console)
        }
    }
}

/// Serves the built-in engines, or their services, to the parent process until it closes the pipe.
///
/// # Errors
/// [`Failure`] when the parent does not keep to the protocol.
pub fn host(arguments: &EngineHostArgs) -> Result<Exit, Failure> {
    let engines = built_in();
    let engines: Vec<_> = engines.iter().map(AsRef::as_ref).collect();
    let serve = if arguments.services { serve_services } else { serve_engine };
    serve(&engines, std::io::stdin(), std::io::stdout())
        .map_err(|error| Failure::broken(error.to_string()))?;
    Ok(Exit::Success)
}

fn make(
    name: &str,
    lang: gantry_external::Language,
    folder: &Path,
    console: Console,
) -> Result<Exit, Failure> {
    let files =
        new_engine(name, lang, folder).map_err(|error| Failure::usage(error.to_string()))?;
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let shown = folder.display().to_string();
    console.result(&json!({ "folder": shown, "files": files }), |_| {
        format!(
            "{}\n\nNext: `gantry engine check {shown}`, then `gantry engine run {shown} --help`.",
            files.join("\n")
        )
    });
    Ok(Exit::Success)
}

fn check(folder: &Path, console: Console) -> Result<Exit, Failure> {
    let folder = require_engine(folder)?;
    let config =
        ExternalConfig::read(&folder).map_err(|error| Failure::usage(error.to_string()))?;
    let report = runtime::build_runtime()?.block_on(check_engine(config));
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let conforming = report.is_conforming();
    let answer = json!({ "conforming": conforming, "passed": report.passed, "findings": findings });
    console.result(&answer, |_| {
        let passed = report.passed.iter().map(|check| format!("passed  {check}"));
        let lines: Vec<String> = passed.chain(findings.iter().cloned()).collect();
        lines.join("\n")
    });
    Ok(if conforming { Exit::Success } else { Exit::JobFailed })
}

fn require_engine(folder: &Path) -> Result<PathBuf, Failure> {
    if folder.join(gantry_external::CONFIG_FILE).is_file() {
        return Ok(folder.to_owned());
    }
    let (shown, file) = (folder.display(), gantry_external::CONFIG_FILE);
    Err(Failure::new(Exit::NotFound, format!("there is no {file} in {shown}"))
        .with_next("`gantry engine new NAME` makes an engine"))
}
