//! A subscription is cancelled because whoever pays for it leaves, or the organization is closed.
//!
//! Invariants: nothing is asked for any more after the period that is paid; a provider that does
//! not answer is asked again later, and keeps nobody from leaving.

use gantry_access::{Access, Actor};
use gantry_ports::payments::PaymentError;
use gantry_rules::subscription::{AtPeriodEnd, SubscriptionStatus};
use gantry_types::OrganizationId;

use crate::Billing;
use crate::error::BillingError;
use crate::subscription::SubscriptionWish;

impl Billing {
    /// Cancels the subscriptions of those who leave, where that was not done yet; answers for how
    /// many of them.
    ///
    /// # Errors
    /// [`BillingError::Access`]; a provider that does not answer is logged and asked again later.
    pub async fn end_with_departures(&self, access: &Access) -> Result<u64, BillingError> {
        let mut ended = 0;
        for (departure, organizations) in access.list_paying_departures().await? {
            let mut is_done = true;
            for organization_id in organizations {
                if let Err(error) = self.end_with_account(organization_id).await {
                    tracing::warn!(%error, %organization_id, "a subscription was not cancelled");
                    is_done = false;
                }
            }
            if is_done {
                access.note_billing_ended(departure.user_id).await?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// Cancels the subscriptions of organizations that close, where that was not done yet; answers
    /// for how many of them.
    ///
    /// # Errors
    /// [`BillingError::Access`]; a provider that does not answer is logged and asked again later.
    pub async fn end_with_closings(&self, access: &Access) -> Result<u64, BillingError> {
        let mut ended = 0;
        for closing in access.list_paying_closings().await? {
            let organization_id = closing.organization_id;
            match self.end_with_account(organization_id).await {
                Ok(()) => {
                    access.note_closing_unpaid(organization_id).await?;
                    ended += 1;
                }
                Err(error) => {
                    tracing::warn!(%error, %organization_id, "a subscription was not cancelled");
                }
            }
        }
        Ok(ended)
    }

    /// Cancels the subscription of an organization that goes with its owner, or is closed; none, or
    /// one that is cancelled already, is fine.
    ///
    /// # Errors
    /// [`BillingError::Payment`] and [`BillingError::Store`], after which it is to be tried again.
    async fn end_with_account(&self, organization_id: OrganizationId) -> Result<(), BillingError> {
        let actor = Actor::system(organization_id);
        let Some(view) = self.find_subscription(&actor).await? else { return Ok(()) };
        let state = view.subscription.standing.state;
        let is_over =
            state.status == SubscriptionStatus::Ended || state.at_period_end == AtPeriodEnd::Cancel;
        if is_over {
            return Ok(());
        }
        match self.change_subscription(&actor, &SubscriptionWish::Cancel, None).await {
            Ok(_) => Ok(()),
            Err(
                error @ (BillingError::Payment(
                    PaymentError::NotFound { .. } | PaymentError::Refused { .. },
                )
                | BillingError::NoProvider
                | BillingError::ProviderGone { .. }
                | BillingError::Conflict { .. }),
            ) => {
                // Asking again would change nothing: it is for the operator to see.
                tracing::warn!(%error, %organization_id, "a leaver's subscription stays");
                Ok(())
            }
            Err(BillingError::NoSubscription) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
