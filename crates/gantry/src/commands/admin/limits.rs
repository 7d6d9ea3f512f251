//! `gantry admin limits`: what single organizations may in place of what their plan says.

use gantry_types::OrganizationId;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::AdminLimitsCommand;
use crate::client::Body;
use crate::commands::query::encode;
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_items};

const LIMITS: [Column<'_>; 7] = [
    ("limit", "/limit"),
    ("allowed", "/value"),
    ("by the plan", "/plan_value"),
    ("in force", "/in_force"),
    ("until", "/expires_at"),
    ("set at", "/set_at"),
    ("reason", "/reason"),
];

/// Talks to a server about limits of single organizations.
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
            let wanted = json!({
                "limit": limit, "value": value.units(), "expires_at": until, "reason": reason,
            });
            let body = json!({ "overrides": [wanted] });
            let path = path_of(*organization);
            let answer = open_client(server)?.send(Method::PUT, &path, &Body::Json(&body))?;
            console.result(&answer.body, render_limits);
        }
        AdminLimitsCommand::Clear { server, organization, limit } => {
            let path = format!("{}/{}", path_of(*organization), encode(limit));
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            let cleared = json!({ "organization_id": organization, "limit": limit });
            console
                .result(&cleared, |_| format!("the plan's {limit} holds again for {organization}"));
        }
    }
    Ok(())
}

fn path_of(organization: OrganizationId) -> String {
    format!("/api/v1/admin/accounts/{organization}/overrides")
}

fn render_limits(limits: &Value) -> String {
    render_items(&limits["overrides"], &LIMITS, "It has no limit of its own; its plan's hold.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_limits_stand_beside_those_of_the_plan() {
        let limits = json!({ "overrides": [
            { "limit": "per_month.rows", "value": 5000, "plan_value": 1000, "in_force": true,
              "expires_at": "2027-03-01T00:00:00Z", "set_at": "2027-02-01T00:00:00Z",
              "reason": "a pilot", "set_by": null },
            { "limit": "seats", "value": null, "plan_value": 2, "in_force": true,
              "expires_at": null, "set_at": "2027-02-02T00:00:00Z", "reason": "a class",
              "set_by": null },
        ] });
        assert_eq!(
            render_limits(&limits),
            "limit           allowed  by the plan  in force  until                 \
             set at                reason\n\
             per_month.rows     5000         1000  yes       2027-03-01T00:00:00Z  \
             2027-02-01T00:00:00Z  a pilot\n\
             seats                 –            2  yes       –                     \
             2027-02-02T00:00:00Z  a class"
        );
        let none = json!({ "overrides": [] });
        assert_eq!(render_limits(&none), "It has no limit of its own; its plan's hold.");
    }
}
