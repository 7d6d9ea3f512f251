//! `gantry account export`, `delete` and `keep`: what only the person themselves may do.

use std::path::Path;
use std::time::Duration;

use gantry_types::JobState;
use serde_json::{Value, json};
use ureq::http::Method;

use super::link::read_token;
use super::save::save;
use super::server_access::{open_stranger, with_person};
use crate::cli::ServerArgs;
use crate::client::{Body, Client};
use crate::console::{BarUnit, Console};
use crate::failure::Failure;
use crate::render::format_bytes;

const EXPORT: &str = "/api/v1/account/export";
/// Between two looks at an export that is being made.
const PAUSE: Duration = Duration::from_millis(300);
const THOUSANDTHS: u64 = 1_000;

/// Has everything gathered that is kept about the person, and writes it into `out`.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn save_export(server: &ServerArgs, out: &Path, console: Console) -> Result<(), Failure> {
    with_person(server, console, |person| {
        person.session.post(EXPORT, &person.prove())?;
        let made = wait_for_export(&person.session, console)?;
        if made["file"].is_null() {
            let cause = made["error"].as_str().unwrap_or("the export was not made");
            return Err(Failure::broken(cause).with_next("try again later"));
        }
        let bytes = save(&person.session, &format!("{EXPORT}/content"), out)?;
        let out = out.display().to_string();
        console.result(&json!({ "file": out, "bytes": bytes, "export": made }), |_| {
            format!("{out}  {}", format_bytes(bytes))
        });
        Ok(())
    })
}

/// Looks at the newest export until it has ended.
fn wait_for_export(session: &Client, console: Console) -> Result<Value, Failure> {
    let bar = console.bar(THOUSANDTHS, BarUnit::Fraction);
    bar.set_message("gathering your data");
    loop {
        let export = session.get(EXPORT)?["export"].clone();
        let state = export["state"].as_str().and_then(|word| word.parse::<JobState>().ok());
        if state.is_none_or(JobState::is_final) {
            bar.finish_and_clear();
            return Ok(export);
        }
        let done = export["progress"].as_f64().unwrap_or(0.0).clamp(0.0, 1.0);
        bar.set_position((done * THOUSANDTHS as f64) as u64);
        std::thread::sleep(PAUSE);
    }
}

/// Deletes the person's account.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn delete(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    with_person(server, console, |person| {
        let body = person.prove();
        let left = person.session.send(Method::DELETE, "/api/v1/account", &Body::Json(&body))?;
        console.result(&left.body, |leaving| {
            format!(
                "Your account is deleted, and everything is erased at {}.\n\
                 Until then the link of the mail that was sent keeps it: `gantry account keep`.",
                leaving["erase_at"].as_str().unwrap_or("the end of the grace")
            )
        });
        Ok(())
    })
}

/// Keeps an account that was to be deleted.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn keep(server: &ServerArgs, console: Console) -> Result<(), Failure> {
    let client = open_stranger(server)?;
    let token = read_token(console)?;
    client.post("/api/v1/auth/keep-account", &json!({ "token": token.expose() }))?;
    console.result(&json!({ "kept": true }), |_| {
        "Your account is kept; its keys were revoked: `gantry login` makes another one.".to_owned()
    });
    Ok(())
}
