//! Built-in engines in child processes: this program starts itself as the child. Results are the
//! same, byte for byte, as in a thread; whatever goes wrong in the child ends one job.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests say by a panic what is wrong"
)]

mod faults;
mod same;
mod services;
mod speed;

use std::process::ExitCode;
use std::sync::Arc;

use gantry_engine_api::{AnyOperation, Engine, EngineError, Step};
use gantry_engine_testkit::MemoryHost;
use gantry_engine_testkit::doors::TestEngine;
use gantry_external::{
    EnginePool, ExternalConfig, IsolatedEngine, ServiceLimits, ServicePool, serve_engine,
    serve_services,
};
use serde_json::Value;

const CHILD: &str = "engine-host";
const SERVICES: &str = "--services";

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if argument.as_deref() == Some(CHILD) {
        let is_for_services = std::env::args().any(|word| word == SERVICES);
        let serve = if is_for_services { serve_services } else { serve_engine };
        return match serve(&[&TestEngine], std::io::stdin(), std::io::stdout()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if std::env::args().any(|word| word == "--list") {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        same::reports_files_and_notes_are_the_same().await;
        same::forks_and_errors_are_the_same().await;
        faults::a_panic_ends_its_run_alone().await;
        faults::a_killed_child_is_a_dead_host().await;
        faults::deaf_jobs_end_within_three_seconds().await;
        faults::the_end_of_the_input_ends_the_child().await;
        services::answers_pieces_and_errors_come_through().await;
        services::a_lost_host_costs_its_open_calls_and_is_started_again().await;
        services::a_hung_or_greedy_host_is_ended().await;
        services::artifacts_leave_when_others_need_room().await;
        services::a_load_that_was_given_up_leaves_nothing_behind().await;
        services::a_caller_that_goes_away_ends_its_call().await;
        speed::a_warm_child_is_quick().await;
        speed::a_warm_artifact_is_quick().await;
    });
    println!("isolation: ok");
    ExitCode::SUCCESS
}

fn configure(words: &[&str]) -> ExternalConfig {
    let program = std::env::current_exe().unwrap().to_string_lossy().into_owned();
    let words = words.iter().map(|word| (*word).to_owned());
    let folder = std::env::current_dir().unwrap();
    ExternalConfig::new(std::iter::once(program).chain(words).collect(), folder)
}

fn isolate() -> IsolatedEngine<TestEngine> {
    isolate_within(ServiceLimits::default())
}

fn isolate_within(limits: ServiceLimits) -> IsolatedEngine<TestEngine> {
    let hosts = ServicePool::new(configure(&[CHILD, SERVICES]), limits);
    IsolatedEngine::wrap(TestEngine, EnginePool::new(configure(&[CHILD])), hosts)
}

fn get_operation(engine: &dyn Engine, id: &str) -> Arc<dyn AnyOperation> {
    engine.operations().into_iter().find(|operation| operation.spec().id == id).unwrap()
}

async fn run(
    engine: &dyn Engine,
    id: &str,
    params: Value,
    host: &Arc<MemoryHost>,
) -> Result<Step<Value>, EngineError> {
    get_operation(engine, id).run(params, host.context()).await
}
