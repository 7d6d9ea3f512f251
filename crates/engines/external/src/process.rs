//! One process of an engine: started with a clean environment in a group of its own, ended with
//! all that it started.
//!
//! Invariants: a dropped process is killed with its kin; between two runs nothing of it is left
//! unheard.

use std::ffi::OsString;
use std::future::poll_fn;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpriority_process, kill_process_group, setpriority_process};
use tempfile::TempDir;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_util::task::AbortOnDropHandle;

use crate::complaints::Complaints;
use crate::config::ExternalConfig;
use crate::error::ExternalError;
use crate::kin::kill_kin;
use crate::wire::Wire;

/// How long a process may take to end after its input was closed, and again after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);

/// The largest niceness that the system knows.
const LOWEST_PRIORITY: i32 = 19;
/// Where the whole machine runs out of memory, the system ends an engine before the server; the
/// server's own score is 0 unless its operator said otherwise, and the largest is 1000.
const OUT_OF_MEMORY_SCORE: &str = "500";

pub(crate) struct EngineProcess {
    child: Child,
    leader: Pid,
    complaints: Arc<Complaints>,
    complaint_task: AbortOnDropHandle<()>,
    pub(crate) wire: Wire<ChildStdout, ChildStdin>,
    /// Runs that it was given.
    pub(crate) runs: u32,
    _home: TempDir,
}

impl EngineProcess {
    /// Starts the program; nothing has been said yet.
    pub(crate) fn spawn(config: &ExternalConfig) -> Result<Self, ExternalError> {
        let fail = |what| move |source| ExternalError::Io { what, source };
        let home = tempfile::tempdir().map_err(fail("making the engine's home folder"))?;
        let mut child = start(config, &home)?;
        let missing = || ExternalError::Ended("it has no pipes".to_owned());
        let leader = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let leader = leader.ok_or_else(missing)?;
        yield_to_server(leader, config.niceness);
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let complaints = Arc::new(Complaints::default());
        let listener = Arc::clone(&complaints);
        let complaint_task =
            AbortOnDropHandle::new(tokio::spawn(async move { listener.listen(stderr).await }));
        let wire = Wire::new(stdout, stdin);
        Ok(Self { child, leader, complaints, complaint_task, wire, runs: 0, _home: home })
    }

    pub(crate) const fn leader(&self) -> Pid {
        self.leader
    }

    pub(crate) fn complaints(&self) -> Arc<Complaints> {
        Arc::clone(&self.complaints)
    }

    /// Whether it lives, and has said nothing since its last run.
    pub(crate) async fn is_ready(&mut self) -> bool {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return false;
        }
        // One look: waiting, even for no time at all, costs a tick of the clock.
        let mut heard = pin!(self.wire.receive());
        poll_fn(|task| Poll::Ready(heard.as_mut().poll(task).is_pending())).await
    }

    /// How a process ended that closed its output; `None` when it lives on without one.
    pub(crate) async fn find_exit(&mut self) -> Option<ExitStatus> {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.ok()?.ok();
        // Its last words may still be in the pipe.
        let words = tokio::time::timeout(Duration::from_millis(200), &mut self.complaint_task);
        drop(words.await);
        status
    }

    /// Asks it to end, first by the end of its input, then by SIGTERM; then it is killed.
    pub(crate) async fn end(mut self) {
        self.wire.close();
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_ok() {
            return;
        }
        let _ = kill_process_group(self.leader, Signal::TERM);
        drop(tokio::time::timeout(PATIENCE, self.child.wait()).await);
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        kill_kin(self.leader);
    }
}

/// The server comes first where processors or memory are short; a system that refuses this runs
/// the engine all the same.
fn yield_to_server(leader: Pid, niceness: u8) {
    let own = getpriority_process(None).unwrap_or(0);
    let _ = setpriority_process(Some(leader), (own + i32::from(niceness)).min(LOWEST_PRIORITY));
    let path = format!("/proc/{}/oom_score_adj", leader.as_raw_nonzero());
    let _ = std::fs::write(path, OUT_OF_MEMORY_SCORE);
}

fn start(config: &ExternalConfig, home: &TempDir) -> Result<Child, ExternalError> {
    let (program, arguments) =
        config.command.split_first().ok_or_else(|| ExternalError::Spawn {
            program: String::new(),
            source: std::io::ErrorKind::InvalidInput.into(),
        })?;
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    let mut command = std::process::Command::new(program);
    command
        .args(arguments)
        .current_dir(&config.working_dir)
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .envs(&config.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut command = Command::from(command);
    command
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| ExternalError::Spawn { program: program.clone(), source })
}

/// How a process ended, in words.
pub(crate) fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}{}", name_signal(signal)),
        (None, None) => "it ended".to_owned(),
    }
}

fn name_signal(signal: i32) -> &'static str {
    match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 => " (bus error)",
        8 => " (arithmetic error)",
        9 => " (killed)",
        11 => " (segmentation fault)",
        15 => " (asked to end)",
        _ => "",
    }
}
