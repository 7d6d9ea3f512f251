//! What a server does beside its requests and jobs: schedules, payments, ads, mails, and keeping
//! data small.
//!
//! Invariant: an error is logged and tried again later; no chore ends the server.

use std::time::Duration;

use gantry_billing::{BillingError, Reconciled};
use gantry_catalog::SweepReport;
use gantry_letters::Outbox;
use gantry_pay::Sandbox;
use gantry_ports::{PaymentProvider, StoreError};
use gantry_types::{Timestamp, WorkerId};

use crate::failure::Failure;
use crate::house::House;

/// How often data are looked through.
const SWEEP_PAUSE: Duration = Duration::from_hours(1);
/// After how many sweeps the whole blob store is looked through.
const SWEEPS_PER_INVENTORY: u32 = 24;
/// How often payments are compared with their provider.
const RECONCILE_PAUSE: Duration = Duration::from_hours(1);
/// How often callbacks of ads are tried that could not be checked.
const CALLBACK_PAUSE: Duration = Duration::from_mins(1);
/// How often schedules that another server made are looked for.
const SCHEDULE_PAUSE: Duration = Duration::from_secs(30);
/// How often mails that another server wrote are looked for.
const MAIL_PAUSE: Duration = Duration::from_mins(1);
/// How often balances, trials, referrals and jobs of the banned are looked at.
const ACCOUNT_PAUSE: Duration = Duration::from_secs(30);
/// How long schedules wait after an error of the store.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(5);

/// Does all chores until it is aborted.
pub async fn run(house: House) {
    tokio::join!(
        run_schedules(&house),
        sweep(&house),
        reconcile(&house),
        deliver_sandbox_events(&house),
        check_callbacks(&house),
        send_mails(&house),
        look_at_accounts(&house),
    );
}

/// Makes up for events of the payment provider that were missed, and ends what time ends.
async fn reconcile(house: &House) {
    let mut tick = tokio::time::interval(RECONCILE_PAUSE);
    loop {
        tick.tick().await;
        match house.billing.reconcile().await {
            Ok(done) if done != Reconciled::default() => {
                tracing::info!(?done, "payments were reconciled");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "payments were not reconciled"),
        }
    }
}

/// Tries callbacks of ads again whose provider's keys could not be had.
async fn check_callbacks(house: &House) {
    let mut tick = tokio::time::interval(CALLBACK_PAUSE);
    loop {
        tick.tick().await;
        match house.rewards.retry_callbacks().await {
            Ok(0) => {}
            Ok(settled) => tracing::info!(settled, "callbacks of ads were checked after all"),
            Err(error) => tracing::warn!(%error, "callbacks of ads were not checked"),
        }
    }
}

/// Carries the sandbox's events to where a provider elsewhere would send them; one that is not
/// taken is sent again.
async fn deliver_sandbox_events(house: &House) {
    let Some(sandbox) = &house.sandbox else { return };
    loop {
        match deliver_once(house, sandbox).await {
            Ok(()) => drop(tokio::time::timeout(SCHEDULE_PAUSE, sandbox.wait_for_news()).await),
            Err(error) => {
                tracing::warn!(%error, "an event of the sandbox was not taken");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
}

async fn deliver_once(house: &House, sandbox: &Sandbox) -> Result<(), BillingError> {
    for event in sandbox.list_undelivered().await? {
        let raw = (event.body.as_slice(), event.headers.as_slice());
        house.billing.receive_event(sandbox.id(), raw).await?;
        sandbox.note_delivered(&event.event_ref).await?;
    }
    Ok(())
}

/// Warns those whose credits run out or whose trial ends, rewards those who brought somebody, and
/// stops what those left who are banned.
async fn look_at_accounts(house: &House) {
    let mut tick = tokio::time::interval(ACCOUNT_PAUSE);
    loop {
        tick.tick().await;
        if let Err(error) = house.billing.warn_of_low_balances().await {
            tracing::warn!(%error, "balances were not looked at");
        }
        if let Err(error) = house.billing.tell_of_ending_trials().await {
            tracing::warn!(%error, "trials that end were not looked at");
        }
        match house.billing.end_plan_fixes().await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "plans that administrators gave have ended"),
            Err(error) => tracing::warn!(%error, "plans that administrators gave were not ended"),
        }
        match house.billing.settle_referrals().await {
            Ok(0) => {}
            Ok(decided) => tracing::info!(decided, "referrals were decided"),
            Err(error) => tracing::warn!(%error, "referrals were not decided"),
        }
        match house.jobs.stop_halted().await {
            Ok(0) => {}
            Ok(organizations) => tracing::info!(organizations, "jobs of the banned were stopped"),
            Err(error) => tracing::warn!(%error, "jobs of the banned were not stopped"),
        }
    }
}

/// Sends mails as they are written, and those that were not taken before.
async fn send_mails(house: &House) {
    let Some(outbox) = &house.outbox else { return };
    loop {
        let pause = match send_mails_once(outbox).await {
            Ok(pause) => pause.unwrap_or(MAIL_PAUSE).min(MAIL_PAUSE),
            Err(error) => {
                tracing::warn!(%error, "mails were not sent");
                PAUSE_AFTER_ERROR
            }
        };
        // Woken early by a mail that was written here.
        drop(tokio::time::timeout(pause, outbox.wait()).await);
    }
}

async fn send_mails_once(outbox: &Outbox) -> Result<Option<Duration>, StoreError> {
    outbox.send_due().await?;
    outbox.find_pause().await
}

async fn run_schedules(house: &House) {
    loop {
        let pause = match house.jobs.run_due_schedules().await {
            Ok(next) => derive_pause(next, house.jobs.clock().now()),
            Err(error) => {
                tracing::warn!(%error, "schedules were not run");
                PAUSE_AFTER_ERROR
            }
        };
        // Woken early by a schedule that was made or changed here.
        drop(tokio::time::timeout(pause, house.jobs.wait_for_schedules()).await);
    }
}

/// Until the next run; a clock that is set, and other servers, are noticed by then.
fn derive_pause(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.map_or(SCHEDULE_PAUSE, |next| next.since(now).min(SCHEDULE_PAUSE))
}

async fn sweep(house: &House) {
    let holder = WorkerId::generate();
    let mut tick = tokio::time::interval(SWEEP_PAUSE);
    let mut round = 0_u32;
    loop {
        tick.tick().await;
        let catalog = house.jobs.catalog();
        if let Err(error) = catalog.purge_uploads().await {
            tracing::warn!(%error, "unfinished uploads were not removed");
        }
        if let Err(error) = house.access.seal_audit().await {
            tracing::warn!(%error, "the audit log was not sealed");
        }
        if let Err(error) = house.access.purge_ended().await {
            tracing::warn!(%error, "sessions and links that ended were not removed");
        }
        if let Err(error) = house.rewards.purge().await {
            tracing::warn!(%error, "ads and callbacks that are old were not removed");
        }
        if let Err(error) = let_leavers_go(house).await {
            tracing::warn!(%error, "those who left were not erased");
        }
        if let Err(error) = erase_closed(house).await {
            tracing::warn!(%error, "organizations that were closed were not erased");
        }
        match house.billing.roll_up_usage(holder).await {
            Ok(Some(days)) if days > 0 => tracing::info!(days, "usage was rolled up"),
            Ok(Some(_) | None) => {}
            Err(error) => tracing::warn!(%error, "usage was not rolled up"),
        }
        match catalog.sweep(holder).await {
            Ok(Some(report)) if report != SweepReport::default() => {
                tracing::info!(?report, "removed what is kept no longer");
            }
            Ok(Some(_) | None) => {}
            Err(error) => tracing::warn!(%error, "the sweep ended early"),
        }
        if round.is_multiple_of(SWEEPS_PER_INVENTORY) {
            match catalog.collect_orphans(holder).await {
                Ok(Some(removed)) if removed > 0 => {
                    tracing::info!(removed, "removed blobs that belong to nothing");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the inventory of blobs ended early"),
            }
        }
        round = round.wrapping_add(1);
    }
}

/// Cancels what leavers still pay for, and erases those whose grace is over. Several servers may
/// do it at once: every step may be repeated.
async fn let_leavers_go(house: &House) -> Result<(), Failure> {
    let broken = |error: &dyn std::error::Error| Failure::broken(error.to_string());
    let ended = house.billing.end_with_departures(&house.access).await;
    ended.map_err(|error| broken(&error))?;
    let due = house.access.list_due_departures().await.map_err(|error| broken(&error))?;
    for (departure, organizations) in due {
        let mut is_quiet = true;
        for organization_id in organizations {
            let stopped = house.jobs.stop_jobs(organization_id).await;
            is_quiet &= stopped.map_err(|error| broken(&error))?;
        }
        // What still runs was asked to stop, and is gone by the next round.
        if is_quiet {
            house.access.erase_person(&departure).await.map_err(|error| broken(&error))?;
            tracing::info!(user = %departure.user_id, "somebody who left was erased");
        }
    }
    Ok(())
}

/// Cancels what closed organizations still pay for, and erases those whose grace is over. Several
/// servers may do it at once: every step may be repeated.
async fn erase_closed(house: &House) -> Result<(), Failure> {
    let broken = |error: &dyn std::error::Error| Failure::broken(error.to_string());
    let ended = house.billing.end_with_closings(&house.access).await;
    ended.map_err(|error| broken(&error))?;
    let due = house.access.list_due_closings().await.map_err(|error| broken(&error))?;
    for closing in due {
        let organization_id = closing.organization_id;
        let stopped = house.jobs.stop_jobs(organization_id).await;
        // What still runs was asked to stop, and is gone by the next round.
        if stopped.map_err(|error| broken(&error))? {
            house.access.erase_closed(&closing).await.map_err(|error| broken(&error))?;
            tracing::info!(%organization_id, "an organization that was closed was erased");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_looked_at_in_time() {
        let now = Timestamp::from_micros(1_000_000_000);
        assert_eq!(derive_pause(None, now), SCHEDULE_PAUSE);
        let soon = Duration::from_secs(3);
        assert_eq!(derive_pause(Some(now.plus(soon)), now), soon);
        assert_eq!(derive_pause(Some(now.plus(SCHEDULE_PAUSE * 9)), now), SCHEDULE_PAUSE);
        assert_eq!(derive_pause(Some(now.minus(soon)), now), Duration::ZERO);
    }
}
