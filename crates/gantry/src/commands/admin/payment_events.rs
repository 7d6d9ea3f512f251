//! `gantry admin payments events`, `event`, `retry` and `dismiss`: what payment providers told, and
//! what stayed unclear of it.

use gantry_types::PaymentEventId;
use serde_json::Value;

use crate::cli::ServerArgs;
use crate::commands::query::with_query;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_cell, render_facts, render_items};

const PATH: &str = "/api/v1/admin/payment-events";
const LIST: [Column<'_>; 6] = [
    ("event", "/id"),
    ("at", "/received_at"),
    ("provider", "/provider"),
    ("kind", "/kind"),
    ("outcome", "/outcome"),
    ("why", "/note"),
];
const FACTS: [Column<'_>; 8] = [
    ("event", "/id"),
    ("at", "/received_at"),
    ("provider", "/provider"),
    ("by its provider's name", "/event_ref"),
    ("kind", "/kind"),
    ("outcome", "/outcome"),
    ("why", "/note"),
    ("given up", "/given_up_at"),
];

/// Lists what providers told.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn list(
    server: &ServerArgs,
    parameters: &[(&str, Option<String>)],
    console: Console,
) -> Result<(), Failure> {
    let events = open_client(server)?.get(&with_query(PATH, parameters))?;
    console.result(&events, |events| {
        render_items(&events["items"], &LIST, "Providers told nothing of that kind.")
    });
    Ok(())
}

/// Shows one event with its text.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn show(server: &ServerArgs, id: PaymentEventId, console: Console) -> Result<(), Failure> {
    let found = open_client(server)?.get(&format!("{PATH}/{id}"))?;
    console.result(&found, |found| {
        let facts = render_facts(&found["event"], &FACTS);
        format!("{facts}\n\n{}", render_cell(found.get("body")))
    });
    Ok(())
}

/// Decides about an unclear event; `word` is the last of the path.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn decide(
    server: &ServerArgs,
    (id, word): (PaymentEventId, &str),
    body: &Value,
    console: Console,
) -> Result<(), Failure> {
    let event = open_client(server)?.post(&format!("{PATH}/{id}/{word}"), body)?;
    console.result(&event, |event| render_facts(event, &FACTS));
    Ok(())
}
