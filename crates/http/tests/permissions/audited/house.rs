//! What people do about their organizations, and administrators about the installation.

use std::time::Duration;

use anyhow::{Context, Result};
use gantry_ports::store::{RefreshToken, StoreExt};
use gantry_ports::{Clock, StoreError};
use gantry_testkit::{PASSWORD, TestClient};
use gantry_types::{Role, Scope, TokenFamilyId};
use serde_json::json;

use super::{Call, Walk, id_in, take_token, text_of};
use crate::stage::id_of;

const ROOT: &str = "root@example.org";
const REDIRECT: &str = "https://app.example/cb";

/// The first administrator registers.
pub(super) async fn set_up(walk: &mut Walk<'_>) -> Result<TestClient> {
    let mut root = walk.app.client();
    let token = walk.app.setup_token.expose();
    let body = json!({ "email": ROOT, "password": PASSWORD, "name": "Root", "token": token });
    let answer = walk.tell(&mut root, Call::new("post", "/api/v1/auth/setup").json(&body)).await?;
    root.learn_csrf_token(&answer)?;
    Ok(root)
}

/// Everything that an owner does about their organization.
pub(super) async fn walk(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let new = json!({ "name": "program", "scopes": ["read"] });
    let key = walk.tell(ada, Call::new("post", "/api/v1/api-keys").json(&new)).await?;
    let rotate = Call::new("post", "/api/v1/api-keys/{id}/rotate").about(&id_in(&key)?)?;
    let key = walk.tell(ada, rotate).await?;
    let revoke = Call::new("delete", "/api/v1/api-keys/{id}").about(&id_in(&key)?)?;
    walk.tell(ada, revoke).await?;
    invite(walk, ada).await?;
    change_members(walk, ada).await?;
    register_a_client(walk, ada).await?;
    let networks = json!({ "networks": ["127.0.0.0/8"] });
    let allow = Call::new("put", "/api/v1/organizations/networks").json(&networks);
    walk.tell(ada, allow).await?;
    let zone = json!({ "time_zone": "Europe/Oslo" });
    walk.tell(ada, Call::new("put", "/api/v1/account/time-zone").json(&zone)).await?;
    close_and_keep(walk).await
}

/// Somebody closes an organization, and keeps it after all.
async fn close_and_keep(walk: &mut Walk<'_>) -> Result<()> {
    let mut client = walk.app.register("closer@example.org").await?;
    let shed = client.post("/api/v1/organizations", &json!({ "name": "Shed" })).await?;
    shed.require_status(201)?;
    let path = "/api/v1/organizations/closing";
    let close = Call::new("post", path).json(&json!({ "password": PASSWORD }));
    let closed = walk.tell(&mut client, close).await?.json()?;
    let id = text_of(&closed, "organization_id")?;
    let keep = Call::new("delete", "/api/v1/organizations/closing/{id}").about(&id)?;
    walk.tell(&mut client, keep).await?;
    Ok(())
}

/// Somebody is invited, joins, makes an organization of their own, and leaves the first.
async fn invite(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let app = walk.app;
    let mut guest = app.register("guest@example.org").await?;
    app.take_mails().await?;
    let body = json!({ "email": "guest@example.org", "role": "member" });
    walk.tell(ada, Call::new("post", "/api/v1/invitations").json(&body)).await?;
    let token = json!({ "token": take_token(app, "invitation").await? });
    let view = Call::new("post", "/api/v1/invitations/view").json(&token);
    walk.pass(&mut app.client(), view).await?;
    let accept = Call::new("post", "/api/v1/invitations/accept").json(&token);
    walk.tell(&mut guest, accept).await?;

    let guild = json!({ "name": "Guild" });
    walk.tell(&mut guest, Call::new("post", "/api/v1/organizations").json(&guild)).await?;
    let guild = json!({ "name": "Guild of two" });
    walk.tell(&mut guest, Call::new("patch", "/api/v1/organizations").json(&guild)).await?;
    let first = json!({ "organization_id": id_of(ada, "organization").await? });
    let switch = Call::new("post", "/api/v1/organizations/switch").json(&first);
    walk.tell(&mut guest, switch).await?;
    let leave = Call::new("post", "/api/v1/organizations/leave").json(&json!({}));
    walk.tell(&mut guest, leave).await?;

    let late = json!({ "email": "late@example.org", "role": "member" });
    let invited = ada.post("/api/v1/invitations", &late).await?;
    invited.require_status(201)?;
    let withdraw = Call::new("delete", "/api/v1/invitations/{id}").about(&id_in(&invited)?)?;
    walk.tell(ada, withdraw).await?;
    Ok(())
}

async fn change_members(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let mut mate = walk.app.register("mate@example.org").await?;
    let user = id_of(&mut mate, "user").await?;
    let place = id_of(ada, "organization").await?.parse()?;
    walk.app.join(user.parse()?, place, Role::Member).await?;
    let change = Call::new("patch", "/api/v1/members/{id}").about(&user)?;
    walk.tell(ada, change.json(&json!({ "role": "viewer" }))).await?;
    let remove = Call::new("delete", "/api/v1/members/{id}").about(&user)?;
    walk.tell(ada, remove).await?;
    Ok(())
}

async fn register_a_client(walk: &mut Walk<'_>, ada: &mut TestClient) -> Result<()> {
    let new = json!({
        "name": "App", "kind": "confidential", "redirect_uris": [REDIRECT], "scopes": ["read"],
    });
    let made = walk.tell(ada, Call::new("post", "/api/v1/oauth/clients").json(&new)).await?;
    let id = id_in(&made)?;
    let body = json!({ "name": "The app", "redirect_uris": [REDIRECT], "scopes": ["read"] });
    let change = Call::new("put", "/api/v1/oauth/clients/{id}").about(&id)?;
    walk.tell(ada, change.json(&body)).await?;
    let renew = Call::new("post", "/api/v1/oauth/clients/{id}/secret").about(&id)?;
    walk.tell(ada, renew).await?;
    grant(walk, ada, &id).await?;
    let withdraw = Call::new("delete", "/api/v1/account/grants/{id}").about(&id)?;
    walk.tell(ada, withdraw).await?;
    let remove = Call::new("delete", "/api/v1/oauth/clients/{id}").about(&id)?;
    walk.tell(ada, remove).await?;
    Ok(())
}

/// What is left when somebody has let a client read for them.
async fn grant(walk: &Walk<'_>, ada: &mut TestClient, client: &str) -> Result<()> {
    let now = walk.app.clock.now();
    let token = RefreshToken {
        token_sha256: "0".repeat(64),
        family: TokenFamilyId::generate(),
        organization_id: id_of(ada, "organization").await?.parse()?,
        user_id: id_of(ada, "user").await?.parse()?,
        name: "The app".to_owned(),
        scopes: vec![Scope::Read],
        created_at: now,
        expires_at: now.plus(Duration::from_hours(24)),
        used_at: None,
        client: Some(client.parse()?),
    };
    let written = walk.app.store.write::<_, StoreError, _>(move |tx| {
        let token = token.clone();
        Box::pin(async move { tx.identity().insert_refresh_token(&token).await })
    });
    Ok(written.await?)
}

/// Everything that an administrator does about people and the installation.
pub(super) async fn administer(walk: &mut Walk<'_>, root: &mut TestClient) -> Result<()> {
    let mut desk = walk.app.client();
    let proof = json!({ "email": ROOT, "password": PASSWORD, "code": "" });
    let begin = Call::new("post", "/api/v1/admin/session").json(&proof);
    let begun = walk.tell(&mut desk, begin).await?;
    desk.learn_csrf_token(&begun)?;
    walk.tell(&mut desk, Call::new("delete", "/api/v1/admin/session")).await?;
    let key = json!({ "name": "desk", "scopes": ["admin"] });
    walk.tell(root, Call::new("post", "/api/v1/admin/api-keys").json(&key)).await?;

    let mut rowdy = walk.app.register("rowdy@example.org").await?;
    let id = id_of(&mut rowdy, "user").await?;
    let reason = json!({ "reason": "spam" });
    let suspend = Call::new("post", "/api/v1/admin/users/{id}/suspend").about(&id)?;
    walk.tell(root, suspend.json(&reason)).await?;
    let reinstate = Call::new("post", "/api/v1/admin/users/{id}/reinstate").about(&id)?;
    walk.tell(root, reinstate.json(&json!({}))).await?;
    let ban = Call::new("post", "/api/v1/admin/users/{id}/ban").about(&id)?;
    walk.tell(root, ban.json(&reason)).await?;
    turn_flags(walk, root).await
}

async fn turn_flags(walk: &mut Walk<'_>, root: &mut TestClient) -> Result<()> {
    let new = json!({ "key": "shop.new", "enabled": true });
    let made = walk.tell(root, Call::new("post", "/api/v1/admin/flags").json(&new)).await?;
    let key = text_of(&made.json()?, "key").context("a flag")?;
    let change = Call::new("put", "/api/v1/admin/flags/{key}").about(&key)?;
    walk.tell(root, change.json(&json!({ "enabled": false }))).await?;
    let trial = Call::new("post", "/api/v1/admin/flags/{key}/try").about(&key)?;
    walk.pass(root, trial.json(&json!({}))).await?;
    let remove = Call::new("delete", "/api/v1/admin/flags/{key}").about(&key)?;
    walk.tell(root, remove).await?;
    Ok(())
}
