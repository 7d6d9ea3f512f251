//! Every request that changes something leaves a line in the audit log: who did it, from where, to
//! what; of what was there before, also what it was and what it is. Which line that is, and in whose
//! log it stands, says `lines.rs`. A route without a walk here fails the test, and so does an
//! exception that is none any more.

mod house;
mod lines;
mod money;
mod person;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gantry_access::{AccessSettings, Provider};
use gantry_oidc::{AddressTrust, Oidc, OidcSettings};
use gantry_ports::Clock;
use gantry_ports::store::AuditEntry;
use gantry_testkit::fakes::issuer::{CLIENT_ID, CLIENT_SECRET, FakeIssuer};
use gantry_testkit::{
    TestApp, TestClient, TestClock, TestRequest, TestResponse, TestSettings, WithWorker,
};
use gantry_types::AuditEntryId;
use serde_json::Value;

use self::lines::{Asked, Asker, find_stray, list_rows};
use crate::table::TABLE;

/// A method and a path, as the table has them.
type Row = (&'static str, &'static str);

const A_QUESTION: &str = "it answers a question and keeps nothing";
const A_CEREMONY: &str = "it keeps a question for minutes; its answer has a line";
const A_JOB: &str = "a job is a line of its own: who, when, with what, at what cost";
const AN_AD: &str = "it keeps for an hour that an ad is on; the claim has a line";

/// What leaves no line, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("post", "/api/v1/invitations/view", A_QUESTION),
    ("post", "/api/v1/operations/{id}/estimate", A_QUESTION),
    ("post", "/api/v1/workflow-checks", A_QUESTION),
    ("post", "/api/v1/admin/flags/{key}/try", A_QUESTION),
    ("post", "/api/v1/auth/identities", A_CEREMONY),
    ("post", "/api/v1/auth/passkeys/begin", A_CEREMONY),
    ("post", "/api/v1/auth/passkeys/sign-in/begin", A_CEREMONY),
    ("put", "/api/v1/datasets/uploads/{id}/parts/{number}", "the end of an upload has a line"),
    ("post", "/api/v1/jobs", A_JOB),
    ("post", "/api/v1/jobs/{id}/rerun", A_JOB),
    ("post", "/api/v1/jobs/{id}/redrive", A_JOB),
    ("post", "/api/v1/schedules/{id}/run", A_JOB),
    ("post", "/api/v1/workflows/{id}/runs", A_JOB),
    ("post", "/api/v1/models/{id}/predict", "it is metered like a job, and changes nothing"),
    ("post", "/api/v1/services/{id}/calls", "it is metered like a job, and changes nothing"),
    ("post", "/api/v1/rewards/sessions", AN_AD),
    ("post", "/api/v1/rewards/sessions/{id}/events", AN_AD),
    ("post", "/api/v1/rewards/sessions/{id}/sandbox", AN_AD),
];

/// What a `POST` changes that was there before.
const CHANGES: [&str; 4] = [
    "/api/v1/account/subscription",
    "/api/v1/admin/organizations/{id}/trial",
    "/api/v1/auth/tokens/refresh",
    "/api/v1/organizations/switch",
];

/// How often a line is looked for that is written after the answer.
const PATIENCE: u32 = 200;
const A_MOMENT: Duration = Duration::from_millis(20);

/// Whom a line has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// A person, and their address.
    Somebody,
    /// An address alone: nobody has proved who they are.
    Anybody,
    /// An organization alone: a provider tells of it.
    Provider,
}

/// A request to a route of the table.
struct Call {
    row: Row,
    request: TestRequest,
    /// What stands for the first name in braces.
    thing: Option<String>,
}

impl Call {
    fn new(method: &'static str, path: &'static str) -> Self {
        let request = TestRequest::new(&method.to_uppercase(), path);
        Self { row: (method, path), request, thing: None }
    }

    /// What stands for the next name in braces.
    fn about(mut self, thing: &str) -> Result<Self> {
        let path = &self.request.path;
        let (before, rest) = path.split_once('{').context("nothing to fill in")?;
        let (_, after) = rest.split_once('}').context("a name without an end")?;
        self.request.path = format!("{before}{thing}{after}");
        self.thing.get_or_insert_with(|| thing.to_owned());
        Ok(self)
    }

    fn json(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        Self { request: self.request.body("application/octet-stream", bytes), ..self }
    }
}

/// The rows that were asked for, and what the audit log told of them.
struct Walk<'a> {
    app: &'a TestApp,
    seen: BTreeSet<AuditEntryId>,
    told: BTreeSet<Row>,
    untold: BTreeSet<Row>,
    wrong: Vec<String>,
}

impl<'a> Walk<'a> {
    const fn begin(app: &'a TestApp) -> Self {
        Self {
            app,
            seen: BTreeSet::new(),
            told: BTreeSet::new(),
            untold: BTreeSet::new(),
            wrong: Vec::new(),
        }
    }

    /// The lines that nobody looked at yet, of all organizations and of the installation.
    async fn read_new(&mut self) -> Result<Vec<AuditEntry>> {
        let far = self.app.clock.now().plus(Duration::from_hours(24));
        let snapshot = self.app.store.read().await?;
        let mut lines = snapshot.audit().list_entries_in_order(None, far, 10_000).await?;
        lines.retain(|line| self.seen.insert(line.id));
        Ok(lines)
    }

    /// Sends a request that a line has to tell of.
    async fn tell(&mut self, client: &mut TestClient, call: Call) -> Result<TestResponse> {
        self.tell_by(By::Somebody, client, call).await
    }

    /// The same, of somebody who need not have proved who they are.
    async fn tell_by(
        &mut self,
        by: By,
        client: &mut TestClient,
        call: Call,
    ) -> Result<TestResponse> {
        self.read_new().await?;
        let (row, thing) = (call.row, call.thing.clone());
        let before = find_asker(client).await?;
        let answer = send(client, call).await?;
        let after = find_asker(client).await?;
        let askers = before.into_iter().chain(after).collect();
        self.require_told(row, by, &Asked { thing, askers }).await?;
        Ok(answer)
    }

    /// Looks for what the log tells of a row since it was read last.
    async fn require_told(&mut self, row: Row, by: By, asked: &Asked) -> Result<()> {
        let mut lines = self.read_new().await?;
        for _ in 0..PATIENCE {
            if !lines.is_empty() || by != By::Anybody {
                break;
            }
            tokio::time::sleep(A_MOMENT).await;
            lines = self.read_new().await?;
        }
        self.told.insert(row);
        let fault = find_fault(row, by, &lines).map(str::to_owned);
        if let Some(fault) = fault.or_else(|| find_stray(row, asked, &lines)) {
            self.wrong.push(format!("{} {}: {fault}: {lines:?}", row.0, row.1));
        }
        Ok(())
    }

    /// Sends a request that is an exception.
    async fn pass(&mut self, client: &mut TestClient, call: Call) -> Result<TestResponse> {
        self.read_new().await?;
        let row = call.row;
        let answer = send(client, call).await?;
        let lines = self.read_new().await?;
        self.untold.insert(row);
        if let Some(line) = lines.first() {
            let action = &line.action;
            self.wrong.push(format!("{} {} has a line `{action}`: no exception", row.0, row.1));
        }
        Ok(answer)
    }

    /// Adds what was walked on another server.
    fn join(&mut self, other: Walk<'_>) {
        self.told.extend(other.told);
        self.untold.extend(other.untold);
        self.wrong.extend(other.wrong);
    }

    /// Compares the walk with the table and the exceptions.
    fn end(mut self) -> Vec<String> {
        let table: BTreeSet<Row> = TABLE
            .iter()
            .filter(|(method, _, _)| *method != "get")
            .map(|(method, path, _)| (*method, *path))
            .collect();
        let excepted: BTreeSet<Row> =
            EXCEPTIONS.iter().map(|(method, path, _)| (*method, *path)).collect();
        for (method, path) in excepted.difference(&table) {
            self.wrong.push(format!("{method} {path} is an exception, and not in the table"));
        }
        for (method, path) in list_rows().difference(&self.told) {
            self.wrong.push(format!("{method} {path} has a row in LINES, and is not walked"));
        }
        for row in table {
            let fault = match (excepted.contains(&row), self.told.contains(&row)) {
                (true, true) => Some("is an exception, and walked as if it were none"),
                (true, false) if !self.untold.contains(&row) => Some("is an untried exception"),
                (false, false) => Some("is not walked: add a step, or a reasoned exception"),
                (true, false) | (false, true) => None,
            };
            if let Some(fault) = fault {
                self.wrong.push(format!("{} {} {fault}", row.0, row.1));
            }
        }
        self.wrong
    }
}

/// Who asks, and where they work; nobody who is not signed in.
async fn find_asker(client: &mut TestClient) -> Result<Option<Asker>> {
    let answer = client.get("/api/v1/auth/me").await?;
    if answer.status != 200 {
        return Ok(None);
    }
    let me = answer.json()?;
    let (user, organization) = (text_of(&me["user"], "id")?, text_of(&me["organization"], "id")?);
    Ok(Some(Asker { user, organization }))
}

/// Sends a request that has to succeed.
async fn send(client: &mut TestClient, call: Call) -> Result<TestResponse> {
    let (method, path) = call.row;
    let answer = client.send(call.request).await?;
    ensure!(
        (200..400).contains(&answer.status),
        "{method} {path}: {} {}",
        answer.status,
        answer.text()
    );
    Ok(answer)
}

fn find_fault((method, path): Row, by: By, lines: &[AuditEntry]) -> Option<&'static str> {
    if lines.is_empty() {
        return Some("no line tells of it");
    }
    if lines.iter().any(|line| line.action.is_empty() || line.subject.is_empty()) {
        return Some("a line does not say what was done, and to what");
    }
    let names_whom = |line: &AuditEntry| match by {
        By::Somebody => line.user_id.is_some() && !line.ip.is_empty(),
        By::Anybody => !line.ip.is_empty(),
        By::Provider => line.organization_id.is_some(),
    };
    if !lines.iter().any(names_whom) {
        return Some("no line says who did it, and from where");
    }
    let is_change = matches!(method, "put" | "patch" | "delete") || CHANGES.contains(&path);
    if is_change && !lines.iter().any(|line| tells_change(&line.details)) {
        return Some("no line says what was before and what is now");
    }
    None
}

/// Whether details say what was and what is, and both differ.
fn tells_change(details: &Value) -> bool {
    match (details.get("before"), details.get("after")) {
        (Some(before), Some(after)) => before != after,
        (None, _) | (_, None) => false,
    }
}

/// A text of an answer.
fn text_of(answer: &Value, member: &str) -> Result<String> {
    let text = answer[member].as_str().map(str::to_owned);
    text.with_context(|| format!("no `{member}` in {answer}"))
}

/// The identifier of what an answer tells of.
fn id_in(answer: &TestResponse) -> Result<String> {
    text_of(&answer.json()?, "id")
}

/// The secret in the link of the newest mail of a kind.
async fn take_token(app: &TestApp, kind: &str) -> Result<String> {
    let mails = app.take_mails().await?;
    let Some(newest) = mails.iter().rfind(|mail| mail.kind == kind) else {
        bail!("there is no mail {kind}: {mails:?}");
    };
    let (_, rest) = newest.mail.text.split_once("token=").context("the mail has no link")?;
    Ok(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

/// A server with everything that a route of the table needs, and who signs people in elsewhere.
async fn open() -> Result<(TestApp, FakeIssuer)> {
    let clock = Arc::new(TestClock::default());
    let issuer = FakeIssuer::start(clock.clone()).await?;
    let elsewhere = OidcSettings {
        issuer: issuer.url(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        redirect_uri: format!("http://127.0.0.1{}", person::CALLBACK),
        trust: AddressTrust::AsTold,
    };
    let port = Arc::new(Oidc::new(elsewhere, clock)?);
    let provider = Provider { id: "test".parse()?, label: "Test".to_owned(), port };
    let settings = TestSettings::default();
    let access = AccessSettings { public_url: person::SITE.to_owned(), ..settings.access.clone() };
    let settings = TestSettings {
        access,
        edition: Some(money::edition()),
        worker: WithWorker::Yes,
        providers: vec![provider],
        ..settings
    };
    Ok((TestApp::first_run(settings).await?, issuer))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_changes_something_leaves_a_line_that_says_what() -> Result<()> {
    let (app, issuer) = open().await?;
    let mut walk = Walk::begin(&app);
    let mut root = house::set_up(&mut walk).await?;
    let mut ada = person::come_in(&mut walk).await?;
    person::walk(&mut walk, &mut ada, &issuer).await?;
    house::walk(&mut walk, &mut ada).await?;
    house::administer(&mut walk, &mut root).await?;
    money::walk(&mut walk, &mut ada, &mut root).await?;
    money::open_portal(&mut walk).await?;
    work::walk(&mut walk, &mut ada).await?;
    work::stop(&mut walk, &mut ada, &mut root).await?;
    let wrong = walk.end();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
