//! Each edition that sells plans: register, meet the free limit, pay, work on, cancel, and be on
//! the free plan again when the period is over.

use std::path::Path;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use gantry_billing::Billing;
use gantry_external::{ExternalConfig, ExternalEngine};
use gantry_rules::plan::MeterLimit;
use gantry_testkit::TestRequest;
use gantry_types::PriorityClass;
use serde_json::json;

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop, edition};

/// Where stories play that no provider and no store changes.
const HOME: Stage = Stage { who: Who::Sandbox, database: Database::Sqlite };

/// The address of who buys.
const BUYER: &str = "buyer@example.org";

/// An edition's free limit, and the plan that lifts it.
struct Story {
    edition: &'static str,
    /// The operation whose jobs are limited, and what counts them.
    operation: &'static str,
    meter: &'static str,
    free_jobs: u32,
    paid: &'static str,
    price: &'static str,
}

/// A limit of jobs, whatever they do.
async fn tell(stage: Stage, story: Story) -> Result<()> {
    let shop = Shop::open(stage, edition(story.edition)).await?;
    tell_in(shop, stage, story).await
}

async fn tell_in(mut shop: Shop, stage: Stage, story: Story) -> Result<()> {
    assert_eq!(shop.plan().await?, "free");
    let refusal = shop.use_up(story.operation, story.free_jobs).await?;
    assert_eq!(refusal["code"], "quota_exceeded");
    assert_eq!(refusal["meter"], story.meter);
    assert_eq!(refusal["limit"], story.free_jobs);
    assert_eq!(refusal["used"], story.free_jobs);
    assert!(refusal["resets_at"].is_string());
    let detail = refusal["detail"].as_str().context("a detail")?;
    let (meter, all) = (story.meter, format!("{0} of {0} are used", story.free_jobs));
    assert!(detail.contains(meter) && detail.contains(&all), "{detail}");
    assert_eq!(refusal["upgrade"]["slug"], story.paid, "{refusal}");
    assert_eq!(refusal["upgrade"]["price"]["month"]["text"], story.price);
    let again = json!({ "operation": story.operation });
    let kept = json!({ "operation": story.operation, "keep_if_refused": true });
    let kept = shop.submit(&kept).await?.json()?;
    assert_eq!(kept["state"], "blocked");

    shop.buy(&json!({ "plan": story.paid }), PAYS).await?;
    assert_eq!(shop.plan().await?, story.paid);
    // The very job that was refused runs.
    shop.wait_for(&kept).await?;
    shop.submit(&again).await?.require_status(202)?;

    let cancelled = shop.change(&json!({ "action": "cancel" })).await?;
    cancelled.require_status(200)?;
    assert_eq!(cancelled.json()?["cancels_at_period_end"], true);
    let kept = shop.change(&json!({ "action": "keep" })).await?;
    if stage.who.takes_cancellations_back() {
        kept.require_status(200)?;
        shop.deliver().await?;
        assert_eq!(shop.subscription().await?["cancels_at_period_end"], false, "after all");
        shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    } else {
        kept.require_status(409)?;
    }
    shop.deliver().await?;
    assert_eq!(shop.plan().await?, story.paid, "what was paid for lasts");
    shop.pass_a_month(stage.who).await?;
    assert_eq!(shop.subscription().await?["status"], "ended");
    assert_eq!(shop.plan().await?, "free");
    let jobs = shop.buyer.get("/api/v1/jobs?limit=200").await?.json()?;
    let jobs = jobs["items"].as_array().context("jobs")?;
    let kept = jobs.iter().filter(|job| job["operation"] == story.operation).count();
    assert_eq!(kept as u32, story.free_jobs + 2, "a downgrade loses nothing");
    if stage.who.tells_of_ends() {
        let refused = shop.submit(&again).await?;
        refused.require_status(402)?;
    } else {
        // A month passed here as well, and the limit counts anew.
        shop.use_up(story.operation, story.free_jobs).await?;
    }
    shop.require_sound_books().await
}

on_every_stage!(tabgraphsyn, montecarlo, litxplore, automl);

async fn tabgraphsyn(stage: Stage) -> Result<()> {
    tell(stage, of_jobs("tabgraphsyn", 10, ("paid", "49.00 USD"))).await
}

async fn montecarlo(stage: Stage) -> Result<()> {
    tell(stage, of_jobs("montecarlo", 100, ("starter", "29.00 USD"))).await
}

/// The limit is of reviews: an engine that is a program counts them, and other jobs are free.
async fn litxplore(stage: Stage) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/billing/review");
    let engine = ExternalEngine::start(ExternalConfig::read(&folder)?).await?;
    let mut shop = Shop::open_with(stage, edition("litxplore"), vec![Box::new(engine)]).await?;
    let reviews = shop.account().await?["meters"].clone();
    let reviews = reviews.as_array().and_then(|all| all.iter().find(|m| m["meter"] == "reviews"));
    assert_eq!(reviews.context("they are limited")?["limit"], 3);
    let other = shop.submit(&json!({ "operation": "test.noop" })).await?;
    other.require_status(202)?;
    shop.wait_for(&other.json()?).await?;
    let story = Story {
        edition: "litxplore",
        operation: "review.write",
        meter: "reviews",
        free_jobs: 3,
        paid: "basic",
        price: "9.99 USD",
    };
    tell_in(shop, stage, story).await
}

/// A story of jobs, whatever they do.
const fn of_jobs(
    edition: &'static str,
    free_jobs: u32,
    (paid, price): (&'static str, &'static str),
) -> Story {
    Story { edition, operation: "test.noop", meter: "jobs", free_jobs, paid, price }
}

/// Credits instead of plans: nothing runs before they are bought, and what they bought can be
/// given back.
async fn automl(stage: Stage) -> Result<()> {
    let mut shop = Shop::open(stage, edition("automl")).await?;
    assert_eq!(shop.plan().await?, "pay-as-you-go");
    let params = json!({ "parts": 1, "depth": 0, "leaf_credits": 40 });
    let job = json!({ "operation": "test.split", "params": params });
    let refused = shop.submit(&job).await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["code"], "insufficient_credits");
    shop.buy(&json!({ "package": "credits-100" }), PAYS).await?;
    assert_eq!(shop.credits().await?, 100);
    shop.spend(40).await?;
    assert_eq!(shop.credits().await?, 60);
    let payment = shop.payments().await?.remove(0);
    // A half: fifty of the hundred.
    shop.refund(&payment, Some(500)).await?.require_status(202)?;
    shop.deliver().await?;
    assert_eq!(shop.credits().await?, 10);
    shop.submit(&job).await?.require_status(402)?;
    shop.spend(10).await?;
    assert_eq!(shop.credits().await?, 0);
    shop.require_sound_books().await
}

/// A job tells its class and what the edition calls that queue.
#[tokio::test]
async fn queues_are_called_what_the_edition_calls_them() -> Result<()> {
    for (class, word, queue) in [
        (PriorityClass::High, "high", "high_priority"),
        (PriorityClass::Normal, "normal", "normal"),
    ] {
        let mut automl = edition("automl");
        automl.plans[0].terms.class = class;
        let mut shop = Shop::open(HOME, automl).await?;
        let answer = shop.submit(&json!({ "operation": "test.noop" })).await?;
        answer.require_status(202)?;
        let job = answer.json()?;
        assert_eq!((&job["class"], &job["queue"]), (&json!(word), &json!(queue)), "{job}");
        let list = shop.buyer.get("/api/v1/jobs").await?.json()?;
        assert_eq!(list["items"][0]["queue"], queue, "{list}");
    }
    Ok(())
}

/// A changed file makes a new version of a plan, for those who come afterwards.
#[tokio::test]
async fn who_is_on_a_plan_keeps_the_version_that_they_have() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("litxplore")).await?;
    let before = shop.account().await?["plan"].clone();
    assert_eq!(before["version"], 1);
    let mut changed = edition("litxplore");
    let free = changed.plans.iter_mut().find(|plan| plan.slug == "free").context("a plan")?;
    free.terms.concurrent_jobs += 7;
    let jobs = free.terms.concurrent_jobs;
    for (round, email) in ["eve@example.org", "joe@example.org"].into_iter().enumerate() {
        let (store, clock) = (shop.app.store.clone(), shop.app.clock.clone());
        Billing::new(store, clock, changed.clone()).import_edition().await?;
        let mut newcomer = shop.app.register(email).await?;
        let plan = newcomer.get("/api/v1/account").await?.json()?["plan"].clone();
        assert_eq!(plan["version"], 2, "import {round}: the same file again is no new version");
        assert_eq!(plan["terms"]["concurrent_jobs"], jobs);
    }
    assert_eq!(shop.account().await?["plan"], before);
    Ok(())
}

/// Servers that start together bring a changed plan once, and none of them fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_make_one_version() -> Result<()> {
    for database in [Database::Sqlite, Database::Postgres] {
        let shop = Shop::open(Stage { database, ..HOME }, edition("litxplore")).await?;
        let mut changed = edition("litxplore");
        changed.plans.iter_mut().for_each(|plan| plan.terms.concurrent_jobs += 7);
        let servers = (0..8).map(|_| {
            let (store, clock) = (shop.app.store.clone(), shop.app.clock.clone());
            let billing = Billing::new(store, clock, changed.clone());
            tokio::spawn(async move { billing.import_edition().await })
        });
        for plans in try_join_all(servers).await? {
            let versions: Vec<u32> = plans?.iter().map(|plan| plan.version).collect();
            assert_eq!(versions, [2, 2, 2], "{database:?}");
        }
    }
    Ok(())
}

/// A trial is the whole plan for nothing; the first payment follows it, and it is had once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trial_is_free_and_had_once() -> Result<()> {
    let mut tried = edition("litxplore");
    let basic = tried.plans.iter_mut().find(|plan| plan.slug == "basic").context("a plan")?;
    basic.terms.price.trial_days = 14;
    let mut shop = Shop::open(HOME, tried).await?;
    let wish = json!({ "plan": "basic" });
    shop.buy(&wish, PAYS).await?;
    assert_eq!(shop.plan().await?, "basic");
    assert_eq!(shop.subscription().await?["status"], "trialing");
    assert_eq!(shop.payments().await?.len(), 0, "a trial costs nothing");
    shop.pass(15).await?;
    assert_eq!(shop.subscription().await?["status"], "active");
    let paid = shop.payments().await?;
    assert_eq!((paid.len(), &paid[0]["amount"]["minor"]), (1, &json!(999)));
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.deliver().await?;
    shop.pass_a_month(HOME.who).await?;
    assert_eq!(shop.plan().await?, "free");
    shop.buy(&wish, PAYS).await?;
    assert_eq!(shop.subscription().await?["status"], "active", "one trial for an organization");
    assert_eq!(shop.payments().await?.len(), 2);
    shop.require_sound_books().await
}

/// Three days before it is paid for, once, and not to who cancelled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_trial_is_told_of_in_time() -> Result<()> {
    let mut tried = edition("litxplore");
    let basic = tried.plans.iter_mut().find(|plan| plan.slug == "basic").context("a plan")?;
    basic.terms.price.trial_days = 14;
    let mut shop = Shop::open(HOME, tried).await?;
    shop.buy(&json!({ "plan": "basic" }), PAYS).await?;
    shop.wait_days(10);
    assert_eq!(shop.app.billing.tell_of_ending_trials().await?, 0, "it is four days to the end");
    shop.wait_days(2);
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.deliver().await?;
    assert_eq!(shop.app.billing.tell_of_ending_trials().await?, 0, "nothing is charged");
    shop.change(&json!({ "action": "keep" })).await?.require_status(200)?;
    shop.deliver().await?;
    shop.app.take_mails().await?;
    assert_eq!(shop.app.billing.tell_of_ending_trials().await?, 1);
    assert_eq!(shop.app.billing.tell_of_ending_trials().await?, 0);
    let mails = shop.app.take_mails().await?;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!((mails[0].kind.as_str(), mails[0].mail.recipient.as_str()), ("trial_ending", BUYER));
    assert!(mails[0].mail.text.contains("9.99 USD"), "{}", mails[0].mail.text);
    Ok(())
}

#[tokio::test]
async fn the_default_edition_needs_no_payment() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("default")).await?;
    assert_eq!(shop.plan().await?, "default");
    let before = shop.credits().await?;
    shop.spend(70).await?;
    assert_eq!(shop.credits().await?, before - 70);
    assert!(shop.payments().await?.is_empty());
    shop.require_sound_books().await
}

#[tokio::test]
async fn a_plan_without_the_api_takes_no_keys_until_it_is_changed() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("tabgraphsyn")).await?;
    let new = json!({ "name": "program", "scopes": ["read"] });
    // No key is made, and one from better days is of no use.
    let refused = shop.buyer.post("/api/v1/api-keys", &new).await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["upgrade"]["slug"], "paid");
    let id = shop.account().await?["organization_id"].as_str().context("an id")?.to_owned();
    let path = format!("/api/v1/admin/organizations/{id}/plan");
    let put = |plan: &str| TestRequest::new("PUT", &path).json(&json!({ "plan": plan }));
    shop.administrator.send(put("paid")).await?.require_status(204)?;
    let key = shop.buyer.post("/api/v1/api-keys", &new).await?.json()?;
    shop.administrator.send(put("free")).await?.require_status(204)?;
    let mut program = shop.app.client().with_key(key["key"].as_str().context("a key")?);
    let refused = program.get("/api/v1/jobs").await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["upgrade"]["slug"], "paid");
    shop.buy(&json!({ "plan": "paid", "interval": "year" }), PAYS).await?;
    program.get("/api/v1/jobs").await?.require_status(200)?;
    let meters = shop.account().await?["meters"].clone();
    let calls = meters.as_array().and_then(|list| list.iter().find(|m| m["meter"] == "api_calls"));
    assert_eq!(calls.context("it is limited")?["limit"], 1000);
    Ok(())
}

#[tokio::test]
async fn the_plans_are_those_of_the_page_to_the_number() -> Result<()> {
    let mut shop = Shop::open(HOME, edition("montecarlo")).await?;
    let sold = shop.app.client().get("/api/v1/plans").await?.json()?;
    let plan = |place: usize| sold["plans"][place].clone();
    assert_eq!(plan(0)["terms"]["meters"]["iterations"]["per_job"], 1_000);
    assert_eq!(plan(0)["terms"]["meters"]["jobs"]["per_period"], 100);
    assert_eq!(plan(0)["terms"]["file_bytes"], 10_000_000);
    assert_eq!(plan(0)["terms"]["retention_days"], 30);
    assert_eq!(plan(1)["price"]["month"]["minor"], 2_900);
    assert_eq!(plan(2)["terms"]["seats"], 10);
    assert_eq!(plan(2)["terms"]["gpu"], true);
    assert_eq!(plan(3)["on_request"], true);
    let page = shop.app.client().get("/pricing").await?.text();
    assert!(page.contains("29.00 USD a month") && page.contains("Iterations: 1,000 in one job"));
    // One provider is no choice.
    assert!(!page.contains("You can pay with"), "{page}");
    let meta = shop.app.client().get("/api/v1/meta").await?.json()?;
    assert_eq!(meta["name"], "Monte Carlo Platform");
    let asked = json!({ "plan": "enterprise" });
    let refused = shop.buyer.post("/api/v1/account/checkouts", &asked).await?;
    refused.require_status(409)?;
    let path = format!(
        "/api/v1/admin/organizations/{}/plan",
        shop.account().await?["organization_id"].as_str().context("an id")?
    );
    let request = TestRequest::new("PUT", &path).json(&asked);
    shop.administrator.send(request).await?.require_status(204)?;
    assert_eq!(shop.plan().await?, "enterprise");
    Ok(())
}

#[tokio::test]
async fn calls_with_keys_are_counted_where_the_plan_limits_them() -> Result<()> {
    let mut limited = edition("litxplore");
    let limit = MeterLimit { per_period: Some(2), ..MeterLimit::default() };
    limited.plans[0].terms.meters.insert("api_calls".parse()?, limit);
    let mut shop = Shop::open(HOME, limited).await?;
    let new = json!({ "name": "program", "scopes": ["read"] });
    let key = shop.buyer.post("/api/v1/api-keys", &new).await?.json()?;
    let mut program = shop.app.client().with_key(key["key"].as_str().context("a key")?);
    for _ in 0..2 {
        program.get("/api/v1/jobs").await?.require_status(200)?;
    }
    let refused = program.get("/api/v1/jobs").await?;
    refused.require_status(402)?;
    let refusal = refused.json()?;
    assert_eq!(refusal["meter"], "api_calls");
    assert_eq!(refusal["upgrade"]["slug"], "basic");
    shop.buyer.get("/api/v1/jobs").await?.require_status(200)?;
    Ok(())
}
