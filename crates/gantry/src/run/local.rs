//! The steps of a local run: a private house, the inputs as datasets, one job, its artifacts.

use std::path::{Path, PathBuf};

use gantry_access::{Actor, Credentials, Registrant};
use gantry_catalog::{CatalogError, NewUpload, PART_BYTES, PartDraft};
use gantry_engine_api::InputRef;
use gantry_jobs::{JobsError, NewJob};
use gantry_ports::store::{HotError, JobRecord};
use gantry_rules::refusal::Refusal;
use gantry_rules::submission::OnRefusal;
use gantry_types::{EngineErrorKind, JobState};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

use super::artifacts::{SavedArtifact, save_artifacts};
use super::follow::follow;
use super::plan::RunPlan;
use crate::config::{Config, DeviceConfig, WorkerConfig};
use crate::console::{Console, Format, heading, pretty};
use crate::failure::{Exit, Failure, file_failure};
use crate::house::{House, derive_access_failure};
use crate::progress::ProgressView;
use crate::render::{Table, format_bytes, format_seconds, render_report};
use crate::runtime::StopSignals;

/// Runs `plan` in a folder of its own.
///
/// # Errors
/// [`Failure`] with the exit code of its cause; one that the engine or Ctrl-C ended is an exit.
pub async fn run_here(
    config: &Config,
    operation: &str,
    plan: &RunPlan,
    console: Console,
) -> Result<Exit, Failure> {
    for (_, path) in &plan.inputs {
        require_file(path)?;
    }
    let folder = tempfile::Builder::new()
        .prefix("gantry-run-")
        .tempdir()
        .map_err(|error| Failure::broken(format!("no temporary folder can be made: {error}")))?;
    let private = derive_private_config(config, folder.path());
    let house = House::open(&private).await?;
    let stop = CancellationToken::new();
    let worker = tokio::spawn(house.build_worker(&private).run(stop.clone()));
    let ended = run_in(&house, operation, plan, console).await;
    stop.cancel();
    let _stopped = worker.await;
    ended
}

async fn run_in(
    house: &House,
    operation: &str,
    plan: &RunPlan,
    console: Console,
) -> Result<Exit, Failure> {
    let mut signals = StopSignals::listen()?;
    let actor = register_owner(house).await?;
    let mut inputs = Vec::new();
    for (slot, path) in &plan.inputs {
        inputs.push((slot.clone(), import_file(house, &actor, path, &mut signals).await?));
    }
    let new = NewJob {
        operation: operation.to_owned(),
        params: plan.params.clone(),
        inputs,
        label: plan.label.clone(),
        seed: Some(plan.seed.unwrap_or(0)),
        start_at: None,
        on_refusal: OnRefusal::Refuse,
        idempotency: None,
    };
    let submitted = house
        .jobs
        .submit_job(&actor, new)
        .await
        .map_err(|error| derive_failure(&error, operation))?;
    let mut view = ProgressView::new(console, operation);
    let job = follow(&house.jobs, &actor, submitted.job.id, &mut view, &mut signals).await;
    view.finish();
    let job = job?;
    if job.state != JobState::Succeeded {
        return Err(derive_job_failure(&job));
    }
    let artifacts = save_artifacts(house.jobs.catalog(), &actor, &job, &plan.out).await?;
    print_result(&job, &artifacts, plan, console);
    Ok(Exit::Success)
}

/// Settings of a house for one run: its own folder, cheap secrets, a plan without limits.
pub(super) fn derive_private_config(config: &Config, folder: &Path) -> Config {
    let mut private = Config {
        worker: config.worker.clone(),
        engines: config.engines.clone(),
        ..Config::default()
    };
    private.server.data_dir = folder.to_owned();
    // Whatever the machine's worker leaves to others, here is nobody else.
    private.worker.devices = vec![DeviceConfig::Cpu, DeviceConfig::Gpu];
    private.worker.classes = WorkerConfig::default().classes;
    // The one password is random and lives as long as the folder.
    private.auth.password_memory_kib = 64;
    private.auth.password_iterations = 1;
    private.auth.breached_passwords = None;
    private.plan.granted_credits = i64::MAX / 4;
    private.plan.job_seconds = 365 * 24 * 3_600;
    private.plan.file_bytes = i64::MAX as u64;
    private.plan.artifact_bytes = i64::MAX as u64;
    private.plan.job_memory_bytes = i64::MAX as u64;
    private.plan.gpu = true;
    private
}

pub(super) async fn register_owner(house: &House) -> Result<Actor, Failure> {
    let refuse = |error| derive_access_failure(&error);
    let token = house.access.open_setup().await.map_err(refuse)?;
    let token = token.ok_or_else(|| Failure::broken("the temporary folder is not empty"))?;
    let registrant = Registrant {
        credentials: Credentials {
            email: "owner@localhost".to_owned(),
            password: token.expose().to_owned(),
        },
        name: "Local run".to_owned(),
        invitation: None,
        referral_code: None,
        plan: None,
    };
    let client = gantry_access::Client::default();
    let signed_in = house.access.set_up(registrant, token.expose(), &client).await;
    signed_in.map(|signed_in| signed_in.actor).map_err(refuse)
}

pub(super) fn require_file(path: &Path) -> Result<(), Failure> {
    let found = std::fs::metadata(path).map_err(|error| {
        file_failure("read", path, &error).with_next("check the path and its permissions")
    })?;
    if found.is_file() {
        return Ok(());
    }
    Err(Failure::usage(format!("{} is not a file", path.display())))
}

/// Makes a dataset of a file, and waits for its profile: the operation checks its parameters
/// against the columns before anything runs.
pub(super) async fn import_file(
    house: &House,
    actor: &Actor,
    path: &Path,
    signals: &mut StopSignals,
) -> Result<InputRef, Failure> {
    let catalog = house.jobs.catalog();
    let refuse = |error: CatalogError| {
        let failure = derive_catalog_failure(&error);
        Failure { cause: format!("{}: {}", path.display(), failure.cause), ..failure }
    };
    let read_failure = |error: std::io::Error| file_failure("read", path, &error);
    let mut file = tokio::fs::File::open(path).await.map_err(read_failure)?;
    let bytes = file.metadata().await.map_err(read_failure)?.len();
    let file_name = path
        .file_name()
        .map_or_else(|| "input".to_owned(), |name| name.to_string_lossy().into_owned());
    let new =
        NewUpload { name: file_name.clone(), file_name, bytes, sha256: None, dataset_id: None };
    let upload = catalog.begin_upload(actor, new).await.map_err(refuse)?;
    let room = usize::try_from(bytes.min(PART_BYTES)).unwrap_or_default();
    for number in 1..=bytes.div_ceil(PART_BYTES) {
        let mut content = Vec::with_capacity(room);
        let mut part = (&mut file).take(PART_BYTES);
        part.read_to_end(&mut content).await.map_err(read_failure)?;
        let number = u32::try_from(number).map_err(|_| Failure::usage("the file is too large"))?;
        let draft = PartDraft { number, content: content.into(), sha256: None };
        catalog.put_part(actor, upload.id, draft).await.map_err(refuse)?;
    }
    let dataset = catalog.complete_upload(actor, upload.id).await.map_err(refuse)?;
    if let Some(profile_job) = dataset.latest.profile_job {
        let mut silent = ProgressView::new(Console::silent(), "profile");
        let profiled = follow(&house.jobs, actor, profile_job, &mut silent, signals).await?;
        if profiled.state != JobState::Succeeded {
            let failure = derive_job_failure(&profiled);
            let was_stopped = profiled.state == JobState::Cancelled;
            let exit = if was_stopped { Exit::Interrupted } else { Exit::Usage };
            let cause = format!("{}: {}", path.display(), failure.cause);
            return Err(Failure { exit, cause, ..failure });
        }
    }
    Ok(InputRef::Dataset { id: dataset.id, version: dataset.latest.version })
}

fn print_result(job: &JobRecord, artifacts: &[SavedArtifact], plan: &RunPlan, console: Console) {
    let report = job.report.clone().unwrap_or(Value::Null);
    let seconds = match (job.started_at, job.finished_at) {
        (Some(start), Some(end)) => end.since(start).as_secs_f64(),
        _ => 0.0,
    };
    match console.format {
        Format::Json => console.say(&pretty(&json!({
            "operation": job.operation,
            "state": job.state,
            "seed": job.seed.to_string(),
            "seconds": seconds,
            "cost": job.cost,
            "report": report,
            "artifacts": artifacts.iter().map(SavedArtifact::to_json).collect::<Vec<_>>(),
        }))),
        Format::Human => {
            console.say(&render_report(&report));
            let mut table = Table::new(&["file", "size"]);
            for artifact in artifacts {
                table.push([artifact.path.display().to_string(), format_bytes(artifact.bytes)]);
            }
            if !table.is_empty() {
                console.say(&format!("\n{}\n{}", heading("artifacts"), table.render()));
            }
            let out = plan.out.display();
            console.remark(&format!("\nDone in {}; files in {out}.", format_seconds(seconds)));
        }
    }
}

pub(super) fn derive_job_failure(job: &JobRecord) -> Failure {
    let Some(error) = &job.error else {
        let exit = match job.state {
            JobState::Cancelled => Exit::Interrupted,
            JobState::Scheduled
            | JobState::Blocked
            | JobState::Queued
            | JobState::Running
            | JobState::Waiting
            | JobState::Succeeded
            | JobState::Failed
            | JobState::Dead => Exit::JobFailed,
        };
        return Failure::new(exit, format!("the job is {}", job.state));
    };
    let exit = match error.kind {
        EngineErrorKind::Cancelled => Exit::Interrupted,
        EngineErrorKind::Params => Exit::Usage,
        EngineErrorKind::Input
        | EngineErrorKind::Resource
        | EngineErrorKind::Transient
        | EngineErrorKind::Bug => Exit::JobFailed,
    };
    Failure { exit, cause: error.message.clone(), next: error.next_step.clone() }
}

/// What jobs refuse, for the terminal; a pointer becomes the flag that it stands for.
pub(super) fn derive_failure(error: &JobsError, operation: &str) -> Failure {
    match error {
        JobsError::Params(refusal) => {
            let flag = refusal.pointer.split('/').nth(1).map(|name| name.replace('_', "-"));
            let failure = match flag {
                Some(flag) => Failure::usage(format!("--{flag}: {}", refusal.message)),
                None => Failure::usage(refusal.message.clone()),
            };
            failure.with_next(format!("`gantry run {operation} --help` lists its flags"))
        }
        JobsError::Invalid { message, .. } => Failure::usage(message.clone()),
        JobsError::Catalog(error) => derive_catalog_failure(error),
        JobsError::Access(error) => derive_access_failure(error),
        JobsError::UnknownOperation { .. }
        | JobsError::UnknownService { .. }
        | JobsError::NotFound
        | JobsError::ScheduleNotFound => Failure::new(Exit::NotFound, error.to_string()),
        JobsError::Hot(HotError::Refused(refusal)) => derive_refusal(refusal),
        JobsError::Hot(
            HotError::IdempotencyMismatch
            | HotError::LeaseLost
            | HotError::WrongState { .. }
            | HotError::Store(_),
        )
        | JobsError::Store(_)
        | JobsError::OperationPaused { .. }
        | JobsError::UnseenByAuthor { .. }
        | JobsError::ServiceRestarting { .. }
        | JobsError::Engine(_)
        | JobsError::Broken { .. } => Failure::broken(error.to_string()),
    }
}

fn derive_refusal(refusal: &Refusal) -> Failure {
    Failure::new(Exit::Quota, refusal.to_string())
}

fn derive_catalog_failure(error: &CatalogError) -> Failure {
    let exit = match error {
        CatalogError::Invalid { .. }
        | CatalogError::TooLarge { .. }
        | CatalogError::Unreadable(_) => Exit::Usage,
        CatalogError::NotFound { .. } => Exit::NotFound,
        CatalogError::Access(_)
        | CatalogError::Incomplete { .. }
        | CatalogError::ChecksumMismatch { .. }
        | CatalogError::NotProfiled { .. }
        | CatalogError::TooManyExports { .. }
        | CatalogError::RangeOutside { .. }
        | CatalogError::Broken { .. }
        | CatalogError::Blob(_)
        | CatalogError::Store(_)
        | CatalogError::Submission(_) => Exit::JobFailed,
    };
    Failure::new(exit, error.to_string())
}

/// The folder is only named where something is written to it.
pub(super) fn make_out_folder(out: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(out).map_err(|error| {
        file_failure("made", out, &error).with_next("name another folder with --out")
    })?;
    Ok(out.to_owned())
}
