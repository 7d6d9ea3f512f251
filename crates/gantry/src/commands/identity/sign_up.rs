//! `gantry account sign-up`: an account, and a key of it.

use std::path::PathBuf;

use gantry_types::Scope;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::SignUpArgs;
use crate::client::{Body, Client};
use crate::commands::link::read_token;
use crate::commands::login::{SCOPES, begin_session, keep_key, make_key, read_new_password};
use crate::commands::server_access::open_stranger;
use crate::config::Secret;
use crate::console::Console;
use crate::failure::Failure;

/// Opens an account, and keeps a key of it.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn sign_up(arguments: &SignUpArgs, console: Console) -> Result<(), Failure> {
    let client = open_stranger(&arguments.server)?;
    let password = read_new_password(console)?;
    let invitation = if arguments.invited { Some(read_token(console)?) } else { None };
    let wanted = describe_newcomer(arguments, &password, invitation.as_ref());
    let answer = client.send(Method::POST, "/api/v1/auth/register", &Body::Json(&wanted))?;
    let session = begin_session(&client, &answer)?;
    let kept = keep_first_key(&session, &choose_scopes(&arguments.scopes, &answer.body));
    // The key stays; the session was only for making it.
    let _gone = session.send(Method::POST, "/api/v1/auth/logout", &Body::Empty);
    let (server, email) = (client.base(), &arguments.email);
    let (me, file) = kept.map_err(|failure| {
        failure.with_next(format!(
            "the account is there: `gantry login --server {server} --email {email}`"
        ))
    })?;
    console.result(&json!({ "server": server, "user": me["user"] }), |_| {
        format!("Signed up at {server} as {email}; the key is in {}", file.display())
    });
    if me["user"]["email_verified"] == false {
        console.remark(
            "A mail with a link is on its way; `gantry account verify` proves the address by it.",
        );
    }
    Ok(())
}

fn describe_newcomer(
    arguments: &SignUpArgs,
    password: &Secret,
    invitation: Option<&Secret>,
) -> Value {
    let email = arguments.email.as_str();
    let name = arguments.name.as_deref();
    json!({
        "email": email,
        "password": password.expose(),
        "name": name.unwrap_or_else(|| email.split('@').next().unwrap_or(email)),
        "invitation": invitation.map(Secret::expose),
        "referral_code": arguments.referral,
        "plan": arguments.plan,
        "interval": arguments.interval,
    })
}

/// What the first key is for: what was asked for, else what is usual and given to newcomers.
fn choose_scopes(asked: &[Scope], me: &Value) -> Value {
    if !asked.is_empty() {
        return json!(asked);
    }
    let given = me["scopes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let usual: Vec<Value> = SCOPES.iter().map(|scope| json!(scope)).collect();
    Value::Array(usual.into_iter().filter(|scope| given.contains(scope)).collect())
}

fn keep_first_key(session: &Client, scopes: &Value) -> Result<(Value, PathBuf), Failure> {
    let key = make_key(session, scopes)?;
    keep_key(session.clone(), &key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_is_for_what_newcomers_may_do() {
        let me = json!({ "scopes": ["read", "account"] });
        assert_eq!(choose_scopes(&[], &me), json!(["read"]));
        assert_eq!(choose_scopes(&[Scope::Account], &me), json!(["account"]));
    }
}
