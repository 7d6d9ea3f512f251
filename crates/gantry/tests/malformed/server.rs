//! The built binary as a server, which ends with the test.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use gantry_testkit::TestClient;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};

const PASSWORD: &str = "a long enough password";
/// Limits that a storm from one address and one account would meet at once.
const SETTINGS: &str = "
[limits]
anonymous_per_minute = 1000000
anonymous_burst = 1000000
sign_in_per_minute = 1000000
sign_in_burst = 1000000
mails_per_minute = 1000000
mails_burst = 1000000

[plan]
requests_per_minute = 1000000
request_burst = 1000000
";

pub struct Server {
    pub address: SocketAddr,
    setup_token: String,
    child: Child,
    _folder: TempDir,
}

impl Server {
    /// Starts it on a free port and an empty folder.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("gantry.toml"), SETTINGS)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_gantry"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GANTRY_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--json", "--data-dir", "data", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Its log goes nowhere, so that it can never block on a full pipe.
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().context("a pipe")?;
        let mut lines = BufReader::new(tokio::process::ChildStdout::from_std(stdout)?).lines();
        let line = lines.next_line().await?.context("the server announced nothing")?;
        let announced: Value = serde_json::from_str(&line)?;
        let word = |name: &str| announced[name].as_str().context("an announcement");
        let address = word("url")?.trim_start_matches("http://").parse()?;
        let setup_token = word("setup_url")?.rsplit_once('=').context("a token")?.1.to_owned();
        Ok(Self { address, setup_token, child, _folder: folder })
    }

    /// Creates the first account, whose owner is signed in.
    pub async fn register(&self) -> Result<TestClient> {
        let mut client = TestClient::new(self.address);
        let body = json!({
            "email": "root@example.org",
            "password": PASSWORD,
            "name": "Root",
            "token": self.setup_token,
        });
        let answer = client.post("/api/v1/auth/setup", &body).await?;
        answer.require_status(201)?;
        client.learn_csrf_token(&answer)?;
        Ok(client)
    }

    /// What the server alone keeps in memory of its own (pages of its program file belong to the
    /// system's cache); the processes in which engines run come and go.
    pub fn read_resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        ensure!(!status.is_empty(), "the server has ended");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no RssAnon")?;
        Ok(kib.parse::<u64>()? << 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
