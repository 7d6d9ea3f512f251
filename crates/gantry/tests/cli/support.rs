//! Places to run the binary in, and servers that end with their test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test stands on ends it when it fails"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub const EMAIL: &str = "ada@example.org";
pub const PASSWORD: &str = "nine-lanterns-over-harbour";

/// A table of the repository.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// What a run of the binary left.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn require(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// An empty folder with a home of its own, and settings for the commands in it.
pub struct Place {
    pub folder: TempDir,
    settings: Vec<(String, String)>,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), settings: Vec::new() }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gantry"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GANTRY_")) {
            command.env_remove(name);
        }
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("DEMO_EXIT")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ended {
        end(self.command(words).spawn().unwrap())
    }

    /// What a command answers to programs.
    pub fn ask(&self, words: &[&str]) -> Value {
        self.run(&[words, &["--json"]].concat()).require(0).json()
    }

    pub fn run_with_input(&self, words: &[&str], input: &str) -> Ended {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        end(child)
    }

    /// `gantry run automl.train` on a table of the repository.
    pub fn train(&self, table: &str, target: &str, more: &[&str]) -> Ended {
        let data = example(table);
        let data = data.to_str().unwrap();
        let mut words = vec!["run", "automl.train", "--data", data, "--target", target];
        words.extend(more);
        self.run(&words)
    }
}

pub fn end(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

pub fn send_signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// A server on a free port and the folder `data` of its place.
pub struct Server {
    pub url: String,
    pub setup_url: Option<String>,
    child: Option<Child>,
}

impl Server {
    pub fn start(place: &Place) -> Self {
        let words = ["serve", "--json", "--data-dir", "data", "--listen", "127.0.0.1:0"];
        // Its log goes nowhere, so that it can never block on a full pipe.
        let mut child = place.command(&words).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap_or_default();
        let url = announced["url"].as_str().map(str::to_owned);
        let Some(url) = url else {
            let _ended = child.kill();
            panic!("the server announced nothing but {line:?}");
        };
        let setup_url = announced["setup_url"].as_str().map(str::to_owned);
        Self { url, setup_url, child: Some(child) }
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let mut answer = ureq::get(format!("{}{path}", self.url))
            .config()
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .call()
            .unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// Sends a body, follows where the answer leads, and answers the status.
    pub fn post(&self, path: &str, media_type: &str, body: &str) -> u16 {
        let answer = ureq::post(format!("{}{path}", self.url))
            .config()
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .header("content-type", media_type)
            .send(body)
            .unwrap();
        answer.status().as_u16()
    }

    /// Asks the server to stop and answers its exit code.
    pub fn stop(mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        send_signal(&child, "-TERM");
        let mut rest = String::new();
        child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ended = child.kill();
            let _ended = child.wait();
        }
    }
}

/// Makes the first administrator of the folder `data`.
pub fn create_administrator(place: &Place) -> Ended {
    let words = ["admin", "create", "--data-dir", "data", "--email", EMAIL, "--password-stdin"];
    place.run_with_input(&words, PASSWORD)
}

/// Logs the place's home in to a server.
pub fn log_in(place: &Place, server: &Server) -> Ended {
    place.run_with_input(&["login", "--server", &server.url, "--email", EMAIL], PASSWORD)
}
