//! Peers that are Python programs, in a virtual environment of the user's cache.
//!
//! Invariants: an environment holds exactly the packages that it was made for, and is made once;
//! two tests that want the same wait for each other; a peer ends with the test that started it.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// How long a peer may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

/// A virtual environment with `requirement` (such as `aiosmtpd==1.4.6`); answers its interpreter.
///
/// # Errors
/// When Python is missing, or the package cannot be installed.
pub fn environment(name: &str, requirement: &str) -> Result<PathBuf> {
    let folder = cache_folder()?.join("gantry").join("venvs").join(name);
    std::fs::create_dir_all(&folder)?;
    let lock = std::fs::File::create(folder.join("lock"))?;
    lock.lock()?;
    let python = folder.join("bin").join("python");
    let stamp = folder.join("requirement.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == requirement) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", requirement]))?;
    std::fs::write(stamp, requirement)?;
    Ok(python)
}

/// A script that listens on a port of this machine, speaks in lines of JSON, and ends with its input.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    lines: Receiver<Value>,
}

impl Peer {
    /// Starts `script`, whose one argument is a free port, in the environment `name`, and waits
    /// until it says `{"ready": true}`.
    ///
    /// # Errors
    /// When the environment cannot be made, or the script does not start.
    pub fn start((name, requirement): (&str, &str), script: &str) -> Result<Self> {
        let python = environment(name, requirement)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut child = Command::new(python)
            .args([script, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().context("the peer has an output")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        let peer = Self { child, port, lines };
        let first = peer.next_line()?;
        ensure!(first["ready"] == true, "{first}");
        Ok(peer)
    }

    /// The next thing that it says.
    ///
    /// # Errors
    /// When it says nothing for a minute, or has ended.
    pub fn next_line(&self) -> Result<Value> {
        self.lines.recv_timeout(PATIENCE).context("the peer says nothing")
    }

    /// Tells it a line.
    ///
    /// # Errors
    /// When it has ended.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("the peer has an input")?;
        writeln!(input, "{line}")?;
        input.flush()?;
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(folder));
    }
    let home = std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(Path::new(&home).join(".cache"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?} cannot be started"))?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
}
