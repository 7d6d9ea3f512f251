//! Money came, or did not; and what was bought with what is not ours any more.
//!
//! Invariant: what is taken back of a lot is the share of its price that is not ours any more
//! ([`Payment::lost_minor`]), whatever was told in which order.

use gantry_ports::StoreError;
use gantry_ports::payments::{PaymentFeatures, PaymentRisk, RiskLevel, ToldPayment};
use gantry_ports::store::{LotReturn, Payment, PaymentStatus, PaymentTrail, Tx};
use gantry_rules::plan::Plan;
use gantry_rules::subscription::Subscription;
use gantry_types::{Credits, OrganizationId, PaymentId, Timestamp};
use serde_json::json;

use super::pages::find_too_late;
use super::{Ground, Verdict, applied, ignored, unclear};
use crate::notice::BillingNews;

/// What a payment was for that was never made.
const DECLINED: &str = "Declined purchase";

impl Ground {
    pub(super) async fn note_payment(
        &self,
        tx: &dyn Tx,
        told: &ToldPayment,
        (status, told_at): (PaymentStatus, Timestamp),
    ) -> Result<Verdict, StoreError> {
        let whose = self.find_paid_for(tx, told).await?.map(|known| known.organization_id);
        let Some(organization_id) = whose.or(told.organization_id) else {
            return Ok(unclear("it names no organization of ours"));
        };
        tx.access().lock_organization(organization_id).await?;
        // As it is now: another event may have told of it while this one waited.
        let subscription = self.find_paid_for(tx, told).await?;
        let buyer = (organization_id, subscription.as_ref());
        if let Some(reason) = self.find_doubt(tx, told, buyer).await? {
            return Ok(unclear(reason));
        }
        let known = tx.payments().find_payment(&self.provider, &told.provider_ref).await?;
        if known.as_ref().is_some_and(|known| known.status == PaymentStatus::Received) {
            return Ok(ignored("this payment is known"));
        }
        if status == PaymentStatus::Received
            && let Some(subscription) = &subscription
            && let Some(reason) = find_too_late(subscription, told_at)
        {
            return Ok(unclear(reason));
        }
        let description = describe(tx, told, subscription.as_ref()).await?;
        let (id, trail) = keep_trail(known, told);
        let record = Payment {
            id,
            organization_id,
            provider: self.provider.clone(),
            provider_ref: told.provider_ref.clone(),
            subscription_id: subscription.map(|subscription| subscription.id),
            // Where that one is told of later, it finds its payments by its name.
            subscription_ref: told.subscription_ref.clone(),
            lot_id: None,
            amount: told.amount,
            refunded_minor: 0,
            status,
            description: description.clone(),
            at: self.now,
            trail,
        };
        tx.payments().put_payment(&record).await?;
        let amount = told.amount;
        let news = match status {
            PaymentStatus::Received => {
                if !self.provider_writes_invoices {
                    self.write_invoice(tx, &record, told.tax_minor).await?;
                }
                BillingNews::Received { amount, description, credits: None }
            }
            PaymentStatus::Failed => BillingNews::Failed { amount, description },
        };
        Ok(applied(amount.to_string()).telling(organization_id, news))
    }

    /// Why it is not clear that the payment is the organization's.
    async fn find_doubt(
        &self,
        tx: &dyn Tx,
        told: &ToldPayment,
        (organization_id, subscription): (OrganizationId, Option<&Subscription>),
    ) -> Result<Option<String>, StoreError> {
        if tx.access().find_organization(organization_id).await?.is_none() {
            return Ok(Some(format!("there is no organization {organization_id}")));
        }
        match (subscription, &told.subscription_ref) {
            (None, Some(name)) => self.find_false_page(tx, (told.checkout_id, name)).await,
            (Some(_), _) | (None, None) => Ok(None),
        }
    }

    /// An attempt that its buyer saw fail on the provider's page: it is kept for administrators to
    /// look at, and nobody is written of it.
    pub(super) async fn note_declined(
        &self,
        tx: &dyn Tx,
        told: &ToldPayment,
        risk: Option<PaymentRisk>,
    ) -> Result<Verdict, StoreError> {
        let Some(organization_id) = told.organization_id else {
            return Ok(ignored("it names no organization of ours"));
        };
        tx.access().lock_organization(organization_id).await?;
        if tx.access().find_organization(organization_id).await?.is_none() {
            return Ok(unclear(format!("there is no organization {organization_id}")));
        }
        let known = tx.payments().find_payment(&self.provider, &told.provider_ref).await?;
        if known.as_ref().is_some_and(|known| known.status == PaymentStatus::Received) {
            return Ok(ignored("it was paid after all"));
        }
        let (id, trail) = continue_trail(known, told);
        let record = Payment {
            id,
            organization_id,
            provider: self.provider.clone(),
            provider_ref: told.provider_ref.clone(),
            subscription_id: None,
            subscription_ref: None,
            lot_id: None,
            amount: told.amount,
            refunded_minor: 0,
            status: PaymentStatus::Failed,
            description: DECLINED.to_owned(),
            at: self.now,
            trail: PaymentTrail { risk, ..trail },
        };
        tx.payments().put_payment(&record).await?;
        self.audit_risk(tx, &record).await?;
        Ok(applied("declined"))
    }

    /// The subscription that a payment is for, where it was told of.
    async fn find_paid_for(
        &self,
        tx: &dyn Tx,
        told: &ToldPayment,
    ) -> Result<Option<Subscription>, StoreError> {
        match &told.subscription_ref {
            Some(name) => tx.payments().find_subscription_by_ref(&self.provider, name).await,
            None => Ok(None),
        }
    }

    pub(super) async fn note_charge(
        &self,
        tx: &dyn Tx,
        payment_ref: &str,
        charge_ref: &str,
    ) -> Result<Verdict, StoreError> {
        let Some(mut payment) = self.find_payment(tx, payment_ref).await? else {
            return Ok(unclear(format!("there is no payment {payment_ref} yet")));
        };
        if payment.trail.charge_ref.as_deref() == Some(charge_ref) {
            return Ok(ignored("this charge is known"));
        }
        payment.trail.charge_ref = Some(charge_ref.to_owned());
        tx.payments().put_payment(&payment).await?;
        Ok(applied(format!("paid by {charge_ref}")))
    }

    pub(super) async fn note_risk(
        &self,
        tx: &dyn Tx,
        payment_ref: &str,
        (risk, method): (PaymentRisk, Option<&str>),
    ) -> Result<Verdict, StoreError> {
        let Some(mut payment) = self.find_payment(tx, payment_ref).await? else {
            return Ok(unclear(format!("there is no payment {payment_ref} yet")));
        };
        let known = payment.trail.features.method.as_deref();
        let is_method_known = method.is_none() || known == method;
        if payment.trail.risk == Some(risk) && is_method_known {
            return Ok(ignored("this is known"));
        }
        payment.trail.risk = Some(risk);
        if let Some(method) = method {
            payment.trail.features.method = Some(method.to_owned());
        }
        tx.payments().put_payment(&payment).await?;
        self.audit_risk(tx, &payment).await?;
        Ok(applied("the risk is noted"))
    }

    /// Notes that a payment may be fraud, where its provider thinks so.
    async fn audit_risk(&self, tx: &dyn Tx, payment: &Payment) -> Result<(), StoreError> {
        let Some(risk) = payment.trail.risk else { return Ok(()) };
        match risk.level {
            RiskLevel::Normal | RiskLevel::Unknown => Ok(()),
            RiskLevel::Elevated | RiskLevel::Highest => {
                let details = json!({ "risk": risk });
                let whose = payment.organization_id;
                self.audit(tx, whose, ("payment.risk", &payment.provider_ref, details)).await
            }
        }
    }

    /// A payment, with the lock of its organization: whatever else is told of it waits.
    pub(super) async fn find_payment(
        &self,
        tx: &dyn Tx,
        name: &str,
    ) -> Result<Option<Payment>, StoreError> {
        let Some(found) = tx.payments().find_payment(&self.provider, name).await? else {
            return Ok(None);
        };
        tx.access().lock_organization(found.organization_id).await?;
        // As it is now: another event may have changed it while this one waited.
        tx.payments().find_payment(&self.provider, name).await
    }

    /// Keeps a payment's new state, and takes back or gives again what its money had bought; answers
    /// how many credits count again, which is none where some were taken back.
    pub(super) async fn settle_lot(
        &self,
        tx: &dyn Tx,
        before: &Payment,
        after: &Payment,
    ) -> Result<Credits, StoreError> {
        tx.payments().put_payment(after).await?;
        let Some(lot_id) = after.lot_id else { return Ok(Credits::ZERO) };
        let granted = tx.payments().get_granted(lot_id).await?;
        let share =
            |payment: &Payment| share_of(granted, payment.lost_minor(), payment.amount.minor);
        let amount = share(after) - share(before);
        let back = LotReturn {
            organization_id: after.organization_id,
            lot_id,
            amount: Credits::new(amount.abs()),
            at: self.now,
        };
        match amount {
            0 => Ok(Credits::ZERO),
            1.. => tx.payments().return_lot(&back).await.map(|_left| Credits::ZERO),
            ..=-1 => tx.payments().restore_lot(&back).await,
        }
    }
}

/// The identifier and the trail of a payment that may have been asked for in vain before: what was
/// told of it elsewhere stays, and what went wrong then does not.
pub(super) fn continue_trail(
    known: Option<Payment>,
    told: &ToldPayment,
) -> (PaymentId, PaymentTrail) {
    let (id, mut trail) = begin_trail(known);
    let method = trail.features.method.take();
    trail.features = told.features.clone();
    trail.features.method = trail.features.method.or(method);
    (id, trail)
}

/// As [`continue_trail`] of a plan's payment: what was told of it elsewhere stays where this tells
/// nothing.
fn keep_trail(known: Option<Payment>, told: &ToldPayment) -> (PaymentId, PaymentTrail) {
    let (id, mut trail) = begin_trail(known);
    if told.features != PaymentFeatures::default() {
        trail.features = told.features.clone();
    }
    (id, trail)
}

fn begin_trail(known: Option<Payment>) -> (PaymentId, PaymentTrail) {
    let new = || (PaymentId::generate(), PaymentTrail::default());
    known.map_or_else(new, |known| (known.id, known.trail))
}

/// The credits that a part of the price had bought, rounded down.
fn share_of(granted: Credits, minor: i64, price_minor: i64) -> i64 {
    if price_minor <= 0 {
        return 0;
    }
    let share = i128::from(granted.get()) * i128::from(minor) / i128::from(price_minor);
    i64::try_from(share).unwrap_or(granted.get())
}

/// What a payment is for, also where its provider does not say.
async fn describe(
    tx: &dyn Tx,
    told: &ToldPayment,
    subscription: Option<&Subscription>,
) -> Result<String, StoreError> {
    if !told.description.trim().is_empty() {
        return Ok(told.description.clone());
    }
    let plan = match subscription {
        Some(known) => tx.accounts().find_plan(known.standing.plan_id).await?,
        None => None,
    };
    Ok(plan.as_ref().map_or_else(|| "Subscription".to_owned(), describe_plan))
}

/// What a payment for a plan is for.
pub(super) fn describe_plan(plan: &Plan) -> String {
    format!("Plan {}", plan.title)
}
