//! `gantry oauth-clients` and `referrals`: programs of others, and people whom others bring.

use serde_json::{Value, json};
use ureq::http::Method;

use super::query::{given, with_query};
use super::server_access::open_client;
use crate::cli::{OAuthClientsCommand, ReferralsCommand};
use crate::client::{Body, Client};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, render_facts, render_items, render_section};

const CLIENTS_PATH: &str = "/api/v1/oauth/clients";
const REFERRALS_PATH: &str = "/api/v1/referrals";
const CLIENTS: [Column<'_>; 6] = [
    ("client", "/id"),
    ("name", "/name"),
    ("kind", "/kind"),
    ("scopes", "/scopes"),
    ("back to", "/redirect_uris"),
    ("last used", "/last_used_at"),
];
const ISSUED: [Column<'_>; 6] = [
    ("client", "/id"),
    ("name", "/name"),
    ("kind", "/kind"),
    ("scopes", "/scopes"),
    ("back to", "/redirect_uris"),
    ("secret", "/secret"),
];
const CODE: [Column<'_>; 2] = [("code", "/code"), ("page", "/url")];
const TERMS: [Column<'_>; 7] = [
    ("code", "/code"),
    ("page", "/url"),
    ("credits for you", "/terms/reward"),
    ("credits for them", "/terms/welcome"),
    ("once they are", "/terms/when"),
    ("at most a month", "/terms/most_per_month"),
    ("days until they expire", "/terms/expires_days"),
];
const REFERRALS: [Column<'_>; 5] = [
    ("who", "/who"),
    ("state", "/state"),
    ("credits", "/reward"),
    ("registered", "/created_at"),
    ("decided", "/ended_at"),
];

/// Talks to a server about clients of OAuth 2.0.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_clients(command: &OAuthClientsCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        OAuthClientsCommand::List(server) => {
            let found = open_client(server)?.get(CLIENTS_PATH)?;
            console.result(&found, |found| {
                render_items(&found["items"], &CLIENTS, "There are no clients.")
            });
        }
        OAuthClientsCommand::Create { server, name, kind, redirect_uris, scopes } => {
            let wanted = json!({
                "name": name, "kind": kind, "redirect_uris": redirect_uris, "scopes": scopes,
            });
            tell_issued(&open_client(server)?.post(CLIENTS_PATH, &wanted)?, console);
        }
        OAuthClientsCommand::Change { server, id, name, redirect_uris, scopes } => {
            let mut wanted = json!({});
            if let Some(name) = name {
                wanted["name"] = json!(name);
            }
            if !redirect_uris.is_empty() {
                wanted["redirect_uris"] = json!(redirect_uris);
            }
            if !scopes.is_empty() {
                wanted["scopes"] = json!(scopes);
            }
            let changed = change_client(&open_client(server)?, &id.to_string(), wanted)?;
            console.result(&changed, |changed| render_facts(changed, &CLIENTS));
        }
        OAuthClientsCommand::Rotate { server, id } => {
            let path = format!("{CLIENTS_PATH}/{id}/secret");
            let issued = open_client(server)?.send(Method::POST, &path, &Body::Empty)?;
            tell_issued(&issued.body, console);
        }
        OAuthClientsCommand::Remove { server, id } => {
            let path = format!("{CLIENTS_PATH}/{id}");
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "removed": id }), |_| format!("{id} is removed"));
        }
    }
    Ok(Exit::Success)
}

fn tell_issued(issued: &Value, console: Console) {
    console.result(issued, |issued| render_facts(issued, &ISSUED));
    if issued["secret"].is_string() {
        console.remark("The secret is shown this once.");
    }
}

/// Changes what `wanted` says of a client; the API replaces it whole.
fn change_client(client: &Client, id: &str, mut wanted: Value) -> Result<Value, Failure> {
    let found = client.get(CLIENTS_PATH)?;
    let mut known = found["items"].as_array().into_iter().flatten();
    let Some(before) = known.find(|known| known["id"] == id) else {
        let cause = format!("your organization has no client {id}");
        return Err(
            Failure::new(Exit::NotFound, cause).with_next("`gantry oauth-clients list` lists them")
        );
    };
    for name in ["name", "redirect_uris", "scopes"] {
        if wanted[name].is_null() {
            wanted[name] = before[name].clone();
        }
    }
    let path = format!("{CLIENTS_PATH}/{id}");
    client.send(Method::PUT, &path, &Body::Json(&wanted)).map(|answer| answer.body)
}

/// Talks to a server about referrals.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_referrals(command: &ReferralsCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        ReferralsCommand::List { server, limit } => {
            let path = with_query(REFERRALS_PATH, &[("limit", given(Some(limit)))]);
            console.result(&open_client(server)?.get(&path)?, render_referrals);
        }
        ReferralsCommand::Code(server) => {
            let made = open_client(server)?.send(Method::POST, REFERRALS_PATH, &Body::Empty)?;
            console.result(&made.body, |made| render_facts(made, &CODE));
        }
    }
    Ok(Exit::Success)
}

fn render_referrals(referrals: &Value) -> String {
    let mut text = if referrals["terms"].is_null() {
        "Referrals bring nothing on this server.".to_owned()
    } else {
        render_facts(referrals, &TERMS)
    };
    text.push_str(&render_section("brought", &referrals["items"], &REFERRALS));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::heading;

    #[test]
    fn referrals_are_told_with_what_they_bring() {
        let none = json!({ "code": null, "url": null, "terms": null, "items": [] });
        assert_eq!(render_referrals(&none), "Referrals bring nothing on this server.");
        let referrals = json!({
            "code": "AB12", "url": "http://h/sign-up?ref=AB12",
            "terms": { "reward": 50, "welcome": 20, "when": "verified", "most_per_month": 10,
                       "expires_days": null },
            "items": [{ "who": "b…@example.org", "state": "waiting", "reward": 0,
                        "created_at": "2027-02-01T00:00:00Z", "ended_at": null }],
        });
        let text = render_referrals(&referrals).replace(&heading("brought"), "brought");
        assert_eq!(
            text,
            "code              AB12\n\
             page              http://h/sign-up?ref=AB12\n\
             credits for you   50\n\
             credits for them  20\n\
             once they are     verified\n\
             at most a month   10\n\
             \n\
             brought\n\
             who             state    credits  registered            decided\n\
             b…@example.org  waiting        0  2027-02-01T00:00:00Z        –"
        );
    }
}
