//! The terminal: results on standard output, everything else on standard error.
//!
//! Invariants: standard output carries nothing but the result; bars appear only where somebody
//! watches; colours obey `NO_COLOR`; a reader that goes away is no error.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::failure::Failure;

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
}

/// How much is said beside the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Progress and remarks.
    Normal,
    /// Errors alone.
    Quiet,
}

/// Where a command talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Console {
    /// How results are printed.
    pub format: Format,
    /// How much is said beside the result.
    pub volume: Volume,
}

impl Console {
    /// Says nothing but errors.
    pub const fn silent() -> Self {
        Self { format: Format::Human, volume: Volume::Quiet }
    }

    /// Prints a line of the result.
    pub fn say(self, line: &str) {
        write_line(&mut io::stdout().lock(), line);
    }

    /// Prints the result as JSON where JSON was asked for, else what `human` makes of it.
    pub fn result(self, value: &Value, human: impl FnOnce(&Value) -> String) {
        match self.format {
            Format::Json => self.say(&pretty(value)),
            Format::Human => self.say(human(value).trim_end()),
        }
    }

    /// Says something beside the result.
    pub fn remark(self, line: &str) {
        if self.volume == Volume::Normal {
            write_line(&mut io::stderr().lock(), line);
        }
    }

    /// Says why the command failed and what to do next.
    pub fn complain(self, failure: &Failure) {
        let mut stderr = io::stderr().lock();
        let label = paint("error:", RED, io::stderr().is_terminal());
        write_line(&mut stderr, &format!("{label} {}", failure.cause));
        if let Some(next) = &failure.next {
            write_line(&mut stderr, &format!(" next: {next}"));
        }
        drop(stderr);
        if self.format == Format::Json {
            let error = json!({ "error": {
                "message": failure.cause,
                "next_step": failure.next,
                "exit_code": failure.exit.code(),
            }});
            self.say(&pretty(&error));
        }
    }

    /// Asks for a line at the terminal without showing what is typed.
    ///
    /// # Errors
    /// What the operating system says about the terminal.
    pub fn ask_secretly(self, prompt: &str) -> io::Result<String> {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{prompt}")?;
        stderr.flush()?;
        let mut line = String::new();
        #[cfg(unix)]
        let _hidden = HiddenInput::begin()?;
        io::stdin().read_line(&mut line)?;
        writeln!(stderr)?;
        Ok(line)
    }

    /// A bar over `total` units on standard error; hidden where nobody watches.
    pub fn bar(self, total: u64, unit: BarUnit) -> ProgressBar {
        let watched = self.volume == Volume::Normal && io::stderr().is_terminal();
        let target =
            if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = match unit {
            BarUnit::Bytes => "{msg:32!} {wide_bar:.cyan/dim} {bytes}/{total_bytes}",
            BarUnit::Fraction => "{msg:32!} {wide_bar:.cyan/dim} {percent:>3} % {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━─"));
        }
        if watched {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        bar
    }
}

/// The terminal does not echo while this lives.
#[cfg(unix)]
struct HiddenInput {
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl HiddenInput {
    fn begin() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self { before })
    }
}

#[cfg(unix)]
impl Drop for HiddenInput {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        // Nothing more can be done for a terminal that went away.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// What a bar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarUnit {
    /// Bytes.
    Bytes,
    /// Thousandths of the whole.
    Fraction,
}

const RED: &str = "31";
const BOLD: &str = "1";

/// A heading, bold where a person reads it.
pub fn heading(text: &str) -> String {
    paint(text, BOLD, io::stdout().is_terminal())
}

fn paint(text: &str, code: &str, is_terminal: bool) -> String {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_terminal && !refused { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// JSON over several lines.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn write_line(stream: &mut impl Write, line: &str) {
    // A reader such as `head` that has seen enough is no failure of ours.
    let _gone = writeln!(stream, "{line}").and_then(|()| stream.flush());
}
