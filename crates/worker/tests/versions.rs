//! An engine whose parameters changed: what was stored for the version before still runs.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gantry_engine_api::{
    AnyOperation, AnyService, CancellationToken, Engine, EngineError, Estimate, InputMeta,
    InputSlot, JobContext, Operation, ParamError, Step,
};
use gantry_jobs::{Jobs, JobsError, Registry};
use gantry_ports::Clock;
use gantry_testkit::{Installation, generous_terms};
use gantry_types::{Device, EngineErrorKind, JobState, PriorityClass};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(20);

/// Writes the definition of an operation but for its version, parameters and migration.
macro_rules! double {
    ($version:literal, $params:ty, $field:ident $(, $migrate:item)?) => {
        impl Operation for Double<$version> {
            const ID: &'static str = "aging.double";
            const VERSION: u32 = $version;
            const TITLE: &'static str = "Double";
            const SUMMARY: &'static str = "Doubles a number.";
            type Params = $params;
            type Report = Value;

            fn inputs(&self) -> Vec<InputSlot> {
                Vec::new()
            }

            fn estimate(&self, _: &$params, _: &[InputMeta]) -> Result<Estimate, ParamError> {
                Ok(Estimate::free())
            }

            $($migrate)?

            async fn run(
                &self,
                params: $params,
                _: JobContext,
            ) -> Result<Step<Value>, EngineError> {
                Ok(Step::Done(json!({ "double": params.$field * 2 })))
            }
        }
    };
}

struct Double<const VERSION: u32>;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct FirstParams {
    number: i64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecondParams {
    amount: i64,
}

double!(1, FirstParams, number);
double!(
    2,
    SecondParams,
    amount,
    fn migrate(from: u32, params: Value) -> Result<Value, ParamError> {
        match from {
            1 => Ok(json!({ "amount": params["number"] })),
            _ => Err(ParamError::too_old(Self::ID, from, Self::VERSION)),
        }
    }
);
// It was rewritten from scratch and cannot read what was before.
double!(3, SecondParams, amount);

struct Aging(u32);

impl Engine for Aging {
    fn id(&self) -> &'static str {
        "aging"
    }

    fn title(&self) -> &'static str {
        "Aging"
    }

    fn summary(&self) -> &'static str {
        "Changes its parameters."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        match self.0 {
            1 => vec![Arc::new(Double::<1>)],
            2 => vec![Arc::new(Double::<2>)],
            _ => vec![Arc::new(Double::<3>)],
        }
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        Vec::new()
    }
}

/// The same installation with another version of the engine.
fn with_version(installation: &Installation, version: u32) -> Result<Jobs> {
    let mut registry = Registry::default();
    registry.add_engine(&Aging(version))?;
    let clock: Arc<dyn Clock> = installation.clock.clone();
    let (store, bus) = (installation.store.clone(), installation.bus.clone());
    let (catalog, flags) = (installation.jobs.catalog().clone(), installation.jobs.flags().clone());
    Ok(Jobs::new((store, clock), bus, catalog, Arc::new(registry), flags))
}

async fn work(
    installation: &Installation,
    jobs: &Jobs,
    id: gantry_types::JobId,
) -> Result<gantry_ports::store::JobRecord> {
    let settings = WorkerSettings {
        slots: 1,
        devices: vec![Device::Cpu],
        classes: PriorityClass::ALL.to_vec(),
        lease: Duration::from_secs(30),
        threads_per_job: 1,
        scratch: installation.scratch(),
        drain: Duration::from_secs(5),
    };
    let stop = CancellationToken::new();
    let worker = tokio::spawn(Worker::new(jobs.clone(), settings).run(stop.clone()));
    let job = installation.wait_for(id, LIMIT).await?;
    stop.cancel();
    worker.await?;
    Ok(job)
}

#[tokio::test]
async fn a_stored_job_is_rewritten_when_it_is_claimed() -> Result<()> {
    let installation = Installation::open(&[&Aging(1)], generous_terms()).await?;
    let old = installation.submit("aging.double", json!({ "number": 4 })).await?;
    assert_eq!(old.operation_version, 1);
    let second = with_version(&installation, 2)?;
    let job = work(&installation, &second, old.id).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    assert_eq!(job.report, Some(json!({ "double": 8 })));
    assert_eq!(job.params, json!({ "number": 4 }), "what was submitted stays as it was");
    let again = second.rerun_job(&installation.actor(), old.id).await?.job;
    assert_eq!((again.operation_version, again.params), (2, json!({ "amount": 4 })));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_words() -> Result<()> {
    let installation = Installation::open(&[&Aging(2)], generous_terms()).await?;
    let newer = installation.submit("aging.double", json!({ "amount": 4 })).await?;
    let first = with_version(&installation, 1)?;
    let job = work(&installation, &first, newer.id).await?;
    assert_eq!(job.state, JobState::Failed);
    let error = job.error.unwrap();
    assert_eq!(error.kind, EngineErrorKind::Params);
    assert!(error.message.contains("upgrade this server first"), "{}", error.message);
    let third = with_version(&installation, 3)?;
    let refused = third.redrive_job(&installation.actor(), newer.id).await.unwrap_err();
    assert!(matches!(refused, JobsError::Params(_)), "{refused}");
    assert!(refused.to_string().contains("version 2 of `aging.double`"), "{refused}");
    let second = with_version(&installation, 2)?;
    let redriven = second.redrive_job(&installation.actor(), newer.id).await?.job;
    let job = work(&installation, &second, redriven.id).await?;
    assert_eq!(job.report, Some(json!({ "double": 8 })));
    Ok(())
}
