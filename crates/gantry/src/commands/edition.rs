//! `gantry edition`: list, show and check products that are files.

use gantry_billing::{Edition, EditionPlan, Sale};
use gantry_rules::plan::Included;
use gantry_types::Currency;
use serde_json::{Value, json};

use crate::cli::EditionCommand;
use crate::console::Console;
use crate::editions::{self, BUILT_IN};
use crate::engines::built_in;
use crate::failure::{Exit, Failure};

/// Looks at editions.
///
/// # Errors
/// A usage failure that tells every mistake of an edition's file.
pub fn run(command: &EditionCommand, console: Console) -> Result<Exit, Failure> {
    let engines = built_in();
    let known = editions::derive_vocabulary(&engines);
    match command {
        EditionCommand::List => {
            let all = BUILT_IN
                .iter()
                .map(|(name, _)| editions::read(name, &known))
                .collect::<Result<Vec<_>, _>>()?;
            let body: Vec<Value> = all.iter().map(summary_of).collect();
            console.result(&json!({ "editions": body }), |_| {
                all.iter().map(line_of).collect::<Vec<_>>().join("\n")
            });
        }
        EditionCommand::Show { name } => match editions::find_text(name) {
            Some(text) => console.say(text.trim_end()),
            None => {
                editions::read(name, &known)?;
            }
        },
        EditionCommand::Check { file } => {
            let edition = editions::read(file, &known)?;
            let missing = editions::list_missing_engines(&edition, &engines);
            console.result(&json!({ "edition": summary_of(&edition), "missing": missing }), |_| {
                let mut lines = vec![line_of(&edition)];
                lines.extend(edition.plans.iter().map(|plan| {
                    format!("  {:20} {}", plan.title, describe_plan(plan, edition.currency))
                }));
                lines.extend(edition.packages.iter().map(|package| {
                    format!(
                        "  {:20} {} credits for {}",
                        package.title, package.credits, package.price
                    )
                }));
                lines.extend(edition.rewards.as_ref().map(|rewards| {
                    let (terms, provider) = (&rewards.terms, rewards.provider.as_str());
                    format!(
                        "  {:20} {} credits each, {} a day, by {provider}",
                        "Ads", terms.credits, terms.person.per_day
                    )
                }));
                if !edition.providers.is_empty() {
                    lines.push(format!("  {:20} {}", "Payments", edition.providers.join(", ")));
                }
                lines.extend(missing.iter().map(|id| {
                    format!(
                        "  The engine `{id}` is not built in; name one of your own in [engines]."
                    )
                }));
                lines.join("\n")
            });
        }
    }
    Ok(Exit::Success)
}

fn summary_of(edition: &Edition) -> Value {
    let plans: Vec<Value> = edition
        .plans
        .iter()
        .map(|plan| json!({ "slug": plan.slug, "title": plan.title, "terms": plan.terms }))
        .collect();
    json!({
        "slug": edition.slug,
        "title": edition.title,
        "tagline": edition.tagline,
        "providers": edition.providers,
        "default_plan": edition.default_plan,
        "plans": plans,
    })
}

fn line_of(edition: &Edition) -> String {
    format!("{:12} {}: {}", edition.slug, edition.title, edition.tagline)
}

fn describe_plan(EditionPlan { sale, terms, .. }: &EditionPlan, currency: Currency) -> String {
    let price = match (*sale, terms.price.month, terms.price.year) {
        (Sale::OnRequest, _, _) => "on request".to_owned(),
        (Sale::Open, Some(month), Some(year)) => format!("{month} a month or {year} a year"),
        (Sale::Open, Some(month), None) => format!("{month} a month"),
        (Sale::Open, None, Some(year)) => format!("{year} a year"),
        (Sale::Open, None, None) => "free".to_owned(),
    };
    let limits = terms.meters.iter().flat_map(|(meter, limit)| {
        [("a month", limit.per_period), ("a day", limit.per_day), ("a job", limit.per_job)]
            .into_iter()
            .filter_map(move |(each, units)| {
                Some(format!("{} {meter} {each}", meter.tell_units(units?, currency)))
            })
    });
    let gpu = match terms.gpu {
        Included::Yes => Some("GPU".to_owned()),
        Included::No => None,
    };
    [price].into_iter().chain(gpu).chain(limits).collect::<Vec<_>>().join(", ")
}
