//! `gantry account second-factor`: on, off, and the codes for a lost phone.

use serde_json::{Value, json};

use crate::cli::SecondFactorCommand;
use crate::commands::login::read_secret;
use crate::commands::server_access::{open_client, with_person};
use crate::console::Console;
use crate::failure::Failure;
use crate::render::{Column, render_facts};

const PATH: &str = "/api/v1/auth/second-factor";
const FACTS: [Column<'_>; 3] = [
    ("needs a code", "/enabled"),
    ("has to", "/required"),
    ("recovery codes left", "/recovery_codes"),
];
const ENROLMENT: [Column<'_>; 2] = [("secret", "/secret"), ("address", "/uri")];

/// Talks to a server about two-factor sign-in.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &SecondFactorCommand, console: Console) -> Result<(), Failure> {
    match command {
        SecondFactorCommand::Show(server) => {
            let factor = open_client(server)?.get(&format!("{PATH}/setup"))?;
            console.result(&factor, |factor| render_facts(factor, &FACTS));
        }
        SecondFactorCommand::SetUp(server) => {
            let begun = with_person(server, console, |person| {
                person.session.post(&format!("{PATH}/setup"), &person.prove())
            })?;
            console.result(&begun, |begun| render_facts(begun, &ENROLMENT));
            console.remark(
                "Give the secret or the address to an authenticator app; \
                 `gantry account second-factor confirm` takes a code of it.",
            );
        }
        SecondFactorCommand::Confirm(server) => {
            let made = with_person(server, console, |person| {
                let code = read_secret(console, "Code of the app: ")?;
                person.session.post(&format!("{PATH}/confirm"), &json!({ "code": code.expose() }))
            })?;
            tell_codes(&made, console);
        }
        SecondFactorCommand::RecoveryCodes(server) => {
            let made = with_person(server, console, |person| {
                person.session.post(&format!("{PATH}/recovery-codes"), &person.prove())
            })?;
            tell_codes(&made, console);
        }
        SecondFactorCommand::TurnOff(server) => {
            with_person(server, console, |person| {
                person.session.post(&format!("{PATH}/disable"), &person.prove())
            })?;
            console.result(&json!({ "enabled": false }), |_| {
                "Signing in needs no code any more.".to_owned()
            });
        }
    }
    Ok(())
}

fn tell_codes(made: &Value, console: Console) {
    console.result(made, |made| {
        let codes = made["codes"].as_array().into_iter().flatten();
        codes.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
    });
    console
        .remark("Each recovery code stands for a code of the app once; they are shown this once.");
}
