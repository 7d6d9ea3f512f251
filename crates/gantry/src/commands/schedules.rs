//! `gantry schedules`: list, make, show, pause, run, delete.

use gantry_types::ScheduleId;
use serde_json::{Value, json};
use ureq::http::Method;

use super::server_access::open_client;
use super::submit::describe_work;
use crate::cli::{ScheduleArgs, SchedulesCommand};
use crate::client::{Body, Client};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Table, render_report};

/// What a change of a schedule says again, because the API replaces it whole.
const KEPT: [&str; 7] =
    ["name", "operation", "params", "inputs", "cron", "overlap", "keep_if_refused"];

/// Talks to a server about schedules.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &SchedulesCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        SchedulesCommand::List { server, limit } => {
            let found = open_client(server)?.get(&format!("/api/v1/schedules?limit={limit}"))?;
            console.result(&found, render_list);
        }
        SchedulesCommand::Create { server, work, cron, name, allow_overlap } => {
            let mut body = describe_work(work)?;
            body["name"] = json!(name);
            body["cron"] = json!(cron);
            body["overlap"] = json!(if *allow_overlap { "allow" } else { "skip" });
            let made = open_client(server)?.post("/api/v1/schedules", &body)?;
            console.result(&made, render_schedule);
        }
        SchedulesCommand::Show(arguments) => {
            console.result(&find(arguments)?.1, render_schedule);
        }
        SchedulesCommand::Runs(arguments) => {
            let client = open_client(&arguments.server)?;
            let runs = client.get(&format!("/api/v1/schedules/{}/runs", arguments.id))?;
            console.result(&runs, render_runs);
        }
        SchedulesCommand::Run(arguments) => {
            let client = open_client(&arguments.server)?;
            let path = format!("/api/v1/schedules/{}/run", arguments.id);
            console.result(&client.post(&path, &json!({}))?, super::jobs::render_job);
        }
        SchedulesCommand::Pause(arguments) => set_paused(arguments, true, console)?,
        SchedulesCommand::Resume(arguments) => set_paused(arguments, false, console)?,
        SchedulesCommand::Delete(arguments) => {
            let client = open_client(&arguments.server)?;
            client.send(Method::DELETE, &path_of(arguments.id), &Body::Empty)?;
            let id = arguments.id;
            console.result(&json!({ "deleted": id }), |_| format!("{id} is deleted"));
        }
    }
    Ok(Exit::Success)
}

fn path_of(id: ScheduleId) -> String {
    format!("/api/v1/schedules/{id}")
}

fn find(arguments: &ScheduleArgs) -> Result<(Client, Value), Failure> {
    let client = open_client(&arguments.server)?;
    let schedule = client.get(&path_of(arguments.id))?;
    Ok((client, schedule))
}

fn set_paused(arguments: &ScheduleArgs, paused: bool, console: Console) -> Result<(), Failure> {
    let (client, schedule) = find(arguments)?;
    let mut body = json!({ "paused": paused });
    for name in KEPT {
        body[name] = schedule[name].clone();
    }
    let changed = client.send(Method::PUT, &path_of(arguments.id), &Body::Json(&body))?;
    console.result(&changed.body, render_schedule);
    Ok(())
}

fn render_list(schedules: &Value) -> String {
    let mut table = Table::new(&["schedule", "name", "operation", "when", "next"]);
    for schedule in schedules["items"].as_array().into_iter().flatten() {
        let text = |name: &str| schedule[name].as_str().unwrap_or_default().to_owned();
        let next = schedule["next_at"].as_str().unwrap_or("paused").to_owned();
        table.push([text("id"), text("name"), text("operation"), text("cron"), next]);
    }
    if table.is_empty() { "There are no schedules.".to_owned() } else { table.render() }
}

fn render_schedule(schedule: &Value) -> String {
    render_report(&json!({
        "schedule": schedule["id"],
        "name": schedule["name"],
        "operation": schedule["operation"],
        "cron": schedule["cron"],
        "overlap": schedule["overlap"],
        "paused": schedule["paused"],
        "next": schedule["next_at"],
        "last_job": schedule["last_job"],
    }))
}

fn render_runs(runs: &Value) -> String {
    let mut table = Table::new(&["due", "outcome", "job", "reason"]);
    for run in runs["items"].as_array().into_iter().flatten() {
        let text = |name: &str| run[name].as_str().unwrap_or_default().to_owned();
        table.push([text("nominal_at"), text("outcome"), text("job_id"), text("reason")]);
    }
    if table.is_empty() { "It has not run yet.".to_owned() } else { table.render() }
}
