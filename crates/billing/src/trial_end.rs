//! An administrator moves the end of a trial, later or to now.
//!
//! Invariants: the subscription's provider moves it, and what it answers is noted with the audit
//! line in one transaction; a trial that its owner cancelled does not end early, because that would
//! charge who agreed to no charge.

use std::time::Duration;

use gantry_access::{Actor, Permission, require};
use gantry_ports::PaymentProvider;
use gantry_ports::payments::{SubscriptionChange, SubscriptionOrder, ToldSubscription, TrialEnd};
use gantry_rules::submission::IdempotencyKey;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionState, SubscriptionStatus};
use gantry_types::{OrganizationId, Timestamp};
use serde_json::{Value, json};

use crate::Billing;
use crate::error::BillingError;
use crate::once::{Begun, Turn};
use crate::subscription::SubscriptionView;

/// The furthest from now that a trial is lengthened to; Stripe takes no more.
const MOST_DAYS: u64 = 730;

/// How an administrator moves the end of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialMove {
    /// When it is to end.
    pub end: TrialEnd,
    /// Why, for the audit log.
    pub reason: String,
}

impl Billing {
    /// Moves the end of the trial of an organization's subscription at its provider. Under one key
    /// it is moved once; a repetition answers the subscription as it stands.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NoSubscription`], [`BillingError::ProviderGone`],
    /// [`BillingError::Conflict`] for a subscription that is on no trial and an end that is not
    /// possible, [`BillingError::IdempotencyMismatch`], [`BillingError::Overtaken`],
    /// [`BillingError::Payment`], also from a provider that moves no trial,
    /// [`BillingError::Store`].
    pub async fn move_trial_end(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        wish: &TrialMove,
        key: Option<&IdempotencyKey>,
    ) -> Result<SubscriptionView, BillingError> {
        require(actor, Permission::Administer)?;
        self.require_till()?;
        let moved = match self.begin_turn(actor, key, Value::Null).await? {
            Begun::Act(turn) => {
                let acted = self.ask_to_move(actor, organization_id, (wish, &turn)).await;
                self.end_turn(turn, acted).await
            }
            Begun::Done(_) => Ok(()),
        };
        moved?;
        let view = self.find_view(organization_id).await?;
        view.ok_or(BillingError::NoSubscription)
    }

    async fn ask_to_move(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        (wish, turn): (&TrialMove, &Turn),
    ) -> Result<(), BillingError> {
        let view = self.find_view(organization_id).await?.ok_or(BillingError::NoSubscription)?;
        let (subscription, now) = (&view.subscription, self.clock.now());
        let provider = self.get_provider_of(&subscription.provider)?;
        check(&subscription.standing.state, wish.end, now)?;
        let order = SubscriptionOrder::MoveTrialEnd { end: wish.end };
        let told = ask(provider, &subscription.provider_ref, &order).await?;
        let details = json!({
            "before": describe(&subscription.standing.state), "after": describe(&told.state),
            "subscription": subscription.id, "why": wish.reason,
        });
        let subject = format!("organization {organization_id}");
        let about = ("trial.move", subject.as_str());
        let entries = actor.house_entries(organization_id, about, details, now);
        self.note_change(provider, (Some(told), None), &entries, turn).await
    }
}

/// Asks a provider, which is to have done it when it answers.
async fn ask(
    provider: &dyn PaymentProvider,
    provider_ref: &str,
    order: &SubscriptionOrder,
) -> Result<ToldSubscription, BillingError> {
    match provider.change_subscription(provider_ref, order).await? {
        SubscriptionChange::Done(told) => Ok(told),
        SubscriptionChange::Pending { approve_url: _ } => Err(BillingError::Conflict {
            reason: "the provider asks the buyer first, so that nothing has changed; give the \
                     organization a plan until a date instead"
                .to_owned(),
        }),
    }
}

fn describe(state: &SubscriptionState) -> Value {
    json!({ "status": state.status.as_str(), "period_end": state.period_end })
}

/// Refuses what is no trial, and an end that a trial cannot have.
fn check(state: &SubscriptionState, end: TrialEnd, now: Timestamp) -> Result<(), BillingError> {
    let refuse = |reason: String| Err(BillingError::Conflict { reason });
    if state.status != SubscriptionStatus::Trialing {
        return refuse(format!(
            "the subscription is on no trial but `{}`; give the organization a plan until a date \
             instead",
            state.status.as_str()
        ));
    }
    match end {
        TrialEnd::Now if state.at_period_end == AtPeriodEnd::Cancel => refuse(
            "its owner cancelled the subscription, so that it ends unpaid with its trial; to end \
             it earlier would charge them"
                .to_owned(),
        ),
        TrialEnd::Now => Ok(()),
        TrialEnd::At(at) if at <= state.period_end || at <= now => refuse(format!(
            "the trial lasts until {} already; name a later time, or end it now",
            state.period_end
        )),
        TrialEnd::At(at) if at.since(now) > Duration::from_hours(MOST_DAYS * 24) => {
            refuse(format!("a trial ends at most {MOST_DAYS} days from now; name an earlier time"))
        }
        TrialEnd::At(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use gantry_rules::plan::Interval;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn trial_until(period_end: Timestamp) -> SubscriptionState {
        SubscriptionState {
            status: SubscriptionStatus::Trialing,
            interval: Interval::Month,
            period_start: Timestamp::from_micros(0),
            period_end,
            at_period_end: AtPeriodEnd::Renew,
            past_due_since: None,
            told_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn a_trial_moves_later_or_to_now_and_nothing_else_does() {
        let now = Timestamp::from_micros(0).plus(DAY);
        let end = now.plus(DAY * 13);
        let trial = trial_until(end);
        let furthest = now.plus(DAY * 730);
        for wish in [TrialEnd::Now, TrialEnd::At(end.plus(DAY)), TrialEnd::At(furthest)] {
            assert!(check(&trial, wish, now).is_ok(), "{wish:?}");
        }
        let too_far = TrialEnd::At(furthest.plus(Duration::from_secs(1)));
        for wish in [TrialEnd::At(end), TrialEnd::At(now), too_far] {
            assert!(check(&trial, wish, now).is_err(), "{wish:?}");
        }
        let cancelled = SubscriptionState { at_period_end: AtPeriodEnd::Cancel, ..trial };
        assert!(check(&cancelled, TrialEnd::Now, now).is_err());
        assert!(check(&cancelled, TrialEnd::At(furthest), now).is_ok());
        let paid = SubscriptionState { status: SubscriptionStatus::Active, ..trial };
        for wish in [TrialEnd::Now, TrialEnd::At(furthest)] {
            assert!(check(&paid, wish, now).is_err(), "{wish:?}");
        }
    }

    #[test]
    fn a_trial_that_is_late_to_be_paid_for_has_a_future_end_alone() {
        let now = Timestamp::from_micros(0).plus(DAY * 20);
        let late = trial_until(now.minus(DAY));
        assert!(check(&late, TrialEnd::At(now), now).is_err());
        assert!(check(&late, TrialEnd::At(now.plus(DAY)), now).is_ok());
    }
}
