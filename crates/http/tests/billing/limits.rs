//! Limits of an account's own, and months that begin with the subscription.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_billing::Edition;
use gantry_ports::Clock;
use gantry_rules::period::QuotaReset;
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_testkit::{
    TestApp, TestClient, TestRequest, TestResponse, TestSettings, generous_terms,
};
use gantry_types::MeterId;
use serde_json::{Value, json};

use crate::provider::{Database, Stage, Who};
use crate::shop::{PAYS, Shop, edition};

/// How long a limit holds: less than a session.
const WHILE: Duration = Duration::from_mins(10);

/// One job a month, one seat, small files.
fn narrow() -> TestSettings {
    let mut terms = PlanTerms { seats: Some(1), file_bytes: 100, ..generous_terms() };
    let one = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
    terms.meters.insert(MeterId::jobs(), one);
    TestSettings { terms, ..TestSettings::default() }
}

struct Desk {
    app: TestApp,
    administrator: TestClient,
    owner: TestClient,
    path: String,
}

impl Desk {
    async fn open() -> Result<Self> {
        let (app, administrator) = TestApp::start(narrow()).await?;
        let mut owner = app.register("ann@example.org").await?;
        let me = owner.get("/api/v1/auth/me").await?.json()?;
        let id = me["organization"]["id"].as_str().context("an id")?;
        let path = format!("/api/v1/admin/accounts/{id}/overrides");
        Ok(Self { app, administrator, owner, path })
    }

    async fn put(&mut self, overrides: &Value) -> Result<TestResponse> {
        let request = TestRequest::new("PUT", &self.path);
        self.administrator.send(request.json(&json!({ "overrides": overrides }))).await
    }

    async fn submit(&mut self) -> Result<TestResponse> {
        self.owner.post("/api/v1/jobs", &json!({ "operation": "test.noop" })).await
    }

    async fn account(&mut self) -> Result<Value> {
        self.owner.get("/api/v1/account").await?.json()
    }
}

#[tokio::test]
async fn a_limit_of_ones_own_holds_at_once_and_until_its_end() -> Result<()> {
    let mut desk = Desk::open().await?;
    desk.submit().await?.require_status(202)?;
    let refused = desk.submit().await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["limit"], 1);

    let end = desk.app.clock.now().plus(WHILE);
    let three = json!({
        "limit": "per_month.jobs", "value": 3, "expires_at": end.to_string(), "reason": "a trial",
    });
    let set = desk.put(&json!([three])).await?;
    set.require_status(200)?;
    let set = set.json()?;
    let line = &set["overrides"][0];
    assert_eq!((&line["value"], &line["plan_value"]), (&json!(3), &json!(1)), "{line}");
    assert_eq!((&line["in_force"], &line["reason"]), (&json!(true), &json!("a trial")), "{line}");
    desk.submit().await?.require_status(202)?;
    desk.submit().await?.require_status(202)?;
    let refused = desk.submit().await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["limit"], 3);
    let account = desk.account().await?;
    let told = json!([{ "limit": "per_month.jobs", "value": 3, "expires_at": end.to_string() }]);
    assert_eq!(account["overrides"], told);
    assert_eq!(account["over_limits"], json!([]));
    let jobs = account["meters"]
        .as_array()
        .and_then(|meters| meters.iter().find(|meter| meter["meter"] == "jobs"));
    assert_eq!(jobs.context("the meter")?["limit"], 3);

    desk.app.clock.advance(WHILE);
    let account = desk.account().await?;
    assert_eq!(account["overrides"], json!([]), "its time is over");
    desk.submit().await?.require_status(402)
}

#[tokio::test]
async fn seats_and_files_go_by_it_and_it_is_taken_back() -> Result<()> {
    let mut desk = Desk::open().await?;
    let guest = json!({ "email": "eve@example.org", "role": "member" });
    desk.owner.post("/api/v1/invitations", &guest).await?.require_status(402)?;
    let file = json!({ "name": "x", "file_name": "x.csv", "bytes": 200 });
    desk.owner.post("/api/v1/datasets/uploads", &file).await?.require_status(413)?;
    let own = json!([
        { "limit": "seats", "value": null, "reason": "a class" },
        { "limit": "file_bytes", "value": 200, "reason": "a class" },
    ]);
    desk.put(&own).await?.require_status(200)?;
    desk.owner.post("/api/v1/invitations", &guest).await?.require_status(201)?;
    desk.owner.post("/api/v1/datasets/uploads", &file).await?.require_status(201)?;

    let one = format!("{}/file_bytes", desk.path);
    desk.administrator.send(TestRequest::new("DELETE", &one)).await?.require_status(204)?;
    desk.owner.post("/api/v1/datasets/uploads", &file).await?.require_status(413)?;
    desk.administrator.send(TestRequest::new("DELETE", &one)).await?.require_status(404)?;
    let left = desk.administrator.get(&desk.path.clone()).await?.json()?;
    assert_eq!(left["overrides"].as_array().map(Vec::len), Some(1), "{left}");
    assert_eq!(left["overrides"][0]["limit"], "seats");

    let there = desk.administrator.get("/api/v1/audit").await?.text();
    assert!(!there.contains("limit."), "it is no business of where administrators work: {there}");
    let log = desk.owner.get("/api/v1/audit").await?.json()?;
    assert!(!log.to_string().contains("a class"), "why is for administrators: {log}");
    let lines = log["items"].as_array().context("lines")?;
    let about = |action: &str| {
        let found = lines
            .iter()
            .find(|line| line["action"] == action && line["details"]["limit"] == "file_bytes");
        found.cloned().context("a line of the audit log")
    };
    let set = about("limit.override")?;
    assert_eq!(set["details"]["before"], Value::Null);
    assert_eq!(set["details"]["after"]["value"], 200);
    let restored = about("limit.restore")?;
    assert_eq!(restored["details"]["before"]["value"], 200);
    let export = "/api/v1/admin/audit/export?format=jsonl";
    let house = desk.administrator.get(export).await?.text();
    assert!(house.contains("\"why\":\"a class\""), "{house}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_a_limit_is_refused_as_a_whole() -> Result<()> {
    let mut desk = Desk::open().await?;
    let good = json!({ "limit": "seats", "value": 2, "reason": "a class" });
    for (wrong, pointer, words) in [
        (json!({ "limit": "per_month.jbos", "value": 1, "reason": "x" }), "limit", "`jobs`?"),
        (json!({ "limit": "sets", "value": 1, "reason": "x" }), "limit", "known are"),
        (json!({ "limit": "seats", "value": 0, "reason": "x" }), "value", "from 1 to"),
        (json!({ "limit": "seats", "value": 1, "reason": " " }), "reason", "a reason of 1 to"),
        (
            json!({
                "limit": "seats", "value": 1, "reason": "x", "expires_at": "2020-01-01T00:00:00Z",
            }),
            "expires_at",
            "over already",
        ),
    ] {
        let refused = desk.put(&json!([good.clone(), wrong])).await?;
        refused.require_status(422)?;
        let refused = refused.json()?;
        assert_eq!(refused["code"], "invalid_parameters");
        assert_eq!(refused["errors"][0]["pointer"], format!("/overrides/1/{pointer}"));
        let detail = refused["detail"].as_str().context("a detail")?;
        assert!(detail.contains(words), "{detail}");
    }
    let forgotten = json!([{ "limit": "seats", "reason": "x" }]);
    desk.put(&forgotten).await?.require_status(400)?;
    desk.put(&json!([])).await?.require_status(400)?;
    let kept = desk.administrator.get(&desk.path.clone()).await?.json()?;
    assert_eq!(kept["overrides"], json!([]), "a list is set as a whole");
    Ok(())
}

/// The edition's months begin with the subscription; a free account may run four jobs of them.
fn anchored() -> Edition {
    let mut anchored = edition("montecarlo");
    for plan in &mut anchored.plans {
        plan.terms.quota_reset = QuotaReset::Billing;
        let limit = MeterLimit { per_period: Some(4), ..MeterLimit::default() };
        plan.terms.meters.insert(MeterId::jobs(), limit);
        plan.terms.price.trial_days = 0;
    }
    anchored
}

async fn jobs_meter(shop: &mut Shop) -> Result<Value> {
    let account = shop.account().await?;
    let meters = account["meters"].as_array().context("meters")?;
    meters.iter().find(|meter| meter["meter"] == "jobs").cloned().context("the meter")
}

/// The month begins anew with the subscription and not with its renewal or its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn months_begin_with_the_subscription() -> Result<()> {
    let home = Stage { who: Who::Sandbox, database: Database::Sqlite };
    let mut shop = Shop::open(home, anchored()).await?;
    let job = json!({ "operation": "test.noop" });
    shop.submit(&job).await?.require_status(202)?;
    let free = jobs_meter(&mut shop).await?;
    assert_eq!(free["used"].as_u64().unwrap_or(0) + free["reserved"].as_u64().unwrap_or(0), 1);
    shop.wait_days(3);
    let plans = &shop.app.billing.edition().plans;
    let paid = plans.iter().find(|plan| plan.terms.price.month.is_some());
    let paid = paid.context("a plan for sale")?.slug.clone();
    shop.buy(&json!({ "plan": paid }), PAYS).await?;
    assert_eq!(shop.plan().await?, paid);
    let subscription = shop.subscription().await?;
    let begun = jobs_meter(&mut shop).await?;
    assert_eq!(begun["period_start"], subscription["period_start"]);
    assert_eq!(begun["resets_at"], subscription["period_end"]);
    assert_eq!((&begun["used"], &begun["reserved"]), (&json!(0), &json!(0)));
    let refusal = shop.use_up("test.noop", 4).await?;
    assert_eq!(refusal["resets_at"], subscription["period_end"]);

    // The provider renews while the month here goes on.
    shop.pass(32).await?;
    let renewed = shop.subscription().await?;
    assert_eq!(renewed["period_start"], subscription["period_end"]);
    assert_eq!(jobs_meter(&mut shop).await?["period_start"], subscription["period_start"]);
    shop.submit(&job).await?.require_status(402)?;
    shop.wait_days(32);
    let next = jobs_meter(&mut shop).await?;
    assert_eq!(next["period_start"], renewed["period_start"], "no day is lost");
    shop.submit(&job).await?.require_status(202)?;

    // Who falls back to the free plan has no month anew.
    shop.change(&json!({ "action": "cancel" })).await?.require_status(200)?;
    shop.pass(32).await?;
    assert_ne!(shop.plan().await?, paid);
    let after = jobs_meter(&mut shop).await?;
    assert_eq!(after["period_start"], renewed["period_start"]);
    let used = after["used"].as_u64().unwrap_or(0) + after["reserved"].as_u64().unwrap_or(0);
    assert_eq!(used, 1, "what was used stays used");
    shop.require_sound_books().await
}
