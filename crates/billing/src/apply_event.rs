//! What an event of a provider changes, in one transaction with the note of the event itself.
//!
//! Invariants: an event that is known changes nothing; what cannot be understood yet is kept as
//! unclear and changes nothing; an account's plan follows from its subscription by
//! [`gantry_rules::subscription::entitles`] alone.

use std::time::Duration;

use gantry_access::Actor;
use gantry_ports::StoreError;
use gantry_ports::payments::{
    ProviderEvent, ProviderFact, Purchase, ToldPayment, ToldSubscription,
};
use gantry_ports::store::{
    Checkout, CheckoutStatus, EventOutcome, LotGrant, LotReturn, Payment, PaymentStatus, Tx,
};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_rules::subscription::{Change, Standing, Subscription, apply, entitles};
use gantry_types::{
    CheckoutId, Credits, LotId, Money, OrganizationId, PaymentId, SubscriptionId, Timestamp,
};
use serde_json::json;

/// What became of an event, and why.
pub(crate) type Verdict = (EventOutcome, String);

/// What applying needs to know of the installation.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    /// The provider that tells.
    pub provider: String,
    /// The plan of accounts without a subscription.
    pub default_plan: String,
    /// How long a plan lasts while a payment is missing.
    pub grace: Duration,
    /// After how long the credits of each package expire.
    pub expiries: Vec<(String, Option<Duration>)>,
    /// Now.
    pub now: Timestamp,
}

fn applied(note: impl Into<String>) -> Verdict {
    (EventOutcome::Applied, note.into())
}

fn ignored(note: impl Into<String>) -> Verdict {
    (EventOutcome::Ignored, note.into())
}

fn unclear(note: impl Into<String>) -> Verdict {
    (EventOutcome::Unclear, note.into())
}

impl Ground {
    /// Applies an event.
    pub(crate) async fn apply(
        &self,
        tx: &dyn Tx,
        event: &ProviderEvent,
    ) -> Result<Verdict, StoreError> {
        match &event.fact {
            ProviderFact::CheckoutPaid { checkout_id, payment } => {
                self.complete_checkout(tx, *checkout_id, payment.as_ref()).await
            }
            ProviderFact::CheckoutExpired { checkout_id } => {
                let Some(id) = checkout_id else { return Ok(ignored("no checkout of ours")) };
                let status = CheckoutStatus::Expired;
                let ended = tx.payments().finish_checkout(*id, status, self.now).await?;
                Ok(if ended { applied("nobody paid in time") } else { ignored("it had ended") })
            }
            ProviderFact::Subscription(told) => self.apply_subscription(tx, told).await,
            ProviderFact::PaymentReceived(told) => {
                self.note_payment(tx, told, PaymentStatus::Received).await
            }
            ProviderFact::PaymentFailed(told) => {
                self.note_payment(tx, told, PaymentStatus::Failed).await
            }
            ProviderFact::Refunded { payment_ref, total } => {
                self.apply_refund(tx, payment_ref, *total).await
            }
            ProviderFact::Other => Ok(ignored("nothing follows from it")),
        }
    }

    async fn complete_checkout(
        &self,
        tx: &dyn Tx,
        id: Option<CheckoutId>,
        payment: Option<&ToldPayment>,
    ) -> Result<Verdict, StoreError> {
        let Some(id) = id else { return Ok(ignored("no checkout of ours")) };
        // The provider may be faster than the transaction that notes the checkout.
        let Some(checkout) = tx.payments().find_checkout(id).await? else {
            return Ok(unclear(format!("there is no checkout {id} yet")));
        };
        if !tx.payments().finish_checkout(id, CheckoutStatus::Completed, self.now).await? {
            return Ok(ignored("this checkout was completed before"));
        }
        match (&checkout.purchase, payment) {
            // Its subscription is told by events of its own.
            (Purchase::Plan { .. }, _) => Ok(applied("paid; the subscription follows")),
            (Purchase::Package { slug, credits }, Some(payment)) => {
                self.give_credits(tx, &checkout, (slug, *credits), payment).await
            }
            (Purchase::Package { .. }, None) => Ok(unclear("it names no payment")),
        }
    }

    async fn give_credits(
        &self,
        tx: &dyn Tx,
        checkout: &Checkout,
        (slug, credits): (&str, Credits),
        payment: &ToldPayment,
    ) -> Result<Verdict, StoreError> {
        let expiry = self.expiries.iter().find(|(package, _)| package == slug);
        let lot = Lot {
            id: LotId::generate(),
            origin: LotOrigin::Paid,
            expires_at: expiry.and_then(|(_, after)| *after).map(|after| self.now.plus(after)),
            remaining: credits,
        };
        let grant = LotGrant {
            organization_id: checkout.organization_id,
            lot,
            reason: format!("package {slug}"),
            at: self.now,
        };
        tx.accounts().insert_lot(&grant).await?;
        let record = Payment {
            id: PaymentId::generate(),
            organization_id: checkout.organization_id,
            provider: self.provider.clone(),
            provider_ref: payment.provider_ref.clone(),
            subscription_id: None,
            lot_id: Some(lot.id),
            amount: payment.amount,
            refunded_minor: 0,
            status: PaymentStatus::Received,
            description: format!("{credits} credits"),
            at: self.now,
        };
        tx.payments().put_payment(&record).await?;
        let details = json!({ "credits": credits, "price": payment.amount.to_string() });
        self.audit(
            tx,
            checkout.organization_id,
            ("credits.buy", &checkout.id.to_string(), details),
        )
        .await?;
        Ok(applied(format!("{credits} credits")))
    }

    /// Notes what a subscription has become and puts its account on the plan that follows.
    pub(crate) async fn apply_subscription(
        &self,
        tx: &dyn Tx,
        told: &ToldSubscription,
    ) -> Result<Verdict, StoreError> {
        let known =
            tx.payments().find_subscription_by_ref(&self.provider, &told.provider_ref).await?;
        let whose = known.as_ref().map(|known| known.organization_id).or(told.organization_id);
        let plan_id = told.plan_id.or(known.as_ref().map(|known| known.standing.plan_id));
        let (Some(organization_id), Some(plan_id)) = (whose, plan_id) else {
            return Ok(unclear("it names no organization or plan of ours"));
        };
        if tx.accounts().find_plan(plan_id).await?.is_none() {
            return Ok(unclear(format!("there is no plan {plan_id}")));
        }
        if tx.access().find_organization(organization_id).await?.is_none() {
            return Ok(unclear(format!("there is no organization {organization_id}")));
        }
        let told_now = Standing { plan_id, state: told.state };
        let standing = match apply(known.as_ref().map(|known| &known.standing), told_now) {
            Change::Stale => return Ok(ignored("later news were here before")),
            Change::Now(standing) => standing,
        };
        match known {
            Some(known) => tx.payments().set_subscription(known.id, &standing).await?,
            None => {
                let new = Subscription {
                    id: SubscriptionId::generate(),
                    organization_id,
                    provider: self.provider.clone(),
                    provider_ref: told.provider_ref.clone(),
                    standing,
                    created_at: self.now,
                };
                tx.payments().insert_subscription(&new).await?;
            }
        }
        self.follow_subscription(tx, organization_id).await?;
        Ok(applied(standing.state.status.as_str()))
    }

    /// Puts an account on the plan that its subscription gives it now; `false` when it was on it.
    pub(crate) async fn follow_subscription(
        &self,
        tx: &dyn Tx,
        organization_id: OrganizationId,
    ) -> Result<bool, StoreError> {
        let subscription = tx.payments().find_subscription(organization_id).await?;
        let entitled = subscription
            .filter(|subscription| entitles(&subscription.standing.state, self.grace, self.now));
        let organization = tx.access().find_organization(organization_id).await?;
        let organization = organization.ok_or(StoreError::NotFound { what: "organization" })?;
        let present = tx.accounts().find_plan(organization.plan_id).await?;
        let present = present.ok_or(StoreError::NotFound { what: "plan" })?;
        let next = match entitled {
            Some(subscription) => tx.accounts().find_plan(subscription.standing.plan_id).await?,
            // Who is on the default plan keeps the version that they have.
            None if present.slug == self.default_plan => return Ok(false),
            None => tx.accounts().find_plan_by_slug(&self.default_plan).await?,
        };
        let next = next.ok_or(StoreError::NotFound { what: "plan" })?;
        if next.id == present.id {
            return Ok(false);
        }
        tx.accounts().set_plan(organization_id, next.id).await?;
        let details = json!({
            "before": { "plan": present.slug, "version": present.version },
            "after": { "plan": next.slug, "version": next.version },
        });
        self.audit(tx, organization_id, ("plan.change", &organization_id.to_string(), details))
            .await?;
        Ok(true)
    }

    async fn note_payment(
        &self,
        tx: &dyn Tx,
        told: &ToldPayment,
        status: PaymentStatus,
    ) -> Result<Verdict, StoreError> {
        let subscription = match &told.subscription_ref {
            Some(name) => tx.payments().find_subscription_by_ref(&self.provider, name).await?,
            None => None,
        };
        let whose = subscription.as_ref().map(|known| known.organization_id);
        let Some(organization_id) = whose.or(told.organization_id) else {
            return Ok(unclear("it names no organization of ours"));
        };
        if tx.access().find_organization(organization_id).await?.is_none() {
            return Ok(unclear(format!("there is no organization {organization_id}")));
        }
        let known = tx.payments().find_payment(&self.provider, &told.provider_ref).await?;
        if known.as_ref().is_some_and(|known| known.status == PaymentStatus::Received) {
            return Ok(ignored("this payment is known"));
        }
        let record = Payment {
            id: known.map_or_else(PaymentId::generate, |known| known.id),
            organization_id,
            provider: self.provider.clone(),
            provider_ref: told.provider_ref.clone(),
            subscription_id: subscription.map(|subscription| subscription.id),
            lot_id: None,
            amount: told.amount,
            refunded_minor: 0,
            status,
            description: told.description.clone(),
            at: self.now,
        };
        tx.payments().put_payment(&record).await?;
        Ok(applied(told.amount.to_string()))
    }

    async fn apply_refund(
        &self,
        tx: &dyn Tx,
        payment_ref: &str,
        total: Money,
    ) -> Result<Verdict, StoreError> {
        let Some(payment) = tx.payments().find_payment(&self.provider, payment_ref).await? else {
            return Ok(unclear(format!("there is no payment {payment_ref} yet")));
        };
        if total.currency != payment.amount.currency {
            return Ok(unclear("it is in another currency"));
        }
        let total = total.minor.min(payment.amount.minor);
        if total <= payment.refunded_minor {
            return Ok(ignored("this refund is known"));
        }
        let before = payment.refunded_minor;
        let organization_id = payment.organization_id;
        if let Some(lot_id) = payment.lot_id {
            let granted = tx.payments().get_granted(lot_id).await?;
            let share = |minor: i64| share_of(granted, minor, payment.amount.minor);
            let amount = Credits::new(share(total) - share(before));
            if amount > Credits::ZERO {
                let back = LotReturn { organization_id, lot_id, amount, at: self.now };
                tx.payments().return_lot(&back).await?;
            }
        }
        let changed = Payment { refunded_minor: total, ..payment };
        tx.payments().put_payment(&changed).await?;
        let details = json!({ "payment": payment_ref, "refunded_minor": total - before });
        self.audit(tx, organization_id, ("payment.refund", payment_ref, details)).await?;
        Ok(applied("given back"))
    }

    async fn audit(
        &self,
        tx: &dyn Tx,
        organization_id: OrganizationId,
        (action, subject, details): (&'static str, &str, serde_json::Value),
    ) -> Result<(), StoreError> {
        let actor = Actor::system(organization_id);
        tx.audit().append(&actor.audit_entry(action, subject, details, self.now)).await
    }
}

/// The credits that a part of the price had bought, rounded down.
fn share_of(granted: Credits, minor: i64, price_minor: i64) -> i64 {
    if price_minor <= 0 {
        return 0;
    }
    let share = i128::from(granted.get()) * i128::from(minor) / i128::from(price_minor);
    i64::try_from(share).unwrap_or(granted.get())
}
