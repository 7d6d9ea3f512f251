//! A smaller plan takes nothing away: what is beyond it is told, stays, and does not grow.

use anyhow::{Context, Result};
use gantry_billing::EditionPlan;
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_testkit::{TestApp, TestClient, TestSettings, edition_of, generous_terms};
use gantry_types::{MeterId, Role};
use serde_json::{Value, json};

async fn id_of(client: &mut TestClient, what: &str) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    Ok(me[what]["id"].as_str().context("an id")?.to_owned())
}

async fn over_limits(client: &mut TestClient) -> Result<Value> {
    Ok(client.get("/api/v1/account").await?.json()?["over_limits"].clone())
}

/// A generous plan, and one with one seat, one job a month and one place in the queue.
fn settings() -> TestSettings {
    let mut edition = edition_of(generous_terms());
    let mut terms = PlanTerms { seats: Some(1), queued_jobs: 1, ..generous_terms() };
    let limit = MeterLimit { per_period: Some(1), ..MeterLimit::default() };
    terms.meters.insert(MeterId::jobs(), limit);
    let (slug, title) = ("small".to_owned(), "Small".to_owned());
    let large = edition.plans.first().cloned();
    edition.plans.extend(large.map(|large| EditionPlan { slug, title, terms, ..large }));
    TestSettings { edition: Some(edition), ..TestSettings::default() }
}

#[tokio::test]
async fn a_smaller_plan_takes_nothing_away() -> Result<()> {
    let (app, mut root) = TestApp::start(settings()).await?;
    let mut owner = app.register("ann@example.org").await?;
    let organization = id_of(&mut owner, "organization").await?;
    let mut member = app.register("bob@example.org").await?;
    let member = id_of(&mut member, "user").await?;
    let mut member = app.join(member.parse()?, organization.parse()?, Role::Member).await?;
    let job = json!({ "operation": "test.noop" });
    for _ in 0..2 {
        owner.post("/api/v1/jobs", &job).await?.require_status(202)?;
    }
    assert_eq!(over_limits(&mut owner).await?, json!([]));

    let plan = format!("/api/v1/admin/organizations/{organization}/plan");
    let request = gantry_testkit::TestRequest::new("PUT", &plan);
    root.send(request.json(&json!({ "plan": "small" }))).await?.require_status(204)?;
    let expected = json!([
        { "limit": "seats", "used": 2, "allowed": 1 },
        { "limit": "queued_jobs", "used": 2, "allowed": 1 },
        { "limit": "quota.jobs", "used": 2, "allowed": 1 },
    ]);
    assert_eq!(over_limits(&mut owner).await?, expected);
    let jobs = member.get("/api/v1/jobs").await?;
    jobs.require_status(200)?;
    let jobs = jobs.json()?;
    assert_eq!(jobs["items"].as_array().map(Vec::len), Some(2), "members and jobs stay");
    let guest = json!({ "email": "eve@example.org", "role": "member" });
    owner.post("/api/v1/invitations", &guest).await?.require_status(402)?;
    owner.post("/api/v1/jobs", &job).await?.require_status(402)
}
