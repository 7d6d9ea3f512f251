//! An event of a provider comes in: verified, noted once, applied in the same transaction; and
//! what was unclear or missed is made up for later.

use gantry_ports::StoreError;
use gantry_ports::payments::{ProviderEvent, RawEvent};
use gantry_ports::store::{EventOutcome, PaymentEvent, StoreExt};
use gantry_types::PaymentEventId;

use crate::Billing;
use crate::apply_event::{Ground, Verdict};
use crate::error::{BillingError, describe_unreadable};

/// How many subscriptions or events one round of reconciliation looks at.
const ROUND: u32 = 500;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// It is noted.
    Noted(EventOutcome),
    /// It was here before.
    Known,
}

/// What a reconciliation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Events that are clear now.
    pub events: u64,
    /// Subscriptions that differed from what their provider says.
    pub subscriptions: u64,
    /// Accounts whose plan changed because time passed.
    pub plans: u64,
}

impl Billing {
    /// Takes a message of the provider `provider`.
    ///
    /// # Errors
    /// [`BillingError::NotOffered`] for a provider that is not in use,
    /// [`BillingError::Unverified`], [`BillingError::Store`].
    pub async fn receive_event(
        &self,
        provider: &str,
        raw: (&[u8], Option<&str>),
    ) -> Result<Received, BillingError> {
        let till = self.require_till()?;
        if till.provider.id() != provider {
            return Err(BillingError::NotOffered {
                what: "payment provider",
                slug: provider.chars().take(64).collect(),
                known: till.provider.id().to_owned(),
            });
        }
        let (body, signature) = raw;
        let received_at = self.clock.now();
        let event = till.provider.verify(RawEvent { body, signature, received_at })?;
        let text = String::from_utf8_lossy(body).into_owned();
        match self.note_event(event, text).await {
            // Another server took the same message at the same time.
            Err(BillingError::Store(StoreError::AlreadyExists { .. })) => Ok(Received::Known),
            other => other,
        }
    }

    /// The header that carries the provider's signature.
    #[must_use]
    pub fn signature_header(&self) -> Option<&'static str> {
        self.till.as_ref().map(|till| till.provider.signature_header())
    }

    async fn note_event(
        &self,
        event: ProviderEvent,
        body: String,
    ) -> Result<Received, BillingError> {
        let ground = self.derive_ground()?;
        self.store
            .write(move |tx| {
                let (ground, event, body) = (ground.clone(), event.clone(), body.clone());
                Box::pin(async move {
                    let payments = tx.payments();
                    if payments.has_event(&ground.provider, &event.event_ref).await? {
                        return Ok(Received::Known);
                    }
                    let (outcome, note) = ground.apply(tx, &event).await?;
                    let noted = PaymentEvent {
                        id: PaymentEventId::generate(),
                        provider: ground.provider.clone(),
                        event_ref: event.event_ref,
                        kind: event.kind,
                        body,
                        outcome,
                        note,
                        received_at: ground.now,
                    };
                    payments.insert_event(&noted).await?;
                    Ok::<_, BillingError>(Received::Noted(outcome))
                })
            })
            .await
    }

    /// Applies what was unclear, asks the provider about subscriptions whose period is over, and
    /// ends plans whose time is up. Done by a chore, and on demand.
    ///
    /// # Errors
    /// [`BillingError::Store`]; a provider that does not answer is logged and asked again later.
    pub async fn reconcile(&self) -> Result<Reconciled, BillingError> {
        let Some(till) = &self.till else { return Ok(Reconciled::default()) };
        let mut done = Reconciled::default();
        let snapshot = self.store.read().await?;
        let unclear = snapshot.payments().list_unclear_events(ROUND).await?;
        let due = snapshot.payments().list_due_subscriptions(self.clock.now(), ROUND).await?;
        drop(snapshot);
        for event in unclear.into_iter().filter(|event| event.provider == till.provider.id()) {
            done.events += u64::from(self.apply_again(event).await?);
        }
        for subscription in due.into_iter().filter(|due| due.provider == till.provider.id()) {
            match till.provider.fetch_subscription(&subscription.provider_ref).await {
                Ok(told)
                    if told.state.status != subscription.standing.state.status
                        || told.state.period_end != subscription.standing.state.period_end =>
                {
                    let ground = self.derive_ground()?;
                    let changed = self
                        .store
                        .write(move |tx| {
                            let (ground, told) = (ground.clone(), told.clone());
                            Box::pin(async move {
                                let (outcome, _) = ground.apply_subscription(tx, &told).await?;
                                Ok::<_, BillingError>(outcome == EventOutcome::Applied)
                            })
                        })
                        .await?;
                    done.subscriptions += u64::from(changed);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, subscription = %subscription.id, "not reconciled");
                }
            }
            let ground = self.derive_ground()?;
            let organization_id = subscription.organization_id;
            let moved = self
                .store
                .write(move |tx| {
                    let ground = ground.clone();
                    Box::pin(async move {
                        Ok::<_, BillingError>(
                            ground.follow_subscription(tx, organization_id).await?,
                        )
                    })
                })
                .await?;
            done.plans += u64::from(moved);
        }
        Ok(done)
    }

    /// Applies an event that was not understood when it came.
    async fn apply_again(&self, noted: PaymentEvent) -> Result<bool, BillingError> {
        let till = self.require_till()?;
        let event = match till.provider.read_verified(noted.body.as_bytes()) {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(event = noted.event_ref, "{}", describe_unreadable(&error));
                return Ok(false);
            }
        };
        let ground = self.derive_ground()?;
        let id = noted.id;
        self.store
            .write(move |tx| {
                let (ground, event) = (ground.clone(), event.clone());
                Box::pin(async move {
                    let (outcome, note): Verdict = ground.apply(tx, &event).await?;
                    if outcome == EventOutcome::Unclear {
                        return Ok(false);
                    }
                    tx.payments().set_event_outcome(id, outcome, &note).await?;
                    Ok::<_, BillingError>(true)
                })
            })
            .await
    }

    pub(crate) fn derive_ground(&self) -> Result<Ground, BillingError> {
        Ok(Ground {
            provider: self.require_till()?.provider.id().to_owned(),
            default_plan: self.edition.default_plan.clone(),
            grace: self.edition.grace,
            expiries: self
                .edition
                .packages
                .iter()
                .map(|package| (package.slug.clone(), package.expires_after))
                .collect(),
            now: self.clock.now(),
        })
    }
}
