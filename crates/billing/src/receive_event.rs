//! An event of a provider comes in: verified, noted once, applied in the same transaction.

use std::sync::Arc;
use std::time::Duration;

use gantry_ports::StoreError;
use gantry_ports::payments::{ProviderEvent, ProviderFact, RawEvent};
use gantry_ports::store::{EventOutcome, PaymentEvent, StoreExt};
use gantry_rules::discount::ToldDiscount;
use gantry_types::PaymentEventId;

use crate::apply_event::Ground;
use crate::error::BillingError;
use crate::notice::BillingNotice;
use crate::{Billing, Till};

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
        let till = self.require_provider(provider)?;
        let received_at = self.clock.now();
        let event = till.provider.verify(RawEvent { body, headers, received_at }).await?;
        let text = String::from_utf8_lossy(body).into_owned();
        let paid =
            find_paid_subscription(&event.fact).filter(|_| !till.provider.tells_of_renewals());
        let paid = paid.map(str::to_owned);
        let received = self.note_event(event, text).await?;
        if let Received::Noted { outcome: EventOutcome::Applied, .. } = &received
            && let Err(error) = self.follow_up(till, paid.as_deref()).await
        {
            // The event itself is committed; the next reconciliation tries again.
            tracing::warn!(%error, "what follows from an event of payments was not applied");
        }
        Ok(received)
    }

    /// What an event made clear, and what its payment made of a subscription.
    async fn follow_up(&self, till: &Till, paid: Option<&str>) -> Result<(), BillingError> {
        self.apply_unclear_events(RECENT).await?;
        self.end_duplicates(till).await?;
        match paid {
            Some(subscription_ref) => self.ask_about(till, subscription_ref).await,
            None => Ok(()),
        }
    }

    /// The provider of this name, where it is in use.
    pub(crate) fn require_provider(&self, name: &str) -> Result<&Till, BillingError> {
        let till = self.require_till()?;
        if till.provider.id() == name {
            return Ok(till);
        }
        Err(BillingError::NotOffered {
            what: "payment provider",
            slug: name.chars().take(64).collect(),
            known: till.provider.id().to_owned(),
        })
    }

    /// Notes an event and applies it, once.
    pub(crate) async fn note_event(
        &self,
        event: ProviderEvent,
        body: String,
    ) -> Result<Received, BillingError> {
        let event = self.ask_for_discount(event).await?;
        let ground = self.derive_ground()?;
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

    /// The event, with what is taken off its subscription: a provider may name discounts in its
    /// events without saying what they are, and is asked before anything is written. Where it does
    /// not answer, the event is applied as it is, and a reconciliation asks again.
    pub(crate) async fn ask_for_discount(
        &self,
        mut event: ProviderEvent,
    ) -> Result<ProviderEvent, BillingError> {
        let ProviderFact::Subscription(told) = &mut event.fact else { return Ok(event) };
        if told.discount == ToldDiscount::Unknown {
            let provider = &self.require_till()?.provider;
            match provider.fetch_subscription(&told.provider_ref).await {
                Ok(now) => told.discount = now.discount,
                Err(error) => tracing::warn!(%error, "a discount was not asked for"),
            }
        }
        Ok(event)
    }

    pub(crate) fn derive_ground(&self) -> Result<Ground, BillingError> {
        Ok(self.ground_of(Some(self.require_till()?)))
    }

    /// The same where nobody may take money: then no provider is named.
    pub(crate) fn ground_of(&self, till: Option<&Till>) -> Ground {
        Ground {
            provider: till.map(|till| till.provider.id().to_owned()).unwrap_or_default(),
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
            provider_writes_invoices: till.is_some_and(|till| till.provider.writes_invoices()),
            now: self.clock.now(),
        }
    }
}

/// The subscription that an event's payment is for, by the provider's name.
fn find_paid_subscription(fact: &ProviderFact) -> Option<&str> {
    let ProviderFact::PaymentReceived(told) = fact else { return None };
    told.subscription_ref.as_deref()
}
