//! An edition's file: what is right is read to the number, and everything that is wrong is told at
//! once, with its line and what to write instead.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::time::Duration;

use gantry_billing::{AdProvider, Edition, EditionPlan, Mistake, Sale, Vocabulary, parse_edition};
use gantry_rules::cancellation::CancellationTerms;
use gantry_rules::invoice::{InvoiceTerms, TaxTerms};
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{Feature, Included, Interval};
use gantry_rules::referral::RewardedWhen;
use gantry_rules::rewards::Velocity;
use gantry_types::{Credits, Nanos, PriorityClass, TokenUse};
use serde_json::{Value, json};

fn known() -> Vocabulary {
    Vocabulary {
        meters: ["jobs", "rows", "api_calls"].iter().map(|name| name.parse().unwrap()).collect(),
        providers: ["sandbox", "stripe", "razorpay", "paypal"].map(str::to_owned).into(),
    }
}

const GOOD: &str = r#"
slug = "shop"
title = "Shop"
currency = "EUR"
default_plan = "free"
engines = ["synth"]

[credits]
low_balance = 20

[cancellation]
free = 3
step_percent = 10
most_percent = 50

[referrals]
reward = 50
when = "verified"
expires_days = 30

[meters]
reviews = "Reviews"

[[plans]]
slug = "free"
title = "Free"
features = []

[plans.meters]
jobs = { per_month = 10 }
reviews = { per_day = 2, per_job = 1 }

[[plans]]
slug = "paid"
title = "Paid"
class = "high"
gpu = true
seats = 3

[plans.price]
month = "49.00"
year = "490"

[[packages]]
slug = "hundred"
title = "A hundred"
credits = 100
price = "9.50"
expires_days = 90
"#;

#[test]
fn what_is_right_is_read_to_the_number() {
    let edition = parse_edition(GOOD, &known()).unwrap();
    assert_eq!(edition.plans.len(), 2);
    let free = edition.find_plan("free").unwrap();
    let open = [Feature::Collaboration, Feature::Chatbot, Feature::Branding];
    assert_eq!(free.terms.features, open.into(), "no plan names those");
    assert_eq!(free.terms.meters[&"jobs".parse().unwrap()].per_period, Some(10));
    assert_eq!(free.terms.meters[&"reviews".parse().unwrap()].per_day, Some(2));
    let paid = edition.find_plan("paid").unwrap();
    assert_eq!(paid.sale, Sale::Open);
    assert_eq!(paid.terms.class, PriorityClass::High);
    assert_eq!(paid.terms.gpu, Included::Yes);
    assert_eq!(paid.terms.seats, Some(3));
    assert!(paid.terms.features.contains(&Feature::Api), "a plan that lists none has all");
    assert_eq!(paid.terms.price.find(Interval::Month).unwrap().to_string(), "49.00 EUR");
    assert_eq!(paid.terms.price.find(Interval::Year).unwrap().to_string(), "490.00 EUR");
    let package = edition.find_package("hundred").unwrap();
    assert_eq!(package.price.minor, 950);
    assert_eq!(package.expires_after.unwrap().as_secs(), 90 * 86_400);
    assert_eq!(edition.low_balance, Some(Credits::new(20)));
    let terms = CancellationTerms { free: 3, step_percent: 10, most_percent: 50 };
    assert!(edition.plans.iter().all(|plan| plan.terms.cancellation == terms));
    let referrals = edition.referrals.unwrap();
    assert_eq!((referrals.reward, referrals.welcome), (Some(Credits::new(50)), None));
    assert_eq!((referrals.when, referrals.most_per_month), (RewardedWhen::Verified, 10));
    assert_eq!(referrals.expires_after.unwrap().as_secs(), 30 * 86_400);
    assert!(edition.offers("synth") && !edition.offers("automl"));
}

#[test]
fn months_begin_where_the_file_says() {
    let resets = |text: &str| {
        let edition = parse_edition(text, &known()).unwrap();
        edition.plans.iter().map(|plan| plan.terms.quota_reset).collect::<Vec<_>>()
    };
    assert_eq!(resets(GOOD), [QuotaReset::Calendar; 2]);
    let text = GOOD.replace("currency =", "quota_reset = \"billing\"\ncurrency =");
    assert_eq!(resets(&text), [QuotaReset::Billing; 2]);
    let found = mistakes(&text.replace("\"billing\"", "\"biling\""));
    assert_eq!(found[0].key, "quota_reset");
    assert_eq!(found[0].remedy, "did you mean `billing`?");
}

#[test]
fn a_feature_that_a_plan_names_is_missing_where_others_do_not() {
    let text = GOOD.replace("seats = 3", "seats = 3\nfeatures = [\"collaboration\", \"api\"]");
    let edition = parse_edition(&text, &known()).unwrap();
    let of = |plan: &str| edition.find_plan(plan).unwrap().terms.features.clone();
    assert_eq!(of("free"), [Feature::Chatbot, Feature::Branding].into());
    let paid = [Feature::Api, Feature::Collaboration, Feature::Chatbot, Feature::Branding];
    assert_eq!(of("paid"), paid.into());
}

#[test]
fn what_is_a_key_of_a_plan_is_no_feature() {
    for (word, remedy) in [
        ("gpu", "write `gpu = true`"),
        ("priority_queue", "write `class = \"high\"`"),
        ("seats", "write `seats = 3`"),
        ("colaboration", "did you mean `collaboration`?"),
    ] {
        let found = mistakes(&GOOD.replace("features = []", &format!("features = [\"{word}\"]")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].key.as_str(), found[0].line), ("plans.free.features", 27));
        assert_eq!(found[0].remedy, remedy);
    }
}

fn mistakes(text: &str) -> Vec<Mistake> {
    parse_edition(text, &known()).unwrap_err().0
}

#[test]
fn every_mistake_is_told_with_its_line_and_remedy() {
    let text = GOOD
        .replace("title = \"Shop\"", "titel = \"Shop\"")
        .replace("class = \"high\"", "class = \"hihg\"")
        .replace("jobs = { per_month = 10 }", "jbos = { per_month = 10 }")
        .replace("seats = 3", "seats = 0")
        .replace("month = \"49.00\"", "month = 49")
        .replace("credits = 100", "credits = -1");
    let found = mistakes(&text);
    let told = |key: &str| found.iter().find(|mistake| mistake.key == key).unwrap();
    assert_eq!(told("titel").remedy, "did you mean `title`?");
    assert_eq!(told("titel").line, 3);
    assert_eq!(told("title").problem, "is missing");
    assert_eq!(told("plans.free.meters.jbos").problem, "is counted by no engine");
    assert!(told("plans.free.meters.jbos").remedy.starts_with("did you mean `jobs`?"));
    assert_eq!(told("plans.paid.class").line, 36);
    assert_eq!(told("plans.paid.seats").problem, "must be above 0");
    assert_eq!(told("plans.paid.price.month").remedy, "write a text in quotes");
    assert!(found.iter().any(|mistake| mistake.key == "packages.hundred.credits"));
    let lines: Vec<usize> = found.iter().map(|mistake| mistake.line).collect();
    assert!(lines.is_sorted());
}

#[test]
fn what_cannot_be_sold_is_refused() {
    for (from, to, problem) in [
        ("default_plan = \"free\"", "default_plan = \"paid\"", "has a price"),
        ("default_plan = \"free\"", "default_plan = \"fre\"", "names no plan"),
        ("slug = \"paid\"", "slug = \"free\"", "is there twice"),
        ("currency = \"EUR\"", "currency = \"euro\"", "is no currency"),
        ("year = \"490\"", "year = \"490.001\"", "is no price"),
        ("seats = 3", "on_request = true", "exclude each other"),
        ("features = []", "features = [\"telepathy\"]", "is no feature"),
        ("price = \"9.50\"", "price = \"0\"", "must be above 0"),
        ("low_balance = 20", "low_balance = 0", "must be above 0"),
        ("step_percent = 10", "", "from 1 to 100"),
        ("most_percent = 50", "most_percent = 101", "from 1 to 100"),
        ("free = 3", "free = 1000", "is too large"),
        ("reward = 50", "", "is missing"),
        ("when = \"verified\"", "when = \"soon\"", "cannot be"),
    ] {
        let found = mistakes(&GOOD.replace(from, to));
        assert!(found.iter().any(|m| m.problem.contains(problem)), "{problem}: {found:?}");
    }
    let yearly = GOOD
        .replace("default_plan = \"free\"", "default_plan = \"paid\"")
        .replace("month = \"49.00\"\n", "");
    let found = mistakes(&yearly);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].key.as_str(), found[0].problem.as_str()), ("default_plan", "has a price"));
    let (without_packages, _) = GOOD.split_once("[[packages]]").unwrap();
    let found = mistakes(without_packages);
    assert!(found.iter().any(|m| m.key == "referrals"), "{found:?}");
    let broken = mistakes("slug = \n");
    assert_eq!(broken[0].line, 1);
    assert!(broken[0].problem.contains("is not TOML"));
}

#[test]
fn invoices_are_read_and_what_is_wrong_with_them_is_told() {
    let usual = parse_edition(GOOD, &known()).unwrap().invoices;
    assert_eq!(usual, InvoiceTerms::plain("Shop"));
    let text = format!(
        "{GOOD}\n[invoices]\nnumber = \"R-{{year}}-{{number}}\"\nseller = [\"Shop Ltd\", \"1 Street\"]\n\
         tax = \"VAT\"\ntax_percent = \"7.7\"\nnote = \"Thank you.\"\n"
    );
    let terms = parse_edition(&text, &known()).unwrap().invoices;
    assert_eq!(terms.number.to_string(), "R-{year}-{number}");
    assert_eq!(terms.seller, ["Shop Ltd", "1 Street"]);
    assert_eq!(terms.tax, Some(TaxTerms { name: "VAT".to_owned(), hundredths: 770 }));
    assert_eq!(terms.note.as_deref(), Some("Thank you."));
    for (from, to, key) in [
        ("R-{year}-{number}", "R-{year}", "invoices.number"),
        ("[\"Shop Ltd\", \"1 Street\"]", "[]", "invoices.seller"),
        ("tax_percent = \"7.7\"", "", "invoices.tax_percent"),
        ("tax = \"VAT\"", "", "invoices.tax"),
        ("\"7.7\"", "\"101\"", "invoices.tax_percent"),
        ("\"7.7\"", "\"0\"", "invoices.tax_percent"),
        ("note =", "notes =", "invoices.notes"),
    ] {
        let found = mistakes(&text.replace(from, to));
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        assert_eq!(found[0].key, key, "{found:?}");
    }
}

#[test]
fn credits_for_ads_are_read_to_the_number() {
    assert_eq!(parse_edition(GOOD, &known()).unwrap().rewards, None);
    let text = format!("{GOOD}\n[rewards]\ncredits = 5\n");
    let rewards = parse_edition(&text, &known()).unwrap().rewards.unwrap();
    assert_eq!(rewards.provider, AdProvider::Sandbox);
    assert_eq!(rewards.terms.credits, Credits::new(5));
    assert_eq!(rewards.terms.cooldown, Duration::from_secs(30));
    assert_eq!(rewards.terms.person, Velocity { per_hour: 10, per_day: 10 });
    assert_eq!(rewards.terms.expires_after, None);
    let text = format!(
        "{GOOD}\n[rewards]\nprovider = \"admob\"\ncredits = 2\ncooldown_s = 60\n\
         expires_days = 30\nunits = [\"ca-app-pub-1/22\"]\nperson = {{ per_day = 3 }}\n"
    );
    let rewards = parse_edition(&text, &known()).unwrap().rewards.unwrap();
    assert_eq!(rewards.provider, AdProvider::AdMob);
    assert_eq!(rewards.units, ["ca-app-pub-1/22"]);
    assert_eq!(rewards.terms.expires_after, Some(Duration::from_hours(30 * 24)));
    assert_eq!(rewards.terms.person, Velocity { per_hour: 3, per_day: 3 });
}

#[test]
fn what_is_wrong_with_credits_for_ads_is_told() {
    let text = format!(
        "{GOOD}\n[rewards]\nprovider = \"admop\"\nunits = [\"mine\"]\n\
         person = {{ per_hour = 9, per_day = 3 }}\ncooldwn_s = 3\n"
    );
    let mistakes = parse_edition(&text, &known()).unwrap_err().0;
    let keys: Vec<&str> = mistakes.iter().map(|mistake| mistake.key.as_str()).collect();
    for key in [
        "rewards.provider",
        "rewards.units",
        "rewards.credits",
        "rewards.person.per_hour",
        "rewards.cooldwn_s",
    ] {
        assert!(keys.contains(&key), "{key}: {keys:?}");
    }
    let provider = mistakes.iter().find(|mistake| mistake.key == "rewards.provider").unwrap();
    assert_eq!(provider.remedy, "did you mean `admob`?");
}

#[test]
fn tokens_of_language_models_have_prices() {
    let tokens = TokenUse { input_tokens: 2_000, output_tokens: 100 };
    let free = parse_edition(GOOD, &known()).unwrap().token_prices;
    assert_eq!(free.find_cost("small-4.1", tokens), None);
    let text = format!(
        "{GOOD}\n[ai.models.\"small-4.1\"]\ninput_per_million = \"0.075\"\n\
         output_per_million = \"15.00\"\n"
    );
    let prices = parse_edition(&text, &known()).unwrap().token_prices;
    assert_eq!(prices.find_cost("small-4.1", tokens), Some(Nanos::new(1_650_000)));
    for (from, to, key) in [
        ("\"0.075\"", "\"0.0075\"", "ai.models.small-4.1.input_per_million"),
        ("\"0.075\"", "0.075", "ai.models.small-4.1.input_per_million"),
        ("output_per_million = \"15.00\"", "", "ai.models.small-4.1.output_per_million"),
        ("output_per_million", "output_per_milion", "ai.models.small-4.1.output_per_milion"),
        ("[ai.models.", "[ai.modles.", "ai.modles"),
    ] {
        let found = mistakes(&text.replace(from, to));
        assert!(found.iter().any(|mistake| mistake.key == key), "{to}: {found:?}");
    }
}

/// An edition of the repository.
fn built_in(name: &str) -> Edition {
    let path = format!("{}/../../editions/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    parse_edition(&std::fs::read_to_string(path).unwrap(), &known()).unwrap()
}

fn usd(minor: i64) -> Value {
    json!({ "minor": minor, "currency": "USD" })
}

/// What the products promise: edition, plan, place in the plan's terms, and what is there; `null`
/// where nothing limits or costs.
fn promised() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    vec![
        ("tabgraphsyn", "free", "/meters/jobs/per_period", json!(10)),
        ("tabgraphsyn", "free", "/meters/rows/per_job", json!(10_000)),
        ("tabgraphsyn", "free", "/meters/epochs/per_job", json!(50)),
        ("tabgraphsyn", "free", "/meters/chat_messages/per_job", json!(0)),
        ("tabgraphsyn", "free", "/file_bytes", json!(50_000_000)),
        ("tabgraphsyn", "free", "/price", json!({})),
        ("tabgraphsyn", "free", "/gpu", json!("no")),
        ("tabgraphsyn", "free", "/class", json!("normal")),
        ("tabgraphsyn", "paid", "/meters/jobs/per_period", json!(1_000)),
        ("tabgraphsyn", "paid", "/meters/rows/per_job", json!(100_000)),
        ("tabgraphsyn", "paid", "/meters/epochs/per_job", json!(500)),
        ("tabgraphsyn", "paid", "/meters/chat_messages/per_day", json!(10)),
        ("tabgraphsyn", "paid", "/meters/api_calls/per_period", json!(1_000)),
        ("tabgraphsyn", "paid", "/file_bytes", json!(500_000_000)),
        ("tabgraphsyn", "paid", "/price/month", usd(4_900)),
        ("tabgraphsyn", "paid", "/price/year", usd(49_000)),
        ("tabgraphsyn", "paid", "/gpu", json!("yes")),
        ("tabgraphsyn", "paid", "/class", json!("high")),
        ("tabgraphsyn", "paid", "/support", json!("priority")),
        ("suresh", "standard", "/requests_per_minute", json!(60)),
        ("suresh", "standard", "/request_burst", json!(100)),
        ("suresh", "premium", "/requests_per_minute", json!(u32::MAX)),
        ("suresh", "premium", "/request_burst", json!(u32::MAX)),
        ("suresh", "premium", "/price/month", json!({ "minor": 199_900, "currency": "INR" })),
        ("litxplore", "free", "/meters/reviews/per_period", json!(3)),
        ("litxplore", "free", "/meters/chat_messages/per_day", json!(20)),
        ("litxplore", "free", "/price", json!({})),
        ("litxplore", "basic", "/meters/reviews/per_period", json!(25)),
        ("litxplore", "basic", "/meters/chat_messages", json!(null)),
        ("litxplore", "basic", "/price/month", usd(999)),
        ("litxplore", "premium", "/meters/reviews", json!(null)),
        ("litxplore", "premium", "/meters/chat_messages", json!(null)),
        ("litxplore", "premium", "/price/month", usd(1_999)),
        ("litxplore", "premium", "/support", json!("priority")),
        ("montecarlo", "free", "/meters/jobs/per_period", json!(100)),
        ("montecarlo", "free", "/meters/iterations/per_job", json!(1_000)),
        ("montecarlo", "free", "/concurrent_jobs", json!(3)),
        ("montecarlo", "free", "/retention_days", json!(30)),
        ("montecarlo", "free", "/file_bytes", json!(10_000_000)),
        ("montecarlo", "free", "/seats", json!(1)),
        ("montecarlo", "free", "/gpu", json!("no")),
        ("montecarlo", "free", "/price", json!({})),
        ("montecarlo", "starter", "/meters/jobs/per_period", json!(1_000)),
        ("montecarlo", "starter", "/meters/iterations/per_job", json!(10_000)),
        ("montecarlo", "starter", "/seats", json!(3)),
        ("montecarlo", "starter", "/gpu", json!("no")),
        ("montecarlo", "starter", "/price/month", usd(2_900)),
        ("montecarlo", "professional", "/meters/jobs", json!(null)),
        ("montecarlo", "professional", "/meters/iterations/per_job", json!(100_000)),
        ("montecarlo", "professional", "/meters/api_calls/per_period", json!(1_000)),
        ("montecarlo", "professional", "/seats", json!(10)),
        ("montecarlo", "professional", "/gpu", json!("yes")),
        ("montecarlo", "professional", "/class", json!("high")),
        ("montecarlo", "professional", "/price/month", usd(9_900)),
        ("montecarlo", "enterprise", "/meters/jobs", json!(null)),
        ("montecarlo", "enterprise", "/meters/api_calls", json!(null)),
        ("montecarlo", "enterprise", "/meters/iterations/per_job", json!(1_000_000)),
        ("montecarlo", "enterprise", "/seats", json!(null)),
        ("montecarlo", "enterprise", "/file_bytes", json!(500_000_000)),
        ("montecarlo", "enterprise", "/gpu", json!("yes")),
        ("montecarlo", "enterprise", "/support", json!("dedicated")),
    ]
}

#[test]
fn editions_keep_what_their_products_promise() {
    for (edition, plan, place, expected) in promised() {
        let terms = built_in(edition).find_plan(plan).unwrap().terms.clone();
        let terms = serde_json::to_value(terms).unwrap();
        let found = terms.pointer(place).unwrap_or(&Value::Null);
        assert_eq!(found, &expected, "{edition}, {plan}, {place}");
    }
    let automl = built_in("automl");
    let packages = automl.packages.iter().map(|package| package.credits.get());
    assert_eq!(packages.collect::<Vec<_>>(), [100, 500, 1_000, 5_000]);
    let ads = automl.rewards.unwrap().terms;
    assert_eq!((ads.person.per_day, ads.cooldown.as_secs()), (10, 30));
    let includes_api = |plan: &&EditionPlan| plan.terms.features.contains(&Feature::Api);
    let montecarlo = built_in("montecarlo");
    let with_api = montecarlo.plans.iter().filter(includes_api).map(|plan| plan.slug.as_str());
    assert_eq!(with_api.collect::<Vec<_>>(), ["professional", "enterprise"]);
    assert_eq!(montecarlo.find_plan("enterprise").unwrap().sale, Sale::OnRequest);
}
