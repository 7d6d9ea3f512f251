//! `gantry jobs`: list, show, watch, submit, cancel, redrive, logs.

use gantry_flows::RUN_OPERATION;
use gantry_types::JobId;
use serde_json::{Value, json};

use super::query::with_query;
use super::remote_job::{derive_exit, watch_job};
use super::server_access::open_client;
use crate::cli::{JobArgs, JobsCommand};
use crate::client::Client;
use crate::console::{Console, Format, heading};
use crate::failure::{Exit, Failure};
use crate::render::{Table, render_report};

/// Talks to a server about jobs.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &JobsCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        JobsCommand::List { server, state, operation, limit } => {
            let parameters = [
                ("limit", Some(limit.to_string())),
                ("state", state.clone()),
                ("operation", operation.clone()),
            ];
            let jobs = open_client(server)?.get(&with_query("/api/v1/jobs", &parameters))?;
            console.result(&jobs, render_list);
            Ok(Exit::Success)
        }
        JobsCommand::Show(arguments) => with_job(arguments, |client, id| {
            let job = client.get(&format!("/api/v1/jobs/{id}"))?;
            console.result(&with_nodes(&client, id, job)?, render_job);
            Ok(Exit::Success)
        }),
        JobsCommand::Watch(arguments) => with_job(arguments, |client, id| {
            let job = watch_job(&client, id, console)?;
            let job = with_nodes(&client, id, job)?;
            console.result(&job, render_job);
            Ok(derive_exit(&job))
        }),
        JobsCommand::Submit(arguments) => {
            super::submit::submit(arguments, console)?;
            Ok(Exit::Success)
        }
        JobsCommand::Redrive(arguments) => {
            super::submit::redrive(arguments, console)?;
            Ok(Exit::Success)
        }
        JobsCommand::Cancel(arguments) => with_job(arguments, |client, id| {
            let job = client.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({}))?;
            console.result(&job, |job| {
                format!("{id} is {}", job["state"].as_str().unwrap_or("unknown"))
            });
            Ok(Exit::Success)
        }),
        JobsCommand::Logs(arguments) => with_job(arguments, |client, id| {
            print_log(&client, id, console)?;
            Ok(Exit::Success)
        }),
    }
}

fn with_job(
    arguments: &JobArgs,
    act: impl FnOnce(Client, JobId) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    act(open_client(&arguments.server)?, arguments.id)
}

/// The job of a workflow with its nodes, and what each might have cost and did.
fn with_nodes(client: &Client, id: JobId, mut job: Value) -> Result<Value, Failure> {
    if job["operation"] == RUN_OPERATION {
        let run = client.get(&format!("/api/v1/workflow-runs/{id}"))?;
        job["nodes"] = run["nodes"].clone();
    }
    Ok(job)
}

fn print_log(client: &Client, id: JobId, console: Console) -> Result<(), Failure> {
    let mut after = 0;
    let mut lines = Vec::new();
    loop {
        let page = client.get(&format!("/api/v1/jobs/{id}/events?after={after}"))?;
        let events = page["items"].as_array().cloned().unwrap_or_default();
        let Some(last) = events.last().and_then(|event| event["cursor"].as_u64()) else {
            break;
        };
        after = last;
        lines.extend(events.into_iter().filter(|event| event["kind"] == "log"));
    }
    match console.format {
        Format::Json => console.result(&json!({ "items": lines }), |_| String::new()),
        Format::Human => {
            for line in &lines {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let (at, body) = (text(&line["at"]), &line["body"]);
                let (level, message) = (text(&body["level"]), text(&body["message"]));
                console.say(&format!("{at} {level:7} {message}"));
            }
        }
    }
    Ok(())
}

fn render_list(jobs: &Value) -> String {
    let mut table = Table::new(&["job", "operation", "state", "done", "submitted", "label"]);
    for job in jobs["items"].as_array().into_iter().flatten() {
        let text = |name: &str| job[name].as_str().unwrap_or_default().to_owned();
        let percent = (job["progress"].as_f64().unwrap_or(0.0) * 100.0).round();
        table.push([
            text("id"),
            text("operation"),
            text("state"),
            format!("{percent} %"),
            text("created_at"),
            text("label"),
        ]);
    }
    if table.is_empty() { "There are no jobs.".to_owned() } else { table.render() }
}

/// A job for people: its facts, its nodes where it has some, its error or its report.
pub fn render_job(job: &Value) -> String {
    let nodes = job["nodes"].as_array();
    let facts = json!({
        "job": job["id"],
        "operation": job["operation"],
        "state": job["state"],
        "label": job["label"],
        "estimated": job["max_credits"],
        "cost": job["cost"],
        "seed": job["seed"],
        "submitted": job["created_at"],
        "finished": job["finished_at"],
        "error": job["error"]["message"],
        "next_step": job["error"]["next_step"],
        "nodes": nodes.map(|nodes| nodes.iter().map(describe_node).collect::<Value>()),
    });
    let mut text = render_report(&facts);
    if !job["report"].is_null() {
        text.push_str(&format!("\n\n{}\n{}", heading("report"), render_report(&job["report"])));
    }
    text
}

fn describe_node(node: &Value) -> Value {
    json!({
        "name": node["node"],
        "state": node["state"],
        "estimated": node["max_credits"],
        "cost": node["cost"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_tells_what_it_might_have_cost_and_did_by_node() {
        let job = json!({
            "operation": RUN_OPERATION, "state": "succeeded", "max_credits": 11, "cost": 8,
            "nodes": [
                { "node": "fit", "state": "succeeded", "max_credits": 3, "cost": 0 },
                { "node": "score", "state": "succeeded", "max_credits": 8, "cost": 8 },
            ],
        });
        let text = render_job(&job);
        let line = |word: &str| text.lines().find(|line| line.contains(word)).unwrap_or_default();
        assert!(line("estimated").contains("11"), "{text}");
        assert!(line("fit").contains('3') && line("fit").contains('0'), "{text}");
        assert_eq!(line("score").matches('8').count(), 2, "{text}");
    }
}
