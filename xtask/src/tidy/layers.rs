//! Dependencies point one way: `layers.toml` against what the manifests declare.
//!
//! A crate may use what its entry names and whatever that may use in turn. Tests compose freely.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::finding::Finding;
use crate::workspace::{Kind, Member};

const RULE: &str = "layers";
const PLAN: &str = "layers.toml";

/// The plan that `layers.toml` draws.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    crates: BTreeMap<String, Room>,
    #[serde(default)]
    reserved: Vec<Reserved>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Room {
    layer: u8,
    uses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reserved {
    what: String,
    crates: Vec<String>,
    #[serde(rename = "in")]
    folders: Vec<String>,
}

impl Plan {
    /// Reads the plan from the root.
    pub fn read(root: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(root.join(PLAN)).context("cannot read layers.toml")?;
        toml::from_str(&text).context("layers.toml")
    }

    /// All that `name` may use, through its arrows.
    fn derive_allowed(&self, name: &str) -> BTreeSet<&str> {
        let mut allowed = BTreeSet::new();
        let mut open: Vec<&str> = vec![name];
        while let Some(next) = open.pop() {
            for used in self.crates.get(next).map(|room| room.uses.as_slice()).unwrap_or_default() {
                if allowed.insert(used.as_str()) {
                    open.push(used);
                }
            }
        }
        allowed
    }
}

/// Holds the plan to itself and every member to the plan.
pub fn check(plan: &Plan, members: &[Member]) -> Vec<Finding> {
    let mut findings = check_plan(plan, members);
    for member in members {
        findings.extend(check_member(plan, member, members));
        findings.extend(check_reserved(plan, member));
    }
    findings
}

fn check_plan(plan: &Plan, members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fail = |advice: String| findings.push(Finding::failure(PLAN, 1, RULE, advice));
    for (name, room) in &plan.crates {
        if !members.iter().any(|member| &member.name == name) {
            fail(format!("`{name}` is no crate of the workspace: remove its entry"));
        }
        for used in &room.uses {
            match plan.crates.get(used) {
                None => fail(format!("`{name}` uses `{used}`, which has no entry: add it")),
                Some(other) if other.layer > room.layer => fail(format!(
                    "`{name}` (layer {}) uses `{used}` (layer {}): dependencies go down only",
                    room.layer, other.layer
                )),
                Some(_) => {}
            }
        }
        if plan.derive_allowed(name).contains(name.as_str()) {
            fail(format!("`{name}` reaches itself through its arrows: cut the circle"));
        }
    }
    findings
}

fn check_member(plan: &Plan, member: &Member, members: &[Member]) -> Vec<Finding> {
    let manifest = manifest_of(member);
    if !plan.crates.contains_key(&member.name) {
        let advice = format!("`{}` has no entry in layers.toml: give it a layer", member.name);
        return vec![Finding::failure(&manifest, 1, RULE, advice)];
    }
    let allowed = plan.derive_allowed(&member.name);
    let is_ours = |name: &str| members.iter().any(|other| other.name == name);
    let foreign = member
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != Kind::Test && is_ours(&dependency.name))
        .filter(|dependency| !allowed.contains(dependency.name.as_str()));
    foreign
        .map(|dependency| {
            let advice = format!(
                "`{}` may not use `{}`: go through a port, or draw the arrow in layers.toml and \
                 say why",
                member.name, dependency.name
            );
            Finding::failure(&manifest, 1, RULE, advice)
        })
        .collect()
}

fn check_reserved(plan: &Plan, member: &Member) -> Vec<Finding> {
    let mut findings = Vec::new();
    for reserved in &plan.reserved {
        let inside = |folder: &String| {
            member.folder == *folder || member.folder.starts_with(&format!("{folder}/"))
        };
        if reserved.folders.iter().any(inside) {
            continue;
        }
        let taken = member
            .dependencies
            .iter()
            .filter(|dependency| dependency.kind != Kind::Test)
            .filter(|dependency| reserved.crates.iter().any(|p| is_named(p, &dependency.name)));
        for dependency in taken {
            let advice = format!(
                "`{}` is {}, which only {} may use",
                dependency.name,
                reserved.what,
                reserved.folders.join(", ")
            );
            findings.push(Finding::failure(&manifest_of(member), 1, "reserved", advice));
        }
    }
    findings
}

fn is_named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

fn manifest_of(member: &Member) -> String {
    format!("{}/Cargo.toml", member.folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    const PLAN_TEXT: &str = r#"
        [crates]
        words = { layer = 0, uses = [] }
        doors = { layer = 1, uses = ["words"] }
        store = { layer = 3, uses = ["doors"] }
        faces = { layer = 4, uses = ["doors"] }
        [[reserved]]
        what = "a database"
        crates = ["sqlx", "sea-*"]
        in = ["crates/store"]
    "#;

    fn plan(text: &str) -> Plan {
        toml::from_str(text).unwrap()
    }

    fn member(name: &str, uses: &[(&str, Kind)]) -> Member {
        let dependencies = uses
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: *kind })
            .collect();
        Member { name: name.to_owned(), folder: format!("crates/{name}"), dependencies }
    }

    fn workspace() -> Vec<Member> {
        vec![
            member("words", &[("serde", Kind::Normal)]),
            member("doors", &[("words", Kind::Normal)]),
            member("store", &[("doors", Kind::Normal), ("sea-orm", Kind::Normal)]),
            member("faces", &[("words", Kind::Normal), ("store", Kind::Test)]),
        ]
    }

    #[test]
    fn a_house_as_drawn_has_no_findings() {
        assert_eq!(check(&plan(PLAN_TEXT), &workspace()), vec![]);
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_found() {
        let mut members = workspace();
        members[3] = member("faces", &[("store", Kind::Normal)]);
        let findings = check(&plan(PLAN_TEXT), &members);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "crates/faces/Cargo.toml");
        assert!(findings[0].advice.contains("may not use `store`"), "{}", findings[0]);
    }

    #[test]
    fn a_build_script_is_held_to_the_plan_too() {
        let mut members = workspace();
        members[0] = member("words", &[("doors", Kind::Build)]);
        assert_eq!(check(&plan(PLAN_TEXT), &members).len(), 1);
    }

    #[test]
    fn a_reserved_crate_outside_its_room_is_found() {
        let mut members = workspace();
        members[1] = member("doors", &[("sqlx", Kind::Normal), ("sea-orm", Kind::Test)]);
        let findings = check(&plan(PLAN_TEXT), &members);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].advice.contains("only crates/store"), "{}", findings[0]);
    }

    #[test]
    fn a_crate_without_entry_and_an_entry_without_crate_are_found() {
        let mut members = workspace();
        members[0].name = "letters".to_owned();
        members[1].dependencies.clear();
        let rules: Vec<String> =
            check(&plan(PLAN_TEXT), &members).iter().map(ToString::to_string).collect();
        assert!(rules.iter().any(|line| line.contains("`letters` has no entry")), "{rules:?}");
        assert!(rules.iter().any(|line| line.contains("`words` is no crate")), "{rules:?}");
    }

    #[test]
    fn arrows_up_and_circles_are_found() {
        let upward = "[crates]\nlow = { layer = 0, uses = [\"high\"] }\n\
                      high = { layer = 1, uses = [\"low\"] }\n";
        let members = vec![member("low", &[]), member("high", &[])];
        let lines: Vec<String> =
            check(&plan(upward), &members).iter().map(ToString::to_string).collect();
        assert!(lines.iter().any(|line| line.contains("go down only")), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("cut the circle")), "{lines:?}");
    }
}
