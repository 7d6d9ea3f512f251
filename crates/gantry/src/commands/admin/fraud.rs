//! `gantry admin fraud`: what was decided about claims, what they were, and what is blocked.

use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::FraudCommand;
use crate::client::Body;
use crate::commands::query::{given, with_query};
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, Table, render_cell, render_facts, render_items};

const PATH: &str = "/api/v1/admin/fraud/events";
const BLOCKS_PATH: &str = "/api/v1/admin/fraud/blocks";
const FACTS: [Column<'_>; 7] = [
    ("event", "/id"),
    ("organization", "/organization_id"),
    ("verdict", "/verdict"),
    ("score", "/score"),
    ("credits", "/credits"),
    ("given", "/given"),
    ("reviewed", "/review/outcome"),
];
const BLOCKS: [Column<'_>; 6] = [
    ("block", "/id"),
    ("what", "/kind"),
    ("value", "/value"),
    ("because", "/reason"),
    ("since", "/created_at"),
    ("by", "/created_by"),
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
        FraudCommand::Blocks { server, limit } => {
            let path = with_query(BLOCKS_PATH, &[("limit", given(Some(limit)))]);
            console.result(&open_client(server)?.get(&path)?, |blocks| {
                render_items(&blocks["items"], &BLOCKS, "Nothing is blocked.")
            });
        }
        FraudCommand::Block { server, kind, value, reason } => {
            let wanted = json!({ "kind": kind, "value": value, "reason": reason });
            let block = open_client(server)?.post(BLOCKS_PATH, &wanted)?;
            console.result(&block, |block| render_facts(block, &BLOCKS));
        }
        FraudCommand::Unblock { server, id } => {
            let path = format!("{BLOCKS_PATH}/{id}");
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "unblocked": id }), |_| format!("{id} is blocked no more"));
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
