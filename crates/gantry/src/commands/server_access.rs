//! Which server a command talks to, and how it proves who asks.

use serde_json::{Value, json};
use ureq::http::Method;

use super::login::{read_secret, sign_in};
use crate::cli::ServerArgs;
use crate::client::{Auth, Body, Client, read_credentials};
use crate::config::Secret;
use crate::console::Console;
use crate::failure::{Exit, Failure};

const USUAL_SERVER: &str = "http://127.0.0.1:8080";

/// The client for a command: flags and environment first, then what `gantry login` kept.
///
/// # Errors
/// An auth failure where there is no key.
pub fn open_client(arguments: &ServerArgs) -> Result<Client, Failure> {
    let kept = read_credentials()?;
    let server = choose_server(arguments, kept.server);
    let key = match &arguments.api_key {
        Some(key) => Some(key.0.clone()),
        None => kept.keys.get(&server).map(Secret::new),
    };
    let key = key.ok_or_else(|| {
        Failure::new(Exit::Auth, format!("there is no API key for {server}"))
            .with_next(format!("`gantry login --server {server}`, or set GANTRY_API_KEY"))
    })?;
    Client::new(&server, Auth::Key(key))
}

/// The client for what everybody may ask, with or without a key.
///
/// # Errors
/// A usage failure for an address that is none.
pub fn open_stranger(arguments: &ServerArgs) -> Result<Client, Failure> {
    let kept = read_credentials()?;
    Client::new(&choose_server(arguments, kept.server), Auth::Nobody)
}

/// Refuses a key that is given for a command that replaces the kept one.
///
/// # Errors
/// A usage failure for a key of the command line or the environment.
pub fn require_kept_key(arguments: &ServerArgs) -> Result<(), Failure> {
    match &arguments.api_key {
        Some(_) => {
            let cause = "the key that is given works in its own organization alone";
            Err(Failure::usage(cause).with_next("leave out --api-key and GANTRY_API_KEY"))
        }
        None => Ok(()),
    }
}

fn choose_server(arguments: &ServerArgs, kept: Option<String>) -> String {
    let server = arguments.server.clone().or(kept);
    server.unwrap_or_else(|| USUAL_SERVER.to_owned()).trim_end_matches('/').to_owned()
}

/// A person who has just signed in, for what no key may do for them.
pub struct Person {
    /// Their session.
    pub session: Client,
    /// What proves them once more.
    pub password: Secret,
    /// What the API says about them and the key that named them.
    pub me: Value,
}

/// Signs in whose key it is, by a password from standard input, lets `act` do its work, and signs
/// out.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn with_person<T>(
    arguments: &ServerArgs,
    console: Console,
    act: impl FnOnce(&Person) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let client = open_client(arguments)?;
    let me = client.get("/api/v1/auth/me")?;
    let email = me["user"]["email"].as_str().unwrap_or_default().to_owned();
    let password = read_secret(console, &format!("Password of {email}: "))?;
    let stranger = client.with_auth(Auth::Nobody);
    let session = sign_in(&stranger, (&email, &password), console)?;
    let person = Person { session, password, me };
    let done = act(&person);
    // Who has deleted their account is signed out already.
    let _gone = person.session.send(Method::POST, "/api/v1/auth/logout", &Body::Empty);
    done
}

impl Person {
    /// The password, as requests carry it that need it once more.
    pub fn prove(&self) -> Value {
        json!({ "password": self.password.expose() })
    }
}
