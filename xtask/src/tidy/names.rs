//! Names that say nothing are not taken: a file or folder is called after what is in it.

use crate::files::SourceFile;
use crate::finding::Finding;

const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "common", "helpers", "helper", "manager", "managers", "misc"];
const CODE: [&str; 8] = ["rs", "ts", "tsx", "js", "mjs", "py", "sh", "css"];

/// Looks at the path, and in Rust at modules that are declared inside a file.
pub fn check(source: &SourceFile) -> Vec<Finding> {
    if !CODE.contains(&source.extension()) {
        return Vec::new();
    }
    let folders = source.path.rsplit_once('/').map(|(folders, _)| folders).unwrap_or_default();
    let mut findings: Vec<Finding> = folders
        .split('/')
        .chain([source.stem()])
        .filter(|name| is_empty_name(name))
        .map(|name| report(source, 1, name))
        .collect();
    if source.extension() == "rs" {
        findings.extend(find_inline_modules(source));
    }
    findings
}

fn find_inline_modules(source: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let declared = line.split_once("mod ").and_then(|(before, after)| {
            let before = before.trim();
            let opens = before.is_empty() || before.starts_with("pub");
            let name = after.trim().strip_suffix('{')?.trim();
            opens.then_some(name)
        });
        if let Some(name) = declared.filter(|name| is_empty_name(name)) {
            findings.push(report(source, index + 1, name));
        }
    }
    findings
}

fn is_empty_name(name: &str) -> bool {
    EMPTY_NAMES.contains(&name.to_lowercase().as_str())
}

fn report(source: &SourceFile, line: usize, name: &str) -> Finding {
    let advice = format!("`{name}` names no thing: call it after what is in it");
    Finding::failure(&source.path, line, "name", advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn count(path: &str, text: &str) -> usize {
        check(&fixture(path, text)).len()
    }

    #[test]
    fn empty_names_of_files_and_folders_are_found() {
        assert_eq!(count("crates/jobs/src/utils.rs", ""), 1);
        assert_eq!(count("crates/common/src/lib.rs", ""), 1);
        assert_eq!(count("web/src/helpers/date.ts", ""), 1);
        assert_eq!(count("crates/jobs/src/lease.rs", ""), 0);
        assert_eq!(count("docs/common.md", ""), 0);
    }

    #[test]
    fn inline_modules_are_looked_at_too() {
        assert_eq!(count("a.rs", "mod leases {\n}\npub(crate) mod helpers {\n}\n"), 1);
        assert_eq!(count("a.rs", "// the mod helpers {\n"), 0);
    }
}
