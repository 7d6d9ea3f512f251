//! `gantry demo`: a server on an empty folder, and one real job on it over its API.
//!
//! Invariant: what the demo does to the server, it does as any client would, over HTTP.

mod story;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{DemoArgs, GlobalArgs};
use crate::commands::admin::create_administrator;
use crate::config::{Config, Override, Secret, load};
use crate::console::{Console, Format, heading};
use crate::failure::{Exit, Failure, file_failure};
use crate::house::House;
use crate::logging;
use crate::runtime::{StopSignals, build_runtime};
use crate::server::RunningServer;

const EMAIL: &str = "admin@localhost";
const PORTS_TO_TRY: u16 = 100;

/// The sign-in of the demo's administrator.
#[derive(Clone)]
struct SignIn {
    email: &'static str,
    password: Secret,
}

/// Shows what gantry does.
///
/// # Errors
/// [`Failure`] with the exit code of its cause.
pub fn run(arguments: &DemoArgs, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    let folder = find_folder(arguments.data_dir.as_deref())?;
    let listen = find_port(arguments.port)?;
    let flags = [
        Override { key: "server.data_dir", value: json!(folder) },
        Override { key: "server.listen", value: json!(listen) },
        // Nobody sets an authenticator app up for a demo.
        Override { key: "auth.administrator_factor", value: json!("optional") },
    ];
    let config = load(global.config.as_deref(), &flags)?;
    logging::start(&config.log, "warn")?;
    let runtime = build_runtime()?;
    let ended = runtime.block_on(show(&config, console));
    runtime.shutdown_background();
    ended
}

async fn show(config: &Config, console: Console) -> Result<Exit, Failure> {
    let mut signals = StopSignals::listen()?;
    let house = House::open(config).await?;
    let sign_in = SignIn { email: EMAIL, password: generate_password()? };
    create_administrator(&house, EMAIL, Some("Administrator"), &sign_in.password).await?;
    let server = RunningServer::start(config, &house).await?;
    let url = format!("http://{}", server.address);
    introduce(config, &url, &sign_in, console);
    let story = {
        let (url, sign_in) = (url.clone(), sign_in.clone());
        tokio::task::spawn_blocking(move || story::tell(&url, &sign_in, console))
    };
    let told = tokio::select! {
        told = story => told.map_err(|error| Failure::broken(format!("the demo ended: {error}")))?,
        () = signals.next() => {
            server.stop().await;
            return Ok(Exit::Interrupted);
        }
    };
    let ends_now = std::env::var_os("DEMO_EXIT").is_some_and(|value| value == "1");
    if told.is_ok() && !ends_now {
        console.remark(&format!("\nThe server stays up at {url}; Ctrl-C stops it."));
        signals.next().await;
    }
    server.stop().await;
    told
}

fn introduce(config: &Config, url: &str, sign_in: &SignIn, console: Console) {
    if console.format == Format::Json {
        return;
    }
    console.say(&format!("{}  {url}", heading("server  ")));
    let (email, password) = (sign_in.email, sign_in.password.expose());
    console.say(&format!("{}  {email}  {password}", heading("sign in ")));
    console.say(&format!("{}  {}", heading("data    "), config.server.data_dir.display()));
}

/// Four groups of four characters without ones that look alike: 75 bits.
fn generate_password() -> Result<Secret, Failure> {
    const ALPHABET: &[u8; 26] = b"abcdefghjkmnpqrstuvwxyz234";
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::broken(format!("there are no random numbers: {error}")))?;
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    let groups: Vec<String> =
        bytes.chunks(4).map(|group| group.iter().map(letter).collect()).collect();
    Ok(Secret::new(groups.join("-")))
}

fn find_folder(wanted: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(folder) = wanted {
        let is_free = match std::fs::read_dir(folder) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
            Err(error) => return Err(file_failure("read", folder, &error)),
        };
        return if is_free {
            Ok(folder.to_owned())
        } else {
            Err(Failure::usage(format!("{} is not empty", folder.display()))
                .with_next("name an empty folder, or leave --data-dir out"))
        };
    }
    let mut numbered = (1..1_000).map(|number| PathBuf::from(format!("gantry-demo-{number}")));
    numbered.find(|folder| !folder.exists()).ok_or_else(|| {
        Failure::usage("there are a thousand demo folders here").with_next("rm -r gantry-demo-*")
    })
}

fn find_port(first: u16) -> Result<SocketAddr, Failure> {
    let last = first.saturating_add(PORTS_TO_TRY);
    (first..=last)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .ok_or_else(|| {
            Failure::broken(format!("no port from {first} to {last} is free"))
                .with_next("name another with --port")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_differ_and_pass_the_rules() {
        let (one, two) = (generate_password().unwrap(), generate_password().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.expose().len(), 19);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find_folder(Some(folder.path())).is_ok());
        assert!(find_folder(Some(&folder.path().join("new"))).is_ok());
        std::fs::write(folder.path().join("a"), "b").unwrap();
        assert_eq!(find_folder(Some(folder.path())).unwrap_err().exit, Exit::Usage);
    }
}
