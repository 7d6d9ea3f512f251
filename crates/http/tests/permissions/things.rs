//! The things that routes are about: which a path names, who makes them, and how.
//!
//! Invariant: a thing is made by whoever it is to belong to, through the API where that has a way.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gantry_ports::store::{
    ClientKind, LinkedIdentity, OAuthClient, Passkey, RefreshToken, Session, SessionPurpose,
    StoreExt,
};
use gantry_ports::{Clock, StoreError};
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest};
use gantry_types::{
    InvitationId, LinkedIdentityId, OAuthClientId, OrganizationId, PasskeyId, Role, Scope,
    SessionId, Timestamp, TokenFamilyId, UserId,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::rules::Who::{self, Admin, Administrator, Billing, Member, Owner, Stranger, Viewer};
use crate::rules::{ALL, Whose};
use crate::stage::{id_of, learn, new_client, run, upload, workflow, yearly};

/// How often a profile is looked for that a job writes.
const PATIENCE: u32 = 500;
const A_MOMENT: Duration = Duration::from_millis(10);
const A_DAY: Duration = Duration::from_hours(24);

/// A kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Job,
    Artifact,
    Schedule,
    Workflow,
    FlowRun,
    Model,
    Upload,
    Dataset,
    Member,
    Invitation,
    ApiKey,
    /// A client of OAuth.
    Client,
    /// A client that may do something in a person's name.
    Grant,
    Session,
    Passkey,
    /// An account elsewhere.
    Identity,
    Invoice,
    /// An ad that somebody watches.
    Ad,
    /// An organization that is to be closed.
    Closing,
}

/// What a path begins with, and of what kind the thing is that it names; the first counts.
const PATHS: &[(&str, Kind)] = &[
    ("/api/v1/jobs/{", Kind::Job),
    ("/api/v1/artifacts/{", Kind::Artifact),
    // The service is in the path, and what it works on in the body.
    ("/api/v1/services/{", Kind::Artifact),
    ("/api/v1/schedules/{", Kind::Schedule),
    ("/api/v1/workflows/{", Kind::Workflow),
    ("/api/v1/workflow-runs/{", Kind::FlowRun),
    ("/api/v1/models/{", Kind::Model),
    ("/api/v1/datasets/uploads/{", Kind::Upload),
    ("/api/v1/datasets/{", Kind::Dataset),
    ("/api/v1/members/{", Kind::Member),
    ("/api/v1/invitations/{", Kind::Invitation),
    ("/api/v1/api-keys/{", Kind::ApiKey),
    ("/api/v1/oauth/clients/{", Kind::Client),
    ("/api/v1/account/grants/{", Kind::Grant),
    ("/api/v1/sessions/{", Kind::Session),
    ("/api/v1/auth/passkeys/{", Kind::Passkey),
    ("/api/v1/auth/identities/{", Kind::Identity),
    ("/api/v1/account/invoices/{", Kind::Invoice),
    ("/api/v1/rewards/sessions/{", Kind::Ad),
    ("/api/v1/organizations/closing/{", Kind::Closing),
];

impl Kind {
    pub const ALL: [Self; 19] = [
        Self::Job,
        Self::Artifact,
        Self::Schedule,
        Self::Workflow,
        Self::FlowRun,
        Self::Model,
        Self::Upload,
        Self::Dataset,
        Self::Member,
        Self::Invitation,
        Self::ApiKey,
        Self::Client,
        Self::Grant,
        Self::Session,
        Self::Passkey,
        Self::Identity,
        Self::Invoice,
        Self::Ad,
        Self::Closing,
    ];

    /// What a path of the table names, unless it names nothing that somebody made.
    pub fn of(path: &str) -> Option<Self> {
        PATHS.iter().find(|(begin, _)| path.starts_with(begin)).map(|(_, kind)| *kind)
    }

    /// Who makes such things in their organization.
    const fn makers(self) -> &'static [Who] {
        match self {
            Self::Job
            | Self::Artifact
            | Self::Schedule
            | Self::Workflow
            | Self::FlowRun
            | Self::Model
            | Self::Upload
            | Self::Dataset
            | Self::ApiKey
            | Self::Ad => &[Member, Admin, Owner, Stranger, Administrator],
            Self::Member | Self::Invitation | Self::Client => {
                &[Admin, Owner, Stranger, Administrator]
            }
            Self::Invoice => &[Billing, Admin, Owner, Stranger, Administrator],
            Self::Grant | Self::Session | Self::Passkey | Self::Identity | Self::Closing => {
                &[Viewer, Billing, Member, Admin, Owner, Stranger, Administrator]
            }
        }
    }

    /// Who asks for whose.
    pub fn list_asks(self) -> Vec<(Who, Whose)> {
        let all = ALL.iter().flat_map(|who| Whose::ALL.map(|whose| (*who, whose)));
        all.filter(|(who, whose)| match (who.person(), whose) {
            (Who::Nobody, Whose::Ours) => true,
            (Who::Nobody, Whose::Own | Whose::Theirs) => false,
            // They are alone in their organizations.
            (Stranger | Administrator, Whose::Ours) => false,
            (person, Whose::Own) => self.makers().contains(&person),
            (_, Whose::Ours | Whose::Theirs) => true,
        })
        .collect()
    }

    /// Makes one as `client`, which has a session; answers by what paths name it.
    pub async fn make(self, app: &TestApp, client: &mut TestClient) -> Result<String> {
        match self {
            Self::Job => run_through_doors(client).await,
            Self::Artifact => {
                let job = run_through_doors(client).await?;
                let left = client.get(&format!("/api/v1/jobs/{job}/artifacts")).await?.json()?;
                text_of(&left["items"][0]["id"])
            }
            Self::Schedule => create(client, "/api/v1/schedules", &yearly()).await,
            Self::Workflow => {
                create(client, "/api/v1/workflows", &workflow("/api/v1/workflows")).await
            }
            Self::FlowRun => {
                let path = "/api/v1/workflows";
                let kept = create(client, path, &workflow(path)).await?;
                run(client, &format!("{path}/{kept}/runs"), &json!({})).await
            }
            Self::Model => learn(client).await,
            Self::Upload => {
                let new = json!({ "name": "x", "file_name": "x.csv", "bytes": 8 });
                create(client, "/api/v1/datasets/uploads", &new).await
            }
            Self::Dataset => upload_with_profile(client).await,
            Self::Member => {
                let place = id_of(client, "organization").await?.parse()?;
                let mut newcomer = app.register(&new_address()).await?;
                let user = id_of(&mut newcomer, "user").await?;
                app.join(user.parse()?, place, Role::Member).await?;
                Ok(user)
            }
            Self::Invitation => {
                let new = json!({ "email": new_address(), "role": "member" });
                create(client, "/api/v1/invitations", &new).await
            }
            Self::ApiKey => {
                let new = json!({ "name": "x", "scopes": ["account"] });
                create(client, "/api/v1/api-keys", &new).await
            }
            Self::Client => create(client, "/api/v1/oauth/clients", &new_client()).await,
            Self::Grant => Ok(grant(app, Person::of(client).await?).await?.to_string()),
            Self::Session => Ok(open_session(app, Person::of(client).await?).await?.0.to_string()),
            Self::Passkey => Ok(add_passkey(app, Person::of(client).await?).await?.to_string()),
            Self::Identity => Ok(add_identity(app, Person::of(client).await?).await?.to_string()),
            Self::Invoice => buy(app, client).await,
            Self::Ad => create(client, "/api/v1/rewards/sessions", &Value::Null).await,
            Self::Closing => close(app, Person::of(client).await?).await,
        }
    }
}

/// A person, and where they work.
#[derive(Debug, Clone, Copy)]
struct Person {
    user: UserId,
    place: OrganizationId,
}

impl Person {
    async fn of(client: &mut TestClient) -> Result<Self> {
        Ok(Self {
            user: id_of(client, "user").await?.parse()?,
            place: id_of(client, "organization").await?.parse()?,
        })
    }
}

fn text_of(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a text")
}

/// An address that nobody has.
fn new_address() -> String {
    format!("{}@example.org", InvitationId::generate())
}

async fn create(client: &mut TestClient, path: &str, new: &Value) -> Result<String> {
    let made = client.post(path, new).await?;
    made.require_status(201).with_context(|| format!("POST {path}"))?;
    text_of(&made.json()?["id"])
}

async fn run_through_doors(client: &mut TestClient) -> Result<String> {
    run(client, "/api/v1/jobs", &json!({ "operation": "test.doors", "params": {} })).await
}

async fn upload_with_profile(client: &mut TestClient) -> Result<String> {
    let dataset = upload(client).await?;
    let profile = format!("/api/v1/datasets/{dataset}/profile");
    for _ in 0..PATIENCE {
        if client.get(&profile).await?.status == 200 {
            return Ok(dataset);
        }
        tokio::time::sleep(A_MOMENT).await;
    }
    client.get(&profile).await?.require_status(200)?;
    Ok(dataset)
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Registers a client that may read in the person's name.
async fn grant(app: &TestApp, person: Person) -> Result<OAuthClientId> {
    let now = app.clock.now();
    let (id, scopes) = (OAuthClientId::generate(), vec![Scope::Read]);
    let client = OAuthClient {
        id,
        organization_id: person.place,
        name: "An app".to_owned(),
        kind: ClientKind::Confidential,
        secret_sha256: hash("nobody knows it"),
        redirect_uris: Vec::new(),
        scopes: scopes.clone(),
        created_by: person.user,
        created_at: now,
        last_used_at: None,
    };
    let token = derive_token((&client, scopes), person, now);
    let written = app.store.write::<_, StoreError, _>(move |tx| {
        let (client, token) = (client.clone(), token.clone());
        Box::pin(async move {
            tx.clients().insert_client(&client).await?;
            tx.identity().insert_refresh_token(&token).await
        })
    });
    written.await?;
    Ok(id)
}

fn derive_token(
    (client, scopes): (&OAuthClient, Vec<Scope>),
    person: Person,
    now: Timestamp,
) -> RefreshToken {
    RefreshToken {
        token_sha256: hash(&client.id.to_string()),
        family: TokenFamilyId::generate(),
        organization_id: person.place,
        user_id: person.user,
        name: client.name.clone(),
        scopes,
        created_at: now,
        expires_at: now.plus(A_DAY),
        used_at: None,
        client: Some(client.id),
    }
}

/// Signs the person in once more; answers the session and its cookie.
async fn open_session(app: &TestApp, person: Person) -> Result<(SessionId, String)> {
    let (id, now) = (SessionId::generate(), app.clock.now());
    let token = format!("token-of-{id}");
    let session = Session {
        id,
        token_sha256: hash(&token),
        user_id: person.user,
        organization_id: person.place,
        user_agent: "test".to_owned(),
        ip: "127.0.0.1".to_owned(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(A_DAY),
        purpose: SessionPurpose::Everything,
    };
    let written = app.store.write::<_, StoreError, _>(move |tx| {
        let session = session.clone();
        Box::pin(async move { tx.access().insert_session(&session).await })
    });
    written.await?;
    Ok((id, token))
}

async fn add_passkey(app: &TestApp, person: Person) -> Result<PasskeyId> {
    let id = PasskeyId::generate();
    let passkey = Passkey {
        id,
        user_id: person.user,
        credential_id: id.to_string(),
        public_key: "none".to_owned(),
        counter: 0,
        name: "A laptop".to_owned(),
        created_at: app.clock.now(),
        last_used_at: None,
    };
    let written = app.store.write::<_, StoreError, _>(move |tx| {
        let passkey = passkey.clone();
        Box::pin(async move { tx.vouching().insert_passkey(&passkey).await })
    });
    written.await?;
    Ok(id)
}

async fn add_identity(app: &TestApp, person: Person) -> Result<LinkedIdentityId> {
    let id = LinkedIdentityId::generate();
    let identity = LinkedIdentity {
        id,
        user_id: person.user,
        provider: "elsewhere".to_owned(),
        subject: id.to_string(),
        email: String::new(),
        linked_at: app.clock.now(),
    };
    let written = app.store.write::<_, StoreError, _>(move |tx| {
        let identity = identity.clone();
        Box::pin(async move { tx.vouching().insert_identity(&identity).await })
    });
    written.await?;
    Ok(id)
}

/// Buys credits; answers the number of the invoice.
async fn buy(app: &TestApp, client: &mut TestClient) -> Result<String> {
    let package = json!({ "package": crate::PACKAGE });
    client.post("/api/v1/account/mock-purchases", &package).await?.require_status(202)?;
    for event in app.sandbox.list_undelivered().await? {
        let mut request = TestRequest::new("POST", "/api/v1/payments/webhooks/sandbox");
        for (name, value) in &event.headers {
            request = request.header(name, value);
        }
        let told = app.client().send(request.body("application/json", &event.body)).await?;
        told.require_status(200)?;
        app.sandbox.note_delivered(&event.event_ref).await?;
    }
    let invoices = client.get("/api/v1/account/invoices").await?.json()?;
    text_of(&invoices["items"][0]["number"]).with_context(|| format!("an invoice in {invoices}"))
}

/// Makes an organization, and closes it, in a session of its own: sessions move with both.
async fn close(app: &TestApp, person: Person) -> Result<String> {
    let (_, token) = open_session(app, person).await?;
    let mut client = app.client();
    client.set_cookie("gantry_session", &token);
    client.fetch_csrf_token().await?;
    let made = client.post("/api/v1/organizations", &json!({ "name": "Shed" })).await?;
    made.require_status(201)?;
    let password = json!({ "password": PASSWORD });
    let closed = client.post("/api/v1/organizations/closing", &password).await?;
    ensure!(closed.status == 200, "{} {}", closed.status, closed.text());
    text_of(&closed.json()?["organization_id"])
}
