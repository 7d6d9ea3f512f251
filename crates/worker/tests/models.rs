//! Jobs that ask a language model: counted against the plan, written down with their cost, on both
//! databases.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_billing::{Billing, Edition, EditionPlan};
use gantry_engine_api::{
    AnyOperation, AnyService, CancellationToken, Engine, EngineError, Estimate, InputMeta,
    InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_jobs::{Jobs, ModelDesk};
use gantry_models::{ChatCompletions, ChatSettings, TokenLimit};
use gantry_ports::Clock;
use gantry_ports::store::{AskFilter, JobRecord, ModelSums};
use gantry_rules::language::{TokenPrice, TokenPrices};
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_testkit::fakes::Trouble;
use gantry_testkit::fakes::chat::{CHAT_KEY, CHAT_MODEL, FakeChat};
use gantry_testkit::postgres::{self, Postgres};
use gantry_testkit::{Installation, edition_of, generous_terms};
use gantry_types::{Device, EngineErrorKind, JobState, MeterId, Nanos, PriorityClass};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_secs(20);

struct Ask;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct AskParams {
    /// What is asked, one after another.
    requests: Vec<Value>,
    /// All of it at once instead.
    #[serde(default)]
    at_once: bool,
}

impl Operation for Ask {
    const ID: &'static str = "asking.ask";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Ask";
    const SUMMARY: &'static str = "Asks a language model.";
    type Params = AskParams;
    type Report = Value;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, _: &AskParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate::free())
    }

    async fn run(
        &self,
        params: AskParams,
        context: JobContext,
    ) -> Result<Step<Value>, EngineError> {
        let mut answers = Vec::new();
        if params.at_once {
            let mut asking = JoinSet::new();
            for request in params.requests {
                let context = context.clone();
                asking.spawn(async move { context.ask_model(request).await });
            }
            while let Some(answer) = asking.join_next().await {
                answers.push(answer.map_err(|error| EngineError::bug(error.to_string()))??);
            }
        } else {
            for request in params.requests {
                answers.push(context.ask_model(request).await?);
            }
        }
        Ok(Step::Done(Value::Array(answers)))
    }
}

struct Asking;

impl Engine for Asking {
    fn id(&self) -> &'static str {
        "asking"
    }

    fn title(&self) -> &'static str {
        "Asking"
    }

    fn summary(&self) -> &'static str {
        "Asks a language model."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![Arc::new(Ask)]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        Vec::new()
    }
}

#[derive(Clone, Copy)]
enum Database {
    Sqlite,
    Postgres,
}

/// An installation whose jobs ask a provider that stands in for one.
struct House {
    installation: Installation,
    fake: FakeChat,
    /// What tokens cost, and the larger plan.
    billing: Billing,
    jobs: Jobs,
    _database: Option<Arc<Postgres>>,
}

/// A plan that limits one meter, and a larger one; 3 and 15 dollars for a million tokens.
fn edition(meter: MeterId, limit: MeterLimit) -> Edition {
    let small = limited(meter.clone(), limit);
    let larger = EditionPlan {
        slug: "larger".to_owned(),
        title: "Larger".to_owned(),
        terms: generous_terms(),
        ..edition_of(generous_terms()).plans.remove(0)
    };
    let mut edition = edition_of(small);
    edition.plans.push(larger);
    let price = TokenPrice { input: Nanos::new(3_000), output: Nanos::new(15_000) };
    edition.token_prices = TokenPrices::new(BTreeMap::from([(CHAT_MODEL.to_owned(), price)]));
    edition
}

fn limited(meter: MeterId, limit: MeterLimit) -> PlanTerms {
    PlanTerms { meters: BTreeMap::from([(meter, limit)]), ..generous_terms() }
}

impl House {
    async fn open(database: Database, (meter, limit): (MeterId, MeterLimit)) -> Result<Self> {
        let (server, config) = match database {
            Database::Sqlite => (None, None),
            Database::Postgres => {
                let (server, config) = postgres::open_database().await?;
                (Some(server), Some(config))
            }
        };
        let terms = limited(meter.clone(), limit);
        let installation = Installation::open_on(config, &[&Asking], terms).await?;
        let fake = FakeChat::start().await?;
        let model = ChatCompletions::new(ChatSettings {
            base: fake.base(),
            key: Some(CHAT_KEY.to_owned()),
            model: CHAT_MODEL.to_owned(),
            limit: TokenLimit::MaxTokens,
            patience: LIMIT,
        })?;
        let (store, clock) = (installation.store.clone(), installation.clock.clone());
        let billing = Billing::new(store, clock, edition(meter, limit));
        let desk = ModelDesk::new(Arc::new(model), billing.clone());
        let jobs = installation.jobs.clone().with_models(desk);
        Ok(Self { installation, fake, billing, jobs, _database: server })
    }

    fn worker(&self, jobs: &Jobs) -> Arc<Worker> {
        let settings = WorkerSettings {
            slots: 1,
            devices: vec![Device::Cpu],
            classes: PriorityClass::ALL.to_vec(),
            lease: Duration::from_secs(30),
            threads_per_job: 1,
            scratch: self.installation.scratch(),
            drain: Duration::from_secs(5),
        };
        Worker::new(jobs.clone(), settings)
    }

    /// Runs a job that asks, to its end.
    async fn run(&self, jobs: &Jobs, requests: Vec<Value>) -> Result<JobRecord> {
        self.run_with(jobs, json!({ "requests": requests })).await
    }

    async fn run_with(&self, jobs: &Jobs, params: Value) -> Result<JobRecord> {
        let job = self.installation.submit("asking.ask", params).await?;
        let stop = CancellationToken::new();
        let worker = tokio::spawn(self.worker(jobs).run(stop.clone()));
        let ended = self.installation.wait_for(job.id, LIMIT).await;
        stop.cancel();
        worker.await?;
        ended
    }

    /// Used and reserved units of a meter.
    async fn units(&self, meter: &MeterId) -> Result<(u64, u64)> {
        let account = self.installation.billing.account(&self.installation.actor()).await?;
        let found = account.meters.iter().find(|view| view.meter == *meter);
        let view = found.with_context(|| format!("{meter} is not counted"))?;
        Ok((view.used, view.reserved))
    }

    async fn models(&self) -> Result<Vec<ModelSums>> {
        let organization_id = Some(self.installation.organization_id);
        let now = self.installation.clock.now();
        let day = Duration::from_hours(24);
        let filter = AskFilter { from: now.minus(day), to: now.plus(day), organization_id };
        Ok(self.installation.store.read().await?.asks().sum_asks(&filter).await?)
    }
}

fn hello(max_tokens: u32) -> Value {
    let messages = json!([{ "role": "user", "content": "one two three four" }]);
    json!({ "messages": messages, "max_tokens": max_tokens })
}

/// What the provider counts for [`hello`]: seven tokens in, four out.
const HELLO: u64 = 11;

fn per_month(units: u64) -> MeterLimit {
    MeterLimit { per_period: Some(units), ..MeterLimit::default() }
}

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
    let most = serde_json::from_value::<gantry_types::ModelRequest>(hello(10))?.most_tokens();
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
    let most = serde_json::from_value::<gantry_types::ModelRequest>(hello(10))?.most_tokens();
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
