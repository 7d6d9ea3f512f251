//! Requests of jobs to language models: counted against the plan, and written down with their cost.
//!
//! Invariants: what a request can use at most is reserved before it is sent, so that one that would
//! begin over a limit is not sent at all, and those of one job that are open at once do not pass its
//! limit together within this process; limits in money count by the edition's prices, and a model
//! without a price costs nothing; what was answered is counted and written down even when
//! its job ends meanwhile, and again when the job is run again, because it was paid for each time;
//! a request that was not answered uses nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gantry_billing::Billing;
use gantry_engine_api::EngineError;
use gantry_ports::store::{
    AllowCommand, AllowancePhase, AllowanceUseCommand, ClaimedJob, HotError, ModelAsk, StoreExt,
};
use gantry_ports::{LanguageError, LanguageModel, StoreError};
use gantry_rules::allowance::UnitAsk;
use gantry_rules::language::{AskedByJob, check_job, limits_jobs};
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::Accounting;
use gantry_types::{
    AllowanceId, AnswerEnd, AskId, MeterId, ModelAnswer, ModelRequest, Nanos, TokenUse,
};
use tokio::sync::Semaphore;

use crate::Jobs;
use crate::open_asks::{OpenAsk, OpenAsks};

/// How long the store waits for the last word about a request: longer than any answer may take.
const LIFE: Duration = Duration::from_mins(15);

/// Requests of this process that are open at once; each of them keeps a thread.
const MOST_OPEN: usize = 32;

/// Who answers, and what an edition says of it.
#[derive(Clone)]
pub struct ModelDesk {
    /// Who answers.
    pub model: Arc<dyn LanguageModel>,
    /// What tokens cost, and which plan allows more.
    pub billing: Billing,
    turns: Arc<Semaphore>,
    open: Arc<OpenAsks>,
}

/// What is set aside for a request until it is answered.
struct Reserved {
    allowance_id: AllowanceId,
    /// Where the plan limits what one job asks.
    open: Option<OpenAsk>,
}

impl ModelDesk {
    /// With a bound on the requests that are open at once.
    #[must_use]
    pub fn new(model: Arc<dyn LanguageModel>, billing: Billing) -> Self {
        let (turns, open) = (Arc::new(Semaphore::new(MOST_OPEN)), Arc::default());
        Self { model, billing, turns, open }
    }

    /// The most that a request can use.
    fn derive_most(&self, request: &ModelRequest) -> AskedByJob {
        let model = request.model.as_deref().unwrap_or_else(|| self.model.default_model());
        self.derive_asked(model, request.most_tokens())
    }

    /// One request that used so many tokens.
    fn derive_asked(&self, model: &str, tokens: TokenUse) -> AskedByJob {
        let cost = self.billing.edition().token_prices.find_cost(model, tokens);
        let cost = cost.unwrap_or(Nanos::ZERO);
        AskedByJob { requests: 1, tokens: tokens.total(), cost }
    }
}

impl Jobs {
    /// Asks a language model for a running job. Dropping the future does not take the request back:
    /// it is counted when it is answered.
    ///
    /// # Errors
    /// `Resource` when nobody answers here, the plan allows no more or the provider refuses,
    /// `Transient` when the model does not answer now or not in its form.
    pub async fn ask_model(
        &self,
        claim: &Arc<ClaimedJob>,
        request: ModelRequest,
    ) -> Result<ModelAnswer, EngineError> {
        let Some(desk) = self.models.clone() else { return Err(nobody_answers()) };
        // A job that is cancelled meanwhile leaves its request open, and a turn taken.
        let turn = Arc::clone(&desk.turns).acquire_owned().await;
        let turn =
            turn.map_err(|error| EngineError::bug(format!("There are no turns: {error}.")))?;
        let (jobs, claim) = (self.clone(), Arc::clone(claim));
        let asking = async move {
            let answer = jobs.ask_and_count(&desk, &claim, &request).await;
            drop(turn);
            answer
        };
        let asked = tokio::spawn(asking).await;
        asked.unwrap_or_else(|error| {
            let message = format!("The request to the language model was cut off: {error}.");
            // Otherwise this process ends, and another one goes on with the job.
            let is_ours = error.is_panic();
            Err(if is_ours { EngineError::bug(message) } else { EngineError::transient(message) })
        })
    }

    async fn ask_and_count(
        &self,
        desk: &ModelDesk,
        claim: &ClaimedJob,
        request: &ModelRequest,
    ) -> Result<ModelAnswer, EngineError> {
        let reserved = match claim.job.accounting {
            Accounting::Metered => {
                Some(self.reserve(desk, claim, desk.derive_most(request)).await?)
            }
            Accounting::Platform => None,
        };
        let (allowance_id, open) =
            reserved.map(|reserved| (reserved.allowance_id, reserved.open)).unzip();
        let answer = desk.model.ask(request).await;
        if let Ok(answer) = &answer {
            self.close(desk, claim, (answer, open.flatten())).await;
        }
        if let Some(allowance_id) = allowance_id {
            let answered = answer.as_ref().ok();
            let used = answered.map(|answer| desk.derive_asked(&answer.model, answer.tokens));
            self.count_use(claim, allowance_id, used).await;
        }
        read_answer(answer.map_err(derive_error)?, request)
    }

    /// Reserves a request and the most that it can use.
    async fn reserve(
        &self,
        desk: &ModelDesk,
        claim: &ClaimedJob,
        most: AskedByJob,
    ) -> Result<Reserved, EngineError> {
        let open = self.open_ask(desk, claim, most).await?;
        let (allowance_id, now) = (AllowanceId::generate(), self.clock.now());
        let ask = |needed: u64| UnitAsk { needed, wanted: needed };
        let command = AllowCommand {
            allowance_id,
            organization_id: claim.job.organization_id,
            asks: list_units(most).map(|(meter, units)| (meter, ask(units))).collect(),
            now,
            expires_at: now.plus(LIFE),
        };
        match self.store.allow(command).await {
            Ok(_) => Ok(Reserved { allowance_id, open }),
            Err(HotError::Refused(refusal)) => Err(describe(desk, &refusal)),
            Err(HotError::Store(error)) => Err(derive_store_error(&error)),
            Err(
                error @ (HotError::IdempotencyMismatch
                | HotError::LeaseLost
                | HotError::WrongState { .. }),
            ) => Err(EngineError::bug(format!("Tokens cannot be reserved: {error}."))),
        }
    }

    /// Opens a request, where the plan limits what one job asks: with what is answered and what is
    /// open of its tree, it has to be within the limit.
    async fn open_ask(
        &self,
        desk: &ModelDesk,
        claim: &ClaimedJob,
        most: AskedByJob,
    ) -> Result<Option<OpenAsk>, EngineError> {
        if !limits_jobs(&claim.terms) {
            return Ok(None);
        }
        let root_id = claim.job.root_id;
        let _turn = desk.open.take_turn().await;
        let answered =
            self.find_asked(desk, claim).await.map_err(|error| derive_store_error(&error))?;
        let asked = answered.plus(desk.open.find(root_id));
        check_job(&claim.terms, asked, most).map_err(|refusal| describe(desk, &refusal))?;
        Ok(Some(desk.open.open(root_id, most)))
    }

    /// Writes an answer down, and closes its request in the same turn.
    async fn close(
        &self,
        desk: &ModelDesk,
        claim: &ClaimedJob,
        (answer, open): (&ModelAnswer, Option<OpenAsk>),
    ) {
        let Some(open) = open else { return self.write_down(desk, claim, answer).await };
        let _turn = desk.open.take_turn().await;
        self.write_down(desk, claim, answer).await;
        drop(open);
    }

    /// What the job's tree has asked so far, in all attempts; what it cost in an earlier currency of
    /// the edition is left out.
    async fn find_asked(
        &self,
        desk: &ModelDesk,
        claim: &ClaimedJob,
    ) -> Result<AskedByJob, StoreError> {
        let snapshot = self.store.read().await?;
        let (organization_id, root_id) = (claim.job.organization_id, claim.job.root_id);
        let found = snapshot.asks().sum_asks_of_trees(organization_id, &[root_id]).await?;
        Ok(found.iter().fold(AskedByJob::default(), |sum, asks| {
            let (requests, tokens) = (asks.sums.requests, asks.sums.tokens.total());
            let is_ours = asks.currency == desk.billing.edition().currency;
            let cost = if is_ours { asks.sums.cost } else { Nanos::ZERO };
            sum.plus(AskedByJob { requests, tokens, cost })
        }))
    }

    /// A failure is told in the log: the answer was paid for, and its job goes on with it.
    async fn write_down(&self, desk: &ModelDesk, claim: &ClaimedJob, answer: &ModelAnswer) {
        let edition = desk.billing.edition();
        let ask = ModelAsk {
            id: AskId::generate(),
            organization_id: claim.job.organization_id,
            job_id: claim.job.id,
            root_id: claim.job.root_id,
            operation: claim.job.operation.clone(),
            model: answer.model.clone(),
            tokens: answer.tokens,
            currency: edition.currency,
            cost: edition.token_prices.find_cost(&answer.model, answer.tokens),
            at: self.clock.now(),
        };
        let written = self
            .store
            .write::<(), StoreError, _>(move |tx| {
                let ask = ask.clone();
                Box::pin(async move { tx.asks().insert_ask(&ask).await })
            })
            .await;
        if let Err(error) = written {
            let TokenUse { input_tokens, output_tokens } = answer.tokens;
            tracing::error!(
                %error, job = %claim.job.id, model = %answer.model, input_tokens, output_tokens,
                "an answer of a language model was not written down"
            );
        }
    }

    /// Counts what was used of a reservation, and returns the rest.
    async fn count_use(
        &self,
        claim: &ClaimedJob,
        allowance_id: AllowanceId,
        used: Option<AskedByJob>,
    ) {
        let used: BTreeMap<MeterId, u64> = used.into_iter().flat_map(list_units).collect();
        let organization_id = claim.job.organization_id;
        let phase = AllowancePhase::Ended;
        let command = AllowanceUseCommand { allowance_id, organization_id, used, phase };
        if let Err(error) = self.store.report_use(command).await {
            tracing::error!(%error, job = %claim.job.id, "the use of a language model was not counted");
        }
    }
}

/// Units by meter; a cost of nothing is told by none.
fn list_units(asked: AskedByJob) -> impl Iterator<Item = (MeterId, u64)> {
    let is_told = |(meter, units): &(MeterId, u64)| *units > 0 || !meter.counts_money();
    asked.derive_units().into_iter().filter(is_told)
}

/// Reads the answer as JSON where that was asked for.
fn read_answer(
    mut answer: ModelAnswer,
    request: &ModelRequest,
) -> Result<ModelAnswer, EngineError> {
    if request.schema.is_none() {
        return Ok(answer);
    }
    if let Ok(json) = serde_json::from_str(&answer.text) {
        answer.json = Some(json);
        return Ok(answer);
    }
    Err(match answer.end {
        AnswerEnd::Complete => {
            EngineError::transient("The language model did not answer in JSON as it was asked to.")
                .with_next_step("Choose another model.")
        }
        // It would end there again, and cost as much again.
        AnswerEnd::CutOff => EngineError::resource(
            "The answer of the language model was cut off before its JSON ended.",
        )
        .with_next_step("Ask for less at once, or allow the answer more tokens."),
        AnswerEnd::Filtered => {
            EngineError::resource("The provider of the language model held the answer back.")
                .with_next_step("Ask for something else.")
        }
    })
}

fn nobody_answers() -> EngineError {
    EngineError::resource("No language model is configured.").with_next_step(
        "Ask the operator to name one by `models.base` and `models.model` in gantry.toml, or \
         GANTRY__MODELS__BASE and GANTRY__MODELS__MODEL.",
    )
}

/// What a limit refused: the limit, the use, when it resets, and the plan that allows more.
fn describe(desk: &ModelDesk, refusal: &Refusal) -> EngineError {
    let own = match refusal {
        Refusal::Quota { resets_at, .. } => format!("Run the job again after {resets_at}"),
        Refusal::JobTooLarge { .. } => "Ask for less in one job".to_owned(),
        Refusal::Credits { .. }
        | Refusal::GpuNotIncluded
        | Refusal::Memory { .. }
        | Refusal::NotIncluded { .. }
        | Refusal::QueueFull { .. } => "Ask the operator".to_owned(),
    };
    let next_step = match desk.billing.find_upgrade(refusal) {
        Some(plan) => format!("{own}, or change to the plan {}, which allows it.", plan.title),
        None => format!("{own}."),
    };
    EngineError::resource(format!(
        "The plan does not allow this request to a language model: {}.",
        refusal.describe_in(desk.billing.edition().currency)
    ))
    .with_next_step(next_step)
}

fn derive_store_error(error: &StoreError) -> EngineError {
    EngineError::transient(format!("The store did not take it: {error}."))
}

fn derive_error(error: LanguageError) -> EngineError {
    let message = format!("The language model was asked in vain: {error}.");
    match error {
        LanguageError::KeyRefused => {
            EngineError::resource(message).with_next_step("Ask the operator to check `models.key`.")
        }
        LanguageError::NoSuchModel { .. } => EngineError::resource(message)
            .with_next_step("Ask the operator to check `models.model`, or choose another model."),
        LanguageError::TooLong { .. } => {
            EngineError::resource(message).with_next_step("Ask for less at once.")
        }
        LanguageError::Refused { .. } => EngineError::resource(message)
            .with_next_step("Ask the operator what the provider of the model objects to."),
        LanguageError::Busy | LanguageError::Unavailable { .. } => EngineError::transient(message),
    }
}
