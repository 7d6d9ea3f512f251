//! Credits whose price was given back while jobs held them.
//!
//! Invariant: nobody has the money and the credits, however a job ends.

use anyhow::{Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    CancelCommand, LedgerAccount, LedgerFilter, LotReturn, Order, PageRequest, StoreExt,
};
use gantry_rules::account::LotOrigin;
use gantry_types::{Credits, EngineErrorKind, LotId, OrganizationId};

use super::World;
use super::accounts::grant;
use super::cancel::command;
use super::world::{failure, success};
use crate::conformance::Outcome;

fn back(organization_id: OrganizationId, lot_id: LotId, amount: i64) -> LotReturn {
    LotReturn { organization_id, lot_id, amount: Credits::new(amount), at: World::at(1) }
}

async fn return_lot(world: &World, back: LotReturn) -> Outcome {
    let taken = world.store.write::<Credits, StoreError, _>(move |tx| {
        Box::pin(async move { tx.payments().return_lot(&back).await })
    });
    taken.await?;
    Ok(())
}

/// Undoes a return, by which so many credits count again.
async fn restore_lot(world: &World, back: LotReturn, expected: i64) -> Outcome {
    let restored = world.store.write::<Credits, StoreError, _>(move |tx| {
        Box::pin(async move { tx.payments().restore_lot(&back).await })
    });
    let restored = restored.await?;
    ensure!(restored == Credits::new(expected), "{restored} of {expected} count again");
    Ok(())
}

/// What an account owes, and what of its credits expired.
async fn read_sides(world: &World, account: OrganizationId) -> Result<(i64, i64)> {
    let page = PageRequest { after: None, limit: 100, order: Order::OldestFirst };
    let snapshot = world.read().await?;
    let ledger = snapshot.accounts().list_ledger(account, &LedgerFilter::default(), &page).await?;
    let all: i64 = ledger.items.iter().map(|entry| entry.amount.get()).sum();
    ensure!(all == 0, "the ledger sums to {all}");
    let side = |side: LedgerAccount| -> i64 {
        let lines = ledger.items.iter().filter(|entry| entry.account == side);
        lines.map(|entry| entry.amount.get()).sum()
    };
    Ok((-side(LedgerAccount::Receivable), side(LedgerAccount::Expired)))
}

async fn check_owed(world: &World, account: OrganizationId, expected: i64) -> Outcome {
    let (owed, expired) = read_sides(world, account).await?;
    ensure!((owed, expired) == (expected, 0), "{owed} are owed and {expired} expired");
    world.check_books().await
}

/// What a job that never ran gives back pays what was owed for it; the payment may come back.
pub async fn what_a_cancelled_job_gives_back_pays_what_is_owed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let lot_id = grant(world, account, (LotOrigin::Paid, None), 100).await?;
    let id = world.submit(account, 70).await?;
    return_lot(world, back(account, lot_id, 100)).await?;
    world.check_balance(account, 0, 70).await?;
    check_owed(world, account, 70).await?;
    world.store.cancel(command(account, id)).await?;
    world.check_balance(account, 0, 0).await?;
    check_owed(world, account, 0).await?;
    restore_lot(world, back(account, lot_id, 100), 100).await?;
    world.check_balance(account, 100, 0).await?;
    check_owed(world, account, 0).await
}

/// What a job spent stays owed; what it did not spend pays.
pub async fn what_a_job_did_not_spend_pays_what_is_owed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let lot_id = grant(world, account, (LotOrigin::Paid, None), 100).await?;
    let id = world.submit(account, 70).await?;
    let job = world.claim_job(id).await?;
    return_lot(world, back(account, lot_id, 100)).await?;
    world.end(&job, success(), Some(50)).await?;
    world.check_balance(account, 0, 0).await?;
    check_owed(world, account, 50).await?;
    restore_lot(world, back(account, lot_id, 100), 100).await?;
    world.check_balance(account, 50, 0).await?;
    check_owed(world, account, 0).await
}

/// Of two jobs that hold from a lot the first pays; what is more than is owed returns to the lot,
/// and other lots pay nothing.
pub async fn no_more_returns_than_is_not_owed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let lot_id = grant(world, account, (LotOrigin::Paid, None), 100).await?;
    let first = world.submit(account, 40).await?;
    let second = world.submit(account, 50).await?;
    grant(world, account, (LotOrigin::Paid, None), 30).await?;
    return_lot(world, back(account, lot_id, 60)).await?;
    world.check_balance(account, 30, 90).await?;
    check_owed(world, account, 50).await?;
    world.store.cancel(command(account, first)).await?;
    world.check_balance(account, 30, 50).await?;
    check_owed(world, account, 10).await?;
    let job = world.claim_job(second).await?;
    world.end(&job, failure(EngineErrorKind::Bug), None).await?;
    world.check_balance(account, 70, 0).await?;
    check_owed(world, account, 0).await
}

/// What returns to an expired lot pays before it expires.
pub async fn a_debt_is_paid_before_a_lot_expires(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let expires_at = Some(World::at(600));
    let lot_id = grant(world, account, (LotOrigin::Paid, expires_at), 100).await?;
    let id = world.submit(account, 70).await?;
    return_lot(world, back(account, lot_id, 80)).await?;
    let cancel = CancelCommand { now: World::at(700), ..command(account, id) };
    world.store.cancel(cancel).await?;
    world.check_balance(account, 0, 0).await?;
    let sides = read_sides(world, account).await?;
    ensure!(sides == (0, 20), "owed and expired are {sides:?}");
    Ok(())
}

/// A lot that expired unspent owes nothing, and stays expired when its payment comes back.
pub async fn what_expired_is_not_owed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let expires_at = Some(World::at(600));
    let lot_id = grant(world, account, (LotOrigin::Paid, expires_at), 100).await?;
    world.release_at(World::at(700)).await?;
    ensure!(read_sides(world, account).await? == (0, 100), "it did not expire");
    return_lot(world, back(account, lot_id, 100)).await?;
    check_owed(world, account, 0).await?;
    restore_lot(world, back(account, lot_id, 100), 0).await?;
    world.check_balance(account, 0, 0).await?;
    let sides = read_sides(world, account).await?;
    ensure!(sides == (0, 100), "owed and expired are {sides:?}");
    world.check_books().await
}

/// Of a lot that expired in part, what was spent is owed and no more, in however many steps its
/// price goes back.
pub async fn of_an_expired_lot_what_was_spent_is_owed(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let expires_at = Some(World::at(600));
    let lot_id = grant(world, account, (LotOrigin::Paid, expires_at), 100).await?;
    let id = world.submit(account, 60).await?;
    let job = world.claim_job(id).await?;
    world.end(&job, success(), Some(60)).await?;
    world.release_at(World::at(700)).await?;
    ensure!(read_sides(world, account).await? == (0, 40), "what was left did not expire");
    return_lot(world, back(account, lot_id, 50)).await?;
    check_owed(world, account, 10).await?;
    return_lot(world, back(account, lot_id, 50)).await?;
    check_owed(world, account, 60).await?;
    restore_lot(world, back(account, lot_id, 100), 60).await?;
    world.check_balance(account, 0, 0).await?;
    let sides = read_sides(world, account).await?;
    ensure!(sides == (0, 40), "owed and expired are {sides:?}");
    world.check_books().await
}

/// What is put back into a lot that expired after it was taken back counts for nobody.
pub async fn what_expired_meanwhile_does_not_count_again(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let expires_at = Some(World::at(600));
    let lot_id = grant(world, account, (LotOrigin::Paid, expires_at), 100).await?;
    let id = world.submit(account, 30).await?;
    let job = world.claim_job(id).await?;
    world.end(&job, success(), Some(30)).await?;
    return_lot(world, back(account, lot_id, 100)).await?;
    check_owed(world, account, 30).await?;
    restore_lot(world, LotReturn { at: World::at(599), ..back(account, lot_id, 40) }, 40).await?;
    world.check_balance(account, 10, 0).await?;
    restore_lot(world, LotReturn { at: World::at(600), ..back(account, lot_id, 60) }, 0).await?;
    world.release_at(World::at(700)).await?;
    world.check_balance(account, 0, 0).await?;
    let sides = read_sides(world, account).await?;
    ensure!(sides == (0, 70), "owed and expired are {sides:?}");
    world.check_books().await
}
