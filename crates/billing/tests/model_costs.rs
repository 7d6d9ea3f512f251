//! Limits in money on what language models cost: read from an edition's file, and held by the one
//! that has them.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use gantry_billing::{Mistake, Vocabulary, parse_edition};
use gantry_rules::plan::MeterLimit;
use gantry_types::{MeterId, TokenUse};

const SHOP: &str = r#"
slug = "shop"
title = "Shop"
currency = "EUR"
default_plan = "free"

[ai.models."small"]
input_per_million = "0.40"
output_per_million = "1.60"

[[plans]]
slug = "free"
title = "Free"

[plans.meters]
ai_cost = { per_month = "1.50", per_day = "0.5", per_job = "0.05" }
"#;

fn known() -> Vocabulary {
    Vocabulary {
        meters: [MeterId::jobs(), MeterId::ai_cost()].into(),
        providers: ["sandbox", "stripe", "razorpay", "paypal"].map(str::to_owned).into(),
    }
}

fn mistakes(text: &str) -> Vec<Mistake> {
    parse_edition(text, &known()).unwrap_err().0
}

#[test]
fn limits_in_money_are_millionths() {
    let edition = parse_edition(SHOP, &known()).unwrap();
    let limit = edition.find_plan("free").unwrap().terms.meters[&MeterId::ai_cost()];
    let expected =
        MeterLimit { per_period: Some(1_500_000), per_day: Some(500_000), per_job: Some(50_000) };
    assert_eq!(limit, expected);
    let yen = SHOP.replace("EUR", "JPY").replace(r#""0.5""#, r#""7""#);
    let yen = yen.replace(r#""1.50""#, r#""90""#).replace(r#""0.05""#, r#""3""#);
    let edition = parse_edition(&yen, &known()).unwrap();
    let limit = edition.find_plan("free").unwrap().terms.meters[&MeterId::ai_cost()];
    assert_eq!(limit.per_job, Some(3_000_000));
}

#[test]
fn what_is_no_limit_in_money_is_told() {
    for (from, to, remedy) in [
        (r#"per_job = "0.05""#, "per_job = 50000", "write a text in quotes"),
        (r#"per_job = "0.05""#, r#"per_job = "0.005""#, "at most 2 behind the point"),
    ] {
        let found = mistakes(&SHOP.replace(from, to));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].key, "plans.free.meters.ai_cost.per_job");
        assert!(found[0].remedy.contains(remedy), "{found:?}");
    }
    let (before, rest) = SHOP.split_once("[ai.models").unwrap();
    let (_, plans) = rest.split_once("[[plans]]").unwrap();
    let found = mistakes(&format!("{before}[[plans]]{plans}"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].key, "plans.free.meters");
    assert!(found[0].problem.contains("no model has a price"), "{found:?}");
    assert!(found[0].remedy.contains("input_per_million"), "{found:?}");
}

/// What a month and a job may cost on each tier, in millionths of a dollar; and what a month allows
/// is never less on a larger one.
#[test]
fn litxplore_limits_what_models_cost_on_every_tier() {
    let path = format!("{}/../../editions/litxplore.toml", env!("CARGO_MANIFEST_DIR"));
    let known = Vocabulary {
        meters: [MeterId::jobs(), MeterId::api_calls()].into(),
        providers: ["sandbox", "stripe", "razorpay", "paypal"].map(str::to_owned).into(),
    };
    let edition = parse_edition(&std::fs::read_to_string(path).unwrap(), &known).unwrap();
    let limits = edition.plans.iter().map(|plan| {
        let limit = plan.terms.meters[&MeterId::ai_cost()];
        (plan.slug.as_str(), limit.per_period, limit.per_job)
    });
    let expected = [
        ("free", Some(500_000), Some(150_000)),
        ("basic", Some(4_000_000), Some(150_000)),
        ("premium", Some(10_000_000), Some(600_000)),
    ];
    assert_eq!(limits.collect::<Vec<_>>(), expected);
    // A month's tokens of the free plan, all of them answers, cost no more than twice its limit.
    let tokens = TokenUse { input_tokens: 0, output_tokens: 600_000 };
    let cost = edition.token_prices.find_cost("gpt-4.1-mini", tokens).unwrap();
    assert!(cost.count_millionths() <= 2 * 500_000, "{cost:?}");
}
