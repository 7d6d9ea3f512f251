//! Whatever identifier of another organization somebody tries, wherever, in a browser or by a key:
//! nothing is told, and nothing changes.

mod flows;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_testkit::{TestApp, TestClient, TestRequest, TestResponse};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::rules::{Rule, Verdict, Who, Whose, expected};
use crate::stage::{Stage, key, request, set_stage};
use crate::table::TABLE;
use crate::things::Kind;

/// What belongs to an organization and its people, as lists tell it.
const LISTS: [&str; 19] = [
    "/api/v1/auth/me",
    "/api/v1/auth/passkeys",
    "/api/v1/auth/identities",
    "/api/v1/sessions",
    "/api/v1/api-keys",
    "/api/v1/account/grants",
    "/api/v1/members",
    "/api/v1/oauth/clients",
    "/api/v1/organizations/closing",
    "/api/v1/jobs",
    "/api/v1/datasets",
    "/api/v1/models",
    "/api/v1/workflows",
    "/api/v1/schedules",
    "/api/v1/account/lots",
    "/api/v1/account/ledger",
    "/api/v1/account/payments",
    "/api/v1/account/invoices",
    "/api/v1/audit",
];

/// What single things tell beside the lists.
const DETAILS: [(&str, Kind); 10] = [
    ("/api/v1/jobs/{id}/artifacts", Kind::Job),
    ("/api/v1/jobs/{id}/access", Kind::Job),
    ("/api/v1/datasets/uploads/{id}", Kind::Upload),
    ("/api/v1/datasets/{id}/versions", Kind::Dataset),
    ("/api/v1/datasets/{id}/access", Kind::Dataset),
    ("/api/v1/workflows/{id}/access", Kind::Workflow),
    ("/api/v1/workflow-runs/{id}", Kind::FlowRun),
    ("/api/v1/schedules/{id}", Kind::Schedule),
    ("/api/v1/models/{id}/access", Kind::Model),
    ("/api/v1/models/{id}/plots", Kind::Model),
];

/// Lists that come in pages.
const PAGED: [&str; 10] = [
    "/api/v1/jobs",
    "/api/v1/datasets",
    "/api/v1/models",
    "/api/v1/workflows",
    "/api/v1/schedules",
    "/api/v1/account/lots",
    "/api/v1/account/ledger",
    "/api/v1/account/payments",
    "/api/v1/referrals",
    "/api/v1/audit",
];

/// Lists that are cut down to what has to do with something.
const FILTERS: [&str; 7] = [
    "/api/v1/models?job=",
    "/api/v1/models?dataset=",
    "/api/v1/models?name=",
    "/api/v1/account/ledger?job=",
    "/api/v1/account/ledger.csv?job=",
    "/api/v1/datasets?q=",
    "/api/v1/jobs?q=",
];

/// The address of the organization's owner, which no stranger is told.
const OWNER: &str = "owner@example.org";

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::parse_str(text).is_ok()
}

/// Adds the first identifier of each place in a JSON value; the number of an invoice is one.
fn gather(value: &Value, place: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::String(text) if is_uuid(text) || place.ends_with(".number") => {
            found.entry(place.to_owned()).or_insert_with(|| text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, place, found)),
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| gather(member, &format!("{place}.{name}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The first identifiers of each place in an answer.
async fn identifiers(client: &mut TestClient, path: &str) -> Result<BTreeSet<String>> {
    let answer = client.get(path).await?;
    answer.require_status(200).with_context(|| format!("GET {path}"))?;
    let mut found = BTreeMap::new();
    gather(&answer.json()?, path, &mut found);
    Ok(found.into_values().collect())
}

/// All identifiers in a JSON value.
fn gather_all(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if is_uuid(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| gather_all(item, found)),
        Value::Object(members) => members.values().for_each(|member| gather_all(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What must be the same afterwards: all but when something was last used.
async fn picture(client: &mut TestClient, details: &[String]) -> Result<Vec<(String, Value)>> {
    let used = ["/api/v1/sessions", "/api/v1/api-keys"];
    let lists = LISTS.iter().filter(|list| !used.contains(list)).map(|list| (*list).to_owned());
    let mut seen = Vec::new();
    for path in lists.chain(details.iter().cloned()) {
        let answer = client.get(&path).await?;
        answer.require_status(200).with_context(|| format!("GET {path}"))?;
        seen.push((path, answer.json()?));
    }
    Ok(seen)
}

/// What an organization has.
struct Estate {
    /// One thing of each kind.
    things: BTreeSet<String>,
    /// Their identifiers, and those that lists and single things tell.
    all: BTreeSet<String>,
    /// Paths of what single things tell.
    details: Vec<String>,
}

impl Estate {
    /// Lets the owner make a thing of each kind, and looks at what there is. Every list tells of
    /// something, so that nothing stays untried.
    async fn furnish(stage: &mut Stage<'_>) -> Result<Self> {
        let mut things = BTreeSet::new();
        for kind in Kind::ALL {
            things.insert(stage.take(Who::Owner, kind).await?);
        }
        let mut details = Vec::new();
        for (path, kind) in DETAILS {
            details.push(path.replace("{id}", &stage.take(Who::Owner, kind).await?));
        }
        let mut stranger = stage.clients[&Who::Stranger].clone();
        let mut strange = BTreeSet::new();
        for list in LISTS {
            gather_all(&stranger.get(list).await?.json()?, &mut strange);
        }
        let mut owner = stage.clients[&Who::Owner].clone();
        let mut all = things.clone();
        for list in LISTS {
            let told = identifiers(&mut owner, list).await?;
            ensure!(!told.is_subset(&strange), "{list} tells of nothing to try");
            all.extend(told);
        }
        for path in &details {
            all.extend(identifiers(&mut owner, path).await?);
        }
        let all = all.difference(&strange).cloned().collect();
        Ok(Self { things, all, details })
    }
}

/// A stranger, and with what they ask.
struct Intruder {
    client: TestClient,
    /// As whom of the table they ask; a key with several scopes as several.
    roles: &'static [Who],
}

impl Intruder {
    /// What they have to be told of a thing that is not theirs.
    fn expect(&self, rule: Rule) -> Verdict {
        let mut verdicts = self.roles.iter().map(|who| expected(rule, (*who, Whose::Theirs)));
        let is_missing = verdicts.any(|verdict| verdict == Verdict::Missing);
        if is_missing { Verdict::Missing } else { Verdict::Forbidden }
    }
}

/// What was told that must not be.
struct Watch<'a> {
    foreign: &'a BTreeSet<String>,
    leaks: Vec<String>,
}

impl Watch<'_> {
    /// Notes an answer to a question about `id` that has another status, or that tells of more.
    fn note(&mut self, (asked, id): (&str, &str), allowed: &[u16], answer: &TestResponse) {
        let text = answer.text();
        let tells = |other: &String| other != id && text.contains(other.as_str());
        let is_told = text.contains(OWNER) || self.foreign.iter().any(tells);
        if !allowed.contains(&answer.status) || is_told {
            self.leaks.push(format!("{asked} about {id}: {} {text}", answer.status));
        }
    }
}

/// Asks every route whose path names a thing.
async fn try_paths(
    intruder: &mut Intruder,
    ids: &BTreeSet<String>,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let about_things = TABLE.iter().filter(|(_, path, rule)| {
        let is_static = matches!(rule, Rule::Public) || path.starts_with("/api/v1/operations/");
        !is_static && (path.contains("{id}") || path.contains("/invoices/{"))
    });
    for (method, path, rule) in about_things {
        let status = match intruder.expect(*rule) {
            Verdict::Missing => 404,
            Verdict::In | Verdict::SignIn | Verdict::Forbidden => 403,
        };
        for id in ids.iter().filter(|id| is_uuid(id) || path.contains("/invoices/")) {
            let answer = intruder.client.send(request(method, path, id)).await?;
            watch.note((&format!("{method} {path}"), id), &[status], &answer);
        }
    }
    Ok(())
}

/// Things of whoever asks.
struct Own {
    schedule: String,
    workflow: String,
}

/// Whether a body that names a foreign thing is told that it is not there, or refused as it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    NotThere,
    Any,
}

/// Requests whose bodies name a foreign thing, wherever a body can name one.
fn requests_with(id: &str, own: &Own) -> Vec<(&'static str, String, Value, Refusal)> {
    let mut requests = Vec::new();
    let mut add = |method, path: &str, body, refusal| {
        requests.push((method, path.to_owned(), body, refusal));
    };
    let schedule = format!("/api/v1/schedules/{}", own.schedule);
    let dataset = json!({ "kind": "dataset", "id": id, "version": 1 });
    for input in [dataset, json!({ "kind": "artifact", "id": id })] {
        let mut new = json!({ "params": {}, "inputs": { "data": input } });
        let estimate = "/api/v1/operations/test.doors/estimate";
        add("POST", estimate, new.clone(), Refusal::NotThere);
        new["operation"] = "test.doors".into();
        add("POST", "/api/v1/jobs", new.clone(), Refusal::NotThere);
        new["name"] = "yearly".into();
        new["cron"] = "0 0 29 2 *".into();
        add("POST", "/api/v1/schedules", new.clone(), Refusal::NotThere);
        add("PUT", &schedule, new, Refusal::NotThere);
    }
    let newest = json!({ "data": { "kind": "dataset", "id": id } });
    let newest = json!({
        "name": "yearly", "operation": "test.doors", "cron": "0 0 29 2 *", "inputs": newest,
    });
    add("POST", "/api/v1/schedules", newest, Refusal::NotThere);
    let upload = json!({ "name": "x", "file_name": "x.csv", "bytes": 8, "dataset_id": id });
    add("POST", "/api/v1/datasets/uploads", upload, Refusal::NotThere);
    let confirm = json!({ "upload_id": id });
    add("POST", "/api/v1/datasets/confirm", confirm, Refusal::NotThere);
    let call = json!({ "artifact_id": id, "input": { "word": "sum" } });
    add("POST", "/api/v1/services/test.words/calls", call, Refusal::NotThere);
    let claim = json!({ "session_id": id });
    add("POST", "/api/v1/rewards/claims", claim, Refusal::NotThere);
    let switch = json!({ "organization_id": id });
    add("POST", "/api/v1/organizations/switch", switch, Refusal::NotThere);
    // An invitation is to one's own organization, whatever else a body says.
    let invitation = json!({ "email": "eve@example.org", "role": "member", "organization_id": id });
    add("POST", "/api/v1/invitations", invitation, Refusal::Any);
    add("POST", "/api/v1/invitations/view", json!({ "token": id }), Refusal::Any);
    add("POST", "/api/v1/invitations/accept", json!({ "token": id }), Refusal::Any);
    let grants = json!([{ "user_id": id, "level": "viewer" }]);
    let sharing = json!({ "visibility": "restricted", "grants": grants });
    let workflow = format!("/api/v1/workflows/{}/access", own.workflow);
    add("PUT", &workflow, sharing, Refusal::Any);
    requests
}

/// Asks every route whose body names a thing.
async fn try_bodies(
    intruder: &mut Intruder,
    (ids, own): (&BTreeSet<String>, &Own),
    watch: &mut Watch<'_>,
) -> Result<()> {
    // What a person does in a browser, no key does.
    let may_be_forbidden = !intruder.roles.contains(&Who::Stranger);
    for id in ids.iter().filter(|id| is_uuid(id)) {
        for (method, path, body, refusal) in requests_with(id, own) {
            let in_browser = path.ends_with("/switch") && may_be_forbidden;
            let allowed: &[u16] = match refusal {
                Refusal::NotThere if in_browser => &[403],
                Refusal::NotThere => &[404],
                Refusal::Any => &[400, 403, 404, 409, 410, 422],
            };
            let answer = intruder.client.send(TestRequest::new(method, &path).json(&body)).await?;
            watch.note((&format!("{method} {path}"), id), allowed, &answer);
        }
    }
    Ok(())
}

/// Asks for what comes after a thing in lists, and for what has to do with it.
async fn try_queries(
    intruder: &mut Intruder,
    ids: &BTreeSet<String>,
    watch: &mut Watch<'_>,
) -> Result<()> {
    for id in ids.iter().filter(|id| is_uuid(id)) {
        let cursor = URL_SAFE_NO_PAD.encode(Uuid::parse_str(id)?.as_bytes());
        let after = PAGED.iter().map(|list| format!("{list}?cursor={cursor}"));
        let about = FILTERS.iter().map(|filter| format!("{filter}{id}"));
        for path in after.chain(about) {
            let answer = intruder.client.get(&path).await?;
            watch.note((&path, id), &[200], &answer);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_identifier_of_another_organization_opens_anything() -> Result<()> {
    let (app, administrator) = TestApp::start(crate::settings()).await?;
    let mut stage = set_stage(&app, administrator).await?;
    let estate = Estate::furnish(&mut stage).await?;
    ensure!(estate.all.len() >= 25, "only {} identifiers to try", estate.all.len());
    let mut owner = stage.clients[&Who::Owner].clone();
    let before = picture(&mut owner, &estate.details).await?;
    let own = Own {
        schedule: stage.take(Who::Stranger, Kind::Schedule).await?,
        workflow: stage.take(Who::Stranger, Kind::Workflow).await?,
    };
    let mut stranger = stage.clients[&Who::Stranger].clone();
    let by_key = key(&mut stranger, &["read", "run", "data", "account"]).await?;
    let scopes = &[Who::KeyRead, Who::KeyRun, Who::KeyData, Who::KeyAccount];
    let intruders = [
        (Intruder { client: stranger, roles: &[Who::Stranger] }, &estate.all),
        // What is told in a browser and not to a key would be told of every kind of thing.
        (Intruder { client: by_key, roles: scopes }, &estate.things),
    ];
    let mut watch = Watch { foreign: &estate.all, leaks: Vec::new() };
    for (mut intruder, ids) in intruders {
        try_paths(&mut intruder, ids, &mut watch).await?;
        try_bodies(&mut intruder, (ids, &own), &mut watch).await?;
        try_queries(&mut intruder, ids, &mut watch).await?;
    }
    ensure!(watch.leaks.is_empty(), "{}", watch.leaks.join("\n"));
    assert_eq!(picture(&mut owner, &estate.details).await?, before);
    Ok(())
}
