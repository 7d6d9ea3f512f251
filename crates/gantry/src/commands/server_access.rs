//! Which server a command talks to, and with which key.

use crate::cli::ServerArgs;
use crate::client::{Auth, Client, read_credentials};
use crate::config::Secret;
use crate::failure::{Exit, Failure};

const USUAL_SERVER: &str = "http://127.0.0.1:8080";

/// The client for a command: flags and environment first, then what `gantry login` kept.
///
/// # Errors
/// An auth failure where there is no key.
pub fn open_client(arguments: &ServerArgs) -> Result<Client, Failure> {
    let kept = read_credentials()?;
    let server = arguments
        .server
        .clone()
        .or(kept.server)
        .unwrap_or_else(|| USUAL_SERVER.to_owned())
        .trim_end_matches('/')
        .to_owned();
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
