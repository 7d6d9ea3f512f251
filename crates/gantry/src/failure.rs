//! How a command fails: an exit code, the cause, and the next command to try.
//!
//! Invariant: the exit codes are part of the command line's contract and never change.

use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything went well.
    Success,
    /// A job failed, or the command itself could not do its work.
    JobFailed,
    /// The command line, the configuration or the parameters are wrong.
    Usage,
    /// Nobody is signed in, or the key does not allow it.
    Auth,
    /// There is no such thing.
    NotFound,
    /// A quota or the credits do not suffice.
    Quota,
    /// The server does not answer.
    Unreachable,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::JobFailed => 1,
            Self::Usage => 2,
            Self::Auth => 3,
            Self::NotFound => 4,
            Self::Quota => 5,
            Self::Unreachable => 6,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A command that did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What went wrong, in words for the person at the terminal.
    pub cause: String,
    /// What to do or type next.
    pub next: Option<String>,
}

impl Failure {
    /// A failure with an exit code and its cause.
    pub fn new(exit: Exit, cause: impl Into<String>) -> Self {
        Self { exit, cause: cause.into(), next: None }
    }

    /// The command line or the configuration is wrong.
    pub fn usage(cause: impl Into<String>) -> Self {
        Self::new(Exit::Usage, cause)
    }

    /// The command could not do its work.
    pub fn broken(cause: impl Into<String>) -> Self {
        Self::new(Exit::JobFailed, cause)
    }

    /// Adds what to do or type next.
    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

/// Says what the operating system said about a file or folder.
pub fn file_failure(verb: &str, path: &std::path::Path, error: &std::io::Error) -> Failure {
    let exit = match error.kind() {
        std::io::ErrorKind::NotFound => Exit::NotFound,
        _ => Exit::JobFailed,
    };
    Failure::new(exit, format!("{} cannot be {verb}: {error}", path.display()))
}
