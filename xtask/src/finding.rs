//! What a rule reports: one line that says where, which rule, and what to do.

use std::fmt;

/// Whether a finding fails the run or only asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Does not fail the run.
    Warning,
    /// Fails the run.
    Failure,
}

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Path relative to the repository's root.
    pub path: String,
    /// 1-based line; 1 where the whole file is meant.
    pub line: usize,
    /// Short name of the rule.
    pub rule: &'static str,
    /// What to do about it.
    pub advice: String,
    /// Whether it fails the run.
    pub severity: Severity,
}

impl Finding {
    /// A finding that fails the run.
    pub fn failure(path: &str, line: usize, rule: &'static str, advice: String) -> Self {
        Self { path: path.to_owned(), line, rule, advice, severity: Severity::Failure }
    }

    /// A finding that asks for attention.
    pub fn warning(path: &str, line: usize, rule: &'static str, advice: String) -> Self {
        Self { severity: Severity::Warning, ..Self::failure(path, line, rule, advice) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.severity {
            Severity::Warning => " (warning)",
            Severity::Failure => "",
        };
        write!(f, "{}:{}: {}{mark}: {}", self.path, self.line, self.rule, self.advice)
    }
}
