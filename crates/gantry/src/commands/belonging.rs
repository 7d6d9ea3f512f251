//! `gantry organizations join`, `leave` and `networks`: coming, going, and from where one may work.

use serde_json::{Value, json};
use ureq::http::Method;

use super::link::read_token;
use super::login::{keep_key, make_key};
use super::server_access::{open_client, require_kept_key, with_person};
use crate::cli::{NetworksCommand, ServerArgs};
use crate::client::Body;
use crate::console::Console;
use crate::failure::Failure;
use crate::render::render_cell;

const NETWORKS: &str = "/api/v1/organizations/networks";

/// Accepts an invitation.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn join(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    let me = with_person(server, console, |person| {
        let token = read_token(console)?;
        person.session.post("/api/v1/invitations/accept", &json!({ "token": token.expose() }))
    })?;
    console.result(&me, |me| {
        let cell = |pointer: &str| render_cell(me.pointer(pointer));
        format!(
            "You belong to {} now; `gantry organizations use {}` lets you work there.",
            cell("/organization/name"),
            cell("/organization/id")
        )
    });
    Ok(())
}

/// Leaves the organization that the kept key works in, and keeps a key for the personal one.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn leave(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    require_kept_key(server)?;
    let (me, file) = with_person(server, console, |person| {
        let (session, here) = (&person.session, &person.me["organization"]["id"]);
        session.post("/api/v1/organizations/switch", &json!({ "organization_id": here }))?;
        session.send(Method::POST, "/api/v1/organizations/leave", &Body::Empty)?;
        // The keys of the organization ended with the membership.
        let key = make_key(session, &person.me["scopes"])?;
        keep_key(session.clone(), &key)
    })?;
    console.result(&me, |me| {
        let name = render_cell(me.pointer("/organization/name"));
        format!("You left, and work in {name} now; the key is in {}", file.display())
    });
    Ok(())
}

/// Talks to a server about the networks from which an organization may be used.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_networks(command: &NetworksCommand, console: Console) -> Result<(), Failure> {
    let found = match command {
        NetworksCommand::Show(server) => open_client(server)?.get(NETWORKS)?,
        NetworksCommand::Set { server, networks, anywhere: _ } => {
            let wanted = json!({ "networks": networks });
            open_client(server)?.send(Method::PUT, NETWORKS, &Body::Json(&wanted))?.body
        }
    };
    console.result(&found, render_networks);
    Ok(())
}

fn render_networks(found: &Value) -> String {
    let networks = found["networks"].as_array().into_iter().flatten();
    let lines: Vec<&str> = networks.filter_map(Value::as_str).collect();
    if lines.is_empty() { "From anywhere.".to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_stand_a_line_each() {
        assert_eq!(render_networks(&json!({ "networks": [] })), "From anywhere.");
        let some = json!({ "networks": ["192.0.2.0/24", "198.51.100.7"] });
        assert_eq!(render_networks(&some), "192.0.2.0/24\n198.51.100.7");
    }
}
