//! The processes of an installation: started, killed, started again.
//!
//! Invariants: only processes that this one started, and their children, get a signal; all of them
//! are gone when the fleet is.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::roles::{ENGINE_HOST, SERVER, Settings};

const START_LIMIT: Duration = Duration::from_secs(60);

/// One place that a process fills.
pub struct Post {
    /// `server` or `worker`.
    pub role: &'static str,
    settings: PathBuf,
    child: Option<Child>,
    log: PathBuf,
}

pub struct Fleet {
    pub posts: Vec<Post>,
}

impl Post {
    /// A place without a process.
    pub fn new(role: &'static str, name: &str, folder: &Path, settings: &Settings) -> Result<Self> {
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, serde_json::to_string(settings)?)?;
        let log = folder.join(format!("{name}.log"));
        Ok(Self { role, settings: path, child: None, log })
    }

    /// Starts the process and waits for its first line.
    pub fn start(&mut self) -> Result<Value> {
        let log = std::fs::File::options().create(true).append(true).open(&self.log)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg(self.role)
            .arg(&self.settings)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let out = child.stdout.take().context("the process has no output")?;
        self.child = Some(child);
        let (say, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _read = BufReader::new(out).read_line(&mut line);
            let _gone = say.send(line);
        });
        let line = heard.recv_timeout(START_LIMIT).unwrap_or_default();
        serde_json::from_str(&line).with_context(|| {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            format!("the {} did not start: {line:?}\n{log}", self.role)
        })
    }

    /// The process, if one runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Halts the process, so that it can be looked at before it is killed.
    pub fn halt(&self) -> Result<()> {
        signal(self.pid().context("nobody is there")?, Signal::STOP)?;
        std::thread::sleep(Duration::from_millis(5));
        Ok(())
    }

    /// Kills the process with SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("nobody is there")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks the process to stop, and waits for it.
    pub fn stop(&mut self, limit: Duration) -> Result<Duration> {
        let mut child = self.child.take().context("nobody is there")?;
        let begun = Instant::now();
        signal(child.id(), Signal::TERM)?;
        while begun.elapsed() < limit {
            if let Some(status) = child.try_wait()? {
                if status.success() {
                    return Ok(begun.elapsed());
                }
                bail!("the {} ended with {status}", self.role);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill()?;
        child.wait()?;
        bail!("the {} did not stop within {limit:?}", self.role)
    }

    /// The engine hosts of the process.
    pub fn find_hosts(&self) -> Vec<u32> {
        let Some(holder) = self.pid() else { return Vec::new() };
        let tasks = std::fs::read_dir(format!("/proc/{holder}/task")).into_iter().flatten();
        let lists = tasks
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<u32> = lists
            .flat_map(|list| {
                list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()
            })
            .collect();
        children.into_iter().filter(|pid| is_host(*pid)).collect()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _gone = child.kill();
            let _gone = child.wait();
        }
    }
}

impl Fleet {
    /// The place of the server.
    pub fn server(&mut self) -> Result<&mut Post> {
        self.posts.iter_mut().find(|post| post.role == SERVER).context("there is no server")
    }
}

/// Sends a signal to a process of the fleet.
pub fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("a process has a number")?;
    Ok(kill_process(pid, signal)?)
}

fn is_host(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == ENGINE_HOST.as_bytes()))
}
