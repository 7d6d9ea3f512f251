//! Recurring revenue as administrators see it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use gantry_access::{Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_rules::period::{Period, derive_period};
use gantry_rules::revenue::{Revenue, SubscriptionStep, derive_changes, derive_revenue};
use gantry_types::{Currency, Timestamp};

use crate::Billing;
use crate::error::BillingError;

/// How recurring revenue moved in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevenueView {
    /// The month.
    pub period: Period,
    /// In which currency; plans in others are not counted.
    pub currency: Currency,
    /// The figures.
    pub revenue: Revenue,
    /// People who registered in the month.
    pub registered: u64,
}

impl Billing {
    /// The month that contains `at`, or the present one.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn revenue(
        &self,
        actor: &Actor,
        at: Option<Timestamp>,
    ) -> Result<RevenueView, BillingError> {
        require(actor, Permission::Administer)?;
        let period = derive_period(at.unwrap_or_else(|| self.clock.now()));
        let currency = self.edition.currency;
        let snapshot = self.store.read().await?;
        let told = snapshot.payments().list_subscription_changes(period.end).await?;
        let mut plans = BTreeMap::new();
        for change in &told {
            if let Entry::Vacant(place) = plans.entry(change.plan_id) {
                let plan = snapshot.accounts().find_plan(change.plan_id).await?;
                let plan = plan.ok_or(StoreError::NotFound { what: "plan" })?;
                place.insert(plan.terms.price);
            }
        }
        let steps: Vec<SubscriptionStep> = told
            .iter()
            .map(|change| {
                let price = plans.get(&change.plan_id).and_then(|plan| plan.find(change.interval));
                SubscriptionStep {
                    organization_id: change.organization_id,
                    subscription_id: change.subscription_id,
                    at: change.at,
                    status: change.status,
                    interval: change.interval,
                    price: price.filter(|price| price.currency == currency),
                    discount: change.discount,
                }
            })
            .collect();
        let revenue = derive_revenue(&derive_changes(&steps), period);
        let registered = snapshot.access().count_registered(period).await?;
        Ok(RevenueView { period, currency, revenue, registered })
    }
}
