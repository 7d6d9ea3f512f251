//! An installation whose jobs ask a language model that stands in for one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
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
use gantry_testkit::fakes::chat::{CHAT_KEY, CHAT_MODEL, FakeChat};
use gantry_testkit::postgres::{self, Postgres};
use gantry_testkit::{Installation, edition_of, generous_terms};
use gantry_types::{Device, MeterId, Nanos, PriorityClass};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};
use tokio::task::JoinSet;

pub const LIMIT: Duration = Duration::from_secs(20);

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
pub enum Database {
    Sqlite,
    Postgres,
}

/// An installation whose jobs ask a provider that stands in for one.
pub struct House {
    pub installation: Installation,
    pub fake: FakeChat,
    /// What tokens cost, and the larger plan.
    pub billing: Billing,
    pub jobs: Jobs,
    _database: Option<Arc<Postgres>>,
}

/// 3 and 15 dollars for a million tokens.
pub const PRICE: TokenPrice = TokenPrice { input: Nanos::new(3_000), output: Nanos::new(15_000) };

/// A plan that limits one meter, and a larger one.
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
    edition.token_prices = TokenPrices::new(BTreeMap::from([(CHAT_MODEL.to_owned(), PRICE)]));
    edition
}

fn limited(meter: MeterId, limit: MeterLimit) -> PlanTerms {
    PlanTerms { meters: BTreeMap::from([(meter, limit)]), ..generous_terms() }
}

impl House {
    pub async fn open(database: Database, (meter, limit): (MeterId, MeterLimit)) -> Result<Self> {
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

    pub fn worker(&self, jobs: &Jobs) -> Arc<Worker> {
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
    pub async fn run(&self, jobs: &Jobs, requests: Vec<Value>) -> Result<JobRecord> {
        self.run_with(jobs, json!({ "requests": requests })).await
    }

    pub async fn run_with(&self, jobs: &Jobs, params: Value) -> Result<JobRecord> {
        let job = self.installation.submit("asking.ask", params).await?;
        let stop = CancellationToken::new();
        let worker = tokio::spawn(self.worker(jobs).run(stop.clone()));
        let ended = self.installation.wait_for(job.id, LIMIT).await;
        stop.cancel();
        worker.await?;
        ended
    }

    /// Used and reserved units of a meter.
    pub async fn units(&self, meter: &MeterId) -> Result<(u64, u64)> {
        let account = self.installation.billing.account(&self.installation.actor()).await?;
        let found = account.meters.iter().find(|view| view.meter == *meter);
        let view = found.with_context(|| format!("{meter} is not counted"))?;
        Ok((view.used, view.reserved))
    }

    pub async fn models(&self) -> Result<Vec<ModelSums>> {
        let organization_id = Some(self.installation.organization_id);
        let now = self.installation.clock.now();
        let day = Duration::from_hours(24);
        let filter = AskFilter { from: now.minus(day), to: now.plus(day), organization_id };
        Ok(self.installation.store.read().await?.asks().sum_asks(&filter).await?)
    }
}

pub fn hello(max_tokens: u32) -> Value {
    let messages = json!([{ "role": "user", "content": "one two three four" }]);
    json!({ "messages": messages, "max_tokens": max_tokens })
}

/// What the provider counts for [`hello`]: seven tokens in, four out.
pub const HELLO: u64 = 11;

pub fn per_month(units: u64) -> MeterLimit {
    MeterLimit { per_period: Some(units), ..MeterLimit::default() }
}
