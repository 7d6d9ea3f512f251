//! Two pages for a plan were paid by one organization: the later subscription is ended.
//!
//! Invariants: the first subscription stays; the later one is ended here only once its provider
//! renews it no more and was asked to give back what was paid for its present period, so that a failure
//! on the way is made up for by the next event or reconciliation; a payment is given back once, because its refund is
//! named after it.

use std::time::Duration;

use gantry_ports::payments::{RefundOrder, SubscriptionChange, SubscriptionOrder};
use gantry_ports::store::{Order, PageRequest, Payment, PaymentStatus, StoreExt};
use gantry_ports::{PaymentProvider, StoreError};
use gantry_rules::subscription::{AtPeriodEnd, Subscription, SubscriptionStatus};
use gantry_types::{Money, RefundId};

use crate::Billing;
use crate::apply_event::EndedHere;
use crate::error::BillingError;

/// How many subscriptions one round looks at.
const ROUND: u32 = 100;
/// A payment may be told a little before its period begins, by the clocks of two machines.
const SLACK: Duration = Duration::from_hours(24);
/// Among how many of the newest payments those of a second subscription are looked for.
const NEWEST: u32 = 200;

impl Billing {
    /// Ends the second subscriptions of organizations that are with this provider; the first one
    /// may be with another.
    ///
    /// # Errors
    /// [`BillingError::Store`]; a provider that does not answer is logged and asked again later.
    pub(crate) async fn end_duplicates(
        &self,
        provider: &dyn PaymentProvider,
    ) -> Result<(), BillingError> {
        let snapshot = self.store.read().await?;
        let found = snapshot.payments().list_duplicate_subscriptions(provider.id(), ROUND).await?;
        drop(snapshot);
        for duplicate in found {
            match self.end_duplicate(provider, &duplicate).await {
                Ok(()) => {}
                Err(BillingError::Payment(error)) => {
                    tracing::warn!(%error, subscription = %duplicate.id, "still paid for twice");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn end_duplicate(
        &self,
        provider: &dyn PaymentProvider,
        duplicate: &Subscription,
    ) -> Result<(), BillingError> {
        let duplicate = self.stop_renewing(provider, duplicate).await?;
        let paid = self.list_paid(&duplicate).await?;
        // A payment that was told before its subscription is its own by now; one that is told
        // after it is given back then.
        if paid.is_empty() && duplicate.standing.state.status == SubscriptionStatus::Active {
            return Ok(());
        }
        for payment in paid {
            let minor = payment.amount.minor - payment.lost_minor();
            if minor > 0 {
                let order = RefundOrder {
                    id: RefundId::from_uuid(payment.id.as_uuid()),
                    amount: Money { minor, ..payment.amount },
                    payment_ref: payment.provider_ref,
                };
                provider.refund(&order).await?;
            }
        }
        self.note_ended(provider, &duplicate).await
    }

    /// Lets a subscription renew no more, and answers it as it is then: it may have been renewed
    /// without anybody hearing of it, and its provider tells the present period with its answer.
    async fn stop_renewing(
        &self,
        provider: &dyn PaymentProvider,
        duplicate: &Subscription,
    ) -> Result<Subscription, BillingError> {
        let name = duplicate.provider_ref.as_str();
        if duplicate.standing.state.at_period_end == AtPeriodEnd::Renew {
            let order = SubscriptionOrder::CancelAtPeriodEnd;
            match provider.change_subscription(name, &order).await? {
                SubscriptionChange::Done(told) => {
                    self.apply_told(provider, told).await.map(drop)?;
                }
                // Nobody is asked whether they want to end.
                SubscriptionChange::Pending { approve_url: _ } => {}
            }
        }
        let snapshot = self.store.read().await?;
        let now = snapshot.payments().find_subscription_by_ref(provider.id(), name).await?;
        Ok(now.ok_or(StoreError::NotFound { what: "subscription" })?)
    }

    /// What was received for the present period of a subscription: earlier ones were had.
    async fn list_paid(&self, duplicate: &Subscription) -> Result<Vec<Payment>, BillingError> {
        let page = PageRequest { after: None, limit: NEWEST, order: Order::NewestFirst };
        let snapshot = self.store.read().await?;
        let listed = snapshot.payments().list_payments(duplicate.organization_id, &page).await?;
        let since = duplicate.standing.state.period_start.minus(SLACK);
        let is_of_it = |payment: &Payment| {
            payment.subscription_id == Some(duplicate.id)
                && payment.at >= since
                && payment.status == PaymentStatus::Received
        };
        Ok(listed.items.into_iter().filter(is_of_it).collect())
    }

    async fn note_ended(
        &self,
        provider: &dyn PaymentProvider,
        duplicate: &Subscription,
    ) -> Result<(), BillingError> {
        let (ground, duplicate) = (self.derive_ground(provider), duplicate.clone());
        let notice = self
            .store
            .write(move |tx| {
                let (ground, duplicate) = (ground.clone(), duplicate.clone());
                Box::pin(async move {
                    let notice = ground.end_here(tx, &duplicate, EndedHere::Duplicate).await?;
                    ground.post(tx, notice.as_slice()).await?;
                    Ok::<_, BillingError>(notice)
                })
            })
            .await?;
        self.announce(notice.as_slice());
        Ok(())
    }
}
