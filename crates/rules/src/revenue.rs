//! Recurring revenue: what subscriptions bring each month, and how that moved.
//!
//! The rules are those that ChartMogul publishes: a yearly price counts a twelfth; what is paid
//! once, trials, fees and refunds do not count; a customer is an organization with all of its
//! subscriptions; who pays again after having left is a reactivation. Prices are those of the
//! plans, less what is taken off every payment; what is taken off one alone is not deducted.
//! Invariants: opening + new + expansion + reactivation − contraction − churn = closing, in minor
//! units; a discount that ends by its date is an expansion then, without anybody telling so.

mod steps;

use std::collections::BTreeMap;

use gantry_types::{Money, OrganizationId, SubscriptionId, Timestamp};

use crate::period::Period;
use crate::plan::Interval;
use crate::subscription::SubscriptionStatus;

pub use steps::{SubscriptionStep, derive_changes};

/// What a subscription brings from some time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevenueChange {
    /// Who pays.
    pub organization_id: OrganizationId,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// From when on.
    pub at: Timestamp,
    /// How much a month, in minor units.
    pub monthly_minor: i64,
}

/// How recurring revenue moved in a period; amounts a month, in minor units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revenue {
    /// At the start.
    pub opening: i64,
    /// Of customers who never paid before.
    pub new: i64,
    /// Of customers who pay more.
    pub expansion: i64,
    /// Of customers who pay again.
    pub reactivation: i64,
    /// Of customers who pay less.
    pub contraction: i64,
    /// Of customers who left.
    pub churn: i64,
    /// At the end.
    pub closing: i64,
    /// Customers at the start.
    pub customers_opening: i64,
    /// Customers who came, or came again.
    pub customers_won: i64,
    /// Those of them who never paid before.
    pub customers_new: i64,
    /// Customers who left.
    pub customers_lost: i64,
    /// Customers at the end.
    pub customers_closing: i64,
}

/// What a subscription in this state brings a month, in minor units: a twelfth of a yearly price,
/// rounded to the nearest.
#[must_use]
pub fn derive_monthly(status: SubscriptionStatus, interval: Interval, price: Money) -> i64 {
    match status {
        SubscriptionStatus::Incomplete
        | SubscriptionStatus::Trialing
        | SubscriptionStatus::Ended => 0,
        SubscriptionStatus::Active | SubscriptionStatus::PastDue => match interval {
            Interval::Month => price.minor,
            Interval::Year => price.minor.saturating_add(6).div_euclid(12),
        },
    }
}

/// What moved in `period`, of all changes until its end, oldest first.
#[must_use]
pub fn derive_revenue(changes: &[RevenueChange], period: Period) -> Revenue {
    let mut revenue = Revenue::default();
    let mut subscriptions: BTreeMap<SubscriptionId, i64> = BTreeMap::new();
    let mut customers: BTreeMap<OrganizationId, Customer> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.at < period.end) {
        let before = subscriptions.insert(change.subscription_id, change.monthly_minor);
        let difference = change.monthly_minor - before.unwrap_or(0);
        let customer = customers.entry(change.organization_id).or_default();
        let was = *customer;
        customer.monthly += difference;
        customer.paid_before |= customer.monthly > 0;
        if change.at >= period.start {
            revenue.count(was, customer.monthly);
        } else {
            revenue.opening += difference;
            revenue.customers_opening += sign(customer.monthly) - sign(was.monthly);
        }
    }
    revenue.closing = customers.values().map(|customer| customer.monthly).sum();
    revenue.customers_closing = customers.values().map(|customer| sign(customer.monthly)).sum();
    revenue
}

#[derive(Debug, Clone, Copy, Default)]
struct Customer {
    monthly: i64,
    paid_before: bool,
}

/// 1 for somebody who pays.
const fn sign(monthly: i64) -> i64 {
    if monthly > 0 { 1 } else { 0 }
}

impl Revenue {
    fn count(&mut self, was: Customer, monthly: i64) {
        let difference = monthly - was.monthly;
        match (was.monthly > 0, monthly > 0) {
            (false, true) if was.paid_before => self.reactivation += difference,
            (false, true) => self.new += difference,
            (true, false) => self.churn -= difference,
            (true, true) if difference > 0 => self.expansion += difference,
            (true, true) => self.contraction -= difference,
            (false, false) => {}
        }
        let is_won = was.monthly <= 0 && monthly > 0;
        self.customers_won += i64::from(is_won);
        self.customers_new += i64::from(is_won && !was.paid_before);
        self.customers_lost += i64::from(was.monthly > 0 && monthly <= 0);
    }

    /// The part of the opening revenue that was lost by churn and contraction; `None` of nothing.
    #[must_use]
    pub fn gross_churn(&self) -> Option<f64> {
        rate(self.churn + self.contraction, self.opening)
    }

    /// The same less what customers of before pay more.
    #[must_use]
    pub fn net_churn(&self) -> Option<f64> {
        let gained = self.expansion + self.reactivation;
        rate(self.churn + self.contraction - gained, self.opening)
    }

    /// The part of the opening customers that left; `None` of nobody.
    #[must_use]
    pub fn customer_churn(&self) -> Option<f64> {
        rate(self.customers_lost, self.customers_opening)
    }

    /// What a customer brings a month at the end, in minor units; `None` without customers.
    #[must_use]
    pub fn per_customer(&self) -> Option<f64> {
        rate(self.closing, self.customers_closing)
    }

    /// What a customer brings until they leave, in minor units, if as many leave each month as in
    /// this one: what one brings a month, over the part of them that left; `None` where none did.
    #[must_use]
    pub fn lifetime_value(&self) -> Option<f64> {
        let churn = self.customer_churn().filter(|churn| *churn > 0.0)?;
        self.per_customer().map(|monthly| monthly / churn)
    }

    /// Customers who paid for the first time, for each of the people who registered in the same
    /// time; `None` where nobody did. Some of them may have registered before.
    #[must_use]
    pub fn conversion(&self, registered: u64) -> Option<f64> {
        rate(self.customers_new, i64::try_from(registered).unwrap_or(i64::MAX))
    }

    /// Twelve times the closing revenue, in minor units.
    #[must_use]
    pub const fn yearly(&self) -> i64 {
        self.closing.saturating_mul(12)
    }
}

fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const PERIOD: Period =
        Period { start: Timestamp::from_micros(100), end: Timestamp::from_micros(200) };

    fn change(who: u128, which: u128, at: i64, monthly_minor: i64) -> RevenueChange {
        RevenueChange {
            organization_id: OrganizationId::from_uuid(Uuid::from_u128(who)),
            subscription_id: SubscriptionId::from_uuid(Uuid::from_u128(which)),
            at: Timestamp::from_micros(at),
            monthly_minor,
        }
    }

    #[test]
    fn a_ledger_worked_by_hand() {
        let revenue = derive_revenue(
            &[
                change(1, 11, 10, 1_000), // there before
                change(2, 21, 20, 2_000), // there before
                change(3, 31, 30, 500),   // left before
                change(3, 31, 40, 0),
                change(1, 11, 110, 1_500), // pays more
                change(2, 21, 120, 0),     // leaves
                change(4, 41, 130, 700),   // comes
                change(4, 41, 140, 400),   // pays less
                change(3, 32, 150, 600),   // comes again
                change(5, 51, 250, 9_000), // after the end
            ],
            PERIOD,
        );
        let expected = Revenue {
            opening: 3_000,
            new: 700,
            expansion: 500,
            reactivation: 600,
            contraction: 300,
            churn: 2_000,
            closing: 2_500,
            customers_opening: 2,
            customers_won: 2,
            customers_new: 1,
            customers_lost: 1,
            customers_closing: 3,
        };
        assert_eq!(revenue, expected);
        assert_eq!(revenue.yearly(), 30_000);
        assert_eq!(revenue.customer_churn(), Some(0.5));
        assert_eq!(revenue.gross_churn(), Some(2_300.0 / 3_000.0));
        assert_eq!(revenue.net_churn(), Some(1_200.0 / 3_000.0));
        // 2,500 of three customers, half of whom leave each month.
        assert_eq!(revenue.lifetime_value(), Some(2_500.0 / 3.0 / 0.5));
        assert_eq!(revenue.conversion(20), Some(0.05));
        assert_eq!(revenue.conversion(0), None);
        let nobody = Revenue::default();
        assert_eq!((nobody.per_customer(), nobody.lifetime_value()), (None, None));
        let kept = Revenue { customers_lost: 0, ..revenue };
        assert_eq!(kept.lifetime_value(), None, "nobody left");
    }

    #[test]
    fn a_year_is_twelve_months_and_a_trial_is_nothing() {
        let price = Money { minor: 49_000, currency: gantry_types::Currency::usd() };
        let monthly = |status| derive_monthly(status, Interval::Year, price);
        assert_eq!(monthly(SubscriptionStatus::Active), 4_083);
        assert_eq!(monthly(SubscriptionStatus::PastDue), 4_083);
        assert_eq!(monthly(SubscriptionStatus::Trialing), 0);
        assert_eq!(derive_monthly(SubscriptionStatus::Active, Interval::Month, price), 49_000);
    }

    proptest! {
        /// Whatever happens, what was there and what moved is what is there; customers alike.
        #[test]
        fn opening_and_movements_are_closing(
            steps in prop::collection::vec((0_u128..4, 0_u128..3, 0_i64..300, 0_i64..1_000), 0..60),
        ) {
            let mut changes: Vec<_> = steps
                .iter()
                .map(|(who, which, at, minor)| change(*who, who * 10 + which, *at, *minor))
                .collect();
            changes.sort_by_key(|change| change.at);
            let found = derive_revenue(&changes, PERIOD);
            let won = found.new + found.expansion + found.reactivation;
            prop_assert_eq!(found.opening + won - found.contraction - found.churn, found.closing);
            let customers =
                found.customers_opening + found.customers_won - found.customers_lost;
            prop_assert_eq!(customers, found.customers_closing);
            prop_assert!(found.churn >= 0 && found.contraction >= 0 && found.expansion >= 0);
            prop_assert!((0..=found.customers_won).contains(&found.customers_new));
        }
    }
}
