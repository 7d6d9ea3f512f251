//! `gantry members`, `organizations` and `audit`: who belongs together, and what they did.

use gantry_types::OrganizationId;
use serde_json::{Value, json};
use ureq::http::Method;

use super::belonging;
use super::login::{KEY_NAME, keep_key, make_key};
use super::query::{given, with_query};
use super::server_access::{Person, open_client, require_kept_key, with_person};
use crate::cli::{AuditArgs, MembersCommand, OrganizationsCommand, ServerArgs};
use crate::client::{Body, read_credentials};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, Table, render_cell, render_facts, render_items, render_section};

const ROSTER: &str = "/api/v1/members";
const INVITATIONS: &str = "/api/v1/invitations";
const ORGANIZATIONS: &str = "/api/v1/organizations";
const SWITCH: &str = "/api/v1/organizations/switch";
const CLOSING: &str = "/api/v1/organizations/closing";
const API_KEYS: &str = "/api/v1/api-keys";

const MEMBERS: [Column<'_>; 4] =
    [("member", "/user_id"), ("name", "/name"), ("address", "/email"), ("role", "/role")];
const CLOSED: [Column<'_>; 3] =
    [("organization", "/organization_id"), ("name", "/name"), ("erased at", "/erase_at")];
const INVITED: [Column<'_>; 4] =
    [("invitation", "/id"), ("address", "/email"), ("role", "/role"), ("ends", "/expires_at")];
/// What the organization's log and the installation's show of an entry.
pub const AUDIT: [Column<'_>; 5] = [
    ("at", "/at"),
    ("action", "/action"),
    ("to what", "/subject"),
    ("who", "/user_id"),
    ("from", "/ip"),
];

/// Talks to a server about members and invitations.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_members(command: &MembersCommand, console: Console) -> Result<Exit, Failure> {
    match command {
        MembersCommand::List(server) => {
            console.result(&open_client(server)?.get(ROSTER)?, render_roster);
        }
        MembersCommand::Invitations(server) => {
            console.result(&open_client(server)?.get(ROSTER)?, |roster| {
                render_items(&roster["invitations"], &INVITED, "No invitation is open.")
            });
        }
        MembersCommand::Invite { server, email, role } => {
            let wanted = json!({ "email": email, "role": role });
            let made = open_client(server)?.post(INVITATIONS, &wanted)?;
            console.result(&made, |made| render_facts(made, &INVITED));
        }
        MembersCommand::Withdraw { server, id } => {
            let path = format!("{INVITATIONS}/{id}");
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "withdrawn": id }), |_| format!("{id} is withdrawn"));
        }
        MembersCommand::Role { server, id, role } => {
            let body = json!({ "role": role });
            let path = format!("{ROSTER}/{id}");
            open_client(server)?.send(Method::PATCH, &path, &Body::Json(&body))?;
            console.result(&json!({ "member": id, "role": role }), |_| format!("{id} is {role}"));
        }
        MembersCommand::Remove { server, id } => {
            let path = format!("{ROSTER}/{id}");
            open_client(server)?.send(Method::DELETE, &path, &Body::Empty)?;
            console.result(&json!({ "removed": id }), |_| format!("{id} is removed"));
        }
    }
    Ok(Exit::Success)
}

fn render_roster(roster: &Value) -> String {
    let mut text = render_items(&roster["members"], &MEMBERS, "There are no members.");
    text.push_str(&render_section("invited", &roster["invitations"], &INVITED));
    if let Some(seats) = roster["seats"].as_u64() {
        let count = |name: &str| roster[name].as_array().map_or(0, Vec::len);
        let taken = count("members") + count("invitations");
        text.push_str(&format!("\n\n{taken} of {seats} seats are taken"));
    }
    text
}

/// Talks to a server about organizations.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run_organizations(
    command: &OrganizationsCommand,
    console: Console,
) -> Result<Exit, Failure> {
    match command {
        OrganizationsCommand::List(server) => {
            console.result(&open_client(server)?.get("/api/v1/auth/me")?, render_organizations);
        }
        OrganizationsCommand::Create { server, name } => {
            let made = with_person(server, console, |person| {
                person.session.post(ORGANIZATIONS, &json!({ "name": name }))
            })?;
            console.result(&made, |made| {
                let id = render_cell(made.pointer("/organization/id"));
                format!("{id}  {name}\n`gantry organizations use {id}` lets you work there.")
            });
        }
        OrganizationsCommand::Rename { server, name } => {
            let wanted = json!({ "name": name });
            let body = Body::Json(&wanted);
            let me = open_client(server)?.send(Method::PATCH, ORGANIZATIONS, &body)?.body;
            console.result(&me, |me| {
                let name = render_cell(me.pointer("/organization/name"));
                format!("The organization is called {name} now")
            });
        }
        OrganizationsCommand::Close { server, id } => close(server, *id, console)?,
        OrganizationsCommand::Closing(server) => {
            let closing = with_person(server, console, |person| person.session.get(CLOSING))?;
            console.result(&closing, |closing| {
                render_items(&closing["items"], &CLOSED, "None of your organizations is closed.")
            });
        }
        OrganizationsCommand::Keep { server, id } => {
            with_person(server, console, |person| {
                let path = format!("{CLOSING}/{id}");
                person.session.send(Method::DELETE, &path, &Body::Empty)
            })?;
            console.result(&json!({ "kept": id }), |_| {
                format!("{id} is kept; its keys and invitations do not come back")
            });
        }
        OrganizationsCommand::Use { server, id } => change_place(server, *id, console)?,
        OrganizationsCommand::Join(server) => belonging::join(server, console)?,
        OrganizationsCommand::Leave(server) => belonging::leave(server, console)?,
        OrganizationsCommand::Networks(command) => belonging::run_networks(command, console)?,
    }
    Ok(Exit::Success)
}

/// Only a session that works in the organization can close it.
fn close(server: &ServerArgs, id: OrganizationId, console: Console) -> Result<(), Failure> {
    let closed = with_person(server, console, |person| {
        person.session.post(SWITCH, &json!({ "organization_id": id }))?;
        person.session.post(CLOSING, &person.prove())
    })?;
    console.result(&closed, |closed| {
        let (name, at) = (render_cell(closed.get("name")), render_cell(closed.get("erase_at")));
        format!(
            "{name} is closed, and everything that it has is erased at {at}.\n\
             Until then `gantry organizations keep {id}` keeps it."
        )
    });
    Ok(())
}

fn render_organizations(me: &Value) -> String {
    let mut table = Table::new(&["organization", "name", "role", "here"]);
    for place in me["organizations"].as_array().into_iter().flatten() {
        let here = if place["id"] == me["organization"]["id"] { "yes" } else { "" };
        let cell = |name: &str| render_cell(place.get(name));
        table.push([cell("id"), cell("name"), cell("role"), here.to_owned()]);
    }
    table.render()
}

/// A key works in one organization: another place needs another key, with the scopes of this one,
/// which ends.
fn change_place(server: &ServerArgs, id: OrganizationId, console: Console) -> Result<(), Failure> {
    require_kept_key(server)?;
    let (me, file) = with_person(server, console, |person| {
        let wanted = json!({ "organization_id": id });
        person.session.post(SWITCH, &wanted)?;
        let key = make_key(&person.session, &person.me["scopes"])?;
        let replaced = read_credentials()?.keys.remove(person.session.base());
        let kept = keep_key(person.session.clone(), &key)?;
        if let Some(replaced) = replaced
            && let Err(failure) = end_replaced(person, &replaced)
        {
            // The other key is kept already.
            let cause = failure.cause;
            console.remark(&format!("The key that it replaces is good still: {cause}"));
        }
        Ok(kept)
    })?;
    console.result(&me, |me| {
        let name = render_cell(me.pointer("/organization/name"));
        format!("You work in {name} now; the key is in {}", file.display())
    });
    Ok(())
}

/// Revokes a key that was kept here until now, if it was made to be kept here; one that was pasted may
/// be in use elsewhere.
fn end_replaced(person: &Person, replaced: &str) -> Result<(), Failure> {
    let Person { session, me, .. } = person;
    session.post(SWITCH, &json!({ "organization_id": me["organization"]["id"] }))?;
    let keys = session.get(API_KEYS)?;
    let mut known = keys["items"].as_array().into_iter().flatten();
    let is_replaced = |key: &Value| {
        let prefix = key["prefix"].as_str();
        key["name"] == KEY_NAME && prefix.is_some_and(|prefix| replaced.starts_with(prefix))
    };
    match known.find(|key| is_replaced(key)).and_then(|key| key["id"].as_str()) {
        Some(id) => {
            session.send(Method::DELETE, &format!("{API_KEYS}/{id}"), &Body::Empty).map(drop)
        }
        None => Ok(()),
    }
}

/// Lists who did what in the organization.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn list_audit(arguments: &AuditArgs, console: Console) -> Result<Exit, Failure> {
    let path = with_query("/api/v1/audit", &[("limit", given(Some(&arguments.limit)))]);
    let entries = open_client(&arguments.server)?.get(&path)?;
    console.result(&entries, |entries| {
        render_items(&entries["items"], &AUDIT, "There are no entries.")
    });
    Ok(Exit::Success)
}
