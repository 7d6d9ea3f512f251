//! What a check found.

use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The engine works, and could do better.
    Warning,
    /// The engine does not keep to the protocol.
    Failure,
}

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// How bad it is.
    pub severity: Severity,
    /// What was checked, such as `cancel of hello.greet`.
    pub check: String,
    /// What happened.
    pub cause: String,
    /// What the author can do about it.
    pub next_step: String,
}

impl fmt::Display for CheckFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Warning => "warning",
            Severity::Failure => "failure",
        };
        write!(formatter, "{word}: {}: {} {}", self.check, self.cause, self.next_step)
    }
}

/// The result of a check of one engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What was right, in the order of the checks.
    pub passed: Vec<String>,
    /// What was not.
    pub findings: Vec<CheckFinding>,
}

impl CheckReport {
    /// Whether nothing failed; warnings may be there.
    #[must_use]
    pub fn is_conforming(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Warning)
    }

    pub(super) fn pass(&mut self, check: impl Into<String>) {
        self.passed.push(check.into());
    }

    pub(super) fn fail(&mut self, check: impl Into<String>, cause: String, next_step: &str) {
        self.add(Severity::Failure, check.into(), cause, next_step);
    }

    pub(super) fn warn(&mut self, check: impl Into<String>, cause: String, next_step: &str) {
        self.add(Severity::Warning, check.into(), cause, next_step);
    }

    fn add(&mut self, severity: Severity, check: String, cause: String, next_step: &str) {
        let next_step = next_step.to_owned();
        self.findings.push(CheckFinding { severity, check, cause, next_step });
    }
}
