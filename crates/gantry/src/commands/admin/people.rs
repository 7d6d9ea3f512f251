//! `gantry admin users`: list, show, suspend, ban, reinstate.

use serde_json::{Value, json};

use crate::cli::{UserArgs, UsersCommand};
use crate::commands::query::{given, with_query};
use crate::commands::server_access::open_client;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_facts, render_items, render_section};

const PATH: &str = "/api/v1/admin/users";
const USERS: [Column<'_>; 7] = [
    ("user", "/id"),
    ("address", "/email"),
    ("name", "/name"),
    ("status", "/status"),
    ("administers", "/administrator"),
    ("plan", "/organization/plan"),
    ("last seen", "/last_seen_at"),
];
const FACTS: [Column<'_>; 11] = [
    ("user", "/id"),
    ("address", "/email"),
    ("proven", "/email_verified"),
    ("name", "/name"),
    ("administers", "/administrator"),
    ("registered", "/created_at"),
    ("last seen", "/last_seen_at"),
    ("status", "/status"),
    ("because", "/restriction/reason"),
    ("since", "/restriction/at"),
    ("until", "/restriction/until"),
];
const ORGANIZATIONS: [Column<'_>; 6] = [
    ("organization", "/id"),
    ("name", "/name"),
    ("role", "/role"),
    ("plan", "/plan"),
    ("credits", "/credits/available"),
    ("held by jobs", "/credits/held"),
];

/// Talks to a server about people.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &UsersCommand, console: Console) -> Result<(), Failure> {
    match command {
        UsersCommand::List { server, search, status, limit } => {
            let parameters = [
                ("search", search.clone()),
                ("status", status.clone()),
                ("limit", given(Some(limit))),
            ];
            let found = open_client(server)?.get(&with_query(PATH, &parameters))?;
            console
                .result(&found, |found| render_items(&found["items"], &USERS, "Nobody was found."));
        }
        UsersCommand::Show(user) => {
            let found = open_client(&user.server)?.get(&format!("{PATH}/{}", user.id))?;
            console.result(&found, render_user);
        }
        UsersCommand::Suspend { user, reason, until } => {
            change(user, "suspend", &json!({ "reason": reason, "until": until }), console)?;
        }
        UsersCommand::Ban { user, reason } => {
            change(user, "ban", &json!({ "reason": reason }), console)?;
        }
        UsersCommand::Reinstate { user, note } => {
            change(user, "reinstate", &json!({ "note": note }), console)?;
        }
    }
    Ok(())
}

fn change(user: &UserArgs, verb: &str, body: &Value, console: Console) -> Result<(), Failure> {
    let path = format!("{PATH}/{}/{verb}", user.id);
    console.result(&open_client(&user.server)?.post(&path, body)?, render_user);
    Ok(())
}

fn render_user(user: &Value) -> String {
    let mut text = render_facts(user, &FACTS);
    text.push_str(&render_section("organizations", &user["organizations"], &ORGANIZATIONS));
    text
}
