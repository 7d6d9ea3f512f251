//! Credits, lots and the ledger.

use std::time::Duration;

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, LedgerFilter, LotGrant, Order, PageRequest, StoreExt};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_types::{AuditEntryId, Credits, JobId, LotId, OrganizationId, Timestamp};
use serde_json::json;

use super::World;
use super::world::{START, submission, success};
use crate::conformance::Outcome;

/// Grants a lot.
///
/// # Errors
/// What the store says.
pub(super) async fn grant(
    world: &World,
    account: OrganizationId,
    (origin, expires_at): (LotOrigin, Option<Timestamp>),
    amount: i64,
) -> Result<LotId, StoreError> {
    let id = LotId::generate();
    let lot = Lot { id, origin, expires_at, remaining: Credits::new(amount) };
    let grant = LotGrant { organization_id: account, lot, reason: "story".into(), at: START };
    world
        .store
        .write(move |tx| {
            let grant = grant.clone();
            Box::pin(async move { tx.accounts().insert_lot(&grant).await })
        })
        .await?;
    Ok(id)
}

/// What expires first is used first; what is left over is what was used last.
pub async fn lots_are_used_by_expiry(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let paid = grant(world, account, (LotOrigin::Paid, None), 100).await?;
    let given = grant(world, account, (LotOrigin::Promotional, None), 100).await?;
    let soon = grant(world, account, (LotOrigin::Paid, Some(World::at(600))), 100).await?;
    world.check_balance(account, 300, 0).await?;
    let id = world.submit(account, 150).await?;
    let lots = world.read().await?.accounts().list_lots(account).await?;
    let left: Vec<(LotId, i64)> = lots.iter().map(|lot| (lot.id, lot.remaining.get())).collect();
    ensure!(left == [(given, 50), (paid, 100)], "{left:?}, soon is {soon}");
    let job = world.claim_job(id).await?;
    world.end(&job, success(), Some(120)).await?;
    world.check_balance(account, 180, 0).await?;
    let known = |origin: LotOrigin| {
        let store = world.store.clone();
        async move {
            store
                .write::<bool, StoreError, _>(move |tx| {
                    Box::pin(async move { tx.accounts().has_grant(account, origin, "story").await })
                })
                .await
        }
    };
    ensure!(known(LotOrigin::Paid).await? && !known(LotOrigin::Earned).await?);
    Ok(())
}

/// What is not held expires in its time; what is held does not, but is lost when it returns.
pub async fn credits_expire(world: &World) -> Outcome {
    let account = world.account(0).await?;
    grant(world, account, (LotOrigin::Paid, Some(World::at(600))), 100).await?;
    let id = world.submit(account, 60).await?;
    let job = world.claim_job(id).await?;
    world.release_at(World::at(700)).await?;
    world.check_balance(account, 0, 60).await?;
    let mut late = submission(account, 1);
    late.submitted_at = World::at(700);
    ensure!(world.try_submit(late).await.is_err(), "expired credits were spent");
    let settled = world.end_at(World::at(800), &job, success(), Some(25)).await?;
    ensure!(settled.cost == Credits::new(25));
    world.check_balance(account, 0, 0).await?;
    Ok(())
}

/// The identifiers on a page of an account's usable lots, and what it continues after.
async fn usable(
    world: &World,
    account: OrganizationId,
    (now, after): (Timestamp, Option<LotId>),
) -> anyhow::Result<(Vec<LotId>, Option<LotId>)> {
    let snapshot = world.read().await?;
    let page = snapshot.accounts().list_usable_lots(account, now, after, 2).await?;
    Ok((page.items.iter().map(|record| record.lot.id).collect(), page.next))
}

/// The pages have the order of use, without what expired or is used up, even if that happened to
/// the lot after which a page continues.
pub async fn lots_are_listed_in_the_order_of_use(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let soon = Some(World::at(600));
    let paid = grant(world, account, (LotOrigin::Paid, None), 10).await?;
    let given = grant(world, account, (LotOrigin::Promotional, None), 10).await?;
    let twin = grant(world, account, (LotOrigin::Promotional, None), 10).await?;
    let bought = grant(world, account, (LotOrigin::Paid, soon), 10).await?;
    let earned = grant(world, account, (LotOrigin::Earned, soon), 10).await?;
    let over = grant(world, account, (LotOrigin::Paid, Some(World::at(100))), 10).await?;
    ensure!(usable(world, account, (START, None)).await? == (vec![over, earned], Some(earned)));

    let now = World::at(100);
    ensure!(usable(world, account, (now, None)).await? == (vec![earned, bought], Some(bought)));
    let snapshot = world.read().await?;
    let records = snapshot.accounts().list_usable_lots(account, now, None, 200).await?.items;
    let lots: Vec<Lot> = records.iter().map(|record| record.lot).collect();
    let stored = snapshot.accounts().list_lots(account).await?;
    ensure!(stored[0].id == over && stored[1..] == lots[..], "{stored:?}, {lots:?}");
    ensure!(records.iter().all(|record| record.reason == "story" && record.created_at == START));
    drop(snapshot);

    world.submit(account, 35).await?;
    let left = usable(world, account, (now, Some(bought))).await?;
    let all_given = [given.min(twin), given.max(twin)];
    ensure!(left == (all_given.to_vec(), Some(all_given[1])), "{left:?}");
    ensure!(usable(world, account, (now, left.1)).await? == (vec![paid], None));
    let snapshot = world.read().await?;
    let first = snapshot.accounts().list_usable_lots(account, now, None, 1).await?.items.remove(0);
    ensure!(first.lot.remaining == Credits::new(5) && first.granted == Credits::new(10));
    drop(snapshot);

    let other = world.account(10).await?;
    let (others, _) = usable(world, other, (now, None)).await?;
    ensure!(others.len() == 1 && ![paid, given, twin].contains(&others[0]), "{others:?}");
    let foreign = usable(world, account, (now, Some(others[0]))).await?;
    ensure!(foreign == (Vec::new(), None), "a foreign lot is a place: {foreign:?}");
    Ok(())
}

/// Rising to what is low is told of nobody, falling below it once; what jobs hold is not gone.
pub async fn a_fall_of_a_balance_is_told_once(world: &World) -> Outcome {
    let low = Credits::new(20);
    let note = |account: OrganizationId| {
        let store = world.store.clone();
        async move {
            store
                .write::<bool, StoreError, _>(move |tx| {
                    Box::pin(async move { tx.accounts().note_balance(account, low).await })
                })
                .await
        }
    };
    let poor = world.account(5).await?;
    let account = world.account(60).await?;
    let moved = || async {
        let snapshot = world.read().await?;
        anyhow::Ok(snapshot.accounts().list_moved_balances(low, 10).await?)
    };
    ensure!(moved().await? == [account], "who never had enough did not fall");
    ensure!(!note(account).await? && !note(poor).await?);
    for _ in 0..2 {
        let id = world.submit(account, 50).await?;
        ensure!(moved().await?.is_empty(), "what is held is not gone");
        let job = world.claim_job(id).await?;
        world.end(&job, success(), Some(45)).await?;
        ensure!(moved().await? == [account]);
        ensure!(note(account).await? && !note(account).await?, "it was told not once");
        grant(world, account, (LotOrigin::Paid, None), 45).await?;
        ensure!(moved().await? == [account]);
        ensure!(!note(account).await?);
    }
    Ok(())
}

/// An entry is written once and read back as it was.
pub async fn the_ledger_and_the_audit_log_keep_what_was_written(world: &World) -> Outcome {
    let account = world.account(10).await?;
    let entry = AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: Some(account),
        user_id: None,
        action: "story.tell".into(),
        subject: "story".into(),
        details: json!({"before": null}),
        ip: "127.0.0.1".into(),
        at: START,
    };
    let appended = entry.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let entry = appended.clone();
            Box::pin(async move { tx.audit().append(&entry).await })
        })
        .await?;
    let twice = entry.clone();
    let refused = world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let entry = twice.clone();
            Box::pin(async move { tx.audit().append(&entry).await })
        })
        .await;
    ensure!(matches!(refused, Err(StoreError::AlreadyExists { .. })), "{refused:?}");
    let read = world.read().await?;
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    ensure!(read.audit().list_entries(Some(account), &page).await?.items == [entry]);
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let ledger = read.accounts().list_ledger(account, &LedgerFilter::default(), &page).await?.items;
    ensure!(ledger.len() == 2 && ledger.iter().all(|line| line.reason == "grant"), "{ledger:?}");
    let sum: i64 = ledger.iter().map(|line| line.amount.get()).sum();
    ensure!(sum == 0, "a posting sums to {sum}");
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut page = PageRequest { after: None, limit: 1, order };
        let first = read.accounts().list_ledger(account, &LedgerFilter::default(), &page).await?;
        page.after = first.next;
        let second = read.accounts().list_ledger(account, &LedgerFilter::default(), &page).await?;
        let mut lines = [first.items, second.items].concat();
        if order == Order::OldestFirst {
            lines.reverse();
        }
        ensure!(lines == ledger && second.next.is_none(), "line by line it is {lines:?}");
    }
    Ok(())
}

/// What does not fit is left out.
pub async fn the_ledger_is_filtered(world: &World) -> Outcome {
    let account = world.account(10).await?;
    let read = world.read().await?;
    let page = PageRequest { after: None, limit: 10, order: Order::NewestFirst };
    let at = START;
    let later = at.plus(Duration::from_micros(1));
    let job_id = Some(JobId::generate());
    for (filter, found) in [
        (LedgerFilter { reason: Some("grant".into()), ..LedgerFilter::default() }, 2),
        (LedgerFilter { reason: Some("penalty".into()), ..LedgerFilter::default() }, 0),
        (LedgerFilter { job_id, ..LedgerFilter::default() }, 0),
        (LedgerFilter { from: Some(at), to: Some(later), ..LedgerFilter::default() }, 2),
        (LedgerFilter { from: Some(later), ..LedgerFilter::default() }, 0),
        (LedgerFilter { to: Some(at), ..LedgerFilter::default() }, 0),
    ] {
        let lines = read.accounts().list_ledger(account, &filter, &page).await?.items;
        ensure!(lines.len() == found, "{filter:?}: {lines:?}");
    }
    Ok(())
}
