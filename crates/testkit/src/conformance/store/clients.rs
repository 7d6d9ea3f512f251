//! Clients of OAuth 2.0: kept, changed and removed with their tokens; codes are good once.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    ApiKey, AuthorizationCode, ClientKind, NewUser, OAuthClient, RefreshToken,
};
use gantry_types::{ApiKeyId, OAuthClientId, OrganizationId, Scope, TokenFamilyId, UserId};

use super::World;
use super::departures::write;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::new_user;

async fn insert_user(world: &World, email: &str) -> Result<NewUser> {
    let new = new_user(email, world.plan.id, START);
    write(world, new.clone(), |tx, new| {
        Box::pin(async move { tx.access().insert_user(&new).await })
    })
    .await?;
    Ok(new)
}

async fn insert_client(world: &World, owner: &NewUser) -> Result<OAuthClient> {
    let client = OAuthClient {
        id: OAuthClientId::generate(),
        organization_id: owner.organization.id,
        name: "app".to_owned(),
        kind: ClientKind::Confidential,
        secret_sha256: "secret".to_owned(),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        scopes: vec![Scope::Read, Scope::Run],
        created_by: owner.user.id,
        created_at: START,
        last_used_at: None,
    };
    write(world, client.clone(), |tx, client| {
        Box::pin(async move { tx.clients().insert_client(&client).await })
    })
    .await?;
    Ok(client)
}

/// A pair of tokens in a person's name.
async fn give(
    world: &World,
    client: OAuthClientId,
    (user_id, organization_id): (UserId, OrganizationId),
) -> Result<(ApiKey, RefreshToken)> {
    let family = TokenFamilyId::generate();
    let refresh = RefreshToken {
        token_sha256: format!("refresh {family}"),
        family,
        organization_id,
        user_id,
        name: "app".to_owned(),
        scopes: vec![Scope::Read],
        created_at: START,
        expires_at: World::at(100),
        used_at: None,
        client: Some(client),
    };
    let access = ApiKey {
        id: ApiKeyId::generate(),
        organization_id,
        user_id,
        name: "app".to_owned(),
        prefix: "gk_abcdef".to_owned(),
        key_sha256: format!("access {family}"),
        scopes: vec![Scope::Read],
        created_at: START,
        last_used_at: None,
        expires_at: Some(World::at(10)),
        revoked_at: None,
        family: Some(family),
        client: Some(client),
    };
    let pair = (access, refresh);
    write(world, pair.clone(), |tx, (access, refresh)| {
        Box::pin(async move {
            tx.access().insert_api_key(&access).await?;
            tx.identity().insert_refresh_token(&refresh).await
        })
    })
    .await?;
    Ok(pair)
}

async fn is_revoked(world: &World, key: &ApiKey) -> Result<bool> {
    let found = world.read().await?.access().find_api_key(&key.key_sha256).await?;
    Ok(found.context("the key")?.revoked_at.is_some())
}

/// A client is its organization's, is changed, and goes with everything that it had.
pub async fn a_client_goes_with_its_tokens(world: &World) -> Outcome {
    let ada = insert_user(world, "ada@example.org").await?;
    let eve = insert_user(world, "eve@example.org").await?;
    let (home, other) = (ada.organization.id, eve.organization.id);
    let client = insert_client(world, &ada).await?;
    let read = world.read().await?;
    ensure!(read.clients().find_client(client.id).await? == Some(client.clone()));
    ensure!(read.clients().list_clients(home).await? == std::slice::from_ref(&client));
    ensure!(read.clients().list_clients(other).await?.is_empty());
    drop(read);
    let foreign = OAuthClient { organization_id: other, ..client.clone() };
    let change = |client: OAuthClient| {
        write(world, client, |tx, client| {
            Box::pin(async move { tx.clients().update_client(&client).await })
        })
    };
    ensure!(matches!(change(foreign).await, Err(StoreError::NotFound { .. })));
    let renamed = OAuthClient { name: "other".to_owned(), scopes: vec![Scope::Read], ..client };
    change(renamed.clone()).await?;
    write(world, renamed.id, |tx, id| {
        Box::pin(async move { tx.clients().touch_client(id, World::at(5)).await })
    })
    .await?;
    let used = OAuthClient { last_used_at: Some(World::at(5)), ..renamed };
    ensure!(world.read().await?.clients().find_client(used.id).await? == Some(used.clone()));

    let (access, refresh) = give(world, used.id, (eve.user.id, other)).await?;
    let listed = world.read().await?.access().list_api_keys(other).await?;
    ensure!(listed.is_empty(), "a client's token is listed as a key: {listed:?}");
    let remove = |organization: OrganizationId| {
        write(world, (organization, used.id), |tx, (organization, id)| {
            Box::pin(async move {
                tx.clients().delete_client(organization, id).await?;
                tx.clients().end_client_tokens(id, World::at(6)).await
            })
        })
    };
    ensure!(matches!(remove(other).await, Err(StoreError::NotFound { .. })));
    ensure!(remove(home).await? == [eve.user.id]);
    ensure!(is_revoked(world, &access).await?);
    let read = world.read().await?;
    ensure!(read.identity().find_refresh_token(&refresh.token_sha256).await?.is_none());
    ensure!(read.clients().find_client(used.id).await?.is_none());
    Ok(())
}

/// A code that is called `name`, in the name of `granter`.
async fn insert_code(
    world: &World,
    client: OAuthClientId,
    (name, granter): (&str, &NewUser),
) -> Result<AuthorizationCode> {
    let code = AuthorizationCode {
        code_sha256: name.to_owned(),
        client,
        organization_id: granter.organization.id,
        user_id: granter.user.id,
        redirect_uri: "https://app.example/cb".to_owned(),
        challenge: "challenge".to_owned(),
        scopes: vec![Scope::Read],
        family: TokenFamilyId::generate(),
        created_at: START,
        expires_at: World::at(60),
        used_at: None,
    };
    write(world, code.clone(), |tx, code| {
        Box::pin(async move { tx.clients().insert_code(&code).await })
    })
    .await?;
    Ok(code)
}

/// A code is exchanged once, also when two try at once, and is forgotten in time.
pub async fn a_code_is_good_once(world: &World) -> Outcome {
    let ada = insert_user(world, "ada@example.org").await?;
    let client = insert_client(world, &ada).await?;
    let code = insert_code(world, client.id, ("code", &ada)).await?;
    ensure!(world.read().await?.clients().find_code("code").await? == Some(code.clone()));
    let exchange = || {
        write(world, (), |tx, ()| {
            Box::pin(async move { tx.clients().use_code("code", World::at(1)).await })
        })
    };
    let (first, second) = tokio::join!(exchange(), exchange());
    ensure!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let used = AuthorizationCode { used_at: Some(World::at(1)), ..code };
    ensure!(world.read().await?.clients().find_code("code").await? == Some(used));
    let purge =
        |at| write(world, at, |tx, at| Box::pin(async move { tx.clients().purge_codes(at).await }));
    ensure!(purge(World::at(60)).await? == 0);
    ensure!(purge(World::at(61)).await? == 1);
    Ok(())
}

/// Codes that were not exchanged yet end with the sessions of who granted them; others' stay.
pub async fn codes_end_with_the_sessions(world: &World) -> Outcome {
    let ada = insert_user(world, "ada@example.org").await?;
    let eve = insert_user(world, "eve@example.org").await?;
    let client = insert_client(world, &ada).await?;
    insert_code(world, client.id, ("ada's", &ada)).await?;
    let others = insert_code(world, client.id, ("eve's", &eve)).await?;
    write(world, ada.user.id, |tx, user| {
        Box::pin(async move { tx.identity().delete_sessions(user, None, World::at(1)).await })
    })
    .await?;
    let read = world.read().await?;
    ensure!(read.clients().find_code("ada's").await?.is_none(), "a code outlived the sessions");
    ensure!(read.clients().find_code("eve's").await? == Some(others));
    Ok(())
}

/// A person sees what they granted and withdraws it; others, and the client itself, keep theirs.
pub async fn grants_are_withdrawn_by_who_gave_them(world: &World) -> Outcome {
    let ada = insert_user(world, "ada@example.org").await?;
    let eve = insert_user(world, "eve@example.org").await?;
    let client = insert_client(world, &ada).await?;
    let (theirs, _) = give(world, client.id, (ada.user.id, ada.organization.id)).await?;
    let (others, _) = give(world, client.id, (eve.user.id, eve.organization.id)).await?;
    let own = ApiKey {
        id: ApiKeyId::generate(),
        key_sha256: "own".to_owned(),
        family: None,
        ..theirs.clone()
    };
    write(world, own.clone(), |tx, key| {
        Box::pin(async move { tx.access().insert_api_key(&key).await })
    })
    .await?;
    let read = world.read().await?;
    let granted = read.clients().list_grants(ada.user.id, START).await?;
    ensure!(granted.len() == 1 && granted[0].client == client.id, "{granted:?}");
    ensure!(granted[0].organization_id == ada.organization.id, "{granted:?}");
    ensure!(granted[0].client_name == client.name && granted[0].scopes == [Scope::Read]);
    ensure!(read.clients().list_grants(ada.user.id, World::at(100)).await?.is_empty());
    drop(read);
    let withdraw = || {
        write(world, (ada.user.id, client.id), |tx, (user, client)| {
            Box::pin(async move { tx.clients().end_grants(user, client, World::at(2)).await })
        })
    };
    withdraw().await?;
    ensure!(matches!(withdraw().await, Err(StoreError::NotFound { .. })));
    ensure!(is_revoked(world, &theirs).await?);
    ensure!(!is_revoked(world, &others).await? && !is_revoked(world, &own).await?);
    ensure!(world.read().await?.clients().list_grants(ada.user.id, START).await?.is_empty());
    Ok(())
}
