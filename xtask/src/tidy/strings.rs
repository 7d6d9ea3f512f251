//! Strings that have no place in a commit: postponed work, tests switched off, one machine's paths,
//! and hosts that packages come from (a mirror of yours is not everybody's).
//!
//! The patterns are spelled in pieces, so that this file does not find itself.

use crate::files::SourceFile;
use crate::finding::Finding;

/// Written by tools or by others: only paths and hosts are looked for.
const NOT_OUR_WORDS: [&str; 3] = ["Cargo.lock", "package-lock.json", "THIRD-PARTY-NOTICES.md"];
const POSTPONED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
const SWITCHED_OFF: [&str; 4] = [
    concat!("#[ig", "nore"),
    concat!("it.sk", "ip("),
    concat!("test.sk", "ip("),
    concat!("describe.sk", "ip("),
];
const MACHINE_FOLDERS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tmp/br", "ief"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];
const HOST_STARTS: [&str; 7] = ["registry.", "index.", "pypi.", "crates.", "npm", "deb.", "mirror"];
const HOST_FLAGS: [&str; 2] = [concat!("--index", "-url"), concat!("\"resolved\": \"", "http")];

/// Looks at every line of the file.
pub fn check(source: &SourceFile) -> Vec<Finding> {
    let name = source.path.rsplit('/').next().unwrap_or_default();
    let ours = !NOT_OUR_WORDS.contains(&name) && source.extension() != "csv";
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        let mut fail = |rule, advice: String| {
            findings.push(Finding::failure(&source.path, index + 1, rule, advice));
        };
        if ours {
            if let Some(word) = POSTPONED.iter().find(|word| has_word(line, word)) {
                fail("postponed", format!("`{word}`: do it now, or file an issue"));
            }
            if SWITCHED_OFF.iter().any(|form| line.contains(form)) {
                fail("switched-off", "a test runs, or it is removed".to_owned());
            }
        }
        if let Some(folder) = MACHINE_FOLDERS.iter().find(|folder| has_path(line, folder)) {
            fail("machine", format!("`{folder}` is a folder of one machine: take it out"));
        }
        if has_host(line) {
            let advice =
                "names a host that packages come from: leave it to each machine's settings";
            fail("host", advice.to_owned());
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Whether an absolute path begins with `folder` here, rather than a longer path going through it.
fn has_path(line: &str, folder: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || "_-.~})]$*".contains(c);
    line.match_indices(folder).any(|(at, _)| !line[..at].chars().next_back().is_some_and(continues))
}

fn has_host(line: &str) -> bool {
    let starts_host = |rest: &str| HOST_STARTS.iter().any(|start| rest.starts_with(start));
    HOST_FLAGS.iter().any(|flag| line.contains(flag)) || line.split("://").skip(1).any(starts_host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&fixture(path, text)).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn postponed_work_is_found_as_a_word() {
        assert_eq!(rules("a.rs", &format!("// {}: later", POSTPONED[0])), vec!["postponed"]);
        assert_eq!(rules("a.rs", &format!("{}S", POSTPONED[0])), Vec::<&str>::new());
        assert_eq!(rules("Cargo.lock", POSTPONED[0]), Vec::<&str>::new());
    }

    #[test]
    fn switched_off_tests_are_found() {
        let line = format!("    {} = \"slow\"]", SWITCHED_OFF[0]);
        assert_eq!(rules("a.rs", &line), vec!["switched-off"]);
    }

    #[test]
    fn paths_of_one_machine_are_found_and_routes_are_not() {
        let folder = MACHINE_FOLDERS[0];
        assert_eq!(rules("a.md", &format!("see `{folder}main`")), vec!["machine"]);
        assert_eq!(rules("a.md", &format!("see `/app{folder}main`")), Vec::<&str>::new());
        assert_eq!(rules("a.rs", &format!("\"{{base}}{folder}x\"")), Vec::<&str>::new());
    }

    #[test]
    fn package_hosts_are_found_and_other_addresses_are_not() {
        assert_eq!(rules("a.md", &format!("https{}registry.example/x", "://")), vec!["host"]);
        assert_eq!(rules("package-lock.json", HOST_FLAGS[1]), vec!["host"]);
        assert_eq!(rules("a.md", "https://example.org/registry.html"), Vec::<&str>::new());
    }
}
