//! The two ways to speak to the person at the terminal. A closed pipe is no error of the chore.

use std::io::Write as _;

/// Prints a line to standard output: what the chore was asked for.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line to standard error: what went wrong, and progress.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
