//! `gantry admin fraud`: what was decided about claims, and what they were.

use serde_json::{Value, json};

use crate::cli::FraudCommand;
use crate::commands::query::{given, with_query};
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, Table, render_cell, render_facts};

const PATH: &str = "/api/v1/admin/fraud/events";
const FACTS: [Column<'_>; 7] = [
    ("event", "/id"),
    ("organization", "/organization_id"),
    ("verdict", "/verdict"),
    ("score", "/score"),
    ("credits", "/credits"),
    ("given", "/given"),
    ("reviewed", "/review/outcome"),
];

/// Talks to a server about frauds.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &FraudCommand, console: Console) -> Result<(), Failure> {
    match command {
        FraudCommand::List { server, verdict, account, open, limit } => {
            let parameters = [
                ("verdict", verdict.clone()),
                ("account", given(account.as_ref())),
                ("open", open.then(|| "true".to_owned())),
                ("limit", given(Some(limit))),
            ];
            let events = open_client(server)?.get(&with_query(PATH, &parameters))?;
            console.result(&events, render_events);
        }
        FraudCommand::Decide { server, id, outcome, note, block } => {
            let finding = json!({ "outcome": outcome, "note": note, "block": block });
            let event = open_client(server)?.post(&format!("{PATH}/{id}/review"), &finding)?;
            console.result(&event, |event| render_facts(event, &FACTS));
        }
    }
    Ok(())
}

fn render_events(events: &Value) -> String {
    let titles = ["event", "at", "verdict", "score", "credits", "given", "signals", "reviewed"];
    let mut table = Table::new(&titles);
    for event in events["items"].as_array().into_iter().flatten() {
        let cell = |pointer: &str| render_cell(event.pointer(pointer));
        let signals = event["signals"].as_array().into_iter().flatten();
        let signals: Vec<String> = signals.map(|signal| render_cell(signal.get("name"))).collect();
        table.push([
            cell("/id"),
            cell("/at"),
            cell("/verdict"),
            cell("/score"),
            cell("/credits"),
            cell("/given"),
            signals.join(", "),
            cell("/review/outcome"),
        ]);
    }
    if table.is_empty() { "There are no claims of that kind.".to_owned() } else { table.render() }
}
