//! From an edition's file to an [`Edition`], or to every mistake in it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gantry_rules::period::QuotaReset;
use gantry_rules::plan::JobPricing;
use gantry_types::{Credits, Currency, MeterId, Money};
use toml_edit::ImDocument;

use super::mistakes::{Mistake, Mistakes};
use super::parse_ai::{read_token_prices, require_prices};
use super::parse_credits::{has_credits, read_cancellation, read_low_balance, read_referrals};
use super::parse_features::read_features;
use super::parse_invoices::read_invoices;
use super::parse_payments::read_providers;
use super::parse_plan::parse_plan;
use super::parse_queues::read_queues;
use super::parse_rewards::parse_rewards;
use super::reader::{Notes, Reader};
use super::words::remedy_for;
use super::{Edition, Package, Vocabulary};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
/// How long a plan lasts while a payment is missing, where the file does not say.
const USUAL_GRACE_DAYS: u32 = 7;

/// Reads an edition's file, TOML, against the names that this installation knows.
///
/// # Errors
/// [`Mistakes`]: all of them.
pub fn parse_edition(text: &str, known: &Vocabulary) -> Result<Edition, Mistakes> {
    let document =
        ImDocument::parse(text).map_err(|error| Mistakes(vec![unreadable(text, &error)]))?;
    let notes = Notes::new(text);
    let root = Reader::new(&notes, document.as_table(), "");
    let edition = read(&root, known);
    let mistakes = notes.finish();
    if mistakes.is_empty() { Ok(edition) } else { Err(Mistakes(mistakes)) }
}

fn unreadable(text: &str, error: &toml_edit::TomlError) -> Mistake {
    let offset = error.span().map_or(0, |span| span.start);
    let line = Notes::new(text).line_of(offset);
    let source = text.lines().nth(line - 1).unwrap_or_default().trim();
    Mistake {
        line,
        key: source.chars().take(60).collect(),
        problem: format!("is not TOML: {}", error.message().replace('\n', ", ")),
        remedy: "see toml.io for how it is written".to_owned(),
    }
}

fn read(root: &Reader<'_>, known: &Vocabulary) -> Edition {
    let slug = require_slug(root, "slug");
    let currency = read_currency(root);
    let providers = read_providers(root, &known.providers);
    let engines: BTreeSet<String> = root.texts("engines").unwrap_or_default().into_iter().collect();
    let meters = read_meter_titles(root);
    let countable: BTreeSet<MeterId> = known.meters.iter().chain(meters.keys()).cloned().collect();
    let readers = root.tables("plans");
    let mut plans: Vec<_> = readers
        .iter()
        .zip(read_features(&readers))
        .map(|(plan, features)| parse_plan(plan, features, currency, &countable))
        .collect();
    let cancellation = read_cancellation(root);
    let quota_reset = root.word("quota_reset", QuotaReset::ALL).unwrap_or_default();
    for plan in &mut plans {
        (plan.terms.cancellation, plan.terms.quota_reset) = (cancellation, quota_reset);
    }
    require_unique(&readers, plans.iter().map(|plan| plan.slug.as_str()));
    let token_prices = read_token_prices(root);
    require_prices(&readers, &plans, &token_prices);
    let readers = root.tables("packages");
    let packages: Vec<_> = readers.iter().map(|reader| read_package(reader, currency)).collect();
    require_unique(&readers, packages.iter().map(|package| package.slug.as_str()));
    let default_plan = root.text("default_plan").unwrap_or_default();
    let slugs: Vec<&str> = plans.iter().map(|plan| plan.slug.as_str()).collect();
    if !slugs.contains(&default_plan.as_str()) {
        let problem = format!("names no plan of this file: `{default_plan}`");
        root.refuse("default_plan", &problem, &remedy_for(&default_plan, &slugs));
    } else if plans.iter().any(|plan| plan.slug == default_plan && plan.terms.price.is_set()) {
        root.refuse("default_plan", "has a price", "name a plan that costs nothing");
    }
    let low_balance = read_low_balance(root);
    let rewards = parse_rewards(root);
    let knows_credits = rewards.is_some() || has_credits(&plans, &packages);
    if !knows_credits {
        // Nobody could pay for a job with what nobody can have.
        plans.iter_mut().for_each(|plan| plan.terms.job_pricing = JobPricing::Included);
    }
    let referrals = read_referrals(root, knows_credits);
    let title = root.require_text("title");
    let invoices = read_invoices(root, &title);
    let edition = Edition {
        slug,
        title,
        tagline: root.text("tagline").unwrap_or_default(),
        engines,
        providers,
        currency,
        grace: DAY * root.small_number("grace_days").unwrap_or(USUAL_GRACE_DAYS),
        default_plan,
        plans,
        packages,
        rewards,
        low_balance,
        referrals,
        invoices,
        meters,
        token_prices,
        queues: read_queues(root),
    };
    root.finish();
    edition
}

fn read_currency(root: &Reader<'_>) -> Currency {
    let usual = || Currency::usd();
    let Some(text) = root.text("currency") else { return usual() };
    text.parse().unwrap_or_else(|error: gantry_types::InvalidCurrency| {
        root.refuse("currency", "is no currency", &error.to_string());
        usual()
    })
}

/// `[meters]`: the names for people of what plans limit, also of what an engine of one's own
/// counts.
fn read_meter_titles(root: &Reader<'_>) -> BTreeMap<MeterId, String> {
    let Some(table) = root.table("meters") else { return BTreeMap::new() };
    let mut titles = BTreeMap::new();
    for key in table.keys() {
        match key.parse::<MeterId>() {
            Ok(meter) => {
                titles.insert(meter, table.require_text(&key));
            }
            Err(error) => table.refuse(&key, "cannot be a meter", &error.to_string()),
        }
    }
    titles
}

fn read_package(reader: &Reader<'_>, currency: Currency) -> Package {
    let credits = reader.number("credits").and_then(|number| i64::try_from(number).ok());
    if credits.is_none_or(|credits| credits == 0) {
        reader.refuse("credits", "must be above 0", "write how many credits are bought");
    }
    let price = read_money(reader, "price", currency);
    if price.is_none_or(|price| price.minor == 0) {
        reader.refuse("price", "must be above 0", "write it as a text, such as \"9.00\"");
    }
    let package = Package {
        slug: require_slug(reader, "slug"),
        title: reader.require_text("title"),
        credits: Credits::new(credits.unwrap_or_default()),
        price: price.unwrap_or(Money { minor: 0, currency }),
        expires_after: reader.small_number("expires_days").map(|days| DAY * days),
    };
    reader.finish();
    package
}

/// A price in the edition's currency.
pub(super) fn read_money(reader: &Reader<'_>, key: &str, currency: Currency) -> Option<Money> {
    let text = reader.text(key)?;
    match Money::parse(&text, currency) {
        Ok(money) => Some(money),
        Err(error) => {
            reader.refuse(key, "is no price", &error.to_string());
            None
        }
    }
}

pub(super) fn require_slug(reader: &Reader<'_>, key: &str) -> String {
    let slug = reader.require_text(key);
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !slug.is_empty() && (slug.len() > 32 || !slug.chars().all(fits)) {
        reader.refuse(key, "is no name for programs", "write 1 to 32 of a-z, 0-9 and -");
    }
    slug
}

fn require_unique<'s>(readers: &[Reader<'_>], slugs: impl Iterator<Item = &'s str>) {
    let mut seen = BTreeSet::new();
    for (reader, slug) in readers.iter().zip(slugs) {
        if !seen.insert(slug) {
            reader.refuse("slug", &format!("`{slug}` is there twice"), "give each its own name");
        }
    }
}
