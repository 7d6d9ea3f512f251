//! `gantry keys`: list, make, rotate, revoke.

use serde_json::{Value, json};
use ureq::http::Method;

use super::server_access::open_client;
use crate::cli::{KeyArgs, KeysCommand};
use crate::client::{Body, Client, read_credentials, write_credentials};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, render_facts, render_items};

const PATH: &str = "/api/v1/api-keys";
const KEYS: [Column<'_>; 6] = [
    ("key id", "/id"),
    ("name", "/name"),
    ("begins with", "/prefix"),
    ("scopes", "/scopes"),
    ("last used", "/last_used_at"),
    ("ends", "/expires_at"),
];
const ISSUED: [Column<'_>; 5] = [
    ("key id", "/id"),
    ("name", "/name"),
    ("scopes", "/scopes"),
    ("ends", "/expires_at"),
    ("key", "/key"),
];

/// Talks to a server about API keys.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &KeysCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        KeysCommand::List(server) => {
            let keys = open_client(server)?.get(PATH)?;
            console.result(&keys, |keys| {
                render_items(&keys["items"], &KEYS, "There are no API keys.")
            });
        }
        KeysCommand::Create { server, name, scopes, expires_at } => {
            let wanted = json!({ "name": name, "scopes": scopes, "expires_at": expires_at });
            let made = open_client(server)?.post(PATH, &wanted)?;
            tell(&made, console);
        }
        KeysCommand::Rotate(arguments) => rotate(arguments, console)?,
        KeysCommand::Revoke(arguments) => {
            let client = open_client(&arguments.server)?;
            let id = arguments.id;
            client.send(Method::DELETE, &format!("{PATH}/{id}"), &Body::Empty)?;
            console.result(&json!({ "revoked": id }), |_| format!("{id} is revoked"));
        }
    }
    Ok(Exit::Success)
}

fn tell(made: &Value, console: Console) {
    console.result(made, |made| render_facts(made, &ISSUED));
    console.remark("The key is shown this once.");
}

/// A key that is kept here is replaced here, too.
fn rotate(arguments: &KeyArgs, console: Console) -> Result<(), Failure> {
    let client = open_client(&arguments.server)?;
    let id = arguments.id.to_string();
    let keys = client.get(PATH)?;
    let mut known = keys["items"].as_array().into_iter().flatten();
    let prefix = known.find(|key| key["id"] == id.as_str()).and_then(|key| key["prefix"].as_str());
    let made = client.post(&format!("{PATH}/{id}/rotate"), &json!({}))?;
    tell(&made, console);
    if let (Some(prefix), Some(key)) = (prefix, made["key"].as_str()) {
        replace_kept(&client, prefix, key)?;
    }
    Ok(())
}

fn replace_kept(client: &Client, prefix: &str, key: &str) -> Result<(), Failure> {
    let mut credentials = read_credentials()?;
    let Some(kept) = credentials.keys.get_mut(client.base()) else { return Ok(()) };
    if kept.starts_with(prefix) {
        key.clone_into(kept);
        write_credentials(&credentials)?;
    }
    Ok(())
}
