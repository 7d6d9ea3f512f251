//! A PostgreSQL server for tests, started and stopped by them.
//!
//! Invariants: it listens on 127.0.0.1 alone, on a free port, in a temporary folder; every wait
//! is bounded; it is stopped when the last test that uses it is done; a machine without
//! PostgreSQL fails the test and says what to install.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::{Context, Result, bail};
use gantry_store::StoreConfig;
use tempfile::TempDir;

/// The account of the operating system that PostgreSQL runs as when the tests run as root,
/// which it refuses.
const SERVER_ACCOUNT: &str = "postgres";
/// The database's superuser.
const SUPERUSER: &str = "gantry";
/// Seconds that a start or a stop may take.
const PATIENCE: &str = "30";

/// How often a start is tried: between the choice of a port and its use somebody else may take it.
const STARTS: u32 = 3;

/// How much a crash of the machine may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: as in production.
    Full,
    /// Anything: for tests, which do not crash the machine.
    None,
}

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    databases: AtomicU32,
}

/// Starts a server.
///
/// # Errors
/// When PostgreSQL is not installed or does not start.
pub fn start(durability: Durability) -> Result<Postgres> {
    let programs = find_programs()?;
    let folder = tempfile::Builder::new().prefix("gantry-postgres-").tempdir()?;
    let mut server = Postgres { programs, folder, port: 0, databases: AtomicU32::new(0) };
    if is_root()? {
        run(Command::new("chown").arg(SERVER_ACCOUNT).arg(server.folder.path()))?;
    }
    let data = server.data();
    run(server
        .program("initdb")?
        .args(["--auth=trust", "--no-sync", "--encoding=UTF8"])
        .args(["--locale=C", "--username", SUPERUSER, "--pgdata"])
        .arg(&data))?;
    let mut begun = server.begin(durability);
    for _ in 1..STARTS {
        if begun.is_ok() {
            break;
        }
        begun = server.begin(durability);
    }
    begun?;
    Ok(server)
}

/// The server that the tests of this process share; it is stopped when nobody uses it.
///
/// # Errors
/// When PostgreSQL is not installed or does not start.
pub fn share() -> Result<Arc<Postgres>> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Ok(server);
    }
    let server = Arc::new(start(Durability::None)?);
    *shared = Arc::downgrade(&server);
    Ok(server)
}

/// An empty database on the shared server, which runs as long as somebody keeps it.
///
/// # Errors
/// When PostgreSQL is not installed, does not start, or refuses.
pub async fn open_database() -> Result<(Arc<Postgres>, StoreConfig)> {
    let opened = tokio::task::spawn_blocking(|| {
        let server = share()?;
        let url = server.create_database()?;
        anyhow::Ok((server, url))
    });
    let (server, url) = opened.await??;
    Ok((server, StoreConfig::postgres(&url)))
}

impl Postgres {
    /// Makes an empty database; answers its URL.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create_database(&self) -> Result<String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("story_{number}");
        let port = self.port.to_string();
        run(Command::new(self.programs.join("createdb")).args([
            "--host",
            "127.0.0.1",
            "--port",
            &port,
            "--username",
            SUPERUSER,
            &name,
        ]))?;
        Ok(format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{name}"))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server, run as an account that it accepts.
    fn program(&self, name: &str) -> Result<Command> {
        let path = self.programs.join(name);
        if !is_root()? {
            return Ok(Command::new(path));
        }
        let mut command = Command::new("runuser");
        command.args(["-u", SERVER_ACCOUNT, "--"]).arg(path).current_dir(self.folder.path());
        Ok(command)
    }

    /// Listens on a port that is free now, and may be another program's a moment later.
    fn begin(&mut self, durability: Durability) -> Result<()> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        self.port = port;
        let fsync = match durability {
            Durability::Full => "on",
            Durability::None => "off",
        };
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
             -c fsync={fsync} -c max_connections=200"
        );
        let log = self.folder.path().join("log");
        run(self
            .program("pg_ctl")?
            .args(["start", "--wait", "--silent", "--timeout", PATIENCE])
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(&log)
            .args(["--options", &options]))
        .with_context(|| std::fs::read_to_string(&log).unwrap_or_default())
    }

    fn stop(&self) -> Result<()> {
        run(self
            .program("pg_ctl")?
            .args(["stop", "--wait", "--silent", "--mode=immediate", "--timeout", PATIENCE])
            .arg("--pgdata")
            .arg(self.data()))
    }
}

impl Drop for Postgres {
    #[expect(clippy::print_stderr, reason = "a test has no other way to tell of a leftover")]
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("PostgreSQL on port {} was not stopped: {error:#}", self.port);
        }
    }
}

fn find_programs() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let programs = entry.path().join("bin");
        let version = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let (Some(version), true) = (version, programs.join("initdb").exists()) {
            found.push((version, programs));
        }
    }
    let newest = found.into_iter().max_by_key(|(version, _)| *version);
    newest.map(|(_, programs)| programs).context(
        "PostgreSQL is not installed, and this test needs it: `apt-get install postgresql`",
    )
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("running `id -u`")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    // Output goes to a file: a pipe would stay open as long as the server that was started.
    let said = tempfile::tempfile()?;
    let status = command
        .stdin(std::process::Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said.try_clone()?)
        .status()
        .with_context(|| format!("starting {name}"))?;
    if status.success() {
        return Ok(());
    }
    bail!("{name} ended with {status}: {}", read_back(said)?)
}

fn read_back(mut file: std::fs::File) -> Result<String> {
    use std::io::{Read, Seek};
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}
