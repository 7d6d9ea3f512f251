//! Subscriptions whose payment is missing for longer than the grace: some providers give up asking, and
//! never end them.
//!
//! Invariants: one is ended only after its provider was asked and says that it is not paid; it is
//! cancelled there before it is ended here, so that nobody pays for what is over; whoever had it can
//! buy again.

use gantry_ports::PaymentProvider;
use gantry_ports::payments::{PaymentError, SubscriptionChange, SubscriptionOrder};
use gantry_rules::subscription::{Subscription, SubscriptionState, SubscriptionStatus, entitles};
use gantry_types::OrganizationId;

use crate::Billing;
use crate::apply_event::EndedHere;
use crate::error::BillingError;

impl Billing {
    /// Ends a subscription that is not paid for although the grace is over, at its provider and
    /// here; whether that changed something. To be called once the provider was asked about it.
    ///
    /// # Errors
    /// [`BillingError::Payment`] where the provider does not end it, [`BillingError::Store`].
    pub(crate) async fn end_unpaid(
        &self,
        provider: &dyn PaymentProvider,
        subscription: &Subscription,
    ) -> Result<bool, BillingError> {
        let (snapshot, name) = (self.store.read().await?, subscription.provider_ref.as_str());
        // As it is now: the provider may have told something else of it just before.
        let known = snapshot.payments().find_subscription_by_ref(provider.id(), name).await?;
        drop(snapshot);
        let is_unpaid = |known: &Subscription| {
            let state = &known.standing.state;
            state.status == SubscriptionStatus::PastDue && self.has_lapsed(state)
        };
        let Some(unpaid) = known.filter(is_unpaid) else { return Ok(false) };
        match provider.change_subscription(name, &SubscriptionOrder::CancelNow).await? {
            SubscriptionChange::Done(told) if told.state.status == SubscriptionStatus::Ended => {
                self.note_ended(provider, &unpaid, EndedHere::Unpaid).await?;
                Ok(true)
            }
            // It was paid for in the meantime: what was paid for is had.
            SubscriptionChange::Done(told) => self.apply_told(provider, told).await,
            // Nobody is asked whether they want to end.
            SubscriptionChange::Pending { approve_url: _ } => Ok(false),
        }
    }

    /// Asks the provider about a subscription; whether it differed from what is known. One that it
    /// does not know, and that gives no plan any more, is over.
    ///
    /// # Errors
    /// [`BillingError::Payment`] where the provider does not answer, [`BillingError::Store`].
    pub(crate) async fn compare_or_end(
        &self,
        provider: &dyn PaymentProvider,
        subscription: &Subscription,
    ) -> Result<bool, BillingError> {
        match self.compare(provider, subscription).await {
            Err(BillingError::Payment(PaymentError::NotFound { what: _ }))
                if self.has_lapsed(&subscription.standing.state) =>
            {
                self.note_ended(provider, subscription, EndedHere::Abandoned).await?;
                Ok(true)
            }
            compared => compared,
        }
    }

    /// Refuses who has a subscription; whether they had one before. One that gives no plan any more is
    /// asked about first, and ended where it is not paid for.
    ///
    /// # Errors
    /// [`BillingError::AlreadySubscribed`], [`BillingError::ProviderGone`],
    /// [`BillingError::Payment`] where its provider does not answer or does not end it,
    /// [`BillingError::Store`].
    pub(crate) async fn require_unsubscribed(
        &self,
        organization_id: OrganizationId,
    ) -> Result<bool, BillingError> {
        let Some(known) = self.find_last_subscription(organization_id).await? else {
            return Ok(false);
        };
        let state = &known.standing.state;
        if state.status == SubscriptionStatus::Ended {
            return Ok(true);
        }
        if state.status == SubscriptionStatus::Incomplete || !self.has_lapsed(state) {
            return Err(BillingError::AlreadySubscribed);
        }
        let provider = self.get_provider_of(&known.provider)?;
        self.compare_or_end(provider, &known).await?;
        self.end_unpaid(provider, &known).await?;
        self.follow(&known).await?;
        let left = self.find_last_subscription(organization_id).await?;
        let is_over = |left: &Subscription| left.standing.state.status == SubscriptionStatus::Ended;
        if left.as_ref().is_none_or(is_over) {
            Ok(true)
        } else {
            Err(BillingError::AlreadySubscribed)
        }
    }

    fn has_lapsed(&self, state: &SubscriptionState) -> bool {
        !entitles(state, self.edition.grace, self.clock.now())
    }

    async fn find_last_subscription(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<Subscription>, BillingError> {
        let snapshot = self.store.read().await?;
        Ok(snapshot.payments().find_subscription(organization_id).await?)
    }
}
