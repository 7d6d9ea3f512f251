//! The features of all plans of an edition's file, which are read together.
//!
//! Invariants: a plan that lists none has all of them; a feature that is open until it is named is
//! missing only where another plan of the file lists it, so that a newer word takes nothing from
//! an older file.

use std::collections::BTreeSet;

use gantry_rules::plan::Feature;

use super::reader::Reader;
use super::words::remedy_for;

/// Words for what plans have by keys of their own, and those keys.
const OWN_KEYS: &[(&str, &str)] = &[
    ("gpu", "write `gpu = true`"),
    ("priority_queue", "write `class = \"high\"`"),
    ("seats", "write `seats = 3`"),
];

/// What each plan has, in the order of `plans`.
pub(super) fn read_features(plans: &[Reader<'_>]) -> Vec<BTreeSet<Feature>> {
    let listed: Vec<_> = plans.iter().map(read_listed).collect();
    let named: BTreeSet<Feature> = listed.iter().flatten().flatten().copied().collect();
    let is_open = |feature: &Feature| feature.is_open_until_named() && !named.contains(feature);
    let settle = |listed: Option<BTreeSet<Feature>>| -> BTreeSet<Feature> {
        let all = Feature::ALL.iter().copied();
        match listed {
            None => all.collect(),
            Some(listed) => {
                all.filter(|feature| listed.contains(feature) || is_open(feature)).collect()
            }
        }
    };
    listed.into_iter().map(settle).collect()
}

/// What a plan lists; `None` when it lists nothing.
fn read_listed(plan: &Reader<'_>) -> Option<BTreeSet<Feature>> {
    let mut features = BTreeSet::new();
    for word in plan.texts("features")? {
        match Feature::ALL.iter().find(|feature| feature.as_str() == word) {
            Some(feature) => {
                features.insert(*feature);
            }
            None => refuse(plan, &word),
        }
    }
    Some(features)
}

fn refuse(plan: &Reader<'_>, word: &str) {
    let names: Vec<&str> = Feature::ALL.iter().map(|feature| feature.as_str()).collect();
    let own_key = OWN_KEYS.iter().find(|(known, _)| *known == word);
    let (problem, remedy) = match own_key {
        Some((_, key)) => (format!("names `{word}`, which is a key of its own"), (*key).to_owned()),
        None => (format!("names `{word}`, which is no feature"), remedy_for(word, &names)),
    };
    plan.refuse("features", &problem, &remedy);
}
