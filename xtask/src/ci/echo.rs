//! Runs a program, passes on what it prints, and keeps what says why its tests failed, so that the
//! reason stands at the end of a long log as well.
//!
//! Invariant: everything printed is passed on, in its order within each stream.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::console;

/// How many lines before a failure are kept.
const LINES_BEFORE: usize = 30;
/// How many lines are kept in all.
const MOST_LINES: usize = 200;

/// How a program ended, and the lines that tell of failures.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) last_words: Vec<String>,
}

/// Runs a program to its end.
///
/// # Errors
/// It cannot be started.
pub(super) fn run(mut command: Command, program: &str) -> Result<Ended> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run {program}"))?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("{program} has no output")
    };
    let err = std::thread::spawn(move || pass_on(err, console::complain));
    let mut last_words = pass_on(out, console::say);
    last_words.extend(err.join().unwrap_or_default());
    let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
    Ok(Ended { status, last_words })
}

fn pass_on(stream: impl Read, say: fn(&str)) -> Vec<String> {
    let mut keeper = Keeper::default();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        say(&line);
        keeper.hear(line);
    }
    keeper.kept
}

/// Keeps the lines that lead to a failure.
#[derive(Default)]
struct Keeper {
    before: VecDeque<String>,
    kept: Vec<String>,
}

impl Keeper {
    fn hear(&mut self, line: String) {
        let tells = ["test result: FAILED", "error: ", "error["];
        let is_failure = tells.iter().any(|word| line.starts_with(word));
        // What came before another program of tests does not belong to this one.
        if line.starts_with("running ") || line.starts_with("     Running ") {
            self.before.clear();
        }
        if is_failure && self.kept.len() < MOST_LINES {
            self.kept.extend(self.before.drain(..));
            self.kept.push(line);
        } else {
            if self.before.len() == LINES_BEFORE {
                self.before.pop_front();
            }
            self.before.push_back(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_to_a_failure_is_kept() {
        let printed = "running 1 test\ntest one ... ok\ntest result: ok. 1 passed\n\
                       running 2 tests\ntest two ... FAILED\nit was 3\ntest result: FAILED. 1 passed\n\
                       running 1 test\ntest three ... ok\n";
        let kept = pass_on(printed.as_bytes(), |_| {});
        let expected =
            ["running 2 tests", "test two ... FAILED", "it was 3", "test result: FAILED. 1 passed"];
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_long_log_leaves_only_its_end() {
        let mut printed: String = (0..100).map(|line| format!("line {line}\n")).collect();
        printed.push_str("error: 1 target failed");
        let kept = pass_on(printed.as_bytes(), |_| {});
        assert_eq!(kept.len(), LINES_BEFORE + 1);
        assert_eq!(kept.first().map(String::as_str), Some("line 70"));
    }
}
