//! `gantry account identities`, `passkeys` and `grants`: what else signs in, and who acts for somebody.

use serde_json::json;
use ureq::http::Method;

use crate::cli::{GrantsCommand, IdentitiesCommand, PasskeysCommand};
use crate::client::Body;
use crate::commands::server_access::{open_client, with_person};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_items};

const IDENTITIES_PATH: &str = "/api/v1/auth/identities";
const PASSKEYS_PATH: &str = "/api/v1/auth/passkeys";
const GRANTS_PATH: &str = "/api/v1/account/grants";
const IDENTITIES: [Column<'_>; 4] = [
    ("identity", "/id"),
    ("who vouches", "/label"),
    ("address there", "/email"),
    ("since", "/linked_at"),
];
const PASSKEYS: [Column<'_>; 4] = [
    ("passkey", "/id"),
    ("name", "/name"),
    ("since", "/created_at"),
    ("last used", "/last_used_at"),
];
const GRANTS: [Column<'_>; 5] = [
    ("client", "/client_id"),
    ("name", "/client_name"),
    ("organization", "/organization_name"),
    ("scopes", "/scopes"),
    ("last used", "/renewed_at"),
];

/// Talks to a server about accounts elsewhere.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_identities(command: &IdentitiesCommand, console: Console) -> Result<(), Failure> {
    match command {
        IdentitiesCommand::List(server) => {
            let found = open_client(server)?.get(IDENTITIES_PATH)?;
            console.result(&found, |found| {
                render_items(&found["items"], &IDENTITIES, "No account elsewhere signs you in.")
            });
        }
        IdentitiesCommand::Unlink { server, id } => {
            let path = format!("{IDENTITIES_PATH}/{id}");
            with_person(server, console, |person| {
                person.session.send(Method::DELETE, &path, &Body::Json(&person.prove()))
            })?;
            console.result(&json!({ "unlinked": id }), |_| format!("{id} signs you in no more"));
        }
    }
    Ok(())
}

/// Talks to a server about passkeys.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_passkeys(command: &PasskeysCommand, console: Console) -> Result<(), Failure> {
    match command {
        PasskeysCommand::List(server) => {
            let found = open_client(server)?.get(PASSKEYS_PATH)?;
            console.result(&found, |found| {
                render_items(&found["items"], &PASSKEYS, "There are no passkeys.")
            });
        }
        PasskeysCommand::Rename { server, id, name } => {
            let path = format!("{PASSKEYS_PATH}/{id}");
            let wanted = json!({ "name": name });
            with_person(server, console, |person| {
                person.session.send(Method::PATCH, &path, &Body::Json(&wanted))
            })?;
            let renamed = json!({ "passkey": id, "name": name });
            console.result(&renamed, |_| format!("{id} is called {name} now"));
        }
        PasskeysCommand::Remove { server, id } => {
            let path = format!("{PASSKEYS_PATH}/{id}");
            with_person(server, console, |person| {
                person.session.send(Method::DELETE, &path, &Body::Json(&person.prove()))
            })?;
            console.result(&json!({ "removed": id }), |_| format!("{id} signs you in no more"));
        }
    }
    Ok(())
}

/// Talks to a server about programs that act for the person.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_grants(command: &GrantsCommand, console: Console) -> Result<(), Failure> {
    match command {
        GrantsCommand::List(server) => {
            let found = open_client(server)?.get(GRANTS_PATH)?;
            console.result(&found, |found| {
                render_items(&found["items"], &GRANTS, "You let no program act for you.")
            });
        }
        GrantsCommand::Withdraw { server, id } => {
            let path = format!("{GRANTS_PATH}/{id}");
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "withdrawn": id }), |_| format!("{id} acts for you no more"));
        }
    }
    Ok(())
}
