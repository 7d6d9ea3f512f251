//! What a subscription is, from what its provider tells.
//!
//! A provider tells the whole state of a subscription each time, in any order and more than once.
//! Invariants: a later state is never replaced by an earlier one; what ended stays ended; the plan
//! that an account is on follows from its subscription and the time alone.

use std::time::Duration;

use gantry_types::{OrganizationId, PlanId, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::discount::KnownDiscount;
use crate::plan::Interval;

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The first payment is awaited.
    Incomplete,
    /// Before the first payment, by agreement.
    Trialing,
    /// Paid.
    Active,
    /// A payment failed and is tried again.
    PastDue,
    /// Over.
    Ended,
}

impl SubscriptionStatus {
    /// The word in the store and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Ended => "ended",
        }
    }
}

/// What becomes of a subscription when its period ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtPeriodEnd {
    /// The next period begins and is paid for.
    Renew,
    /// It ends.
    Cancel,
}

impl AtPeriodEnd {
    /// What is known afterwards where a provider tells of a cancellation once and of its subscription as
    /// if there were none: going on says nothing then, because it takes no cancellation back.
    #[must_use]
    pub const fn learn_silently(self, known: Option<Self>) -> Self {
        match (self, known) {
            (Self::Renew, Some(Self::Cancel)) | (Self::Cancel, _) => Self::Cancel,
            (Self::Renew, Some(Self::Renew) | None) => Self::Renew,
        }
    }
}

/// A plan that an organization pays for period by period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The identifier.
    pub id: SubscriptionId,
    /// Who pays.
    pub organization_id: OrganizationId,
    /// The provider, such as `sandbox`.
    pub provider: String,
    /// The provider's name for it.
    pub provider_ref: String,
    /// What the provider said last.
    pub standing: Standing,
    /// When it began here.
    pub created_at: Timestamp,
}

/// What a provider says of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionState {
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// How often it is paid.
    pub interval: Interval,
    /// The start of the period that was paid.
    pub period_start: Timestamp,
    /// The end of that period.
    pub period_end: Timestamp,
    /// What happens then.
    pub at_period_end: AtPeriodEnd,
    /// Since when a payment is missing; of one that ended, since when one was missing at its end.
    pub past_due_since: Option<Timestamp>,
    /// When the provider said so, by the provider's clock; of one that ended, when it did.
    pub told_at: Timestamp,
}

/// What was bought, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The version of the plan.
    pub plan_id: PlanId,
    /// What is taken off its price.
    pub discount: KnownDiscount,
    /// What the provider says of it.
    pub state: SubscriptionState,
}

/// What an event changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The subscription is now so.
    Now(Standing),
    /// Nothing: a later event was here before.
    Stale,
}

/// The standing after an event that tells `told`.
#[must_use]
pub fn apply(known: Option<&Standing>, told: Standing) -> Change {
    let Some(known) = known else { return Change::Now(told) };
    let (before, now) = (&known.state, told.state);
    let ended = before.status == SubscriptionStatus::Ended;
    // Providers count seconds: of two events of one second, the first payment is the later one.
    let same_instant = now.told_at == before.told_at
        && (told == *known || now.status == SubscriptionStatus::Incomplete);
    if ended || now.told_at < before.told_at || same_instant {
        return Change::Stale;
    }
    let (past_due_since, told_at) = match now.status {
        SubscriptionStatus::PastDue => {
            let since = before.past_due_since.or(now.past_due_since).or(Some(now.told_at));
            (since, now.told_at)
        }
        SubscriptionStatus::Ended => (before.past_due_since, derive_end(before, &now)),
        SubscriptionStatus::Incomplete
        | SubscriptionStatus::Trialing
        | SubscriptionStatus::Active => (None, now.told_at),
    };
    let state = SubscriptionState { past_due_since, told_at, ..now };
    Change::Now(Standing { state, ..told })
}

impl SubscriptionState {
    /// Whether money that came at `at` came for nothing: the subscription was over by then, because
    /// it had not been paid for.
    #[must_use]
    pub fn is_too_late_to_pay(&self, at: Timestamp) -> bool {
        self.status == SubscriptionStatus::Ended
            && self.past_due_since.is_some()
            && at > self.told_at
    }
}

/// When a subscription ended that `now` tells as over. Some providers say so only when they are
/// asked, long after: who owed nothing had it until the paid time was over.
fn derive_end(before: &SubscriptionState, now: &SubscriptionState) -> Timestamp {
    match before.past_due_since {
        None => now.told_at.min(now.period_end).max(before.told_at),
        Some(_) => now.told_at,
    }
}

/// Whether a subscription gives its plan at `now`. While a payment is missing it does so for
/// `grace`; and for as long after its period ended without news of the provider.
#[must_use]
pub fn entitles(state: &SubscriptionState, grace: Duration, now: Timestamp) -> bool {
    match state.status {
        SubscriptionStatus::Incomplete | SubscriptionStatus::Ended => false,
        SubscriptionStatus::PastDue => {
            now < state.past_due_since.unwrap_or(state.period_end).plus(grace)
        }
        SubscriptionStatus::Trialing | SubscriptionStatus::Active => {
            let end = match state.at_period_end {
                AtPeriodEnd::Cancel => state.period_end,
                AtPeriodEnd::Renew => state.period_end.plus(grace),
            };
            now < end
        }
    }
}

/// Whether the months of an account's quotas begin anew with the period that this news tells of:
/// when a subscription first gives its plan, and when a trial is over and paid for. A renewal,
/// another plan or another interval does not move them, so that nobody gets a quota anew by
/// switching to and fro.
#[must_use]
pub const fn begins_anew(before: Option<SubscriptionStatus>, now: SubscriptionStatus) -> bool {
    let (is_first, was_trial) = match before {
        None | Some(SubscriptionStatus::Incomplete) => (true, false),
        Some(SubscriptionStatus::Trialing) => (false, true),
        Some(
            SubscriptionStatus::Active | SubscriptionStatus::PastDue | SubscriptionStatus::Ended,
        ) => (false, false),
    };
    match now {
        SubscriptionStatus::Active => is_first || was_trial,
        SubscriptionStatus::Trialing | SubscriptionStatus::PastDue => is_first,
        SubscriptionStatus::Incomplete | SubscriptionStatus::Ended => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discount::{Discount, ToldDiscount};
    use proptest::prelude::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(day: i64) -> Timestamp {
        Timestamp::from_micros(day * 86_400_000_000)
    }

    fn state(status: SubscriptionStatus, told: i64) -> Standing {
        let state = SubscriptionState {
            status,
            interval: Interval::Month,
            period_start: at(0),
            period_end: at(30),
            at_period_end: AtPeriodEnd::Renew,
            past_due_since: None,
            told_at: at(told),
        };
        let plan_id = PlanId::from_uuid(uuid::Uuid::nil());
        Standing { plan_id, discount: KnownDiscount::NOTHING, state }
    }

    #[test]
    fn a_missing_payment_ends_the_plan_after_the_grace() {
        let active = state(SubscriptionStatus::Active, 1);
        assert!(entitles(&active.state, DAY * 7, at(29)));
        let Change::Now(due) = apply(Some(&active), state(SubscriptionStatus::PastDue, 30)) else {
            panic!("it is news");
        };
        assert_eq!(due.state.past_due_since, Some(at(30)));
        let Change::Now(later) = apply(Some(&due), state(SubscriptionStatus::PastDue, 33)) else {
            panic!("it is news");
        };
        assert_eq!(later.state.past_due_since, Some(at(30)), "the first failure counts");
        assert!(entitles(&later.state, DAY * 7, at(36)));
        assert!(!entitles(&later.state, DAY * 7, at(37)));
        let Change::Now(paid) = apply(Some(&later), state(SubscriptionStatus::Active, 34)) else {
            panic!("it is news");
        };
        assert_eq!(paid.state.past_due_since, None);
    }

    #[test]
    fn another_discount_of_the_same_second_is_news() {
        let plain = state(SubscriptionStatus::Active, 1);
        assert_eq!(apply(Some(&plain), plain), Change::Stale);
        let off = Discount { minor: 500, until: None };
        let discount = ToldDiscount::Off(off).learn(Some(plain.discount));
        let cheaper = Standing { discount, ..plain };
        assert_eq!(apply(Some(&plain), cheaper), Change::Now(cheaper));
    }

    #[test]
    fn who_never_says_that_a_cancellation_stands_does_not_take_it_back() {
        use AtPeriodEnd::{Cancel, Renew};
        for (told, known, learned) in [
            (Renew, None, Renew),
            (Renew, Some(Renew), Renew),
            (Renew, Some(Cancel), Cancel),
            (Cancel, None, Cancel),
            (Cancel, Some(Renew), Cancel),
        ] {
            assert_eq!(told.learn_silently(known), learned, "{told:?} after {known:?}");
        }
    }

    #[test]
    fn a_cancelled_plan_lasts_until_its_period_ends() {
        let mut cancelled = state(SubscriptionStatus::Active, 5);
        cancelled.state.at_period_end = AtPeriodEnd::Cancel;
        assert!(entitles(&cancelled.state, DAY * 7, at(29)));
        assert!(!entitles(&cancelled.state, DAY * 7, at(30)));
    }

    #[test]
    fn an_end_is_dated_when_the_paid_time_was_over() {
        let ended_after = |known: Standing, told: i64| {
            let told = state(SubscriptionStatus::Ended, told);
            let Change::Now(ended) = apply(Some(&known), told) else { panic!("it is news") };
            ended.state.told_at
        };
        let active = state(SubscriptionStatus::Active, 1);
        assert_eq!(ended_after(active, 45), at(30), "asked for later");
        assert_eq!(ended_after(active, 20), at(20), "ended at once");
        let told_late = state(SubscriptionStatus::Active, 33);
        assert_eq!(ended_after(told_late, 45), at(33), "no earlier than what was told before");
        let mut owing = state(SubscriptionStatus::PastDue, 30);
        owing.state.past_due_since = Some(at(30));
        assert_eq!(ended_after(owing, 45), at(45), "its payment was awaited until then");
    }

    #[test]
    fn who_pays_after_an_end_for_want_of_payment_pays_for_nothing() {
        let mut owing = state(SubscriptionStatus::PastDue, 30);
        owing.state.past_due_since = Some(at(30));
        assert!(!owing.state.is_too_late_to_pay(at(31)), "it is not over");
        let Change::Now(ended) = apply(Some(&owing), state(SubscriptionStatus::Ended, 45)) else {
            panic!("it is news");
        };
        assert_eq!(ended.state.past_due_since, Some(at(30)));
        assert!(!ended.state.is_too_late_to_pay(at(45)), "it was paid before, and told of late");
        assert!(ended.state.is_too_late_to_pay(at(46)));
        let paid = state(SubscriptionStatus::Active, 1);
        let Change::Now(left) = apply(Some(&paid), state(SubscriptionStatus::Ended, 30)) else {
            panic!("it is news");
        };
        assert!(!left.state.is_too_late_to_pay(at(46)), "nothing was missing");
    }

    #[test]
    fn months_begin_anew_with_the_first_period_and_after_a_trial() {
        use SubscriptionStatus::{Active, Ended, Incomplete, PastDue, Trialing};
        for (before, now) in [
            (None, Active),
            (None, Trialing),
            (Some(Incomplete), Active),
            (Some(Incomplete), Trialing),
            (Some(Trialing), Active),
        ] {
            assert!(begins_anew(before, now), "{before:?}, {now:?}");
        }
        for (before, now) in [
            (None, Incomplete),
            (Some(Trialing), Trialing),
            (Some(Trialing), PastDue),
            (Some(Active), Active),
            (Some(Active), PastDue),
            (Some(PastDue), Active),
            (Some(Active), Ended),
        ] {
            assert!(!begins_anew(before, now), "{before:?}, {now:?}");
        }
    }

    fn any_status() -> impl Strategy<Value = SubscriptionStatus> {
        prop::sample::select(vec![
            SubscriptionStatus::Incomplete,
            SubscriptionStatus::Trialing,
            SubscriptionStatus::Active,
            SubscriptionStatus::PastDue,
            SubscriptionStatus::Ended,
        ])
    }

    fn fold(told: &[Standing]) -> Option<Standing> {
        told.iter().fold(None, |known, told| match apply(known.as_ref(), *told) {
            Change::Now(now) => Some(now),
            Change::Stale => known,
        })
    }

    proptest! {
        /// However often and in whatever order the events of a subscription arrive, its status is
        /// that of the last one, or that it ended.
        #[test]
        fn order_and_repetition_of_events_do_not_matter(
            statuses in prop::collection::vec(any_status(), 1..8),
            shuffle in prop::collection::vec(0_usize..64, 16),
        ) {
            let told: Vec<_> = (0_i64..).zip(&statuses).map(|(day, s)| state(*s, day)).collect();
            let first_end = statuses.iter().position(|s| *s == SubscriptionStatus::Ended);
            // A provider says nothing more after the end.
            let told = &told[..first_end.map_or(told.len(), |end| end + 1)];
            let last = told[told.len() - 1];
            let mut arriving: Vec<_> = shuffle.iter().map(|at| told[at % told.len()]).collect();
            arriving.push(last);
            arriving.swap(0, shuffle[0] % shuffle.len());
            let ends = fold(&arriving).map(|now| (now.state.status, now.state.told_at));
            prop_assert_eq!(ends, Some((last.state.status, last.state.told_at)));
        }
    }
}
