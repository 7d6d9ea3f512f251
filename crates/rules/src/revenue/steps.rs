//! What subscriptions were, step by step, and what they brought each month.
//!
//! Invariant: a discount that ends by its date, before the next step of its subscription, is a
//! change of its own at that date.

use std::collections::BTreeMap;

use gantry_types::{Money, OrganizationId, SubscriptionId, Timestamp};

use super::{RevenueChange, derive_monthly};
use crate::discount::Discount;
use crate::plan::Interval;
use crate::subscription::SubscriptionStatus;

/// What a subscription is from some time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionStep {
    /// Who pays.
    pub organization_id: OrganizationId,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// From when on.
    pub at: Timestamp,
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// How often it is paid.
    pub interval: Interval,
    /// What the plan costs each time; `None` where that is not counted.
    pub price: Option<Money>,
    /// What is taken off each time.
    pub discount: Option<Discount>,
}

impl SubscriptionStep {
    /// What it brings a month at a time, in minor units.
    fn derive_monthly(&self, at: Timestamp) -> i64 {
        let Some(price) = self.price else { return 0 };
        let off = self.discount.filter(|discount| discount.is_active(at));
        let minor = price.minor.saturating_sub(off.map_or(0, |discount| discount.minor)).max(0);
        derive_monthly(self.status, self.interval, Money { minor, ..price })
    }

    fn derive_change(&self, at: Timestamp) -> RevenueChange {
        RevenueChange {
            organization_id: self.organization_id,
            subscription_id: self.subscription_id,
            at,
            monthly_minor: self.derive_monthly(at),
        }
    }
}

/// What subscriptions bring, step by step, of all that they were, oldest first: each step, and the
/// end of its discount where that comes before the next step of the same subscription.
#[must_use]
pub fn derive_changes(steps: &[SubscriptionStep]) -> Vec<RevenueChange> {
    let mut changes = Vec::with_capacity(steps.len());
    let mut next: BTreeMap<SubscriptionId, Timestamp> = BTreeMap::new();
    for step in steps.iter().rev() {
        let followed_at = next.insert(step.subscription_id, step.at);
        let end = step.discount.and_then(|discount| discount.until).filter(|end| *end > step.at);
        let end = end.filter(|end| followed_at.is_none_or(|next| *end < next));
        changes.extend(end.map(|end| step.derive_change(end)));
        changes.push(step.derive_change(step.at));
    }
    changes.reverse();
    changes.sort_by_key(|change| change.at);
    changes
}

#[cfg(test)]
mod tests {
    use gantry_types::Currency;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::period::Period;
    use crate::revenue::derive_revenue;

    const PERIOD: Period =
        Period { start: Timestamp::from_micros(100), end: Timestamp::from_micros(200) };

    fn step(at: i64, minor: i64, discount: Option<Discount>) -> SubscriptionStep {
        SubscriptionStep {
            organization_id: OrganizationId::from_uuid(Uuid::from_u128(1)),
            subscription_id: SubscriptionId::from_uuid(Uuid::from_u128(11)),
            at: Timestamp::from_micros(at),
            status: SubscriptionStatus::Active,
            interval: Interval::Month,
            price: Some(Money { minor, currency: Currency::usd() }),
            discount,
        }
    }

    fn off(minor: i64, until: Option<i64>) -> Option<Discount> {
        Some(Discount { minor, until: until.map(Timestamp::from_micros) })
    }

    fn amounts(steps: &[SubscriptionStep]) -> Vec<(i64, i64)> {
        let changes = derive_changes(steps);
        changes.iter().map(|change| (change.at.as_micros(), change.monthly_minor)).collect()
    }

    #[test]
    fn a_discount_is_deducted_while_it_lasts() {
        assert_eq!(amounts(&[step(10, 1_000, off(300, None))]), [(10, 700)], "for ever");
        assert_eq!(amounts(&[step(10, 1_000, None)]), [(10, 1_000)]);
        assert_eq!(amounts(&[step(10, 1_000, off(1_300, None))]), [(10, 0)], "never below nothing");
        let repeating = step(10, 1_000, off(300, Some(120)));
        assert_eq!(amounts(&[repeating]), [(10, 700), (120, 1_000)]);
        assert_eq!(amounts(&[step(120, 1_000, off(300, Some(120)))]), [(120, 1_000)], "it is over");
        let yearly = SubscriptionStep { interval: Interval::Year, ..repeating };
        assert_eq!(amounts(&[yearly]), [(10, 58), (120, 83)]);
        let trial = SubscriptionStep { status: SubscriptionStatus::Trialing, ..repeating };
        assert_eq!(amounts(&[trial]), [(10, 0), (120, 0)]);
        assert_eq!(amounts(&[SubscriptionStep { price: None, ..repeating }]), [(10, 0), (120, 0)]);
    }

    #[test]
    fn what_comes_before_the_end_of_a_discount_says_what_is_then() {
        let repeating = step(10, 1_000, off(300, Some(120)));
        let ended =
            SubscriptionStep { status: SubscriptionStatus::Ended, ..step(110, 1_000, None) };
        assert_eq!(amounts(&[repeating, ended]), [(10, 700), (110, 0)]);
        let longer = step(110, 1_000, off(300, Some(150)));
        assert_eq!(amounts(&[repeating, longer]), [(10, 700), (110, 700), (150, 1_000)]);
        let same_time = step(120, 2_000, None);
        assert_eq!(amounts(&[repeating, same_time]), [(10, 700), (120, 2_000)]);
        let later = step(130, 2_000, None);
        assert_eq!(amounts(&[repeating, later]), [(10, 700), (120, 1_000), (130, 2_000)]);
    }

    #[test]
    fn a_discount_that_begins_contracts_and_one_that_ends_expands() {
        let steps = [
            step(10, 1_000, None),
            step(110, 1_000, off(300, Some(150))),
            step(160, 1_000, off(100, Some(250))),
        ];
        let revenue = derive_revenue(&derive_changes(&steps), PERIOD);
        assert_eq!((revenue.opening, revenue.closing), (1_000, 900));
        assert_eq!((revenue.contraction, revenue.expansion), (400, 300));
        assert_eq!((revenue.new, revenue.churn), (0, 0));
        let after = Period { start: PERIOD.end, end: Timestamp::from_micros(300) };
        let revenue = derive_revenue(&derive_changes(&steps), after);
        assert_eq!((revenue.opening, revenue.expansion, revenue.closing), (900, 100, 1_000));
    }

    proptest! {
        /// Movements add up with discounts that end too, and what is there at the end is what the
        /// last step of each subscription says of that time.
        #[test]
        fn opening_and_movements_are_closing_with_discounts(
            drawn in prop::collection::vec(
                (0_u128..4, 0_i64..300, 0_i64..1_000, prop::option::of((1_i64..1_200, 0_i64..400))),
                0..60,
            ),
        ) {
            let mut steps: Vec<_> = drawn
                .iter()
                .map(|(which, at, minor, discount)| SubscriptionStep {
                    subscription_id: SubscriptionId::from_uuid(Uuid::from_u128(*which)),
                    discount: discount.and_then(|(minor, end)| off(minor, Some(end))),
                    ..step(*at, *minor, None)
                })
                .collect();
            steps.sort_by_key(|step| step.at);
            let found = derive_revenue(&derive_changes(&steps), PERIOD);
            let won = found.new + found.expansion + found.reactivation;
            prop_assert_eq!(found.opening + won - found.contraction - found.churn, found.closing);
            let last = Timestamp::from_micros(PERIOD.end.as_micros() - 1);
            let mut standing: BTreeMap<SubscriptionId, i64> = BTreeMap::new();
            for step in steps.iter().filter(|step| step.at < PERIOD.end) {
                standing.insert(step.subscription_id, step.derive_monthly(last));
            }
            prop_assert_eq!(standing.values().sum::<i64>(), found.closing);
        }
    }
}
