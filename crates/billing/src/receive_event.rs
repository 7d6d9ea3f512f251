//! An event of a provider comes in: verified, noted once, applied in the same transaction.

use std::sync::Arc;
use std::time::Duration;

use gantry_ports::payments::{ProviderEvent, ProviderFact, RawEvent};
use gantry_ports::store::{EventOutcome, PaymentEvent, StoreExt};
use gantry_ports::{PaymentProvider, StoreError};
use gantry_rules::discount::ToldDiscount;
use gantry_types::PaymentEventId;

use crate::Billing;
use crate::apply_event::Ground;
use crate::error::BillingError;
use crate::notice::BillingNotice;

/// How old an unclear event may be to be tried again at once, and not at the next reconciliation.
const RECENT: Duration = Duration::from_mins(10);

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It is noted.
    Noted {
        /// What it changed.
        outcome: EventOutcome,
        /// What people were told of.
        notices: Vec<BillingNotice>,
    },
    /// It was here before.
    Known,
}

impl Billing {
    /// Takes a message of the provider `provider`: its body and its headers, whose names are in
    /// lower case.
    ///
    /// # Errors
    /// [`BillingError::NotOffered`] for a provider that is not in use,
    /// [`BillingError::Unverified`], [`BillingError::Store`].
    pub async fn receive_event(
        &self,
        provider: &str,
        (body, headers): (&[u8], &[(String, String)]),
    ) -> Result<Received, BillingError> {
        let provider = self.require_provider(provider)?;
        let received_at = self.clock.now();
        let event = provider.verify(RawEvent { body, headers, received_at }).await?;
        let text = String::from_utf8_lossy(body).into_owned();
        let paid = find_paid_subscription(&event.fact).filter(|_| !provider.tells_of_renewals());
        let paid = paid.map(str::to_owned);
        let received = self.note_event(provider, event, text).await?;
        if let Received::Noted { outcome: EventOutcome::Applied, .. } = &received
            && let Err(error) = self.follow_up(provider, paid.as_deref()).await
        {
            // The event itself is committed; the next reconciliation tries again.
            tracing::warn!(%error, "what follows from an event of payments was not applied");
        }
        Ok(received)
    }

    /// What an event made clear, and what its payment made of a subscription.
    async fn follow_up(
        &self,
        provider: &dyn PaymentProvider,
        paid: Option<&str>,
    ) -> Result<(), BillingError> {
        self.apply_unclear_events(provider, RECENT).await?;
        // Which of two subscriptions is the later one does not depend on who told of it.
        for each in self.require_till()?.providers() {
            self.end_duplicates(each).await?;
        }
        match paid {
            Some(subscription_ref) => self.ask_about(provider, subscription_ref).await,
            None => Ok(()),
        }
    }

    /// Notes an event and applies it, once.
    pub(crate) async fn note_event(
        &self,
        provider: &dyn PaymentProvider,
        event: ProviderEvent,
        body: String,
    ) -> Result<Received, BillingError> {
        let event = ask_for_discount(provider, event).await;
        let ground = self.derive_ground(provider);
        let noted = self
            .store
            .write(move |tx| {
                let (ground, event, body) = (ground.clone(), event.clone(), body.clone());
                Box::pin(async move {
                    let payments = tx.payments();
                    if payments.has_event(&ground.provider, &event.event_ref).await? {
                        return Ok(Received::Known);
                    }
                    let verdict = ground.apply(tx, &event).await?;
                    ground.post(tx, &verdict.notices).await?;
                    let noted = PaymentEvent {
                        id: PaymentEventId::generate(),
                        provider: ground.provider.clone(),
                        event_ref: event.event_ref,
                        kind: event.kind,
                        body,
                        outcome: verdict.outcome,
                        note: verdict.note,
                        received_at: ground.now,
                        given_up_at: None,
                    };
                    payments.insert_event(&noted).await?;
                    let (outcome, notices) = (verdict.outcome, verdict.notices);
                    Ok::<_, BillingError>(Received::Noted { outcome, notices })
                })
            })
            .await;
        match noted {
            // Another server took the same message at the same time.
            Err(BillingError::Store(StoreError::AlreadyExists { .. })) => Ok(Received::Known),
            Ok(received) => {
                if let Received::Noted { notices, .. } = &received {
                    self.announce(notices);
                }
                Ok(received)
            }
            Err(error) => Err(error),
        }
    }

    /// What applying needs to know where this provider tells.
    pub(crate) fn derive_ground(&self, provider: &dyn PaymentProvider) -> Ground {
        Ground {
            provider_writes_invoices: provider.writes_invoices(),
            overdue_tells_of_failure: provider.tells_failures_by_overdue(),
            ends_are_told: provider.tells_of_cancellations(),
            ..self.derive_ground_without(provider.id())
        }
    }

    /// The same where nobody tells anything: time passes, or the provider is not in use any more.
    pub(crate) fn derive_ground_without(&self, provider: &str) -> Ground {
        Ground {
            provider: provider.to_owned(),
            default_plan: self.edition.default_plan.clone(),
            letters: self.post.as_ref().map(|post| Arc::clone(&post.letters)),
            grace: self.edition.grace,
            expiries: self
                .edition
                .packages
                .iter()
                .map(|package| (package.slug.clone(), package.expires_after))
                .collect(),
            invoices: self.edition.invoices.clone(),
            provider_writes_invoices: false,
            overdue_tells_of_failure: false,
            ends_are_told: true,
            now: self.clock.now(),
        }
    }
}

/// The event, with what is taken off its subscription: a provider may name discounts in its events
/// without saying what they are, and is asked before anything is written. Where it does not answer,
/// the event is applied as it is, and a reconciliation asks again.
pub(crate) async fn ask_for_discount(
    provider: &dyn PaymentProvider,
    mut event: ProviderEvent,
) -> ProviderEvent {
    if let ProviderFact::Subscription(told) = &mut event.fact
        && told.discount == ToldDiscount::Unknown
    {
        match provider.fetch_subscription(&told.provider_ref).await {
            Ok(now) => told.discount = now.discount,
            Err(error) => tracing::warn!(%error, "a discount was not asked for"),
        }
    }
    event
}

/// The subscription that an event's payment is for, by the provider's name.
fn find_paid_subscription(fact: &ProviderFact) -> Option<&str> {
    let ProviderFact::PaymentReceived(told) = fact else { return None };
    told.subscription_ref.as_deref()
}
