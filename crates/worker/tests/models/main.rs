//! Jobs that ask a language model: counted against the plan, written down with their cost, on both
//! databases.

mod house;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_engine_api::CancellationToken;
use gantry_rules::plan::MeterLimit;
use gantry_testkit::fakes::Trouble;
use gantry_testkit::fakes::chat::CHAT_MODEL;
use gantry_types::{Currency, EngineErrorKind, JobState, MeterId, Nanos, TokenUse};
use serde_json::json;

use house::{Database, HELLO, House, LIMIT, PRICE, hello, per_month};

async fn answers_are_counted_and_written_down(database: Database) -> Result<()> {
    let house = House::open(database, (MeterId::ai_requests(), per_month(100))).await?;
    let schema = json!({ "type": "object" });
    let mut shaped = hello(10);
    shaped["schema"] = schema;
    let job = house.run(&house.jobs, vec![hello(10), hello(2), shaped]).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    let report = job.report.as_ref().context("a report")?;
    let first = json!({
        "text": "one two three four", "end": "complete", "model": CHAT_MODEL,
        "input_tokens": 7, "output_tokens": 4,
    });
    assert_eq!((&report[0], &report[1]["end"]), (&first, &json!("cut_off")));
    assert_eq!(report[2]["json"], json!({ "said": "one two three four" }));

    let models = house.models().await?;
    ensure!(models.len() == 1 && models[0].model == CHAT_MODEL, "{models:?}");
    let sums = models[0].sums;
    let written = sums.tokens.total() - 3 * 7;
    assert_eq!((sums.requests, sums.unpriced, sums.tokens.input_tokens), (3, 0, 21));
    assert_eq!(sums.cost, Nanos::new(21 * 3_000 + written * 15_000));
    assert_eq!(house.units(&MeterId::ai_requests()).await?, (3, 0));
    assert_eq!(house.units(&MeterId::ai_tokens()).await?, (sums.tokens.total(), 0));
    // Each request is counted in whole millionths, rounded up.
    let (cost, reserved) = house.units(&MeterId::ai_cost()).await?;
    let least = sums.cost.count_millionths();
    ensure!((least..least + 3).contains(&cost) && reserved == 0, "{cost} of {least}, {reserved}");
    let view = house.billing.ai_costs(&house.installation.actor(), &[job]).await?;
    assert_eq!(view[0].context("a cost")?.sums, sums);
    ensure!(house.installation.ledger_breaches().await?.is_empty());
    Ok(())
}

async fn a_request_over_a_limit_is_not_sent(database: Database) -> Result<()> {
    let house = House::open(database, (MeterId::ai_requests(), per_month(2))).await?;
    let job = house.run(&house.jobs, vec![hello(10); 3]).await?;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.context("an error")?;
    assert_eq!(error.kind, EngineErrorKind::Resource);
    for part in ["ai_requests", "2 of 2 are used until"] {
        assert!(error.message.contains(part), "{}", error.message);
    }
    assert!(error.next_step.context("a next step")?.contains("the plan Larger"));
    assert_eq!(house.fake.requests(), 2, "the third was not sent");
    assert_eq!(house.units(&MeterId::ai_requests()).await?, (2, 0));
    assert_eq!(house.units(&MeterId::ai_tokens()).await?, (2 * HELLO, 0));

    // The limit of one job counts what it asked before, and each request by what it can use.
    let most =
        serde_json::from_value::<gantry_types::ModelRequest>(hello(10))?.most_tokens().total();
    let of_job = MeterLimit { per_job: Some(most + HELLO), ..MeterLimit::default() };
    let house = House::open(database, (MeterId::ai_tokens(), of_job)).await?;
    let job = house.run(&house.jobs, vec![hello(10); 3]).await?;
    let error = job.error.context("an error")?;
    assert!(error.message.contains("one job may use at most"), "{}", error.message);
    assert_eq!(house.fake.requests(), 2);
    let job = house.run(&house.jobs, vec![hello(10); 2]).await?;
    assert_eq!(job.state, JobState::Succeeded, "another job begins anew: {:?}", job.error);
    Ok(())
}

/// A limit in money: what is open counts with the most that it can cost, and is told as money.
async fn a_request_over_a_cost_is_not_sent(database: Database) -> Result<()> {
    let request = serde_json::from_value::<gantry_types::ModelRequest>(hello(10))?;
    let most = PRICE.derive_cost(request.most_tokens()).count_millionths();
    // Seven tokens in and four out.
    let answered = PRICE.derive_cost(TokenUse { input_tokens: 7, output_tokens: 4 });
    let of_job = MeterLimit { per_job: Some(most), ..MeterLimit::default() };
    let house = House::open(database, (MeterId::ai_cost(), of_job)).await?;
    let job = house.run(&house.jobs, vec![hello(10); 2]).await?;
    let error = job.error.context("an error")?;
    let told = format!("one job may use at most {} of ai_cost", tell(most));
    assert!(error.message.contains(&told), "{}", error.message);
    assert!(error.next_step.context("a next step")?.contains("the plan Larger"));
    assert_eq!(house.fake.requests(), 1, "the second could have cost more");

    let units = answered.count_millionths();
    let house = House::open(database, (MeterId::ai_cost(), per_month(most + units))).await?;
    let job = house.run(&house.jobs, vec![hello(10); 3]).await?;
    let error = job.error.context("an error")?;
    let (used, limit) = (tell(2 * units), tell(most + units));
    let told = format!("{used} of {limit} are used until");
    assert!(error.message.contains(&told), "{}", error.message);
    assert_eq!(house.fake.requests(), 2);
    assert_eq!(house.units(&MeterId::ai_cost()).await?, (2 * units, 0), "what it cost in the end");
    Ok(())
}

fn tell(millionths: u64) -> String {
    Nanos::from_millionths(millionths).tell(Currency::usd())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn costs_are_limited_on_sqlite() -> Result<()> {
    a_request_over_a_cost_is_not_sent(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn costs_are_limited_on_postgres() -> Result<()> {
    a_request_over_a_cost_is_not_sent(Database::Postgres).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_counted_on_sqlite() -> Result<()> {
    answers_are_counted_and_written_down(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_counted_on_postgres() -> Result<()> {
    answers_are_counted_and_written_down(Database::Postgres).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_kept_on_sqlite() -> Result<()> {
    a_request_over_a_limit_is_not_sent(Database::Sqlite).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_kept_on_postgres() -> Result<()> {
    a_request_over_a_limit_is_not_sent(Database::Postgres).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_open_at_once_pass_no_limit_together() -> Result<()> {
    let most =
        serde_json::from_value::<gantry_types::ModelRequest>(hello(10))?.most_tokens().total();
    for (limit, state) in [(2 * most - 1, JobState::Failed), (2 * most, JobState::Succeeded)] {
        let of_job = MeterLimit { per_job: Some(limit), ..MeterLimit::default() };
        let house = House::open(Database::Sqlite, (MeterId::ai_tokens(), of_job)).await?;
        // Whichever comes first is open for a second, and could be answered within the limit.
        house.fake.trouble(Trouble::Busy, Some(1));
        let both = json!({ "requests": [hello(10), hello(10)], "at_once": true });
        let job = house.run_with(&house.jobs, both).await?;
        assert_eq!(job.state, state, "{:?}", job.error);
        if let Some(error) = job.error {
            assert!(error.message.contains("one job may use at most"), "{}", error.message);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_answered_uses_nothing() -> Result<()> {
    let house = House::open(Database::Sqlite, (MeterId::ai_tokens(), per_month(10_000))).await?;
    let mut unknown = hello(10);
    unknown["model"] = json!("large");
    let job = house.run(&house.jobs, vec![unknown]).await?;
    let error = job.error.context("an error")?;
    assert_eq!((job.state, error.kind), (JobState::Failed, EngineErrorKind::Resource));
    assert!(error.message.contains("no model `large`"), "{}", error.message);
    assert_eq!(house.units(&MeterId::ai_tokens()).await?, (0, 0));
    ensure!(house.models().await?.is_empty());

    let mut shaped = hello(1);
    shaped["schema"] = json!({ "type": "object" });
    let cut = house.run(&house.jobs, vec![shaped]).await?;
    let error = cut.error.context("an error")?;
    assert_eq!((cut.state, error.kind), (JobState::Failed, EngineErrorKind::Resource));
    assert!(error.message.contains("cut off"), "{}", error.message);
    assert_eq!(house.models().await?[0].sums.requests, 1, "it was paid for all the same");

    let wrong = house.run(&house.jobs, vec![json!({ "messages": [] })]).await?;
    let error = wrong.error.context("an error")?;
    assert_eq!(error.kind, EngineErrorKind::Bug);
    assert!(error.message.contains("`messages`"), "{}", error.message);

    let without = house.run(&house.installation.jobs, vec![hello(10)]).await?;
    let error = without.error.context("an error")?;
    assert_eq!(error.kind, EngineErrorKind::Resource);
    assert!(error.next_step.context("a next step")?.contains("models.base"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_again_is_paid_for_again() -> Result<()> {
    let house = House::open(Database::Sqlite, (MeterId::ai_requests(), per_month(100))).await?;
    // The second request of the first attempt is lost, so that the job is run again.
    let requests = vec![hello(10), hello(10)];
    let job = house.installation.submit("asking.ask", json!({ "requests": requests })).await?;
    house.fake.no_trouble();
    house.fake.trouble(Trouble::Cut, None);
    let stop = CancellationToken::new();
    let worker = tokio::spawn(house.worker(&house.jobs).run(stop.clone()));
    let deadline = tokio::time::Instant::now() + LIMIT;
    let actor = house.installation.actor();
    while house.installation.jobs.get_job(&actor, job.id).await?.state != JobState::Scheduled {
        ensure!(tokio::time::Instant::now() < deadline, "it is not tried again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.installation.clock.advance(Duration::from_secs(600));
    house.installation.jobs.sweep().await?;
    let job = house.installation.wait_for(job.id, LIMIT).await?;
    stop.cancel();
    worker.await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(house.models().await?[0].sums.requests, 3, "one before, two after");
    Ok(())
}
