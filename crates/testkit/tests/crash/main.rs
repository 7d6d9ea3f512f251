//! Nothing is lost when processes are killed: jobs run while engine hosts, workers and servers get
//! SIGKILL at random, on SQLite and on PostgreSQL; afterwards every job has ended and was settled
//! exactly once, no file of a stale attempt is visible, and the books are right. And whatever
//! runs a job, and however often it is killed, leaves the same bytes.
//!
//! This program is also every process that it starts: server, worker and engine host, each on the
//! composition of the shipped binary. `--full` is the long form (`make crash`), `--seed N` repeats
//! a run's choices.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the program says on its terminal what it did"
)]

mod chance;
mod engine;
mod fleet;
mod journal;
mod killer;
mod load;
mod roles;
mod same;
mod story;
mod verdict;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::chance::Chance;
use crate::story::{Scale, tell};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let role = words.first().map(String::as_str).unwrap_or_default();
    let ended = match (role, words.get(1)) {
        (roles::ENGINE_HOST, Some(journal)) => roles::host(journal.as_ref()),
        (roles::SERVER, Some(settings)) => roles::serve(settings.as_ref()),
        (roles::WORKER, Some(settings)) => roles::work(settings.as_ref()),
        _ if words.iter().any(|word| word == "--list") => Ok(()),
        _ => run_all(&words),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crash: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(words: &[String]) -> Result<()> {
    let seed = match words.iter().position(|word| word == "--seed") {
        Some(at) => {
            let number = words.get(at + 1).context("--seed needs a number")?;
            number.parse().context("--seed needs a number")?
        }
        None => chance::draw_seed(),
    };
    let is_full = words.iter().any(|word| word == "--full");
    let scale = if is_full { Scale::FULL } else { Scale::SHORT };
    println!("crash: seed {seed} (repeat its choices with --seed {seed})");
    let runtime = roles::build_runtime()?;
    runtime.block_on(async {
        let mut chance = Chance::new(seed);
        let sqlite = tell(story::Kind::Sqlite, &scale, &mut chance).await.context("on SQLite")?;
        println!("crash: SQLite: {sqlite}");
        let postgres =
            tell(story::Kind::Postgres, &scale, &mut chance).await.context("on PostgreSQL")?;
        println!("crash: PostgreSQL: {postgres}");
        let total = sqlite.plus(&postgres);
        println!("crash: together: {total}");
        total.require(&scale.doubled())?;
        same::every_way_leaves_the_same_bytes().await.context("same bytes")
    })?;
    println!("crash: ok");
    Ok(())
}
