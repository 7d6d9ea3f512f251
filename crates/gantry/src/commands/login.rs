//! `gantry login`: keeps an API key of a server.

use std::io::{BufRead, IsTerminal, Read};
use std::path::PathBuf;

use gantry_types::Scope;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::cli::LoginArgs;
use crate::client::{Answer, Auth, Body, Client, read_credentials, write_credentials};
use crate::config::Secret;
use crate::console::Console;
use crate::failure::{Exit, Failure};

/// Scopes of a key that this command makes if none are named: all that a person does with jobs and
/// data.
pub const SCOPES: &[Scope] = &[Scope::Read, Scope::Run, Scope::Data];
const ADMINISTRATOR_SCOPES: &[Scope] = &[Scope::Read, Scope::Run, Scope::Data, Scope::Admin];
const CODE: &str = "Code of your authenticator app: ";
const ADMINISTRATOR_SESSION: &str = "/api/v1/admin/session";
/// What keys are called that are made here to be kept here.
pub const KEY_NAME: &str = "gantry login";

/// Checks a key, or makes one, and keeps it.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(arguments: &LoginArgs, console: Console) -> Result<Exit, Failure> {
    let client = Client::new(&arguments.server, Auth::Nobody)?;
    let server = client.base().to_owned();
    let key = match &arguments.email {
        Some(email) => {
            let password = read_secret(console, "Password: ")?;
            if arguments.administrator {
                let scopes = choose_scopes(&arguments.scopes, ADMINISTRATOR_SCOPES);
                make_administrator_key(&client, (email, &password), &scopes, console)?
            } else {
                let session = sign_in(&client, (email, &password), console)?;
                let key = make_key(&session, &choose_scopes(&arguments.scopes, SCOPES))?;
                // The key stays; the session was only for making it.
                session.send(Method::POST, "/api/v1/auth/logout", &Body::Empty)?;
                key
            }
        }
        None => {
            console
                .remark(&format!("Make a key at {server}/app under your account, and paste it."));
            read_secret(console, "API key: ")?
        }
    };
    let (me, file) = keep_key(client, &key)?;
    let email = me["user"]["email"].as_str().unwrap_or("a user").to_owned();
    console.result(&json!({ "server": server, "user": me["user"] }), |_| {
        format!("Logged in to {server} as {email}; the key is in {}", file.display())
    });
    Ok(Exit::Success)
}

/// Makes a key of whose session it is, in the organization in which they work.
///
/// # Errors
/// [`Failure`] of the server, such as for a scope that the person does not have.
pub fn make_key(session: &Client, scopes: &Value) -> Result<Secret, Failure> {
    make_key_at("/api/v1/api-keys", session, scopes)
}

fn make_key_at(path: &str, session: &Client, scopes: &Value) -> Result<Secret, Failure> {
    let wanted = json!({ "name": KEY_NAME, "scopes": scopes });
    let made = session.post(path, &wanted)?;
    Ok(Secret::new(made["key"].as_str().unwrap_or_default()))
}

/// What a key is for: what was asked for, else what is usual.
fn choose_scopes(asked: &[Scope], usual: &[Scope]) -> Value {
    let chosen = if asked.is_empty() { usual } else { asked };
    json!(chosen)
}

/// Makes a key in a session for administering; where a code is needed, it is asked for.
fn make_administrator_key(
    client: &Client,
    (email, password): (&str, &Secret),
    scopes: &Value,
    console: Console,
) -> Result<Secret, Failure> {
    let mut body = json!({ "email": email, "password": password.expose() });
    let answer = client.exchange(Method::POST, ADMINISTRATOR_SESSION, &Body::Json(&body))?;
    let answer = if answer.body["errors"][0]["pointer"] == "/code" {
        body["code"] = json!(read_secret(console, CODE)?.expose());
        client.send(Method::POST, ADMINISTRATOR_SESSION, &Body::Json(&body))?
    } else {
        client.require_success(answer)?
    };
    let session = begin_session(client, &answer)?;
    let made = make_key_at("/api/v1/admin/api-keys", &session, scopes);
    // The key stays; the session was only for making it.
    let _gone = session.send(Method::DELETE, ADMINISTRATOR_SESSION, &Body::Empty);
    made
}

/// Keeps a key for the commands that talk to its server, once it was found to be good; answers
/// whose it is, and the file.
///
/// # Errors
/// An auth failure for a key that is not good, and [`Failure`] of the file.
pub fn keep_key(client: Client, key: &Secret) -> Result<(Value, PathBuf), Failure> {
    let client = client.with_auth(Auth::Key(key.clone()));
    let me = client.get("/api/v1/auth/me")?;
    let mut credentials = read_credentials()?;
    credentials.keys.insert(client.base().to_owned(), key.expose().to_owned());
    credentials.server = Some(client.base().to_owned());
    Ok((me, write_credentials(&credentials)?))
}

/// Signs in as a browser does; where a code is needed, it is asked for.
///
/// # Errors
/// An auth failure for wrong credentials.
pub fn sign_in(
    client: &Client,
    (email, password): (&str, &Secret),
    console: Console,
) -> Result<Client, Failure> {
    let body = json!({ "email": email, "password": password.expose() });
    let answer = client.exchange(Method::POST, "/api/v1/auth/login", &Body::Json(&body))?;
    let answer = match answer.body["challenge"].as_str() {
        Some(challenge) => {
            let code = read_secret(console, CODE)?;
            let body = json!({ "challenge": challenge, "code": code.expose() });
            client.send(Method::POST, "/api/v1/auth/second-factor", &Body::Json(&body))?
        }
        None => client.require_success(answer)?,
    };
    begin_session(client, &answer)
}

/// The session that an answer begins.
///
/// # Errors
/// [`Failure`] for an answer without one.
pub fn begin_session(client: &Client, answer: &Answer) -> Result<Client, Failure> {
    let cookies: Vec<&str> =
        answer.cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
    let csrf_token = answer.body["csrf_token"].as_str().map(str::to_owned);
    let csrf_token = match (csrf_token, cookies.is_empty()) {
        (Some(token), false) => token,
        (None, _) | (_, true) => {
            return Err(Failure::broken("the server began no session"));
        }
    };
    let cookie = Secret::new(cookies.join("; "));
    Ok(client.clone().with_auth(Auth::Session { cookie, csrf_token }))
}

/// Reads the next line of standard input; a terminal does not show it.
///
/// # Errors
/// A usage failure for an empty one.
pub fn read_secret(console: Console, prompt: &str) -> Result<Secret, Failure> {
    let text = if std::io::stdin().is_terminal() {
        console.ask_secretly(prompt)
    } else {
        let mut text = String::new();
        std::io::stdin().lock().take(64 << 10).read_line(&mut text).map(|_| text)
    };
    let text =
        text.map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(Failure::usage("nothing was given on standard input")
            .with_next("type it, or pipe it in"));
    }
    Ok(Secret::new(line))
}

/// Reads a password that is to be set; at a terminal twice, because it is not shown.
///
/// # Errors
/// A usage failure for an empty one, and for two that differ.
pub fn read_new_password(console: Console) -> Result<Secret, Failure> {
    let password = read_secret(console, "New password: ")?;
    if std::io::stdin().is_terminal() && read_secret(console, "Once more: ")? != password {
        return Err(Failure::usage("the two passwords differ").with_next("type the same twice"));
    }
    Ok(password)
}
