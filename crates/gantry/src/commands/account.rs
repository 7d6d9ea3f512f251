//! `gantry account`: what it has, what it used, its ledger, its sessions.

use gantry_types::{Currency, MeterId};
use serde_json::{Value, json};
use ureq::http::Method;

use super::account_end::{delete, keep, save_export};
use super::identity;
use super::query::{given, with_query};
use super::save::save_and_tell;
use super::server_access::open_client;
use crate::cli::{AccountArgs, AccountCommand, LedgerArgs, ServerArgs, UsageArgs};
use crate::client::Body;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, Table, render_cell, render_facts, render_items, render_section};

const FACTS: [Column<'_>; 9] = [
    ("organization", "/organization_id"),
    ("plan", "/plan/title"),
    ("its name", "/plan/slug"),
    ("version", "/plan/version"),
    ("credits", "/credits/available"),
    ("held by jobs", "/credits/held"),
    ("jobs running", "/running_jobs"),
    ("jobs queued", "/queued_jobs"),
    ("seats", "/plan/terms/seats"),
];
const METERS: [Column<'_>; 5] = [
    ("meter", "/meter"),
    ("used", "/used"),
    ("reserved", "/reserved"),
    ("limit", "/limit"),
    ("starts again", "/resets_at"),
];
const OVER_LIMITS: [Column<'_>; 3] =
    [("limit", "/limit"), ("used", "/used"), ("allowed", "/allowed")];
const OVERRIDES: [Column<'_>; 3] =
    [("limit", "/limit"), ("allowed", "/value"), ("until", "/expires_at")];
const LOTS: [Column<'_>; 6] = [
    ("lot", "/id"),
    ("source", "/source"),
    ("reason", "/reason"),
    ("given", "/granted"),
    ("left", "/left"),
    ("expires", "/expires_at"),
];
const LEDGER: [Column<'_>; 5] = [
    ("at", "/at"),
    ("reason", "/reason"),
    ("side", "/account"),
    ("amount", "/amount"),
    ("job", "/job_id"),
];
const SESSIONS: [Column<'_>; 6] = [
    ("session", "/id"),
    ("this one", "/current"),
    ("for", "/purpose"),
    ("address", "/ip"),
    ("last used", "/last_used_at"),
    ("browser", "/user_agent"),
];
/// What a language model was asked.
pub const MODELS: [Column<'_>; 4] = [
    ("model", "/model"),
    ("answers", "/requests"),
    ("tokens asked", "/input_tokens"),
    ("tokens answered", "/output_tokens"),
];
/// What use is summed to, behind what it is summed by and before the meters.
const SUMS: [&str; 6] = ["jobs", "succeeded", "failed", "cancelled", "credits", "seconds"];

/// Talks to a server about the account.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(arguments: &AccountArgs, console: Console) -> Result<Exit, Failure> {
    let Some(command) = &arguments.command else {
        show(&arguments.server, console)?;
        return Ok(Exit::Success);
    };
    match command {
        AccountCommand::Show(server) => show(server, console)?,
        AccountCommand::Usage(arguments) => show_usage(arguments, console)?,
        AccountCommand::Lots { server, limit } => {
            let path = with_query("/api/v1/account/lots", &[("limit", given(Some(limit)))]);
            console.result(&open_client(server)?.get(&path)?, |lots| {
                render_items(&lots["items"], &LOTS, "There are no credits to spend.")
            });
        }
        AccountCommand::Ledger(arguments) => show_ledger(arguments, console)?,
        AccountCommand::Sessions { server, revoke: None } => {
            let sessions = open_client(server)?.get("/api/v1/sessions")?;
            console.result(&sessions, |sessions| {
                render_items(&sessions["items"], &SESSIONS, "You are signed in nowhere.")
            });
        }
        AccountCommand::Sessions { server, revoke: Some(id) } => {
            let path = format!("/api/v1/sessions/{id}");
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "ended": id }), |_| format!("{id} has ended"));
        }
        AccountCommand::SignUp(arguments) => identity::sign_up(arguments, console)?,
        AccountCommand::Verify(arguments) => identity::verify(arguments, console)?,
        AccountCommand::Email(arguments) => identity::change_email(arguments, console)?,
        AccountCommand::Profile(arguments) => identity::change_profile(arguments, console)?,
        AccountCommand::Password(command) => identity::run_password(command, console)?,
        AccountCommand::SecondFactor(command) => identity::run_second_factor(command, console)?,
        AccountCommand::Identities(command) => identity::run_identities(command, console)?,
        AccountCommand::Passkeys(command) => identity::run_passkeys(command, console)?,
        AccountCommand::Grants(command) => identity::run_grants(command, console)?,
        AccountCommand::TimeZone { server, zone } => {
            show_time_zone(server, zone.as_deref(), console)?;
        }
        AccountCommand::Export { server, out } => save_export(server, out, console)?,
        AccountCommand::Delete(server) => delete(server, console)?,
        AccountCommand::Keep(server) => keep(server, console)?,
    }
    Ok(Exit::Success)
}

/// The time zone of the organization, set before where one is given.
fn show_time_zone(
    server: &ServerArgs,
    zone: Option<&str>,
    console: Console,
) -> Result<(), Failure> {
    const PATH: &str = "/api/v1/account/time-zone";
    let client = open_client(server)?;
    let found = match zone {
        Some(zone) => {
            let wanted = json!({ "time_zone": zone });
            client.send(Method::PUT, PATH, &Body::Json(&wanted))?.body
        }
        None => client.get(PATH)?,
    };
    console.result(&found, |found| render_cell(found.get("time_zone")));
    Ok(())
}

fn show(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    let account = open_client(server)?.get("/api/v1/account")?;
    console.result(&account, render_account);
    Ok(())
}

fn render_account(account: &Value) -> String {
    let account = &tell_money(account);
    let mut text = render_facts(account, &FACTS);
    if account["credits"]["low"] == true {
        text.push_str("\n\nThe credits run out: `gantry credits packages` lists what there is.");
    }
    text.push_str(&render_section("use", &account["meters"], &METERS));
    text.push_str(&render_section("in place of the plan's", &account["overrides"], &OVERRIDES));
    text.push_str(&render_section("beyond the plan", &account["over_limits"], &OVER_LIMITS));
    text
}

/// The same account with the units of meters that count money as amounts of it.
fn tell_money(account: &Value) -> Value {
    let mut told = account.clone();
    let mut meters = account["meters"].as_array().into_iter().flatten();
    let currency: Option<Currency> =
        meters.find_map(|meter| meter["currency"].as_str()?.parse().ok());
    let Some(currency) = currency else { return told };
    let columns: [(&str, &str, &[&str]); 3] = [
        ("meters", "meter", &["used", "reserved", "limit"]),
        ("over_limits", "limit", &["used", "allowed"]),
        ("overrides", "limit", &["value"]),
    ];
    for (list, name, columns) in columns {
        let rows = told.get_mut(list).and_then(Value::as_array_mut);
        for row in rows.into_iter().flatten() {
            let Some(meter) = row[name].as_str().and_then(find_meter) else { continue };
            for column in columns.iter().filter(|_| meter.counts_money()) {
                if let Some(units) = row[*column].as_u64() {
                    row[*column] = meter.tell_units(units, currency).into();
                }
            }
        }
    }
    told
}

/// The meter of a limit such as `per_month.rows` or `quota.rows`, or the meter itself.
fn find_meter(limit: &str) -> Option<MeterId> {
    let prefixes = ["per_month.", "per_day.", "per_job.", "quota."];
    let meter = prefixes.iter().find_map(|prefix| limit.strip_prefix(prefix)).unwrap_or(limit);
    meter.parse().ok()
}

fn show_usage(arguments: &UsageArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(&arguments.server)?;
    let parameters = [
        ("from", arguments.from.clone()),
        ("to", arguments.to.clone()),
        ("by", Some(arguments.by.clone())),
    ];
    if let Some(file) = &arguments.csv {
        let path = with_query("/api/v1/account/usage.csv", &parameters);
        return save_and_tell(&client, &path, file, console);
    }
    let usage = client.get(&with_query("/api/v1/account/usage", &parameters))?;
    console.result(&usage, render_usage);
    Ok(())
}

/// What was used, by what it is summed by.
pub fn render_usage(usage: &Value) -> String {
    let day = |name: &str| usage[name].as_str().unwrap_or_default().to_owned();
    let rows = usage["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    let models = render_section("language models", &usage["models"], &MODELS);
    if rows.is_empty() && models.is_empty() {
        return format!("Nothing was used from {} to {}.", day("from"), day("to"));
    }
    let by = usage["by"].as_str().unwrap_or("day");
    let key = match by {
        "member" => "user_id",
        "organization" => "organization_id",
        other => other,
    };
    let units = usage["total"]["units"].as_object();
    let meters: Vec<&str> = units.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let cells = |first: String, sums: &Value| {
        let mut cells = vec![first];
        cells.extend(SUMS.iter().map(|name| render_cell(sums.get(*name))));
        // A meter that a row does not name was not used.
        let unit = |name: &&str| render_cell(Some(sums["units"].get(*name).unwrap_or(&json!(0))));
        cells.extend(meters.iter().map(unit));
        cells
    };
    let titles: Vec<&str> = [&[by][..], &SUMS, &meters].concat();
    let mut table = Table::new(&titles);
    for row in rows {
        table.push(cells(render_cell(row.get(key)), row));
    }
    table.push(cells("together".to_owned(), &usage["total"]));
    table.render() + &models
}

fn show_ledger(arguments: &LedgerArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(&arguments.server)?;
    let mut parameters = vec![
        ("reason", arguments.reason.clone()),
        ("job", given(arguments.job.as_ref())),
        ("from", given(arguments.from.as_ref())),
        ("to", given(arguments.to.as_ref())),
    ];
    if let Some(file) = &arguments.csv {
        let path = with_query("/api/v1/account/ledger.csv", &parameters);
        return save_and_tell(&client, &path, file, console);
    }
    parameters.push(("limit", given(Some(&arguments.limit))));
    let lines = client.get(&with_query("/api/v1/account/ledger", &parameters))?;
    console.result(&lines, |lines| {
        render_items(&lines["items"], &LEDGER, "There are no lines in the ledger.")
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::heading;

    #[test]
    fn an_account_is_told_with_its_limits() {
        let account = json!({
            "organization_id": "0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f",
            "plan": { "slug": "free", "title": "Free", "version": 1, "terms": { "seats": null } },
            "credits": { "available": 5, "held": 2, "low": true },
            "running_jobs": 1,
            "queued_jobs": 0,
            "meters": [
                { "meter": "jobs", "used": 9, "reserved": 1, "limit": 10,
                  "resets_at": "2027-03-01T00:00:00Z" },
                { "meter": "rows", "used": 1200, "reserved": 0, "limit": null,
                  "resets_at": "2027-03-01T00:00:00Z" },
            ],
            "over_limits": [{ "limit": "seats", "used": 3, "allowed": 1 }],
        });
        let text = ["use", "beyond the plan"]
            .iter()
            .fold(render_account(&account), |text, title| text.replace(&heading(title), title));
        assert_eq!(
            text,
            "organization  0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f\n\
             plan          Free\n\
             its name      free\n\
             version       1\n\
             credits       5\n\
             held by jobs  2\n\
             jobs running  1\n\
             jobs queued   0\n\
             \n\
             The credits run out: `gantry credits packages` lists what there is.\n\
             \n\
             use\n\
             meter  used  reserved  limit  starts again\n\
             jobs      9         1     10  2027-03-01T00:00:00Z\n\
             rows   1200         0      –  2027-03-01T00:00:00Z\n\
             \n\
             beyond the plan\n\
             limit  used  allowed\n\
             seats     3        1"
        );
    }

    #[test]
    fn meters_of_money_are_told_as_money() {
        let account = json!({
            "meters": [
                { "meter": "ai_cost", "used": 81, "reserved": 0, "limit": 500_000,
                  "currency": "USD" },
                { "meter": "ai_tokens", "used": 11, "reserved": 0, "limit": null,
                  "currency": null },
            ],
            "overrides": [{ "limit": "per_job.ai_cost", "value": 150_000 },
                          { "limit": "seats", "value": 3 }],
            "over_limits": [{ "limit": "quota.ai_cost.day", "used": 2_000_000, "allowed": 0 }],
        });
        let told = tell_money(&account);
        assert_eq!(told["meters"][0]["used"], "0.000081 USD");
        assert_eq!(told["meters"][0]["limit"], "0.50 USD");
        assert_eq!(told["meters"][1], account["meters"][1]);
        assert_eq!(told["overrides"][0]["value"], "0.15 USD");
        assert_eq!(told["overrides"][1], account["overrides"][1]);
        assert_eq!(told["over_limits"][0]["used"], "2.00 USD");
        assert!(render_account(&account).contains("0.50 USD"));
    }

    #[test]
    fn use_has_a_column_for_each_meter_and_a_sum() {
        let sums = |jobs: u32, units: Value| {
            json!({ "jobs": jobs, "succeeded": jobs, "failed": 0, "cancelled": 0, "credits": 4,
                    "seconds": 60, "units": units })
        };
        let mut row = sums(2, json!({ "jobs": 2 }));
        row["day"] = json!("2027-02-28");
        let total = sums(2, json!({ "jobs": 2, "rows": 500 }));
        let mut usage = json!({ "from": "2027-02-01", "to": "2027-02-28", "by": "day",
                                "rows": [row], "total": total, "models": [] });
        assert_eq!(
            render_usage(&usage),
            "day         jobs  succeeded  failed  cancelled  credits  seconds  jobs  rows\n\
             2027-02-28     2          2       0          0        4       60     2     0\n\
             together       2          2       0          0        4       60     2   500"
        );
        usage["models"] = json!([{ "model": "small-4.1", "requests": 7, "input_tokens": 8400,
                                   "output_tokens": 210 }]);
        let models = format!(
            "\n\n{}\n\
             model      answers  tokens asked  tokens answered\n\
             small-4.1        7          8400              210",
            heading("language models")
        );
        assert!(render_usage(&usage).ends_with(&models), "{}", render_usage(&usage));
        let nothing = json!({ "from": "2027-02-01", "to": "2027-02-28", "by": "day", "rows": [] });
        assert_eq!(render_usage(&nothing), "Nothing was used from 2027-02-01 to 2027-02-28.");
    }
}
