//! `gantry account verify`, `email` and `profile`: the address, and what people are called.

use serde_json::json;
use ureq::http::Method;

use crate::cli::{EmailArgs, ProfileArgs, VerifyArgs};
use crate::client::Body;
use crate::commands::link::read_token;
use crate::commands::server_access::{open_client, open_stranger, with_person};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_facts};

const VERIFY: &str = "/api/v1/auth/verify-email";
const PROFILE: [Column<'_>; 3] =
    [("name", "/user/name"), ("address", "/user/email"), ("language", "/user/locale")];

/// Proves an address, the first or a new one, or has the mail for that sent again.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn verify(arguments: &VerifyArgs, console: Console) -> Result<(), Failure> {
    if arguments.resend {
        let path = format!("{VERIFY}/resend");
        open_client(&arguments.server)?.send(Method::POST, &path, &Body::Empty)?;
        console.result(&json!({ "sent": true }), |_| {
            "The mail is sent again; `gantry account verify` takes its link.".to_owned()
        });
        return Ok(());
    }
    let client = open_stranger(&arguments.server)?;
    let token = read_token(console)?;
    client.post(VERIFY, &json!({ "token": token.expose() }))?;
    console.result(&json!({ "verified": true }), |_| "The address is proven.".to_owned());
    Ok(())
}

/// Asks for another address; the link of the mail that goes there makes the change.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn change_email(arguments: &EmailArgs, console: Console) -> Result<(), Failure> {
    let address = &arguments.address;
    with_person(&arguments.server, console, |person| {
        let mut wanted = person.prove();
        wanted["email"] = json!(address);
        person.session.post("/api/v1/auth/email", &wanted)
    })?;
    console.result(&json!({ "asked": address }), |_| {
        format!(
            "A mail went to {address}: `gantry account verify` takes its link and makes the change."
        )
    });
    Ok(())
}

/// Changes the name for people, or the language.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn change_profile(arguments: &ProfileArgs, console: Console) -> Result<(), Failure> {
    let wanted = json!({ "name": arguments.name, "locale": arguments.language });
    let me = with_person(&arguments.server, console, |person| {
        person.session.send(Method::PATCH, "/api/v1/auth/me", &Body::Json(&wanted))
    })?;
    console.result(&me.body, |me| render_facts(me, &PROFILE));
    Ok(())
}
