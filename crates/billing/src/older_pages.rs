//! Another page for a plan is wanted while one is open: the older one is closed, so that nobody
//! pays on both.
//!
//! Invariants: a page that was paid on is not closed, and no other one is opened while that payment
//! is on its way here; of pages that are opened at the same moment the newest stays open, whichever
//! of them is noted last; a provider that does not close its page keeps nobody from the other one, and
//! what is paid on both is given back by [`crate::duplicates`].

use std::time::Duration;

use gantry_access::Actor;
use gantry_ports::payments::{CheckoutClosing, Purchase};
use gantry_ports::store::{Checkout, CheckoutStatus, StoreExt};
use gantry_types::CheckoutId;
use serde_json::json;

use crate::Billing;
use crate::error::BillingError;

/// How long ago a page may have begun to be looked at: most providers close theirs after a day.
const OPEN_FOR: Duration = Duration::from_hours(3 * 24);
/// How many pages for plans of an organization are looked at.
const MOST: u32 = 100;

impl Billing {
    /// Closes the pages for plans that the organization has beside the purchase `id`, where that one
    /// is of a plan; answers which ones were looked at.
    ///
    /// # Errors
    /// [`BillingError::Conflict`] where one of them was paid on, [`BillingError::Store`]; a
    /// provider that does not close a page is logged.
    pub(crate) async fn close_older_pages(
        &self,
        actor: &Actor,
        (id, purchase): (CheckoutId, &Purchase),
    ) -> Result<Vec<CheckoutId>, BillingError> {
        let mut older = self.list_open_pages(actor, purchase).await?;
        older.retain(|page| page.id != id);
        for checkout in &older {
            match self.close(actor, checkout).await? {
                CheckoutClosing::Paid => return Err(being_worked_on()),
                CheckoutClosing::Closed | CheckoutClosing::Left => {}
            }
        }
        Ok(older.iter().map(|page| page.id).collect())
    }

    /// Looks once more, now that a page is noted: what was opened at the same moment was not there to
    /// be closed. The newest page stays; the others are closed, also the one that was just noted,
    /// but not those that were `looked_at` before it was opened.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub(crate) async fn close_rivals(
        &self,
        actor: &Actor,
        (purchase, looked_at): (&Purchase, &[CheckoutId]),
    ) -> Result<(), BillingError> {
        let open = self.list_open_pages(actor, purchase).await?;
        for checkout in list_rivals(open, looked_at) {
            match self.close(actor, &checkout).await? {
                CheckoutClosing::Closed | CheckoutClosing::Left => {}
                CheckoutClosing::Paid => {
                    tracing::warn!(checkout = %checkout.id, "a page of the same moment was paid on");
                }
            }
        }
        Ok(())
    }

    /// The organization's open pages for plans, newest first; none beside a purchase of credits.
    async fn list_open_pages(
        &self,
        actor: &Actor,
        beside: &Purchase,
    ) -> Result<Vec<Checkout>, BillingError> {
        match beside {
            Purchase::Package { .. } => Ok(Vec::new()),
            Purchase::Plan { .. } => {
                let since = self.clock.now().minus(OPEN_FOR);
                let snapshot = self.store.read().await?;
                let payments = snapshot.payments();
                let whose = actor.organization_id;
                Ok(payments.list_open_plan_checkouts(whose, since, MOST).await?)
            }
        }
    }

    /// Closes a page, and notes that; a provider that does not answer, or is not in use any more,
    /// leaves it.
    async fn close(
        &self,
        actor: &Actor,
        checkout: &Checkout,
    ) -> Result<CheckoutClosing, BillingError> {
        let Some(provider) = self.require_till()?.find(&checkout.provider) else {
            return Ok(CheckoutClosing::Left);
        };
        match provider.close_checkout(&checkout.provider_ref).await {
            Ok(CheckoutClosing::Closed) => {
                self.note_closed(actor, checkout).await?;
                Ok(CheckoutClosing::Closed)
            }
            Ok(other) => Ok(other),
            Err(error) => {
                tracing::warn!(%error, checkout = %checkout.id, "an older page is still open");
                Ok(CheckoutClosing::Left)
            }
        }
    }

    async fn note_closed(&self, actor: &Actor, checkout: &Checkout) -> Result<(), BillingError> {
        let (id, now) = (checkout.id, self.clock.now());
        let details = json!({
            "provider": checkout.provider,
            "before": CheckoutStatus::Open,
            "after": CheckoutStatus::Expired,
            "reason": "another page for a plan was asked for",
        });
        let entry = actor.audit_entry("checkout.close", &format!("checkout {id}"), details, now);
        self.store
            .write(move |tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    // The provider may have told of it already.
                    if tx.payments().finish_checkout(id, CheckoutStatus::Expired, now).await? {
                        tx.audit().append(&entry).await?;
                    }
                    Ok::<(), BillingError>(())
                })
            })
            .await
    }
}

/// Of pages that are open, newest first, all but the newest of those that were not looked at before.
fn list_rivals(open: Vec<Checkout>, looked_at: &[CheckoutId]) -> Vec<Checkout> {
    open.into_iter().filter(|page| !looked_at.contains(&page.id)).skip(1).collect()
}

fn being_worked_on() -> BillingError {
    let reason = "a plan was paid for on a page that was opened before, and the payment is on its \
                  way here; wait a minute and look at the subscription";
    BillingError::Conflict { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use gantry_rules::plan::Interval;
    use gantry_types::{Currency, Money, OrganizationId, PlanId, Timestamp};

    use super::*;

    fn page(second: u64) -> Checkout {
        let purchase = Purchase::Plan {
            plan_id: PlanId::generate(),
            interval: Interval::Month,
            trial_days: 0,
        };
        Checkout {
            id: CheckoutId::generate(),
            organization_id: OrganizationId::generate(),
            user_id: None,
            provider: "stripe".to_owned(),
            provider_ref: format!("cs_{second}"),
            purchase,
            price: Money { minor: 900, currency: Currency::usd() },
            status: CheckoutStatus::Open,
            created_at: Timestamp::from_micros(0).plus(Duration::from_secs(second)),
        }
    }

    #[test]
    fn of_pages_of_one_moment_the_newest_stays_whoever_looks() {
        let [newest, other, left] = [page(3), page(2), page(1)];
        let open = vec![newest.clone(), other.clone(), left.clone()];
        let names = |rivals: Vec<Checkout>| -> Vec<CheckoutId> {
            rivals.iter().map(|rival| rival.id).collect()
        };
        assert_eq!(names(list_rivals(open.clone(), &[left.id])), [other.id]);
        assert_eq!(names(list_rivals(open.clone(), &[])), [other.id, left.id]);
        assert!(list_rivals(open, &[newest.id, left.id]).is_empty(), "it is the only one left");
        assert!(list_rivals(Vec::new(), &[]).is_empty());
    }
}
