//! `gantry admin plan`, `credits`, `payments`, `revenue` and `quota-events`: what organizations
//! have, pay and are refused.

use gantry_types::OrganizationId;
use serde_json::json;
use ureq::http::Method;

use super::payment_events;
use crate::cli::{AdminCreditsCommand, AdminPaymentsCommand, AdminPlanCommand, ServerArgs};
use crate::client::Body;
use crate::commands::query::{given, with_query};
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_cell, render_facts, render_items};

const REVENUE: [Column<'_>; 19] = [
    ("from", "/from"),
    ("to", "/to"),
    ("opening", "/opening/text"),
    ("new", "/new/text"),
    ("expansion", "/expansion/text"),
    ("reactivation", "/reactivation/text"),
    ("contraction", "/contraction/text"),
    ("churn", "/churn/text"),
    ("closing (MRR)", "/closing/text"),
    ("yearly (ARR)", "/yearly/text"),
    ("customers before", "/customers_opening"),
    ("customers won", "/customers_won"),
    ("customers lost", "/customers_lost"),
    ("customers now", "/customers_closing"),
    ("people registered", "/registered"),
    ("gross churn", "/gross_churn"),
    ("net churn", "/net_churn"),
    ("customer churn", "/customer_churn"),
    ("conversion", "/conversion"),
];
const RECONCILED: [Column<'_>; 3] = [
    ("events understood", "/events"),
    ("subscriptions corrected", "/subscriptions"),
    ("plans changed", "/plans"),
];
const QUOTA_EVENTS: [Column<'_>; 6] = [
    ("day", "/day"),
    ("organization", "/organization_id"),
    ("event", "/event"),
    ("limit", "/limit"),
    ("times", "/times"),
    ("last told", "/message"),
];

/// Puts an organization on a plan, or releases it.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn set_plan(command: &AdminPlanCommand, console: Console) -> Result<(), Failure> {
    match command {
        AdminPlanCommand::Set { server, organization, plan, until } => {
            let path = derive_plan_path(*organization);
            let body = json!({ "plan": plan, "until": until });
            open_client(server)?.send(Method::PUT, &path, &Body::Json(&body))?;
            let set = json!({ "organization_id": organization, "plan": plan, "until": until });
            console.result(&set, |_| format!("{organization} is on the plan {plan}"));
        }
        AdminPlanCommand::Release { server, organization } => {
            let path = derive_plan_path(*organization);
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "organization_id": organization, "released": true }), |_| {
                format!("{organization} follows its subscription")
            });
        }
    }
    Ok(())
}

fn derive_plan_path(organization: OrganizationId) -> String {
    format!("/api/v1/admin/organizations/{organization}/plan")
}

/// Gives an organization credits.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn give_credits(command: &AdminCreditsCommand, console: Console) -> Result<(), Failure> {
    let AdminCreditsCommand::Give { server, organization, credits, reason, expires } = command;
    let path = format!("/api/v1/admin/organizations/{organization}/credits");
    let gift = json!({ "credits": credits, "reason": reason, "expires_at": expires });
    open_client(server)?.post(&path, &gift)?;
    let given = json!({
        "organization_id": organization, "credits": credits, "reason": reason,
        "expires_at": expires,
    });
    console.result(&given, |_| format!("{organization} has got {credits} credits"));
    Ok(())
}

/// Gives money back, compares with the payment provider, settles what it told, or moves the sandbox's
/// clock.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn settle_payments(command: &AdminPaymentsCommand, console: Console) -> Result<(), Failure> {
    match command {
        AdminPaymentsCommand::Refund { server, payment, minor } => {
            let asked = json!({ "provider_ref": payment, "minor": minor });
            open_client(server)?.post("/api/v1/admin/payments/refund", &asked)?;
            console.result(&asked, |_| {
                format!("The provider is asked; {payment} shows the refund once it has told of it")
            });
        }
        AdminPaymentsCommand::Reconcile(server) => {
            let path = "/api/v1/admin/payments/reconcile";
            let found = open_client(server)?.post(path, &json!({}))?;
            console.result(&found, |found| render_facts(found, &RECONCILED));
        }
        AdminPaymentsCommand::Events { server, provider, outcome, kind, since, limit } => {
            let parameters = [
                ("provider", provider.clone()),
                ("outcome", outcome.clone()),
                ("kind", kind.clone()),
                ("since", given(since.as_ref())),
                ("limit", given(Some(limit))),
            ];
            payment_events::list(server, &parameters, console)?;
        }
        AdminPaymentsCommand::Event { server, id } => payment_events::show(server, *id, console)?,
        AdminPaymentsCommand::Retry { server, id } => {
            payment_events::decide(server, (*id, "apply"), &json!({}), console)?;
        }
        AdminPaymentsCommand::Dismiss { server, id, reason } => {
            let body = json!({ "reason": reason });
            payment_events::decide(server, (*id, "dismiss"), &body, console)?;
        }
        AdminPaymentsCommand::Advance { server, days } => {
            let asked = json!({ "days": days });
            let clock = open_client(server)?.post("/api/v1/admin/sandbox/clock", &asked)?;
            console.result(&clock, |clock| {
                format!("The sandbox's clock shows {}", render_cell(clock.get("now")))
            });
        }
    }
    Ok(())
}

/// Shows how recurring revenue moved.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn show_revenue(
    server: &ServerArgs,
    month: Option<String>,
    console: Console,
) -> Result<(), Failure> {
    let path = with_query("/api/v1/admin/revenue", &[("month", month)]);
    console.result(&open_client(server)?.get(&path)?, |revenue| render_facts(revenue, &REVENUE));
    Ok(())
}

/// Lists what limits refused or kept back.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn list_quota_events(
    server: &ServerArgs,
    parameters: &[(&str, Option<String>)],
    console: Console,
) -> Result<(), Failure> {
    let path = with_query("/api/v1/admin/quota-events", parameters);
    let events = open_client(server)?.get(&path)?;
    console.result(&events, |events| {
        render_items(&events["items"], &QUOTA_EVENTS, "No limit refused anything.")
    });
    Ok(())
}
