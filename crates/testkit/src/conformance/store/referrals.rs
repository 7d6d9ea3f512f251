//! Referral codes, and who registered with them.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    Order, PageRequest, Payment, PaymentStatus, PaymentTrail, Referral, ReferralCode, ReferralEnd,
    ReferralState, StoreExt,
};
use gantry_rules::referral::RewardedWhen;
use gantry_types::{Credits, Currency, Money, OrganizationId, PaymentId, ReferralId, Timestamp};

use super::World;
use super::world::START;
use crate::conformance::Outcome;
use crate::installation::{insert_account, new_user};

async fn insert_code(
    world: &World,
    organization_id: OrganizationId,
    code: &str,
) -> Result<(), StoreError> {
    let code = code.to_owned();
    let made = ReferralCode { organization_id, code, created_by: None, created_at: START };
    world
        .store
        .write(move |tx| {
            let made = made.clone();
            Box::pin(async move { tx.referrals().insert_code(&made).await })
        })
        .await
}

async fn insert(world: &World, referral: Referral) -> Result<(), StoreError> {
    world
        .store
        .write(move |tx| Box::pin(async move { tx.referrals().insert_referral(&referral).await }))
        .await
}

async fn end(world: &World, id: ReferralId, at: Timestamp) -> Result<bool, StoreError> {
    let (reward, welcome) = (Credits::new(50), Credits::new(20));
    let end = ReferralEnd { state: ReferralState::Rewarded, reward, welcome, at };
    world
        .store
        .write(move |tx| {
            Box::pin(async move {
                let referrals = tx.referrals();
                referrals.end_referral(id, &end).await
            })
        })
        .await
}

/// Somebody who registered with a code, and perhaps proved their address.
async fn refer(
    world: &World,
    organization_id: OrganizationId,
    (email, verified): (&str, bool),
) -> anyhow::Result<Referral> {
    let mut new = new_user(email, world.plan.id, START);
    new.user.email_verified_at = verified.then_some(START);
    let referral = Referral {
        id: ReferralId::generate(),
        organization_id,
        referred_user_id: new.user.id,
        referred_organization_id: new.organization.id,
        state: ReferralState::Waiting,
        reward: Credits::ZERO,
        welcome: Credits::ZERO,
        created_at: START,
        ended_at: None,
    };
    insert_account(&*world.store, new, Credits::ZERO, START).await?;
    insert(world, referral).await?;
    Ok(referral)
}

/// An organization has one code, and a code is one organization's.
pub async fn a_code_is_one_organizations(world: &World) -> Outcome {
    let (account, other) = (world.account(0).await?, world.account(0).await?);
    insert_code(world, account, "ABCD2345").await?;
    for (whose, code) in [(account, "WXYZ2345"), (other, "ABCD2345")] {
        let refused = insert_code(world, whose, code).await;
        ensure!(matches!(refused, Err(StoreError::AlreadyExists { .. })), "{refused:?}");
    }
    let snapshot = world.read().await?;
    let found = snapshot.referrals().find_code(account).await?.context("a code")?;
    ensure!(found.code == "ABCD2345" && found.created_at == START);
    ensure!(snapshot.referrals().find_code(other).await?.is_none());
    ensure!(snapshot.referrals().find_code_owner("ABCD2345").await? == Some(account));
    ensure!(snapshot.referrals().find_code_owner("WXYZ2345").await?.is_none());
    Ok(())
}

/// A person is referred once, and a referral is ended once, however many try at once.
pub async fn a_referral_ends_once(world: &World) -> Outcome {
    let account = world.account(0).await?;
    insert_code(world, account, "ABCD2345").await?;
    let proven = refer(world, account, ("proven@example.org", true)).await?;
    let stranger = refer(world, account, ("stranger@example.org", false)).await?;
    let again = insert(world, Referral { id: ReferralId::generate(), ..proven }).await;
    ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    let ready = |when: RewardedWhen| async move {
        let snapshot = world.read().await?;
        anyhow::Ok(snapshot.referrals().list_ready_referrals(when, 10).await?)
    };
    ensure!(ready(RewardedWhen::Verified).await? == [proven]);
    ensure!(ready(RewardedWhen::FirstPayment).await?.is_empty());
    pay(world, proven.referred_organization_id).await?;
    ensure!(ready(RewardedWhen::FirstPayment).await? == [proven]);
    let tries = (0..8).map(|_| end(world, proven.id, World::at(9)));
    let mut ended = 0;
    for done in futures::future::join_all(tries).await {
        ended += usize::from(done?);
    }
    ensure!(ended == 1, "it ended {ended} times");
    ensure!(ready(RewardedWhen::Verified).await?.is_empty());
    let snapshot = world.read().await?;
    let referrals = snapshot.referrals();
    ensure!(referrals.count_rewarded(account, World::at(9)).await? == 1);
    ensure!(referrals.count_rewarded(account, World::at(10)).await? == 0);
    let page = PageRequest { after: None, limit: 10, order: Order::OldestFirst };
    let listed = referrals.list_referrals(account, &page).await?.items;
    let emails: Vec<&str> = listed.iter().map(|one| one.email.as_str()).collect();
    ensure!(emails == ["proven@example.org", "stranger@example.org"], "{emails:?}");
    ensure!(listed[0].referral.reward == Credits::new(50), "{:?}", listed[0]);
    ensure!(listed[0].referral.ended_at == Some(World::at(9)));
    ensure!(listed[1].referral == stranger);
    let foreign = proven.referred_organization_id;
    ensure!(referrals.list_referrals(foreign, &page).await?.items.is_empty());
    ensure!(referrals.list_all_referrals(&page).await?.items == listed);
    Ok(())
}

/// A payment that was given back is none.
async fn pay(world: &World, organization_id: OrganizationId) -> anyhow::Result<()> {
    let payment = Payment {
        id: PaymentId::generate(),
        organization_id,
        provider: "story".to_owned(),
        provider_ref: "in_1".to_owned(),
        subscription_id: None,
        subscription_ref: None,
        lot_id: None,
        amount: Money { minor: 4_900, currency: Currency::usd() },
        refunded_minor: 4_900,
        status: PaymentStatus::Received,
        description: "a month".to_owned(),
        at: START,
        trail: PaymentTrail::default(),
    };
    let kept = Payment {
        id: PaymentId::generate(),
        provider_ref: "in_2".to_owned(),
        refunded_minor: 0,
        ..payment.clone()
    };
    for (payment, counts) in [(payment, false), (kept, true)] {
        world
            .store
            .write::<(), StoreError, _>(move |tx| {
                let payment = payment.clone();
                Box::pin(async move { tx.payments().put_payment(&payment).await })
            })
            .await?;
        let has_paid = world.read().await?.referrals().has_paid(organization_id).await?;
        ensure!(has_paid == counts, "{has_paid}");
    }
    Ok(())
}
