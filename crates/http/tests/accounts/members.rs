//! Members, roles, seats and invitations.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_access::{AccessSettings, Registration};
use gantry_rules::plan::PlanTerms;
use gantry_testkit::{PASSWORD, TestApp, TestClient, TestRequest, TestSettings, generous_terms};
use serde_json::{Value, json};

use super::take_token;

const MEMBERS: &str = "/api/v1/members";
const INVITATIONS: &str = "/api/v1/invitations";

fn with_seats(seats: u32) -> TestSettings {
    let terms = PlanTerms { seats: Some(seats), ..generous_terms() };
    TestSettings { terms, ..TestSettings::default() }
}

pub async fn invite(owner: &mut TestClient, email: &str, role: &str) -> Result<u16> {
    Ok(owner.post(INVITATIONS, &json!({ "email": email, "role": role })).await?.status)
}

/// Invites somebody who has an account, and accepts for them.
pub async fn join(
    app: &TestApp,
    owner: &mut TestClient,
    email: &str,
    role: &str,
) -> Result<TestClient> {
    let mut guest = app.register(email).await?;
    app.take_mails().await?;
    assert_eq!(invite(owner, email, role).await?, 201);
    let token = take_token(app, "invitation").await?;
    let accepted = guest.post("/api/v1/invitations/accept", &json!({ "token": token })).await?;
    accepted.require_status(200)?;
    assert_eq!(accepted.json()?["organization"]["role"], role);
    Ok(guest)
}

pub async fn member_id(owner: &mut TestClient, email: &str) -> Result<String> {
    let roster = owner.get(MEMBERS).await?.json()?;
    let members = roster["members"].as_array().context("members")?.clone();
    let member = members.into_iter().find(|member| member["email"] == email);
    Ok(member.context("a member")?["user_id"].as_str().context("an id")?.to_owned())
}

pub async fn set_role(client: &mut TestClient, id: &str, role: &str) -> Result<u16> {
    let request = TestRequest::new("PATCH", &format!("{MEMBERS}/{id}"));
    Ok(client.send(request.json(&json!({ "role": role }))).await?.status)
}

#[tokio::test]
async fn somebody_who_is_invited_joins_and_sees_what_the_others_see() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = app.register("grace@example.org").await?;
    let mut eve = app.register("eve@example.org").await?;
    app.take_mails().await?;
    assert_eq!(invite(&mut ada, "Grace@example.org", "viewer").await?, 201);
    let token = json!({ "token": take_token(&app, "invitation").await? });

    let offered = app.client().post("/api/v1/invitations/view", &token).await?;
    offered.require_status(200)?;
    assert_eq!(offered.json()?["email"], "grace@example.org");
    // The link is for one address, whoever has it.
    let stolen = eve.post("/api/v1/invitations/accept", &token).await?;
    stolen.require_status(403)?;
    app.client().post("/api/v1/invitations/accept", &token).await?.require_status(401)?;
    let accepted = grace.post("/api/v1/invitations/accept", &token).await?;
    accepted.require_status(200)?;
    let me = accepted.json()?;
    assert_eq!(me["organization"]["role"], "viewer");
    assert_eq!(me["user"]["email_verified"], true);
    assert_eq!(me["organizations"].as_array().context("organizations")?.len(), 2);
    grace.post("/api/v1/invitations/accept", &token).await?.require_status(410)?;

    // A viewer reads what belongs to the organization, and does not manage it.
    let theirs = ada.get("/api/v1/account").await?.json()?;
    assert_eq!(grace.get("/api/v1/account").await?.json()?["plan"], theirs["plan"]);
    grace.get(MEMBERS).await?.require_status(403)?;
    let roster = ada.get(MEMBERS).await?.json()?;
    assert_eq!(roster["members"].as_array().context("members")?.len(), 2);
    assert_eq!(roster["invitations"], json!([]));
    let audit = ada.get("/api/v1/audit").await?.json()?;
    let actions: Vec<&Value> =
        audit["items"].as_array().context("lines")?.iter().map(|line| &line["action"]).collect();
    assert!(actions.contains(&&json!("member.join")), "{actions:?}");
    Ok(())
}

#[tokio::test]
async fn seats_are_those_of_the_plan() -> Result<()> {
    let (app, _) = TestApp::start(with_seats(2)).await?;
    let mut ada = app.register("ada@example.org").await?;
    assert_eq!(invite(&mut ada, "one@example.org", "member").await?, 201);
    let refused =
        ada.post(INVITATIONS, &json!({ "email": "two@example.org", "role": "member" })).await?;
    refused.require_status(402)?;
    assert_eq!(refused.json()?["limit"], 2);
    // The same address once more replaces the invitation, and takes no other seat.
    app.clock.advance(Duration::from_secs(61));
    assert_eq!(invite(&mut ada, "one@example.org", "viewer").await?, 201);
    let roster = ada.get(MEMBERS).await?.json()?;
    assert_eq!(roster["seats"], 2);
    let id = roster["invitations"][0]["id"].as_str().context("an id")?.to_owned();
    let path = format!("{INVITATIONS}/{id}");
    ada.delete(&path).await?.require_status(204)?;
    ada.delete(&path).await?.require_status(404)?;
    assert_eq!(invite(&mut ada, "two@example.org", "member").await?, 201);
    // An invitation that ended takes no seat.
    app.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(invite(&mut sign_in_again(&app).await?, "three@example.org", "member").await?, 201);
    Ok(())
}

#[tokio::test]
async fn invitations_come_with_pauses() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut bob = app.register("bob@example.org").await?;
    let guest = json!({ "email": "guest@example.org", "role": "member" });
    let made = ada.post(INVITATIONS, &guest).await?;
    made.require_status(201)?;
    let id = made.json()?["id"].as_str().context("an id")?.to_owned();
    // One a minute to an address: whoever sends it, and whether the last one was taken back.
    ada.delete(&format!("{INVITATIONS}/{id}")).await?.require_status(204)?;
    for inviter in [&mut ada, &mut bob] {
        let refused = inviter.post(INVITATIONS, &guest).await?;
        refused.require_status(429)?;
        assert_eq!(refused.json()?["code"], "rate_limited");
        assert_eq!(refused.header("retry-after"), Some("60"));
    }
    assert_eq!(ada.get(MEMBERS).await?.json()?["invitations"], json!([]));
    app.clock.advance(Duration::from_secs(60));
    assert_eq!(invite(&mut bob, "guest@example.org", "member").await?, 201);

    // A hundred a day from one organization.
    for number in 1..100 {
        assert_eq!(invite(&mut ada, &format!("{number}@example.org"), "member").await?, 201);
    }
    assert_eq!(invite(&mut ada, "100@example.org", "member").await?, 429);
    assert_eq!(invite(&mut bob, "100@example.org", "member").await?, 201);
    // The first of them was a minute earlier.
    app.clock.advance(Duration::from_secs(24 * 3600 - 60));
    let mut ada = sign_in_again(&app).await?;
    assert_eq!(invite(&mut ada, "101@example.org", "member").await?, 201);
    assert_eq!(invite(&mut ada, "102@example.org", "member").await?, 429);
    Ok(())
}

/// Sessions end when they are not used for days.
async fn sign_in_again(app: &TestApp) -> Result<TestClient> {
    let (status, _, client) = super::sign_in(app, "ada@example.org", PASSWORD).await?;
    assert_eq!(status, 200);
    Ok(client)
}

#[tokio::test]
async fn an_organization_keeps_an_owner_and_admins_make_none() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = join(&app, &mut ada, "grace@example.org", "admin").await?;
    join(&app, &mut ada, "eve@example.org", "member").await?;
    let ada_id = member_id(&mut ada, "ada@example.org").await?;
    let eve_id = member_id(&mut ada, "eve@example.org").await?;
    let grace_id = member_id(&mut ada, "grace@example.org").await?;
    assert_eq!(set_role(&mut grace, &eve_id, "owner").await?, 403);
    assert_eq!(set_role(&mut grace, &ada_id, "viewer").await?, 403);
    assert_eq!(invite(&mut grace, "new@example.org", "owner").await?, 403);
    assert_eq!(set_role(&mut ada, &ada_id, "admin").await?, 409);
    assert_eq!(set_role(&mut grace, &eve_id, "viewer").await?, 204);
    assert_eq!(set_role(&mut ada, &grace_id, "owner").await?, 204);
    assert_eq!(set_role(&mut grace, &ada_id, "member").await?, 204);
    // At once: she may not manage members any more.
    ada.get(MEMBERS).await?.require_status(403)?;
    Ok(())
}

#[tokio::test]
async fn whoever_is_removed_is_nobody_there_at_once() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = join(&app, &mut ada, "grace@example.org", "member").await?;
    let key = json!({ "name": "program", "scopes": ["read"] });
    let issued = grace.post("/api/v1/api-keys", &key).await?.json()?;
    let mut program = grace.with_key(issued["key"].as_str().context("a key")?);
    program.get("/api/v1/jobs").await?.require_status(200)?;
    let id = member_id(&mut ada, "grace@example.org").await?;
    ada.delete(&format!("{MEMBERS}/{id}")).await?.require_status(204)?;
    program.get("/api/v1/jobs").await?.require_status(401)?;
    grace.get("/api/v1/auth/me").await?.require_status(401)?;
    // Her own organization is still hers, and cannot be left.
    let (status, me, mut again) = super::sign_in(&app, "grace@example.org", PASSWORD).await?;
    assert_eq!((status, &me["organization"]["role"]), (200, &json!("owner")));
    again.post("/api/v1/organizations/leave", &json!({})).await?.require_status(409)?;
    Ok(())
}

#[tokio::test]
async fn a_member_leaves_and_stays_signed_in_at_home() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = join(&app, &mut ada, "grace@example.org", "member").await?;
    grace.post("/api/v1/organizations/leave", &json!({})).await?.require_status(204)?;
    let me = grace.get("/api/v1/auth/me").await?.json()?;
    assert_eq!(me["organization"]["role"], "owner");
    assert_eq!(me["organizations"].as_array().context("organizations")?.len(), 1);
    assert_eq!(ada.get(MEMBERS).await?.json()?["members"].as_array().context("list")?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_invitation_opens_a_door_that_is_closed_for_strangers() -> Result<()> {
    let access =
        AccessSettings { registration: Registration::Closed, ..TestSettings::default().access };
    let (app, mut root) =
        TestApp::start(TestSettings { access, ..TestSettings::default() }).await?;
    let path = "/api/v1/auth/register";
    let mut body = json!({ "email": "ada@example.org", "password": PASSWORD, "name": "Ada" });
    app.client().post(path, &body).await?.require_status(403)?;
    body["invitation"] = "nonsense".into();
    app.client().post(path, &body).await?.require_status(410)?;
    assert_eq!(invite(&mut root, "ada@example.org", "member").await?, 201);
    body["invitation"] = take_token(&app, "invitation").await?.into();
    let mut other = body.clone();
    other["email"] = "eve@example.org".into();
    app.client().post(path, &other).await?.require_status(403)?;
    let registered = app.client().post(path, &body).await?;
    registered.require_status(201)?;
    let me = registered.json()?;
    assert_eq!(me["organization"]["role"], "member");
    assert_eq!(me["user"]["email_verified"], true);
    let log = root.get("/api/v1/audit").await?.json()?;
    let entries = log["items"].as_array().context("entries")?;
    let joined = entries.iter().find(|entry| entry["action"] == "member.join");
    let joined = joined.context("nobody is told that somebody joined")?;
    assert_eq!(
        (&joined["user_id"], &joined["details"]["role"]),
        (&me["user"]["id"], &"member".into())
    );
    app.client().post(path, &body).await?.require_status(410)?;
    Ok(())
}
