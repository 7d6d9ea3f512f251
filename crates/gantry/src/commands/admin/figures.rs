//! `gantry admin overview`, `usage`, `costs`, `referrals` and `cancel-job`: how a server fares.

use serde_json::{Value, json};

use crate::cli::{AdminUsageArgs, FiguresCommand};
use crate::commands::account::{MODELS, render_usage};
use crate::commands::query::{given, with_query};
use crate::commands::save::save_and_tell;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_facts, render_items, render_section};

const OVERVIEW: [Column<'_>; 3] =
    [("version", "/version"), ("seconds since its start", "/uptime_s"), ("people", "/users")];
const QUEUES: [Column<'_>; 4] =
    [("class", "/class"), ("device", "/device"), ("queued", "/queued"), ("running", "/running")];
const SUMS: [Column<'_>; 10] = [
    ("from", "/from"),
    ("to", "/to"),
    ("jobs", "/total/jobs"),
    ("succeeded", "/total/succeeded"),
    ("failed", "/total/failed"),
    ("cancelled", "/total/cancelled"),
    ("estimated", "/total/estimated"),
    ("settled", "/total/settled"),
    ("given back", "/total/refunded"),
    ("penalties", "/total/penalties"),
];
const OPERATIONS: [Column<'_>; 6] = [
    ("operation", "/operation"),
    ("jobs", "/jobs"),
    ("failed", "/failed"),
    ("estimated", "/estimated"),
    ("settled", "/settled"),
    ("given back", "/refunded"),
];
const REFERRALS: [Column<'_>; 6] = [
    ("organization", "/organization_id"),
    ("brought", "/referred_organization_id"),
    ("state", "/referral/state"),
    ("credits", "/referral/reward"),
    ("welcome", "/welcome"),
    ("registered", "/referral/created_at"),
];

/// Talks to a server about how it fares.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &FiguresCommand, console: Console) -> Result<(), Failure> {
    match command {
        FiguresCommand::Overview(server) => {
            let overview = open_client(server)?.get("/api/v1/admin/overview")?;
            console.result(&overview, render_overview);
        }
        FiguresCommand::Usage(arguments) => show_usage(arguments, console)?,
        FiguresCommand::Costs { server, span } => {
            let parameters = [("from", given(span.from.as_ref())), ("to", given(span.to.as_ref()))];
            let path = with_query("/api/v1/admin/costs", &parameters);
            console.result(&open_client(server)?.get(&path)?, render_costs);
        }
        FiguresCommand::Referrals { server, limit } => {
            let path = with_query("/api/v1/admin/referrals", &[("limit", given(Some(limit)))]);
            console.result(&open_client(server)?.get(&path)?, |found| {
                render_items(&found["items"], &REFERRALS, "Nobody brought anybody.")
            });
        }
        FiguresCommand::CancelJob { server, id, reason } => {
            let path = format!("/api/v1/admin/jobs/{id}/cancel");
            let stopped = open_client(server)?.post(&path, &json!({ "reason": reason }))?;
            console.result(&stopped, |stopped| {
                format!("{id} is {}", stopped["state"].as_str().unwrap_or("unknown"))
            });
        }
    }
    Ok(())
}

fn show_usage(arguments: &AdminUsageArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(&arguments.server)?;
    let parameters = [
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("by", Some(arguments.by.clone())),
        ("organization", given(arguments.organization.as_ref())),
    ];
    if let Some(file) = &arguments.csv {
        let path = with_query("/api/v1/admin/usage.csv", &parameters);
        return save_and_tell(&client, &path, file, console);
    }
    let usage = client.get(&with_query("/api/v1/admin/usage", &parameters))?;
    console.result(&usage, render_usage);
    Ok(())
}

fn render_overview(overview: &Value) -> String {
    let mut text = render_facts(overview, &OVERVIEW);
    text.push_str(&render_section("queues", &overview["queues"], &QUEUES));
    text
}

fn render_costs(costs: &Value) -> String {
    let mut text = render_facts(costs, &SUMS);
    text.push_str(&render_section("by operation", &costs["operations"], &OPERATIONS));
    text.push_str(&render_section("language models", &costs["models"], &MODELS));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::heading;

    #[test]
    fn a_server_tells_its_load() {
        let overview = json!({
            "version": "1.2.3", "uptime_s": 60, "users": 2,
            "queues": [{ "class": "normal", "device": "cpu", "queued": 3, "running": 1 }],
        });
        let text = render_overview(&overview).replace(&heading("queues"), "queues");
        assert_eq!(
            text,
            "version                  1.2.3\n\
             seconds since its start  60\n\
             people                   2\n\
             \n\
             queues\n\
             class   device  queued  running\n\
             normal  cpu          3        1"
        );
    }
}
