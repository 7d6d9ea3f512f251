//! `gantry run`: an operation here and now, by the same steps as on a server.
//!
//! Invariants: everything happens in a private temporary folder that is gone afterwards; what
//! stays are the artifacts; the same words, files and seed give the same result.

mod artifacts;
mod flags;
mod folder;
mod follow;
mod local;
mod plan;
mod values;
mod workflow;

pub use workflow::run as run_workflow;

use gantry_engine_api::OperationSpec;
use gantry_jobs::Registry;

use crate::cli::{GlobalArgs, RunArgs};
use crate::config::{EnginesConfig, IsolationConfig, load};
use crate::console::{Console, Format, Volume, heading};
use crate::engines::{EngineSet, register_engines};
use crate::failure::{Exit, Failure};
use crate::render::Table;
use crate::{logging, runtime};

use self::plan::{Parsed, RunPlan};

/// Runs an operation, or lists what can be run.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(arguments: &RunArgs, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    let configured = load(global.config.as_deref(), &[])?.engines;
    let engines = EnginesConfig { isolation: IsolationConfig::Thread, ..configured };
    run_words(&arguments.words, &engines, global, console)
}

/// Runs an operation of these engines, or lists what can be run.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_words(
    words: &[String],
    engines: &EnginesConfig,
    global: &GlobalArgs,
    console: Console,
) -> Result<Exit, Failure> {
    let runtime = runtime::build_runtime()?;
    let registry = runtime.block_on(register_engines(engines, EngineSet::built_in()))?;
    let (operation, words) = match words.split_first() {
        Some((first, _)) if first == "--help" || first == "-h" => {
            console.say(&describe_operations(&registry));
            return Ok(Exit::Success);
        }
        Some((first, words)) => (first, words),
        None => {
            return Err(
                Failure::usage("no operation is named").with_next("`gantry run --help` lists them")
            );
        }
    };
    let spec = find_spec(&registry, operation)?;
    let plan = match plan::parse(spec, words)? {
        Parsed::Run(plan) => *plan,
        Parsed::Clap(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            let _gone = error.print();
            return Ok(exit);
        }
    };
    let console = widen(console, &plan);
    let mut config = load(plan.config.as_deref().or(global.config.as_deref()), &[])?;
    config.engines = engines.clone();
    logging::start(&config.log, "warn")?;
    let operation = spec.id.clone();
    let exit = runtime.block_on(local::run_here(&config, &operation, &plan, console));
    runtime.shutdown_background();
    exit
}

/// An operation by its id, or by its verb alone where only one engine has it.
fn find_spec<'r>(registry: &'r Registry, operation: &str) -> Result<&'r OperationSpec, Failure> {
    let by_verb = || {
        let ending = format!(".{operation}");
        let mut found = registry.specs().filter(|spec| spec.id.ends_with(&ending));
        found.next().filter(|_| found.next().is_none())
    };
    registry.find_spec(operation).or_else(by_verb).ok_or_else(|| {
        let ids = registry.specs().map(|spec| spec.id.as_str());
        let nearest =
            registry.find_nearest(operation).or_else(|| gantry_types::find_nearest(operation, ids));
        let failure = Failure::new(Exit::NotFound, format!("there is no operation `{operation}`"));
        match nearest {
            Some(nearest) => failure.with_next(format!("did you mean `gantry run {nearest}`?")),
            None => failure.with_next("`gantry run --help` lists them"),
        }
    })
}

/// `--json` and `--quiet` count before and behind the operation.
fn widen(console: Console, plan: &RunPlan) -> Console {
    Console {
        format: if plan.json { Format::Json } else { console.format },
        volume: if plan.quiet { Volume::Quiet } else { console.volume },
    }
}

fn describe_operations(registry: &Registry) -> String {
    let mut table = Table::new(&["operation", "what it does"]);
    for spec in registry.specs() {
        table.push([spec.id.clone(), spec.title.clone()]);
    }
    format!(
        "Run an operation here and now: no server, no account, no network.\n\n\
         {} gantry run <OPERATION> [FLAGS]\n\n{}\n\n\
         `gantry run <OPERATION> --help` lists its flags.",
        heading("Usage:"),
        table.render()
    )
}
