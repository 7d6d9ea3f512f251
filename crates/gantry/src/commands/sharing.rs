//! `gantry access`: who sees single things.

use gantry_types::UserId;
use serde_json::{Value, json};
use ureq::http::Method;

use super::server_access::open_client;
use crate::cli::{AccessCommand, ThingArgs};
use crate::client::Body;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::render::{Column, render_facts, render_section};

const FACTS: [Column<'_>; 2] = [("visible to", "/visibility"), ("made by", "/made_by")];
const GRANTS: [Column<'_>; 2] = [("member", "/user_id"), ("may", "/level")];

/// Talks to a server about who sees a thing.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &AccessCommand, console: Console) -> Result<Exit, Failure> {
    let access = match command {
        AccessCommand::Show(thing) => open_client(&thing.server)?.get(&path_of(thing))?,
        AccessCommand::Restrict { thing, viewer, editor } => {
            let grants: Vec<Value> =
                grants(viewer, "viewer").chain(grants(editor, "editor")).collect();
            set(thing, &json!({ "visibility": "restricted", "grants": grants }))?
        }
        AccessCommand::Open(thing) => set(thing, &json!({ "visibility": "organization" }))?,
    };
    console.result(&access, |access| {
        let facts = render_facts(access, &FACTS);
        format!("{facts}{}", render_section("granted", &access["grants"], &GRANTS))
    });
    Ok(Exit::Success)
}

fn path_of(thing: &ThingArgs) -> String {
    format!("{}/{}/access", thing.kind.collection(), thing.id)
}

fn set(thing: &ThingArgs, wanted: &Value) -> Result<Value, Failure> {
    let client = open_client(&thing.server)?;
    Ok(client.send(Method::PUT, &path_of(thing), &Body::Json(wanted))?.body)
}

fn grants(members: &[UserId], level: &'static str) -> impl Iterator<Item = Value> {
    members.iter().map(move |member| json!({ "user_id": member, "level": level }))
}
