//! Whoever may not invite any more leaves no invitation behind, and whoever lost a role while their
//! request was on its way does nothing by it.

use anyhow::{Context, Result};
use gantry_access::{AccessError, Actor, Client, NewInvitation};
use gantry_testkit::{TestApp, TestClient, TestSettings};
use gantry_types::{Role, UserId};
use serde_json::{Value, json};

use super::members::{invite, join, member_id, set_role};
use super::take_token;

const EVE: &str = "eve@example.org";
const GRACE: &str = "grace@example.org";

/// Whom the open invitations are for, and as what.
async fn list_open(owner: &mut TestClient) -> Result<Vec<(String, String)>> {
    let roster = owner.get("/api/v1/members").await?.json()?;
    let word = |value: &Value| value.as_str().map(str::to_owned).context("a word");
    let open = roster["invitations"].as_array().context("invitations")?.iter();
    open.map(|one| Ok((word(&one["email"])?, word(&one["role"])?))).collect()
}

async fn count_withdrawn(owner: &mut TestClient) -> Result<usize> {
    let log = owner.get("/api/v1/audit").await?.json()?;
    let lines = log["items"].as_array().context("lines")?;
    let withdrawn = lines.iter().filter(|line| line["action"] == "member.withdraw_invitation");
    Ok(withdrawn.count())
}

#[tokio::test]
async fn the_invitations_of_whoever_is_removed_go_along() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = join(&app, &mut ada, GRACE, "admin").await?;
    let mut eve = app.register(EVE).await?;
    app.take_mails().await?;
    assert_eq!(invite(&mut grace, EVE, "admin").await?, 201);
    let token = json!({ "token": take_token(&app, "invitation").await? });
    assert_eq!(invite(&mut ada, "bob@example.org", "member").await?, 201);
    let id = member_id(&mut ada, GRACE).await?;
    ada.delete(&format!("/api/v1/members/{id}")).await?.require_status(204)?;

    eve.post("/api/v1/invitations/accept", &token).await?.require_status(410)?;
    let kept = [("bob@example.org".to_owned(), "member".to_owned())];
    assert_eq!(list_open(&mut ada).await?, kept, "another's invitation is not concerned");
    assert_eq!(count_withdrawn(&mut ada).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_lower_role_keeps_the_invitations_that_it_may_send() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let mut grace = join(&app, &mut ada, GRACE, "owner").await?;
    let id = member_id(&mut ada, GRACE).await?;
    assert_eq!(invite(&mut grace, EVE, "owner").await?, 201);
    assert_eq!(invite(&mut grace, "bob@example.org", "member").await?, 201);
    assert_eq!(set_role(&mut ada, &id, "admin").await?, 204);
    let kept = [("bob@example.org".to_owned(), "member".to_owned())];
    assert_eq!(list_open(&mut ada).await?, kept);
    assert_eq!(set_role(&mut ada, &id, "viewer").await?, 204);
    assert!(list_open(&mut ada).await?.is_empty());
    assert_eq!(count_withdrawn(&mut ada).await?, 2);
    Ok(())
}

#[tokio::test]
async fn whoever_leaves_or_is_suspended_or_banned_invites_nobody() -> Result<()> {
    for way in ["leave", "suspend", "ban"] {
        let (app, mut root) = TestApp::start(TestSettings::default()).await?;
        let mut ada = app.register("ada@example.org").await?;
        let mut grace = join(&app, &mut ada, GRACE, "admin").await?;
        assert_eq!(invite(&mut grace, EVE, "member").await?, 201);
        if way == "leave" {
            grace.post("/api/v1/organizations/leave", &json!({})).await?.require_status(204)?;
        } else {
            let path = format!("/api/v1/admin/users/{}/{way}", member_id(&mut ada, GRACE).await?);
            root.post(&path, &json!({ "reason": "loud" })).await?.require_status(200)?;
        }
        assert!(list_open(&mut ada).await?.is_empty(), "{way}");
        assert_eq!(count_withdrawn(&mut ada).await?, 1, "{way}");
    }
    Ok(())
}

/// Whoever asks with the cookie of a client, as they were recognised at the door.
async fn recognise(app: &TestApp, client: &TestClient) -> Result<Actor> {
    let token = client.cookie("gantry_session").context("a session")?;
    Ok(app.access.authenticate_session(token, &Client::default()).await?)
}

#[tokio::test]
async fn a_role_that_was_lost_on_the_way_does_nothing() -> Result<()> {
    let (app, _) = TestApp::start(TestSettings::default()).await?;
    let mut ada = app.register("ada@example.org").await?;
    let grace = join(&app, &mut ada, GRACE, "owner").await?;
    join(&app, &mut ada, EVE, "member").await?;
    let late = recognise(&app, &grace).await?;
    let (grace_id, eve_id) = (member_id(&mut ada, GRACE).await?, member_id(&mut ada, EVE).await?);
    let ada_id = UserId::from_uuid(member_id(&mut ada, "ada@example.org").await?.parse()?);
    let eve_id = UserId::from_uuid(eve_id.parse()?);
    let offer = |role| NewInvitation { email: "bob@example.org".to_owned(), role };
    let is_refused =
        |error: Option<AccessError>| matches!(error, Some(AccessError::Forbidden { .. }));

    // An admin now: no owner is made, unmade or invited.
    assert_eq!(set_role(&mut ada, &grace_id, "admin").await?, 204);
    assert!(is_refused(app.access.change_role(&late, eve_id, Role::Owner).await.err()));
    assert!(is_refused(app.access.remove_member(&late, ada_id).await.err()));
    assert!(is_refused(app.access.invite(&late, offer(Role::Owner)).await.err()));
    app.access.change_role(&late, eve_id, Role::Viewer).await?;

    // A viewer now: nothing of it.
    assert_eq!(set_role(&mut ada, &grace_id, "viewer").await?, 204);
    assert!(is_refused(app.access.change_role(&late, eve_id, Role::Member).await.err()));
    assert!(is_refused(app.access.invite(&late, offer(Role::Member)).await.err()));

    // Nobody there any more.
    ada.delete(&format!("/api/v1/members/{grace_id}")).await?.require_status(204)?;
    assert!(is_refused(app.access.remove_member(&late, eve_id).await.err()));
    assert!(is_refused(app.access.invite(&late, offer(Role::Member)).await.err()));
    assert!(list_open(&mut ada).await?.is_empty());
    Ok(())
}
