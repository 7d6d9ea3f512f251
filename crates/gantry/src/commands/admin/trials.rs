//! `gantry admin trial`: the end of a trial, moved at the payment provider.
//!
//! Invariant: what is shown is what the server answers of the subscription.

use gantry_types::OrganizationId;
use serde_json::{Value, json};

use crate::cli::{AdminTrialCommand, ServerArgs};
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_facts};

const SUBSCRIPTION: [Column<'_>; 5] = [
    ("plan", "/plan/slug"),
    ("status", "/status"),
    ("period to", "/period_end"),
    ("ends then", "/cancels_at_period_end"),
    ("provider", "/provider"),
];

/// Lengthens a trial, or ends it.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &AdminTrialCommand, console: Console) -> Result<(), Failure> {
    match command {
        AdminTrialCommand::Lengthen { server, organization, until, reason } => {
            let wish = json!({ "action": "lengthen", "until": until, "reason": reason });
            move_end((server, *organization), &wish, console)
        }
        AdminTrialCommand::End { server, organization, reason } => {
            let wish = json!({ "action": "end", "reason": reason });
            move_end((server, *organization), &wish, console)
        }
    }
}

fn move_end(
    (server, organization): (&ServerArgs, OrganizationId),
    wish: &Value,
    console: Console,
) -> Result<(), Failure> {
    let path = format!("/api/v1/admin/organizations/{organization}/trial");
    let moved = open_client(server)?.post(&path, wish)?;
    console.result(&moved, |moved| render_facts(moved, &SUBSCRIPTION));
    Ok(())
}
