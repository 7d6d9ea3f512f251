//! `gantry account password`: forgotten, set anew, changed.

use serde_json::json;

use crate::cli::PasswordCommand;
use crate::commands::link::read_token;
use crate::commands::login::read_new_password;
use crate::commands::server_access::{open_stranger, with_person};
use crate::console::Console;
use crate::failure::Failure;

const PATH: &str = "/api/v1/auth/password";

/// Talks to a server about a password.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(command: &PasswordCommand, console: Console) -> Result<(), Failure> {
    match command {
        PasswordCommand::Forgot { server, email } => {
            let asked = json!({ "email": email });
            open_stranger(server)?.post(&format!("{PATH}/forgot"), &asked)?;
            console.result(&json!({ "asked": email }), |_| {
                format!(
                    "If {email} has an account, a mail went there; \
                     `gantry account password reset` takes its link."
                )
            });
        }
        PasswordCommand::Reset(server) => {
            let client = open_stranger(server)?;
            let token = read_token(console)?;
            let password = read_new_password(console)?;
            let wanted = json!({ "token": token.expose(), "password": password.expose() });
            client.post(&format!("{PATH}/reset"), &wanted)?;
            tell_set(console);
        }
        PasswordCommand::Change(server) => {
            with_person(server, console, |person| {
                let mut wanted = person.prove();
                wanted["new_password"] = json!(read_new_password(console)?.expose());
                person.session.post(PATH, &wanted)
            })?;
            tell_set(console);
        }
    }
    Ok(())
}

fn tell_set(console: Console) {
    console.result(&json!({ "set": true }), |_| "The new password is set.".to_owned());
}
