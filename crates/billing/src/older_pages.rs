//! Another page for a plan is wanted while one is open: the older one is closed, so that nobody
//! pays on both.
//!
//! Invariants: a page that was paid on is not closed, and no other one is opened while that payment
//! is on its way here; a provider that does not close its page keeps nobody from the other one, and
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
/// How many pages of an organization are looked at.
const MOST: u32 = 20;

impl Billing {
    /// Closes the pages for plans that the organization has beside the purchase `id`, where that one
    /// is of a plan.
    ///
    /// # Errors
    /// [`BillingError::Conflict`] where one of them was paid on, [`BillingError::Store`]; a
    /// provider that does not close a page is logged.
    pub(crate) async fn close_older_pages(
        &self,
        actor: &Actor,
        (id, purchase): (CheckoutId, &Purchase),
    ) -> Result<(), BillingError> {
        if !is_of_plan(purchase) {
            return Ok(());
        }
        let till = self.require_till()?;
        let since = self.clock.now().minus(OPEN_FOR);
        let snapshot = self.store.read().await?;
        let payments = snapshot.payments();
        let open = payments.list_open_checkouts_of(actor.organization_id, since, MOST).await?;
        drop(snapshot);
        let is_older = |page: &Checkout| page.id != id && is_of_plan(&page.purchase);
        for checkout in open.into_iter().filter(is_older) {
            let Some(provider) = till.find(&checkout.provider) else { continue };
            match provider.close_checkout(&checkout.provider_ref).await {
                Ok(CheckoutClosing::Closed) => self.note_closed(actor, &checkout).await?,
                Ok(CheckoutClosing::Paid) => return Err(being_worked_on()),
                Ok(CheckoutClosing::Left) => {}
                Err(error) => {
                    tracing::warn!(%error, checkout = %checkout.id, "an older page is still open");
                }
            }
        }
        Ok(())
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

fn is_of_plan(purchase: &Purchase) -> bool {
    match purchase {
        Purchase::Plan { .. } => true,
        Purchase::Package { .. } => false,
    }
}

fn being_worked_on() -> BillingError {
    let reason = "a plan was paid for on a page that was opened before, and the payment is on its \
                  way here; wait a minute and look at the subscription";
    BillingError::Conflict { reason: reason.to_owned() }
}
