//! Runs of workflows on real stores, with a worker: what they cost, keep and use again.
#![expect(clippy::unwrap_used, reason = "what is missing fails the test")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use gantry_engine_api::{
    AnyOperation, AnyService, Engine, EngineError, Estimate, InputMeta, InputSlot, JobContext,
    Operation, ParamError, Step,
};
use gantry_flows::{Flows, FlowsError, NewRevision, NewRun, RunView};
use gantry_ports::store::JobRecord;
use gantry_rules::plan::{MeterLimit, PlanTerms};
use gantry_store::StoreConfig;
use gantry_testkit::doors::TestEngine;
use gantry_testkit::{Installation, generous_terms, postgres};
use gantry_types::{Credits, Device, JobState, MeterId, PriorityClass, WorkflowId};
use gantry_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(30);

/// Counts ten rows, and does nothing.
struct CountRows;

impl Operation for CountRows {
    const ID: &'static str = "rows.count";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Count rows";
    const SUMMARY: &'static str = "Counts ten rows.";
    type Params = std::collections::BTreeMap<String, Value>;
    type Report = Value;

    fn inputs(&self) -> Vec<InputSlot> {
        Vec::new()
    }

    fn estimate(&self, _: &Self::Params, _: &[InputMeta]) -> Result<Estimate, ParamError> {
        Ok(Estimate { meters: [(rows(), 10)].into(), ..Estimate::free() })
    }

    async fn run(&self, _: Self::Params, _: JobContext) -> Result<Step<Value>, EngineError> {
        Ok(Step::Done(json!({})))
    }
}

struct Rows;

impl Engine for Rows {
    fn id(&self) -> &'static str {
        "rows"
    }
    fn title(&self) -> &'static str {
        "Rows"
    }
    fn summary(&self) -> &'static str {
        "Counts rows."
    }
    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![Arc::new(CountRows)]
    }
    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        Vec::new()
    }
}

fn rows() -> MeterId {
    "rows".parse().unwrap()
}

struct Running {
    installation: Installation,
    flows: Flows,
    stop: CancellationToken,
    work: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(store: Option<StoreConfig>, terms: PlanTerms) -> Result<Self> {
        let engines: [&dyn Engine; 2] = [&TestEngine, &Rows];
        let installation = Installation::open_on(store, &engines, terms).await?;
        let settings = WorkerSettings {
            slots: 2,
            devices: vec![Device::Cpu],
            classes: PriorityClass::ALL.to_vec(),
            lease: Duration::from_secs(30),
            threads_per_job: 1,
            scratch: installation.scratch(),
            drain: Duration::from_secs(5),
        };
        let stop = CancellationToken::new();
        let worker = Worker::new(installation.jobs.clone(), settings);
        let work = tokio::spawn(worker.run(stop.clone()));
        let flows = Flows::new(installation.store.clone(), installation.jobs.clone());
        Ok(Self { installation, flows, stop, work })
    }

    async fn keep(&self, definition: &Value) -> Result<WorkflowId> {
        let new = revision(definition)?;
        Ok(self.flows.create_workflow(&self.installation.actor(), new).await?.id)
    }

    async fn change(&self, id: WorkflowId, definition: &Value) -> Result<u32> {
        let new = revision(definition)?;
        let actor = self.installation.actor();
        let changed = self.flows.change_workflow(&actor, id, (new, None));
        Ok(changed.await?.revision)
    }

    async fn run(&self, id: WorkflowId, new: NewRun) -> Result<(JobRecord, RunView)> {
        let actor = self.installation.actor();
        let job = self.flows.run_workflow(&actor, id, new).await?.job;
        let job = self.installation.wait_for(job.id, LIMIT).await?;
        Ok((job.clone(), self.flows.get_run(&actor, job.id).await?))
    }

    async fn balance(&self) -> Result<(i64, i64)> {
        let account = self.installation.billing.account(&self.installation.actor()).await?;
        Ok((account.overview.available.get(), account.overview.held.get()))
    }

    async fn end(self) -> Result<()> {
        assert_eq!(self.installation.ledger_breaches().await?, Vec::<String>::new());
        self.stop.cancel();
        self.work.await?;
        Ok(())
    }
}

fn revision(definition: &Value) -> Result<NewRevision> {
    let definition = serde_json::from_value(definition.clone())?;
    Ok(NewRevision { name: "A workflow".to_owned(), definition })
}

fn states(view: &RunView) -> Vec<(&str, &str)> {
    view.nodes.iter().map(|node| (node.node.as_str(), node.state.as_str())).collect()
}

/// Data, two operations in a row, and one beside them.
fn chain(dataset: &str, steps: u64) -> Value {
    json!({
        "nodes": [
            { "id": "people", "dataset": { "id": dataset } },
            { "id": "first", "operation": "test.doors" },
            { "id": "second", "operation": "test.doors", "params": { "steps": steps } },
            { "id": "beside", "operation": "test.split", "params": { "parts": 2 } },
        ],
        "edges": [
            { "from": "people", "to": "first.data" },
            { "from": "first.sum.json", "to": "second.data" },
        ],
    })
}

async fn results_are_used_again(store: Option<StoreConfig>) -> Result<()> {
    let running = Running::start(store, generous_terms()).await?;
    let dataset = running.installation.upload("people.csv", b"a,b\n1,2\n").await?;
    let id = running.keep(&chain(&dataset.id.to_string(), 3)).await?;
    let (job, view) = running.run(id, NewRun::default()).await?;
    assert_eq!(job.state, JobState::Succeeded, "{:?}", job.error);
    let all = |state| [("people", "ready"), ("first", state), ("second", state), ("beside", state)];
    assert_eq!(states(&view), all("succeeded"));
    // 2 for each door, 1 for each of two leaves; what was held beyond is back.
    assert_eq!((job.cost, running.balance().await?), (Credits::new(6), (999_994, 0)));
    let costs: Vec<i64> = view.nodes.iter().map(|node| node.cost.get()).collect();
    assert_eq!(costs, [0, 2, 2, 2]);
    let (job, view) = running.run(id, NewRun::default()).await?;
    assert_eq!((job.cost, states(&view)), (Credits::ZERO, all("reused").into()));
    assert_eq!(job.report.unwrap()["reused"], 3);
    // A changed node runs again, what stands before it does not.
    assert_eq!(running.change(id, &chain(&dataset.id.to_string(), 4)).await?, 2);
    let (job, view) = running.run(id, NewRun::default()).await?;
    let states_now =
        [("people", "ready"), ("first", "reused"), ("second", "succeeded"), ("beside", "reused")];
    assert_eq!((job.cost, states(&view)), (Credits::new(2), states_now.into()));
    assert_eq!(view.run.unwrap().revision, Some(2));
    // One that is asked for runs again, with what reads from it.
    let again = NewRun { rerun: vec!["first".into()], ..NewRun::default() };
    let (_, view) = running.run(id, again).await?;
    let states_now = [
        ("people", "ready"),
        ("first", "succeeded"),
        ("second", "succeeded"),
        ("beside", "reused"),
    ];
    assert_eq!(states(&view), states_now);
    running.end().await
}

#[tokio::test]
async fn results_are_used_again_on_sqlite() -> Result<()> {
    results_are_used_again(None).await
}

#[tokio::test]
async fn results_are_used_again_on_postgresql() -> Result<()> {
    let server = tokio::task::spawn_blocking(postgres::share).await??;
    let url = server.create_database()?;
    results_are_used_again(Some(StoreConfig::postgres(url))).await
}

#[tokio::test]
async fn what_succeeded_is_kept_and_the_rest_of_the_hold_returns() -> Result<()> {
    let running = Running::start(None, generous_terms()).await?;
    let bad = |how: &str| {
        json!({
            "nodes": [
                { "id": "good", "operation": "test.doors" },
                { "id": "bad", "operation": "test.misbehave", "params": { "how": how } },
                { "id": "behind", "operation": "test.doors" },
                { "id": "last", "operation": "test.doors", "params": { "steps": 9 } },
            ],
            "edges": [{ "from": "bad", "to": "behind.data" }, { "from": "good.sum.json", "to": "last.data" }],
        })
    };
    let id = running.keep(&bad("fail_input")).await?;
    let (job, view) = running.run(id, NewRun::default()).await?;
    assert_eq!(job.state, JobState::Failed);
    let expected =
        [("good", "succeeded"), ("bad", "failed"), ("behind", "skipped"), ("last", "succeeded")];
    assert_eq!(states(&view), expected);
    assert_eq!(view.nodes[1].message.as_deref(), Some("The table has no rows."));
    let told = job.error.unwrap().message;
    assert!(told.contains("2 of 4 nodes succeeded. `bad`: The table has no rows."), "{told}");
    assert_eq!((job.cost, running.balance().await?), (Credits::new(4), (999_996, 0)));
    // Its job succeeds now, and leaves no table for the next.
    running.change(id, &bad("sleep")).await?;
    let (job, view) = running.run(id, NewRun::default()).await?;
    let expected =
        [("good", "reused"), ("bad", "succeeded"), ("behind", "failed"), ("last", "reused")];
    assert_eq!(states(&view), expected);
    let told = job.error.unwrap().message;
    assert!(told.contains("`bad` left no `table`; it left no files"), "{told}");
    running.end().await
}

#[tokio::test]
async fn nodes_are_held_to_plan_and_balance() -> Result<()> {
    let mut terms = generous_terms();
    terms.granted_credits = Credits::new(5);
    let limit = MeterLimit { per_period: Some(15), ..MeterLimit::default() };
    terms.meters.insert(rows(), limit);
    let running = Running::start(None, terms).await?;
    let count = |id: &str| json!({ "id": id, "operation": "rows.count", "params": { "is": id } });
    let id = running.keep(&json!({ "nodes": [count("a"), count("b")] })).await?;
    let (job, view) = running.run(id, NewRun::default()).await?;
    assert_eq!(states(&view), [("a", "succeeded"), ("b", "failed")], "{:?}", job.error);
    let told = view.nodes[1].message.clone().unwrap();
    assert!(told.contains("rows"), "{told}");
    let dear = json!({ "nodes": [
        { "id": "dear", "operation": "test.noop", "params": { "credits": 50 } },
        { "id": "free", "operation": "test.noop" },
    ] });
    let id = running.keep(&dear).await?;
    let (job, view) = running.run(id, NewRun::default()).await?;
    assert_eq!(states(&view), [("dear", "failed"), ("free", "succeeded")], "{:?}", job.error);
    assert_eq!(running.balance().await?, (5, 0));
    running.end().await
}

#[tokio::test]
async fn a_cancel_ends_every_node() -> Result<()> {
    let running = Running::start(None, generous_terms()).await?;
    let sleeping = json!({ "how": "sleep", "millis": 60_000 });
    let id = running
        .keep(&json!({
            "nodes": [
                { "id": "slow", "operation": "test.misbehave", "params": sleeping },
                { "id": "after", "operation": "test.doors" },
            ],
            "edges": [{ "from": "slow", "to": "after.data" }],
        }))
        .await?;
    let actor = running.installation.actor();
    let job = running.flows.run_workflow(&actor, id, NewRun::default()).await?.job;
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let view = running.flows.get_run(&actor, job.id).await?;
        if view.nodes.first().is_some_and(|node| node.state == "running") {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{:?}", states(&view));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.installation.jobs.cancel_job(&actor, job.id).await?;
    let job = running.installation.wait_for(job.id, LIMIT).await?;
    assert_eq!(job.state, JobState::Cancelled);
    let view = running.flows.get_run(&actor, job.id).await?;
    assert_eq!(states(&view), [("slow", "cancelled"), ("after", "skipped")]);
    assert_eq!(running.balance().await?, (1_000_000, 0));
    running.end().await
}

#[tokio::test]
async fn a_draft_is_kept_and_not_run() -> Result<()> {
    let running = Running::start(None, generous_terms()).await?;
    let actor = running.installation.actor();
    let id = running.keep(&json!({ "nodes": [{ "id": "x", "operation": "no.such" }] })).await?;
    let refused = running.flows.run_workflow(&actor, id, NewRun::default()).await;
    assert!(matches!(refused, Err(FlowsError::Unsound(problems)) if problems.len() == 1));
    let stale = (revision(&json!({ "nodes": [] }))?, Some(7));
    let refused = running.flows.change_workflow(&actor, id, stale).await;
    assert!(matches!(refused, Err(FlowsError::Changed { newest: 1 })));
    let copy = running.flows.duplicate_workflow(&actor, id).await?;
    assert_eq!((copy.name.as_str(), copy.revision), ("A workflow (copy)", 1));
    running.flows.delete_workflow(&actor, id).await?;
    assert!(matches!(running.flows.get_workflow(&actor, id).await, Err(FlowsError::NotFound)));
    running.end().await
}
