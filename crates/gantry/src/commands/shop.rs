//! `gantry plans`, `credits`, `billing` and `invoices`: what is sold, and the way to pay for it.

use std::path::PathBuf;

use serde_json::{Value, json};
use ureq::http::Method;

use super::query::{encode, given, with_query};
use super::save::save_and_tell;
use super::server_access::{open_client, open_stranger};
use crate::cli::{
    BillingCommand, CreditsCommand, DetailsArgs, InvoicesArgs, InvoicesCommand, PlansArgs,
    PlansCommand, ServerArgs,
};
use crate::client::{Body, Client};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, render_facts, render_items};

const OFFERS: &str = "/api/v1/plans";
const SUBSCRIPTION: &str = "/api/v1/account/subscription";
const DETAILS_PATH: &str = "/api/v1/account/billing-details";
const INVOICES_PATH: &str = "/api/v1/account/invoices";

const PLANS: [Column<'_>; 8] = [
    ("plan", "/slug"),
    ("title", "/title"),
    ("month", "/price/month/text"),
    ("year", "/price/year/text"),
    ("trial days", "/price/trial_days"),
    ("jobs at once", "/terms/concurrent_jobs"),
    ("seats", "/terms/seats"),
    ("on request", "/on_request"),
];
const PACKAGES: [Column<'_>; 5] = [
    ("package", "/slug"),
    ("title", "/title"),
    ("credits", "/credits"),
    ("price", "/price/text"),
    ("days until they expire", "/expires_days"),
];
const FACTS: [Column<'_>; 7] = [
    ("plan", "/plan/slug"),
    ("status", "/status"),
    ("paid every", "/interval"),
    ("period from", "/period_start"),
    ("period to", "/period_end"),
    ("ends then", "/cancels_at_period_end"),
    ("payment missing since", "/past_due_since"),
];
const PAYMENTS: [Column<'_>; 6] = [
    ("at", "/at"),
    ("amount", "/amount/text"),
    ("given back", "/refunded/text"),
    ("status", "/status"),
    ("for", "/description"),
    ("payment", "/provider_ref"),
];
const DETAILS: [Column<'_>; 6] = [
    ("name", "/name"),
    ("address", "/lines"),
    ("postal code", "/postal_code"),
    ("city", "/city"),
    ("country", "/country"),
    ("tax number", "/tax_id"),
];
const INVOICES: [Column<'_>; 5] = [
    ("at", "/at"),
    ("number", "/number"),
    ("amount", "/amount/text"),
    ("status", "/status"),
    ("page", "/page_url"),
];

/// Talks to a server about plans.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_plans(arguments: &PlansArgs, console: Console) -> Result<Exit, Failure> {
    match &arguments.command {
        None => list_plans(&arguments.server, console)?,
        Some(PlansCommand::List(server)) => list_plans(server, console)?,
        Some(PlansCommand::Change { server, slug, interval }) => {
            change_plan(&open_client(server)?, (slug, interval), console)?;
        }
        Some(PlansCommand::Cancel(server)) => {
            change_subscription(&open_client(server)?, &json!({ "action": "cancel" }), console)?;
        }
        Some(PlansCommand::Resume(server)) => {
            change_subscription(&open_client(server)?, &json!({ "action": "keep" }), console)?;
        }
        Some(PlansCommand::Forget(server)) => {
            let path = "/api/v1/account/chosen-plan";
            open_client(server)?.send(Method::DELETE, path, &Body::Empty)?;
            console.result(&json!({ "forgotten": true }), |_| "No plan is chosen.".to_owned());
        }
    }
    Ok(Exit::Success)
}

fn list_plans(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    let offers = open_stranger(server)?.get(OFFERS)?;
    console.result(&offers, |offers| render_items(&offers["plans"], &PLANS, "There are no plans."));
    Ok(())
}

/// A subscription is changed where it is; who has none buys one on a page.
fn change_plan(
    client: &Client,
    (slug, interval): (&str, &str),
    console: Console,
) -> Result<(), Failure> {
    let found = client.get(SUBSCRIPTION)?;
    let status = found["subscription"]["status"].as_str();
    if status.is_some_and(|status| status != "ended" && status != "incomplete") {
        let wish = json!({ "action": "switch", "plan": slug, "interval": interval });
        change_subscription(client, &wish, console)
    } else {
        check_out(client, &json!({ "plan": slug, "interval": interval }), console)
    }
}

fn change_subscription(client: &Client, wish: &Value, console: Console) -> Result<(), Failure> {
    console.result(&client.post(SUBSCRIPTION, wish)?, render_change);
    Ok(())
}

/// What the subscription is now, and the page on which a buyer has to agree before it changes.
fn render_change(changed: &Value) -> String {
    let facts = render_facts(changed, &FACTS);
    match changed["approve_url"].as_str() {
        Some(page) => format!("{facts}\n\nNothing has changed yet. Agree here: {page}"),
        None => facts,
    }
}

fn check_out(client: &Client, wish: &Value, console: Console) -> Result<(), Failure> {
    let begun = client.post("/api/v1/account/checkouts", wish)?;
    console.result(&begun, |begun| format!("Pay here: {}", find_page(client, begun)));
    Ok(())
}

/// The sandbox's pages are on the server itself, and named without it.
fn find_page(client: &Client, answer: &Value) -> String {
    locate(client, answer["url"].as_str().unwrap_or_default())
}

fn locate(client: &Client, url: &str) -> String {
    if url.starts_with('/') { format!("{}{url}", client.base()) } else { url.to_owned() }
}

/// Talks to a server about packages of credits.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_credits(command: &CreditsCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        CreditsCommand::Packages(server) => {
            let offers = open_stranger(server)?.get(OFFERS)?;
            console.result(&offers, |offers| {
                render_items(&offers["packages"], &PACKAGES, "No credits are sold here.")
            });
        }
        CreditsCommand::Buy { server, package } => {
            check_out(&open_client(server)?, &json!({ "package": package }), console)?;
        }
    }
    Ok(Exit::Success)
}

/// Talks to a server about the subscription and its payments.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_billing(command: &BillingCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        BillingCommand::Subscription(server) => {
            let found = open_client(server)?.get(SUBSCRIPTION)?;
            console.result(&found, |found| {
                let subscription = &found["subscription"];
                if subscription.is_null() {
                    return "There never was a subscription.".to_owned();
                }
                render_facts(subscription, &FACTS)
            });
        }
        BillingCommand::Payments { server, limit } => {
            let path = with_query("/api/v1/account/payments", &[("limit", given(Some(limit)))]);
            console.result(&open_client(server)?.get(&path)?, |payments| {
                render_items(&payments["items"], &PAYMENTS, "Nothing was paid.")
            });
        }
        BillingCommand::Portal(server) => {
            let client = open_client(server)?;
            let opened = client.post("/api/v1/account/portal", &json!({}))?;
            console.result(&opened, |opened| find_page(&client, opened));
        }
        BillingCommand::Details(wanted) => {
            let client = open_client(&wanted.server)?;
            let answer = match derive_details(wanted) {
                Some(body) => client.send(Method::PUT, DETAILS_PATH, &Body::Json(&body))?.body,
                None => client.get(DETAILS_PATH)?,
            };
            console.result(&answer, |answer| {
                let details = &answer["details"];
                if details.is_null() {
                    return "Invoices carry the name of the organization alone.".to_owned();
                }
                render_facts(details, &DETAILS)
            });
        }
    }
    Ok(Exit::Success)
}

/// What is to be said anew; `None` where they are to be shown.
fn derive_details(wanted: &DetailsArgs) -> Option<Value> {
    if wanted.forget {
        return Some(json!({ "details": null }));
    }
    let name = wanted.name.as_ref()?;
    Some(json!({ "details": {
        "name": name,
        "lines": wanted.line,
        "city": wanted.city,
        "postal_code": wanted.postal_code,
        "country": wanted.country,
        "tax_id": wanted.tax_id,
    } }))
}

/// Lists invoices, or keeps one.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_invoices(arguments: &InvoicesArgs, console: Console) -> Result<Exit, Failure> {
    match &arguments.command {
        None => list_invoices(&arguments.server, console)?,
        Some(InvoicesCommand::List(server)) => list_invoices(server, console)?,
        Some(InvoicesCommand::Save { server, number, out }) => {
            let path = format!("{INVOICES_PATH}/{}/pdf", encode(number));
            let file = out.clone().unwrap_or_else(|| PathBuf::from(format!("{number}.pdf")));
            save_and_tell(&open_client(server)?, &path, &file, console)?;
        }
    }
    Ok(Exit::Success)
}

fn list_invoices(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(server)?;
    let invoices = client.get(INVOICES_PATH)?;
    console.result(&invoices, |invoices| {
        let mut items = invoices["items"].clone();
        for invoice in items.as_array_mut().into_iter().flatten() {
            if let Some(page) = invoice["page_url"].as_str() {
                invoice["page_url"] = json!(locate(&client, page));
            }
        }
        render_items(&items, &INVOICES, "There are no invoices.")
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_waits_for_its_buyer_says_where_to_agree() {
        let changed = json!({ "plan": { "slug": "pro" }, "approve_url": null });
        assert_eq!(render_change(&changed), "plan  pro");
        let waits = json!({ "plan": { "slug": "pro" }, "approve_url": "https://pay.example/r" });
        let text = render_change(&waits);
        assert!(text.ends_with("changed yet. Agree here: https://pay.example/r"), "{text}");
    }
}
