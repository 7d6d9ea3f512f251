//! The checks in their order. A step that fails does not stop the others, unless they stand on it;
//! the summary at the end says what ran, for how long, and what to mend. Nothing is skipped without
//! being counted as failed.

mod echo;
mod plans;

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{console, files};

/// One check.
struct Step {
    name: &'static str,
    /// Steps that must have passed before, if they are part of this run.
    needs: &'static [&'static str],
    action: Action,
}

/// How a check is done.
enum Action {
    /// A program, in a folder of the repository.
    Program { folder: &'static str, words: Vec<String>, settings: Vec<(&'static str, String)> },
    /// A chore of this crate.
    Chore(Box<dyn Fn() -> Result<bool>>),
}

/// How a check ended.
enum Outcome {
    Passed(Duration),
    /// With the lines that tell why, where there are such.
    Failed(Duration, Vec<String>),
    /// A step that it stands on did not pass.
    NotRun(&'static str),
}

/// Runs the plan of that name, or only the steps that `only` names.
pub fn run(plan: &str, only: &[&str]) -> Result<bool> {
    let root = files::find_root()?;
    let mut steps = plans::derive(plan, &root)?;
    for name in only {
        let known: Vec<&str> = steps.iter().map(|step| step.name).collect();
        ensure!(known.contains(name), "no step `{name}`; there are: {}", known.join(", "));
    }
    steps.retain(|step| only.is_empty() || only.contains(&step.name));

    let mut failed: HashSet<&'static str> = HashSet::new();
    let mut outcomes = Vec::new();
    for step in &steps {
        let outcome = match step.needs.iter().find(|need| failed.contains(*need)) {
            Some(need) => Outcome::NotRun(need),
            None => run_step(step, &root),
        };
        if !matches!(outcome, Outcome::Passed(_)) {
            failed.insert(step.name);
        }
        outcomes.push((step.name, outcome));
    }
    print_summary(plan, &outcomes);
    Ok(failed.is_empty())
}

fn run_step(step: &Step, root: &Path) -> Outcome {
    console::complain(&format!("\n=== {}", step.name));
    let start = Instant::now();
    let result = match &step.action {
        Action::Program { folder, words, settings } => {
            run_program(&root.join(folder), words, settings)
        }
        Action::Chore(chore) => chore().map(|passed| (!passed).then(Vec::new)),
    };
    match result {
        Ok(None) => Outcome::Passed(start.elapsed()),
        Ok(Some(last_words)) => Outcome::Failed(start.elapsed(), last_words),
        Err(error) => {
            console::complain(&format!("{}: {error:#}", step.name));
            Outcome::Failed(start.elapsed(), vec![format!("{error:#}")])
        }
    }
}

/// Answers the lines that tell why it failed, if it did.
fn run_program(
    folder: &Path,
    words: &[String],
    settings: &[(&'static str, String)],
) -> Result<Option<Vec<String>>> {
    let (program, arguments) = words.split_first().context("a step without a program")?;
    console::complain(&format!("$ {}", words.join(" ")));
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    // What cargo told this program about itself, build scripts would take for a change.
    let told = std::env::vars_os().map(|(name, _)| name);
    for name in told.filter(|name| is_of_this_package(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    let ended = echo::run(command, program)?;
    Ok((!ended.status.success()).then_some(ended.last_words))
}

fn is_of_this_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

fn print_summary(plan: &str, outcomes: &[(&'static str, Outcome)]) {
    console::say(&format!("\n{plan}: what ran"));
    let mut passed = 0;
    for (name, outcome) in outcomes {
        let line = match outcome {
            Outcome::Passed(time) => format!("  ok      {name:<12} {:>7.1} s", time.as_secs_f64()),
            Outcome::Failed(time, _) => {
                format!("  FAILED  {name:<12} {:>7.1} s", time.as_secs_f64())
            }
            Outcome::NotRun(need) => format!("  NOT RUN {name:<12} because `{need}` did not pass"),
        };
        console::say(&line);
        passed += usize::from(matches!(outcome, Outcome::Passed(_)));
    }
    for (name, outcome) in outcomes {
        if let Outcome::Failed(_, last_words) = outcome {
            last_words.iter().for_each(|line| console::say(&format!("{name} | {line}")));
        }
    }
    console::say(&format!("{plan}: {passed} passed, {} failed", outcomes.len() - passed));
}
