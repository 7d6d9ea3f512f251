//! `gantry doctor`: whether this machine and data folder can run a server.
//!
//! Invariant: looks, and changes nothing that stays.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use gantry_ports::Clock;
use serde_json::{Value, json};

use super::open_config;
use crate::cli::{DataArgs, GlobalArgs};
use crate::config::Config;
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::house::database_file;
use crate::render::{Table, format_bytes};
use crate::system_clock::SystemClock;

/// A server with less free space is likely to stop soon.
const ENOUGH_SPACE: u64 = 2 << 30;
/// The first moment of 2026: a clock before it is wrong.
const EARLIEST_MICROS: i64 = 1_767_225_600_000_000;
/// The oldest Node that builds the web app.
const NODE: (u32, u32) = (20, 19);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Note,
    Wrong,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Note => "note",
            Self::Wrong => "WRONG",
        }
    }
}

struct Finding {
    name: &'static str,
    verdict: Verdict,
    detail: String,
    next: Option<String>,
}

impl Finding {
    fn fine(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Fine, detail: detail.into(), next: None }
    }

    fn note(name: &'static str, detail: impl Into<String>, next: &str) -> Self {
        let next = Some(next.to_owned());
        Self { name, verdict: Verdict::Note, detail: detail.into(), next }
    }

    fn wrong(name: &'static str, detail: impl Into<String>, next: &str) -> Self {
        let next = Some(next.to_owned());
        Self { name, verdict: Verdict::Wrong, detail: detail.into(), next }
    }
}

/// Looks at everything that a server needs.
///
/// # Errors
/// A usage failure for settings that are refused; what else is wrong is printed, and the exit
/// code says that something is.
pub fn run(data: &DataArgs, global: &GlobalArgs, console: Console) -> Result<Exit, Failure> {
    let config = open_config(global, data)?;
    let folder = &config.server.data_dir;
    let findings = [
        Finding::fine("settings", "file, environment and flags are right"),
        look_at_folder(folder),
        look_at_space(folder),
        look_at_lock(folder),
        look_at_port(&config),
        look_at_clock(),
        look_at_processors(),
        look_at_web_app(),
        look_at_node(),
    ];
    let items: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "name": finding.name,
                "verdict": finding.verdict.as_str().to_lowercase(),
                "detail": finding.detail,
                "next_step": finding.next,
            })
        })
        .collect();
    let has_wrong = findings.iter().any(|finding| finding.verdict == Verdict::Wrong);
    console.result(&json!({ "healthy": !has_wrong, "checks": items }), |_| render(&findings));
    Ok(if has_wrong { Exit::JobFailed } else { Exit::Success })
}

fn render(findings: &[Finding]) -> String {
    let mut table = Table::new(&["", "check", "finding"]);
    for finding in findings {
        let (name, detail) = (finding.name.to_owned(), finding.detail.clone());
        table.push([finding.verdict.as_str().to_owned(), name, detail]);
    }
    let mut text = table.render();
    for finding in findings {
        if let Some(next) = &finding.next {
            text.push_str(&format!("\n{}: {next}", finding.name));
        }
    }
    text
}

/// The folder itself, or the nearest one above it that exists.
fn find_existing(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let existing = absolute.ancestors().find(|folder| folder.is_dir());
    existing.map_or(absolute.clone(), Path::to_owned)
}

fn look_at_folder(folder: &Path) -> Finding {
    let place = find_existing(folder);
    let shown = folder.display();
    match tempfile::NamedTempFile::new_in(&place) {
        Ok(_) if folder.is_dir() => Finding::fine("data folder", format!("{shown} can be written")),
        Ok(_) => Finding::fine("data folder", format!("{shown} will be made")),
        Err(error) => Finding::wrong(
            "data folder",
            format!("{} cannot be written: {error}", place.display()),
            "change its permissions, or name another folder with --data-dir",
        ),
    }
}

fn look_at_space(folder: &Path) -> Finding {
    match rustix::fs::statvfs(find_existing(folder)) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let detail = format!("{} free", format_bytes(free));
            if free >= ENOUGH_SPACE {
                Finding::fine("disk", detail)
            } else {
                Finding::wrong("disk", detail, "free at least 2 GB, or name another folder")
            }
        }
        Err(error) => Finding::note("disk", format!("the free space is unknown: {error}"), "look"),
    }
}

fn look_at_lock(folder: &Path) -> Finding {
    let database = database_file(folder);
    let mut lock = database.clone().into_os_string();
    lock.push(".lock");
    if !database.is_file() {
        return Finding::fine("database", "will be made at the first start");
    }
    let opened: std::io::Result<File> = OpenOptions::new().write(true).open(PathBuf::from(lock));
    match opened {
        Ok(file) => match file.try_lock() {
            Ok(()) => Finding::fine("database", format!("{} is free", database.display())),
            Err(TryLockError::WouldBlock) => Finding::note(
                "database",
                "a server uses it now",
                "one server can use a SQLite file at a time; stop that one to start another",
            ),
            Err(TryLockError::Error(error)) => Finding::wrong(
                "database",
                format!("its lock cannot be taken: {error}"),
                "put the data folder on a local disk",
            ),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Finding::fine("database", format!("{} is free", database.display()))
        }
        Err(error) => Finding::wrong(
            "database",
            format!("its lock cannot be opened: {error}"),
            "change the permissions of the data folder",
        ),
    }
}

fn look_at_port(config: &Config) -> Finding {
    let listen = config.server.listen;
    match std::net::TcpListener::bind(listen) {
        Ok(_) => Finding::fine("port", format!("{listen} is free")),
        Err(error) => Finding::note(
            "port",
            format!("{listen} cannot be listened on: {error}"),
            "a server may run already; choose another port with `gantry serve --listen`",
        ),
    }
}

fn look_at_clock() -> Finding {
    let now = SystemClock.now();
    if now.as_micros() >= EARLIEST_MICROS {
        Finding::fine("clock", now.to_string())
    } else {
        Finding::wrong("clock", format!("{now} is in the past"), "set the machine's clock")
    }
}

fn look_at_processors() -> Finding {
    match std::thread::available_parallelism() {
        Ok(count) => Finding::fine("processors", format!("{count} can be used")),
        Err(error) => {
            Finding::note("processors", format!("unknown: {error}"), "set worker.threads_per_job")
        }
    }
}

fn look_at_web_app() -> Finding {
    if gantry_webui::is_fallback() {
        Finding::note(
            "web app",
            "not in this build; API and command line work",
            "install Node 20.19 or later and build again",
        )
    } else {
        Finding::fine("web app", "in this build")
    }
}

fn look_at_node() -> Finding {
    let answer = Command::new("node").arg("--version").output();
    let text = answer.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let Ok(version) = text else {
        return Finding::note("Node", "not installed", "only building the web app needs it");
    };
    let mut numbers = version.trim_start_matches('v').split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= NODE => {
            Finding::fine("Node", format!("{version} builds the web app"))
        }
        _ => Finding::note(
            "Node",
            format!("`{version}` is too old"),
            "install 20.19 or later to build the web app",
        ),
    }
}
