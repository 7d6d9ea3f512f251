//! The editions of this binary, and one that a file names.
//!
//! Invariants: each built-in edition is one file of `editions/`, so that an operator can begin with
//! a copy of it; `[plan]` is the plan of the default edition, and of no other.

use std::collections::BTreeSet;
use std::path::Path;

use gantry_billing::{Edition, EditionPlan, Mistakes, Sale, Vocabulary, parse_edition};
use gantry_engine_api::Engine;
use gantry_types::{MeterId, find_nearest};

use crate::config::{Config, PlanConfig};
use crate::failure::{Failure, file_failure};
use crate::payments::Taker;

/// The edition that is served where none is named.
pub const DEFAULT: &str = "default";

/// Name and text of every built-in edition.
pub const BUILT_IN: &[(&str, &str)] = &[
    (DEFAULT, include_str!("../../../editions/default.toml")),
    ("automl", include_str!("../../../editions/automl.toml")),
    ("litxplore", include_str!("../../../editions/litxplore.toml")),
    ("montecarlo", include_str!("../../../editions/montecarlo.toml")),
    ("suresh", include_str!("../../../editions/suresh.toml")),
    ("tabgraphsyn", include_str!("../../../editions/tabgraphsyn.toml")),
];

/// The names that the editions may use when these engines are installed.
pub fn derive_vocabulary(engines: &[Box<dyn Engine>]) -> Vocabulary {
    let mut meters = BTreeSet::from([
        MeterId::jobs(),
        MeterId::api_calls(),
        MeterId::ai_requests(),
        MeterId::ai_tokens(),
        MeterId::ai_cost(),
    ]);
    let names = engines.iter().flat_map(|engine| engine.meters());
    meters.extend(names.filter_map(|name| name.parse().ok()));
    let providers = Taker::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    Vocabulary { meters, providers }
}

/// The edition that the settings name.
///
/// # Errors
/// A usage failure that tells every mistake of its file.
pub fn open(config: &Config, known: &Vocabulary) -> Result<Edition, Failure> {
    let name = config.server.edition.as_str();
    let edition = read(name, known)?;
    if name == DEFAULT {
        return with_plan(edition, &config.plan);
    }
    if config.plan == PlanConfig::default() {
        return Ok(edition);
    }
    Err(Failure::usage(format!(
        "`[plan]` is not for the edition `{name}`, which has its own plans"
    ))
    .with_next("leave `[plan]` out, or change a copy of the edition's file"))
}

/// A built-in edition by its name, or the one in a file.
///
/// # Errors
/// A usage failure that tells every mistake.
pub fn read(name: &str, known: &Vocabulary) -> Result<Edition, Failure> {
    if let Some(text) = find_text(name) {
        return parse_edition(text, known).map_err(|mistakes| describe(name, &mistakes));
    }
    let path = Path::new(name);
    if !path.is_file() && !name.contains(['/', '.']) {
        let names = BUILT_IN.iter().map(|(name, _)| *name);
        let failure = Failure::usage(format!("there is no edition `{name}`"));
        return Err(match find_nearest(name, names.clone()) {
            Some(nearest) => failure.with_next(format!("did you mean `{nearest}`?")),
            None => failure.with_next(format!(
                "known are {}; or name a file",
                names.collect::<Vec<_>>().join(", ")
            )),
        });
    }
    let text = std::fs::read_to_string(path).map_err(|error| file_failure("read", path, &error))?;
    parse_edition(&text, known).map_err(|mistakes| describe(name, &mistakes))
}

/// The text of a built-in edition.
pub fn find_text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Engines that an edition offers and this program does not have: an engine of one's own may be
/// meant.
pub fn list_missing_engines(edition: &Edition, engines: &[Box<dyn Engine>]) -> Vec<String> {
    let known: BTreeSet<&str> = engines.iter().map(Engine::id).collect();
    edition.engines.iter().filter(|id| !known.contains(id.as_str())).cloned().collect()
}

fn describe(name: &str, mistakes: &Mistakes) -> Failure {
    let count = mistakes.0.len();
    let mistake = if count == 1 { "mistake" } else { "mistakes" };
    Failure::usage(format!("the edition `{name}` has {count} {mistake}:\n{mistakes}"))
        .with_next("`gantry edition show default` prints one that is right")
}

/// The default edition with the plan of the settings.
fn with_plan(edition: Edition, plan: &PlanConfig) -> Result<Edition, Failure> {
    let draft = plan.derive_draft()?;
    let plan = EditionPlan {
        slug: draft.slug.clone(),
        title: draft.title,
        highlights: Vec::new(),
        sale: Sale::Open,
        terms: draft.terms,
    };
    Ok(Edition { default_plan: draft.slug, plans: vec![plan], ..edition })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::built_in;

    #[test]
    fn every_built_in_edition_is_right() {
        let known = derive_vocabulary(&built_in());
        for (name, _) in BUILT_IN {
            let edition = read(name, &known).unwrap();
            assert_eq!(&edition.slug, name);
            assert!(edition.find_plan(&edition.default_plan).is_some());
        }
    }

    #[test]
    fn the_default_edition_has_the_plan_of_settings_that_say_nothing() {
        let known = derive_vocabulary(&built_in());
        let written = read(DEFAULT, &known).unwrap();
        let served = open(&Config::default(), &known).unwrap();
        assert_eq!(written, served);
    }

    #[test]
    fn names_that_are_none_are_refused_with_the_nearest() {
        let refusal = read("litexplore", &derive_vocabulary(&built_in())).unwrap_err();
        assert_eq!(refusal.next.as_deref(), Some("did you mean `litxplore`?"));
    }
}
