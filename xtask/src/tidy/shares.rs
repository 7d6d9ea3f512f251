//! No crate of the product holds more than its share of the lines: where one grows past it, a room
//! is missing. Tools beside the product are not counted.
//!
//! A young workspace is warned only: its first crates are bound to be large beside the rest.

use crate::files::SourceFile;
use crate::finding::{Finding, Severity};
use crate::workspace::Member;

/// Largest share of all lines, in percent.
const SHARE_PERCENT: usize = 15;
/// From this many lines on, the share is a failure.
const GROWN_LINES: usize = 40_000;

/// Compares every crate's Rust lines with the workspace's.
pub fn check(sources: &[SourceFile], members: &[Member]) -> Vec<Finding> {
    let lines_of = |member: &Member| -> usize {
        let folder = format!("{}/", member.folder);
        let is_inside = |s: &&SourceFile| s.extension() == "rs" && s.path.starts_with(&folder);
        sources.iter().filter(is_inside).map(SourceFile::line_count).sum()
    };
    let counted: Vec<(&Member, usize)> = members
        .iter()
        .filter(|m| m.folder.starts_with("crates/"))
        .map(|m| (m, lines_of(m)))
        .collect();
    let total: usize = counted.iter().map(|(_, lines)| lines).sum();
    let severity = if total < GROWN_LINES { Severity::Warning } else { Severity::Failure };
    let is_large = |lines: usize| lines * 100 > total * SHARE_PERCENT;
    counted
        .into_iter()
        .filter(|(_, lines)| is_large(*lines))
        .map(|(member, lines)| {
            let advice = format!(
                "`{}` holds {} % of {total} lines, more than {SHARE_PERCENT} %: which room is missing?",
                member.name,
                lines * 100 / total
            );
            let path = format!("{}/Cargo.toml", member.folder);
            Finding { severity, ..Finding::failure(&path, 1, "share", advice) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    fn house(sizes: &[usize]) -> (Vec<SourceFile>, Vec<Member>) {
        let name = |index: usize| format!("c{index}");
        let sources = sizes.iter().enumerate().map(|(index, lines)| {
            fixture(&format!("crates/{}/src/lib.rs", name(index)), &"x\n".repeat(*lines))
        });
        let members = (0..sizes.len()).map(|index| Member {
            name: name(index),
            folder: format!("crates/{}", name(index)),
            dependencies: Vec::new(),
        });
        (sources.collect(), members.collect())
    }

    #[test]
    fn equal_rooms_pass() {
        let (sources, members) = house(&[100; 7]);
        assert_eq!(check(&sources, &members), vec![]);
    }

    #[test]
    fn a_large_room_warns_while_the_house_is_small_and_fails_later() {
        let severity = |unit: usize| {
            let (sources, members) = house(&[2 * unit, unit, unit, unit, unit, unit, unit]);
            let findings = check(&sources, &members);
            assert_eq!(findings.len(), 1);
            findings[0].severity
        };
        assert_eq!(severity(100), Severity::Warning);
        assert_eq!(severity(10_000), Severity::Failure);
    }
}
