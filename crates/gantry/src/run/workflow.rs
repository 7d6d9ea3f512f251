//! `gantry workflow`: a workflow of a file, checked or run here and now.
//!
//! Invariants: files that its nodes name are looked for beside the workflow's file; what the
//! nodes left is written into a folder for each node, also when another one failed.

use std::path::{Path, PathBuf};

use gantry_access::Actor;
use gantry_engine_api::InputRef;
use gantry_flows::{
    DatasetSource, FlowDefinition, FlowParams, FlowProblem, FlowSource, Flows, KnownOperations,
    NodeView, RUN_OPERATION, RunView, check,
};
use gantry_jobs::NewJob;
use gantry_rules::submission::OnRefusal;
use gantry_types::JobState;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::artifacts::{SavedArtifact, save_artifacts};
use super::follow::follow;
use super::local::{
    derive_failure, derive_job_failure, derive_private_config, import_file, register_owner,
    require_file,
};
use crate::cli::{GlobalArgs, WorkflowCommand, WorkflowRunArgs};
use crate::config::{Config, EnginesConfig, IsolationConfig, load};
use crate::console::{Console, Format, heading, pretty};
use crate::engines::{EngineSet, register_engines};
use crate::failure::{Exit, Failure, file_failure};
use crate::house::House;
use crate::progress::ProgressView;
use crate::render::Table;
use crate::runtime::StopSignals;
use crate::{logging, runtime};

/// Checks or runs the workflow of a file.
///
/// # Errors
/// [`Failure`] with the exit code of its cause; a usage failure names every problem.
pub fn run(
    command: &WorkflowCommand,
    global: &GlobalArgs,
    console: Console,
) -> Result<Exit, Failure> {
    let mut config = load(global.config.as_deref(), &[])?;
    config.engines = EnginesConfig { isolation: IsolationConfig::Thread, ..config.engines };
    let file = match command {
        WorkflowCommand::Check { file } => file,
        WorkflowCommand::Run(arguments) => &arguments.file,
    };
    let definition = read_definition(file)?;
    let runtime = runtime::build_runtime()?;
    logging::start(&config.log, "warn")?;
    let registry = runtime.block_on(register_engines(&config.engines, EngineSet::built_in()))?;
    let known = KnownOperations::new(registry.visible_operations());
    let problems = check(&definition, &known);
    if !problems.is_empty() {
        return Err(derive_problems_failure(&problems));
    }
    let exit = match command {
        WorkflowCommand::Check { .. } => {
            let (nodes, edges) = (definition.nodes.len(), definition.edges.len());
            let said = json!({ "sound": true, "nodes": nodes, "edges": edges });
            console.result(&said, |_| format!("The workflow can run: {nodes} nodes."));
            Ok(Exit::Success)
        }
        WorkflowCommand::Run(arguments) => {
            let folder = file.parent().map(Path::to_owned).unwrap_or_default();
            let plan = LocalPlan { definition, folder, arguments };
            runtime.block_on(run_here(&config, plan, console))
        }
    };
    runtime.shutdown_background();
    exit
}

struct LocalPlan<'a> {
    definition: FlowDefinition,
    folder: PathBuf,
    arguments: &'a WorkflowRunArgs,
}

fn read_definition(file: &Path) -> Result<FlowDefinition, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| file_failure("read", file, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("{} is no workflow: {error}", file.display()))
            .with_next("a workflow is {\"nodes\": [...], \"edges\": [...]}")
    })
}

fn derive_problems_failure(problems: &[FlowProblem]) -> Failure {
    let lines: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
    Failure::usage(format!("the workflow cannot run: {}", lines.join("\n  ")))
        .with_next("`gantry run --help` lists the operations")
}

async fn run_here(config: &Config, plan: LocalPlan<'_>, console: Console) -> Result<Exit, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("gantry-run-")
        .tempdir()
        .map_err(|error| Failure::broken(format!("no temporary folder can be made: {error}")))?;
    let private = derive_private_config(config, folder.path());
    let house = House::open(&private).await?;
    let stop = CancellationToken::new();
    let worker = tokio::spawn(house.build_worker(&private).run(stop.clone()));
    let ended = run_in(&house, plan, console).await;
    stop.cancel();
    let _stopped = worker.await;
    ended
}

async fn run_in(house: &House, plan: LocalPlan<'_>, console: Console) -> Result<Exit, Failure> {
    let mut signals = StopSignals::listen()?;
    let actor = register_owner(house).await?;
    let LocalPlan { mut definition, folder, arguments } = plan;
    import_files(house, &actor, (&mut definition, &folder), &mut signals).await?;
    let params = FlowParams { definition: Some(definition), ..FlowParams::default() };
    let new = NewJob {
        operation: RUN_OPERATION.to_owned(),
        params: json!(params),
        inputs: Vec::new(),
        label: None,
        seed: Some(arguments.seed.unwrap_or(0)),
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
    };
    let submitted = house.jobs.submit_job(&actor, new).await;
    let submitted = submitted.map_err(|error| derive_failure(&error, RUN_OPERATION))?;
    let mut view = ProgressView::new(console, RUN_OPERATION);
    let job = follow(&house.jobs, &actor, submitted.job.id, &mut view, &mut signals).await;
    view.finish();
    let job = job?;
    let flows = Flows::new(house.store.clone(), house.jobs.clone());
    let run = flows.get_run(&actor, job.id).await;
    let run = run.map_err(|error| Failure::broken(error.to_string()))?;
    let mut saved = Vec::with_capacity(run.nodes.len());
    for node in &run.nodes {
        saved.push(save_node(house, &actor, node, &arguments.out).await?);
    }
    print_run(&run, &saved, console);
    if job.state == JobState::Succeeded {
        return Ok(Exit::Success);
    }
    Err(derive_job_failure(&job))
}

/// Makes datasets of the files that a definition names.
async fn import_files(
    house: &House,
    actor: &Actor,
    (definition, folder): (&mut FlowDefinition, &Path),
    signals: &mut StopSignals,
) -> Result<(), Failure> {
    for node in &mut definition.nodes {
        if let Some(file) = node.file.take() {
            node.dataset = Some(import(house, actor, &folder.join(file), signals).await?);
        }
        for source in node.inputs.values_mut() {
            if let FlowSource::File(file) = source {
                let dataset = import(house, actor, &folder.join(file), signals).await?;
                *source = FlowSource::Dataset(dataset);
            }
        }
    }
    Ok(())
}

async fn import(
    house: &House,
    actor: &Actor,
    path: &Path,
    signals: &mut StopSignals,
) -> Result<DatasetSource, Failure> {
    require_file(path)?;
    match import_file(house, actor, path, signals).await? {
        InputRef::Dataset { id, version } => Ok(DatasetSource { id, version: Some(version) }),
        InputRef::Artifact { .. } => Err(Failure::broken("a file became no dataset")),
    }
}

async fn save_node(
    house: &House,
    actor: &Actor,
    node: &NodeView,
    out: &Path,
) -> Result<Vec<SavedArtifact>, Failure> {
    let Some(id) = node.job_id else { return Ok(Vec::new()) };
    let job = house.jobs.get_job(actor, id).await;
    let job = job.map_err(|error| Failure::broken(error.to_string()))?;
    save_artifacts(house.jobs.catalog(), actor, &job, &out.join(&node.node)).await
}

fn print_run(run: &RunView, saved: &[Vec<SavedArtifact>], console: Console) {
    match console.format {
        Format::Json => {
            let node = |(node, files): (&NodeView, &Vec<SavedArtifact>)| {
                let files: Vec<Value> = files.iter().map(SavedArtifact::to_json).collect();
                json!({ "node": node.node, "state": node.state, "message": node.message,
                    "estimated": node.max_credits, "cost": node.cost, "files": files })
            };
            let nodes: Vec<Value> = run.nodes.iter().zip(saved).map(node).collect();
            let (estimated, cost) = (run.job.max_credits, run.job.cost);
            console.say(&pretty(&json!({ "state": run.job.state, "estimated": estimated,
                "cost": cost, "nodes": nodes })));
        }
        Format::Human => {
            let mut table = Table::new(&["node", "state", "estimated", "cost", "files"]);
            for (node, files) in run.nodes.iter().zip(saved) {
                let names: Vec<String> =
                    files.iter().map(|file| file.path.display().to_string()).collect();
                let first = names.first().cloned().unwrap_or_default();
                let (estimated, cost) = (node.max_credits.to_string(), node.cost.to_string());
                table.push([node.node.clone(), node.state.clone(), estimated, cost, first]);
                for name in names.into_iter().skip(1) {
                    let none = String::new;
                    table.push([none(), none(), none(), none(), name]);
                }
            }
            console.say(&format!("{}\n{}", heading("nodes"), table.render()));
        }
    }
}
