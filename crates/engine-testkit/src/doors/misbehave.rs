//! An operation that fails, panics, dawdles or never listens.

use std::time::Duration;

use gantry_engine_api::{
    EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_types::{Attempt, Credits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that it may cost, as long as it does not ask for more.
const HOLD: Credits = Credits::new(5);

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Misbehaviour {
    /// Nothing: it sleeps and listens.
    #[default]
    Sleep,
    /// Fails with `Input`.
    FailInput,
    /// Fails with `Transient` on the first attempt and succeeds on the next.
    FailOnce,
    /// Panics in asynchronous code.
    Panic,
    /// Panics while computing.
    PanicComputing,
    /// Sleeps and does not listen.
    Deaf,
    /// Charges more than it may.
    Overcharge,
    /// Asks for twice its hold, and charges all of it.
    Raise,
}

/// What goes wrong, and for how long.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MisbehaveParams {
    /// What goes wrong.
    pub how: Misbehaviour,
    /// How long it sleeps.
    pub millis: u64,
}

impl Default for MisbehaveParams {
    fn default() -> Self {
        Self { how: Misbehaviour::Sleep, millis: 10 }
    }
}

/// Nothing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct MisbehaveReport {
    /// The attempt that came through.
    pub attempt: u32,
}

pub(super) struct Misbehave;

impl Operation for Misbehave {
    const ID: &'static str = "test.misbehave";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Misbehave";
    const SUMMARY: &'static str = "Fails, panics, dawdles or never listens.";
    type Params = MisbehaveParams;
    type Report = MisbehaveReport;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, _: &MisbehaveParams, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate { max_credits: HOLD, ..Estimate::free() })
    }

    async fn run(
        &self,
        params: MisbehaveParams,
        context: JobContext,
    ) -> Result<Step<MisbehaveReport>, EngineError> {
        let time = Duration::from_millis(params.millis);
        match params.how {
            Misbehaviour::Sleep => sleep_listening(&context, time).await?,
            Misbehaviour::FailInput => {
                return Err(EngineError::input("The table has no rows.")
                    .with_next_step("Upload one with rows."));
            }
            Misbehaviour::FailOnce if context.attempt() == Attempt::new(1) => {
                return Err(EngineError::transient("The line is busy."));
            }
            Misbehaviour::FailOnce => {}
            Misbehaviour::Panic => fall_over(),
            Misbehaviour::PanicComputing => {
                context
                    .compute(|_| {
                        fall_over();
                        Ok(())
                    })
                    .await?;
            }
            Misbehaviour::Deaf => tokio::time::sleep(time).await,
            Misbehaviour::Overcharge => context.charge(Credits::new(1_000_000))?,
            Misbehaviour::Raise => {
                context.charge(HOLD)?;
                let twice = Credits::new(HOLD.get() * 2);
                context.raise_hold(twice).await?;
                context.charge(HOLD)?;
            }
        }
        Ok(Step::Done(MisbehaveReport { attempt: context.attempt().get() }))
    }
}

#[expect(clippy::panic, reason = "panics on purpose, to see that it ends one job alone")]
fn fall_over() {
    panic!("asked to panic");
}

async fn sleep_listening(context: &JobContext, time: Duration) -> Result<(), EngineError> {
    let step = Duration::from_millis(5);
    let mut slept = Duration::ZERO;
    while slept < time {
        context.check_cancelled()?;
        tokio::time::sleep(step).await;
        slept += step;
    }
    Ok(())
}
