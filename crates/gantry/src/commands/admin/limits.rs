//! `gantry admin limits` and `lift-networks`: what single organizations may in place of what their
//! plan says, and that they may be used from everywhere.

use gantry_types::OrganizationId;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::{AdminLimitsCommand, LimitValue, ServerArgs};
use crate::client::Body;
use crate::commands::query::encode;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Table, render_cell};

const NONE: &str = "The organization has the limits of its plan.";
const HEADER: [&str; 7] = ["limit", "own", "plan's", "in force", "until", "because", "set at"];

/// Talks to a server about limits of one organization.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &AdminLimitsCommand, console: Console) -> Result<(), Failure> {
    match command {
        AdminLimitsCommand::List { server, organization } => {
            let limits = open_client(server)?.get(&path_of(*organization))?;
            console.result(&limits, render_limits);
        }
        AdminLimitsCommand::Set { server, organization, limit, value, reason, until } => {
            let value = match value {
                LimitValue::Units(units) => json!(units),
                LimitValue::Unlimited => Value::Null,
            };
            let own =
                json!({ "limit": limit, "value": value, "expires_at": until, "reason": reason });
            let body = json!({ "overrides": [own] });
            let client = open_client(server)?;
            let set = client.send(Method::PUT, &path_of(*organization), &Body::Json(&body))?;
            console.result(&set.body, render_limits);
        }
        AdminLimitsCommand::Clear { server, organization, limit } => {
            let path = format!("{}/{}", path_of(*organization), encode(limit));
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            let cleared = json!({ "organization_id": organization, "limit": limit });
            console.result(&cleared, |_| format!("{limit} of {organization} is its plan's again"));
        }
    }
    Ok(())
}

/// Lets an organization be used from everywhere again.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn lift_networks(
    server: &ServerArgs,
    organization: OrganizationId,
    console: Console,
) -> Result<(), Failure> {
    let path = format!("/api/v1/admin/organizations/{organization}/networks");
    open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
    console.result(&json!({ "organization_id": organization, "lifted": true }), |_| {
        format!("{organization} may be used from everywhere")
    });
    Ok(())
}

fn path_of(organization: OrganizationId) -> String {
    format!("/api/v1/admin/accounts/{organization}/overrides")
}

fn render_limits(limits: &Value) -> String {
    let mut table = Table::new(&HEADER);
    for limit in limits["overrides"].as_array().into_iter().flatten() {
        let cell = |name: &str| render_cell(limit.get(name));
        let amount = |name: &str| {
            if limit[name].is_null() { "unlimited".to_owned() } else { cell(name) }
        };
        table.push([
            cell("limit"),
            amount("value"),
            amount("plan_value"),
            cell("in_force"),
            cell("expires_at"),
            cell("reason"),
            cell("set_at"),
        ]);
    }
    if table.is_empty() { NONE.to_owned() } else { table.render() }
}
