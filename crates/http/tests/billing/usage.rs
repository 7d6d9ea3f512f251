//! What was used by day, operation and member: at once, and the same once days are rolled up.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_ports::Clock;
use gantry_rules::period::derive_day;
use gantry_testkit::{TestApp, TestClient, TestRequest, TestSettings, WithWorker};
use gantry_types::{Credits, Role, WorkerId};
use serde_json::{Value, json};

const USAGE: &str = "/api/v1/account/usage";
const DAY: Duration = Duration::from_hours(24);

async fn start() -> Result<(TestApp, TestClient)> {
    let mut settings = TestSettings { worker: WithWorker::Yes, ..TestSettings::default() };
    // Days pass, and nobody signs in again.
    settings.access.session_idle = DAY * 10;
    settings.access.administrator_idle = DAY * 10;
    let (app, root) = TestApp::start(settings).await?;
    // Noon, so that no day ends within a story.
    let now = app.clock.now();
    app.clock.advance(derive_day(now).end.plus(DAY / 2).since(now));
    Ok((app, root))
}

async fn id_of(client: &mut TestClient, what: &str) -> Result<String> {
    let me = client.get("/api/v1/auth/me").await?.json()?;
    Ok(me[what]["id"].as_str().context("an id")?.to_owned())
}

/// Runs a job that costs `credits`, to its end.
async fn run(client: &mut TestClient, credits: i64) -> Result<()> {
    let new = json!({ "operation": "test.noop", "params": { "credits": credits } });
    let begun = client.post("/api/v1/jobs", &new).await?;
    begun.require_status(202)?;
    let id = begun.json()?["id"].as_str().context("an id")?.to_owned();
    let events = TestRequest::new("GET", &format!("/api/v1/jobs/{id}/events"));
    client.stream(events).await?.collect().await?;
    let job = client.get(&format!("/api/v1/jobs/{id}")).await?.json()?;
    assert_eq!(job["state"], "succeeded", "{job}");
    Ok(())
}

async fn read(client: &mut TestClient, path: &str) -> Result<Value> {
    let answer = client.get(path).await?;
    answer.require_status(200)?;
    answer.json()
}

/// The rows of an answer: the member `key`, jobs and credits.
fn rows_of(usage: &Value, key: &str) -> Result<Vec<(Value, i64, i64)>> {
    let rows = usage["rows"].as_array().context("rows")?.iter();
    let number = |row: &Value, name: &str| row[name].as_i64().context("a number");
    rows.map(|row| Ok((row[key].clone(), number(row, "jobs")?, number(row, "credits")?))).collect()
}

/// An owner with a member, who ran a job each.
struct Pair {
    owner: TestClient,
    member: TestClient,
    organization: String,
    owner_id: String,
    member_id: String,
}

async fn set_pair(app: &TestApp) -> Result<Pair> {
    let mut owner = app.register("ann@example.org").await?;
    let organization = id_of(&mut owner, "organization").await?;
    let owner_id = id_of(&mut owner, "user").await?;
    let mut member = app.register("bob@example.org").await?;
    let member_id = id_of(&mut member, "user").await?;
    let mut member = app.join(member_id.parse()?, organization.parse()?, Role::Member).await?;
    run(&mut owner, 3).await?;
    run(&mut member, 2).await?;
    Ok(Pair { owner, member, organization, owner_id, member_id })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_sees_the_organization_and_of_people_themselves() -> Result<()> {
    let (app, mut root) = start().await?;
    let Pair { mut owner, mut member, organization, owner_id, member_id } = set_pair(&app).await?;
    let usage = read(&mut owner, USAGE).await?;
    let today = usage["to"].clone();
    assert_eq!(rows_of(&usage, "day")?, [(today.clone(), 2, 5)], "{usage}");
    assert_eq!(usage["total"]["succeeded"], json!(2), "{usage}");
    assert!(usage["rows"][0]["user_id"].is_null(), "{usage}");
    assert_eq!(read(&mut member, USAGE).await?, usage);

    let by_member = format!("{USAGE}?by=member");
    let everybody = rows_of(&read(&mut owner, &by_member).await?, "user_id")?;
    let (one, other) = ((json!(owner_id), 1, 3), (json!(member_id), 1, 2));
    assert_eq!(everybody, [one, other.clone()]);
    let own = read(&mut member, &by_member).await?;
    assert_eq!(rows_of(&own, "user_id")?, [other], "{own}");
    assert_eq!(own["total"]["jobs"], json!(1), "{own}");

    let answer = owner.get("/api/v1/account/usage.csv?by=operation").await?;
    answer.require_status(200)?;
    assert!(answer.header("content-type").context("a type")?.starts_with("text/csv"));
    let table = answer.text();
    let head = "operation,jobs,succeeded,failed,cancelled,credits,seconds";
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with(head), "{table}");
    assert!(lines[1].starts_with("test.noop,2,2,0,0,5,"), "{table}");

    let of_one = format!("/api/v1/admin/usage?by=operation&organization={organization}");
    let all = read(&mut root, "/api/v1/admin/usage?by=organization").await?;
    assert_eq!(rows_of(&all, "organization_id")?, [(json!(organization), 2, 5)], "{all}");
    let one = read(&mut root, &of_one).await?;
    assert_eq!(rows_of(&one, "operation")?, [(json!("test.noop"), 2, 5)], "{one}");
    let table = root.get("/api/v1/admin/usage.csv").await?;
    table.require_status(200)?;
    assert!(table.text().contains(today.as_str().context("a day")?));
    owner.get(&of_one).await?.require_status(403)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_rolled_up_by_one_server_and_nothing_changes() -> Result<()> {
    let (app, _root) = start().await?;
    let mut owner = set_pair(&app).await?.owner;
    let paths = ["day", "operation", "member"].map(|by| format!("{USAGE}?by={by}"));
    let mut before = Vec::new();
    for path in &paths {
        before.push(rows_of(&read(&mut owner, path).await?, "jobs")?);
    }
    let (holder, other) = (WorkerId::generate(), WorkerId::generate());
    assert_eq!(app.billing.roll_up_usage(holder).await?, Some(0), "the day is not over");
    app.clock.advance(DAY * 3);
    assert_eq!(app.billing.roll_up_usage(holder).await?, Some(3), "three days are over");
    assert_eq!(app.billing.roll_up_usage(other).await?, None, "two servers do it");
    assert_eq!(app.billing.roll_up_usage(holder).await?, Some(0), "a day is rolled up twice");
    for (path, before) in paths.iter().zip(&before) {
        let usage = read(&mut owner, path).await?;
        assert_eq!(&rows_of(&usage, "jobs")?, before, "{usage}");
    }
    run(&mut owner, 1).await?;
    let usage = read(&mut owner, USAGE).await?;
    assert_eq!((&usage["total"]["jobs"], &usage["total"]["credits"]), (&json!(3), &json!(6)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_are_no_days_is_refused() -> Result<()> {
    let (app, _root) = start().await?;
    let mut owner = app.register("ann@example.org").await?;
    for query in [
        "from=yesterday",
        "from=2027-02-30",
        "to=2027-02-28T00:00:00Z",
        "from=2027-03-01&to=2027-02-28",
        "from=2020-01-01",
        "by=hour",
        "organization=01890000-0000-7000-8000-000000000000",
    ] {
        owner.get(&format!("{USAGE}?{query}")).await?.require_status(400)?;
        owner.get(&format!("{USAGE}.csv?{query}")).await?.require_status(400)?;
    }
    let empty = read(&mut owner, &format!("{USAGE}?from=2027-02-28&to=2027-02-28")).await?;
    assert_eq!((&empty["from"], &empty["to"]), (&json!("2027-02-28"), &json!("2027-02-28")));
    assert_eq!(empty["rows"], json!([]));
    Ok(())
}

#[tokio::test]
async fn administrators_see_what_limits_refused() -> Result<()> {
    let mut settings = TestSettings::default();
    settings.terms.granted_credits = Credits::new(10);
    let (app, mut root) = TestApp::start(settings).await?;
    let mut ada = app.register("ada@example.org").await?;
    let organization = id_of(&mut ada, "organization").await?;
    let large = json!({ "operation": "test.noop", "params": { "credits": 25 } });
    for _ in 0..3 {
        ada.post("/api/v1/jobs", &large).await?.require_status(402)?;
    }
    let of_ada = format!("/api/v1/admin/quota-events?organization={organization}");
    let told = read(&mut root, &of_ada).await?;
    let line = &told["items"][0];
    assert_eq!(told["items"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!((&line["event"], &line["limit"]), (&json!("refused"), &json!("credits")));
    assert_eq!((&line["times"], &line["organization_id"]), (&json!(3), &json!(organization)));
    assert!(line["message"].as_str().context("words")?.contains("25 credits"), "{told}");
    let mut kept = large;
    kept["keep_if_refused"] = json!(true);
    ada.post("/api/v1/jobs", &kept).await?.require_status(202)?;
    let told = read(&mut root, "/api/v1/admin/quota-events").await?;
    let mut events: Vec<&str> = Vec::new();
    for line in told["items"].as_array().context("lines")? {
        events.push(line["event"].as_str().context("a word")?);
    }
    events.sort_unstable();
    assert_eq!(events, ["blocked", "refused"], "{told}");
    ada.get(&of_ada).await?.require_status(403)?;
    root.get("/api/v1/admin/quota-events?from=today").await?.require_status(400)
}
