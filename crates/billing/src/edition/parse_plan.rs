//! One plan of an edition's file.

use std::collections::{BTreeMap, BTreeSet};

use gantry_rules::cancellation::CancellationTerms;
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{
    Feature, Included, JobPricing, MeterLimit, PlanPrice, PlanTerms, Support,
};
use gantry_types::{Credits, Currency, MeterId, Nanos, PriorityClass};

use super::parse::{read_money, require_slug};
use super::reader::Reader;
use super::words::remedy_for;
use super::{EditionPlan, Sale};

const MEGABYTE: u64 = 1_000_000;

const SUPPORT: &[(&str, Support)] = &[
    ("community", Support::Community),
    ("email", Support::Email),
    ("priority", Support::Priority),
    ("dedicated", Support::Dedicated),
];
const CLASSES: &[(&str, PriorityClass)] = &[
    ("high", PriorityClass::High),
    ("normal", PriorityClass::Normal),
    ("overflow", PriorityClass::Overflow),
];

pub(super) fn parse_plan(
    reader: &Reader<'_>,
    features: BTreeSet<Feature>,
    currency: Currency,
    countable: &BTreeSet<MeterId>,
) -> EditionPlan {
    let plan = EditionPlan {
        slug: require_slug(reader, "slug"),
        title: reader.require_text("title"),
        highlights: reader.texts("highlights").unwrap_or_default(),
        sale: match reader.flag("on_request") {
            Some(true) => Sale::OnRequest,
            Some(false) | None => Sale::Open,
        },
        terms: PlanTerms { features, ..read_terms(reader, currency, countable) },
    };
    if plan.sale == Sale::OnRequest && plan.terms.price != PlanPrice::default() {
        reader.refuse("on_request", "and a price exclude each other", "leave one out");
    }
    reader.finish();
    plan
}

fn read_terms(reader: &Reader<'_>, currency: Currency, countable: &BTreeSet<MeterId>) -> PlanTerms {
    let megabytes = |key: &str, usual: u64| {
        reader.number(key).map_or(usual, |number| number.saturating_mul(MEGABYTE))
    };
    PlanTerms {
        concurrent_jobs: above_zero(reader, "concurrent_jobs").unwrap_or(4),
        parallel_children: above_zero(reader, "parallel_children").unwrap_or(4),
        queued_jobs: above_zero(reader, "queued_jobs").unwrap_or(1_000),
        class: reader.word("class", CLASSES).unwrap_or(PriorityClass::Normal),
        gpu: match reader.flag("gpu") {
            Some(true) => Included::Yes,
            Some(false) | None => Included::No,
        },
        job_seconds: reader.number("job_minutes").unwrap_or(24 * 60).saturating_mul(60),
        job_memory_bytes: megabytes("job_memory_mb", 64 << 30),
        file_bytes: megabytes("file_mb", 8 << 30),
        artifact_bytes: megabytes("artifact_mb", 8 << 30),
        retention_days: reader.small_number("retention_days"),
        granted_credits: Credits::new(
            reader.number("granted_credits").and_then(|n| i64::try_from(n).ok()).unwrap_or(0),
        ),
        // The edition's, which knows whether anybody can have credits.
        job_pricing: JobPricing::Credits,
        // A plan that states no rate has none.
        requests_per_minute: above_zero(reader, "requests_per_minute").unwrap_or(u32::MAX),
        request_burst: above_zero(reader, "request_burst").unwrap_or(u32::MAX),
        seats: above_zero(reader, "seats"),
        // The caller's, who has read those of all plans.
        features: BTreeSet::new(),
        support: reader.word("support", SUPPORT).unwrap_or_default(),
        price: read_price(reader, currency),
        // The edition's, which states both once for all plans.
        cancellation: CancellationTerms::default(),
        quota_reset: QuotaReset::default(),
        meters: read_meters(reader, currency, countable),
    }
}

pub(super) fn above_zero(reader: &Reader<'_>, key: &str) -> Option<u32> {
    let number = reader.small_number(key)?;
    if number == 0 {
        reader.refuse(key, "must be above 0", "write 1 or more, or leave it out");
        return None;
    }
    Some(number)
}

fn read_price(reader: &Reader<'_>, currency: Currency) -> PlanPrice {
    let Some(table) = reader.table("price") else { return PlanPrice::default() };
    let price = PlanPrice {
        month: read_money(&table, "month", currency),
        year: read_money(&table, "year", currency),
        trial_days: table.small_number("trial_days").unwrap_or(0),
    };
    if price.month.is_none() && price.year.is_none() {
        table.refuse("month", "is missing", "write `month = \"9.00\"`, or leave the price out");
    }
    for (key, money) in [("month", price.month), ("year", price.year)] {
        if money.is_some_and(|money| money.minor == 0) {
            table.refuse(key, "is nothing", "leave the price of a free plan out");
        }
    }
    table.finish();
    price
}

fn read_meters(
    reader: &Reader<'_>,
    currency: Currency,
    countable: &BTreeSet<MeterId>,
) -> BTreeMap<MeterId, MeterLimit> {
    let Some(table) = reader.table("meters") else { return BTreeMap::new() };
    let known: Vec<&str> = countable.iter().map(MeterId::as_str).collect();
    let mut meters = BTreeMap::new();
    for key in table.keys() {
        let Some(meter) = countable.iter().find(|meter| meter.as_str() == key) else {
            let remedy = format!("{}, or name it in [meters]", remedy_for(&key, &known));
            table.refuse(&key, "is counted by no engine", &remedy);
            continue;
        };
        if let Some(limits) = table.table(&key) {
            let read = |key: &str| {
                if meter.counts_money() {
                    let money = read_money(&limits, key, currency)?;
                    Some(Nanos::from_money(money).count_millionths())
                } else {
                    limits.number(key)
                }
            };
            let limit = MeterLimit {
                per_period: read("per_month"),
                per_day: read("per_day"),
                per_job: read("per_job"),
            };
            limits.finish();
            meters.insert(meter.clone(), limit);
        }
    }
    meters
}
