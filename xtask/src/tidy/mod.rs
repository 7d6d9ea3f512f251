//! The house rules, run over the repository's own files. Each rule is a pure function from what
//! was read to findings, so that it is tested on small fixtures.

mod architecture;
mod headers;
mod layers;
mod names;
mod shape;
mod shares;
mod strings;

use anyhow::Result;

use crate::console;
use crate::files::{self, SourceFile};
use crate::finding::{Finding, Severity};
use crate::workspace;

/// Runs every rule and prints one line per finding; `false` if one of them fails.
pub fn run() -> Result<bool> {
    let root = files::find_root()?;
    let sources = files::read_all(&root)?;
    let members = workspace::read_members(&root)?;

    let mut findings = layers::check(&layers::Plan::read(&root)?, &members);
    for source in &sources {
        findings.extend(check_file(source));
    }
    findings.extend(shares::check(&sources, &members));
    findings.extend(architecture::check(&sources, &members));
    findings.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    Ok(print(&findings, sources.len()))
}

/// The rules that look at one file alone.
fn check_file(source: &SourceFile) -> Vec<Finding> {
    let mut findings = names::check(source);
    findings.extend(strings::check(source));
    findings.extend(shape::check_size(source));
    if source.extension() == "rs" {
        findings.extend(headers::check(source));
        findings.extend(shape::check_functions(source));
    }
    findings
}

fn print(findings: &[Finding], files: usize) -> bool {
    for finding in findings {
        console::say(&finding.to_string());
    }
    let failures = findings.iter().filter(|f| f.severity == Severity::Failure).count();
    let warnings = findings.len() - failures;
    console::say(&format!("tidy: {files} files, {failures} failures, {warnings} warnings"));
    failures == 0
}

#[cfg(test)]
fn fixture(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}
