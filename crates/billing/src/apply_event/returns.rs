//! Money went back, did not after all, or is disputed.
//!
//! Invariant: refunds and disputes are kept one by one, and what a payment says of them follows
//! from all of them ([`derive_refunded`], [`derive_disputed`]), so that what is told twice, late or
//! in another order ends in the same state.

use std::cmp::Ordering;

use gantry_ports::StoreError;
use gantry_ports::payments::{DisputeState, ToldDispute, ToldRefund};
use gantry_ports::store::{
    Payment, PaymentDispute, PaymentRefund, Tx, derive_disputed, derive_refunded,
};
use gantry_types::{Credits, Money};
use serde_json::json;

use super::{Ground, Verdict, applied, ignored, unclear};
use crate::notice::BillingNews;

impl Ground {
    /// The payment that something was told of, with the lock of its organization, or why it is not
    /// clear yet.
    async fn require_payment_of(
        &self,
        tx: &dyn Tx,
        (payment_ref, told): (&str, Money),
    ) -> Result<Result<Payment, Verdict>, StoreError> {
        let Some(payment) = self.find_payment(tx, payment_ref).await? else {
            return Ok(Err(unclear(format!("there is no payment {payment_ref} yet"))));
        };
        if told.currency != payment.amount.currency {
            return Ok(Err(unclear("it is in another currency")));
        }
        Ok(Ok(payment))
    }

    /// One refund was made, or failed.
    pub(super) async fn note_refund(
        &self,
        tx: &dyn Tx,
        told: &ToldRefund,
    ) -> Result<Verdict, StoreError> {
        let payment = match self.require_payment_of(tx, (&told.payment_ref, told.amount)).await? {
            Ok(payment) => payment,
            Err(why) => return Ok(why),
        };
        let refund = PaymentRefund {
            payment_id: payment.id,
            provider: self.provider.clone(),
            refund_ref: told.refund_ref.clone(),
            minor: told.amount.minor,
            state: told.state,
        };
        if !tx.payments().put_refund(&refund).await? {
            return Ok(ignored("this refund is known"));
        }
        self.settle_refunds(tx, &payment, payment.clone()).await
    }

    /// The sum of all refunds was told.
    pub(super) async fn note_refunds_told(
        &self,
        tx: &dyn Tx,
        payment_ref: &str,
        total: Money,
    ) -> Result<Verdict, StoreError> {
        let payment = match self.require_payment_of(tx, (payment_ref, total)).await? {
            Ok(payment) => payment,
            Err(why) => return Ok(why),
        };
        if total.minor <= payment.trail.refunds_told_minor {
            return Ok(ignored("this refund is known"));
        }
        let mut changed = payment.clone();
        changed.trail.refunds_told_minor = total.minor;
        self.settle_refunds(tx, &payment, changed).await
    }

    /// Keeps what the refunds of a payment come to, and what follows from it.
    async fn settle_refunds(
        &self,
        tx: &dyn Tx,
        before: &Payment,
        mut after: Payment,
    ) -> Result<Verdict, StoreError> {
        let refunds = tx.payments().list_refunds(after.id).await?;
        let minor = derive_refunded(&refunds, after.trail.refunds_told_minor);
        after.refunded_minor = minor.min(after.amount.minor);
        let restored = self.settle_lot(tx, before, &after).await?;
        let change = after.refunded_minor - before.refunded_minor;
        let amount = Money { minor: change.abs(), ..after.amount };
        let (action, note, news) = match change.cmp(&0) {
            Ordering::Equal => return Ok(ignored("it is counted already")),
            Ordering::Greater => ("payment.refund", "given back", BillingNews::Refunded { amount }),
            Ordering::Less => {
                let credits = Some(restored).filter(|restored| *restored > Credits::ZERO);
                let news = BillingNews::RefundFailed { amount, credits };
                ("payment.refund.undo", "it came back", news)
            }
        };
        self.write_correction(tx, before, &after).await?;
        let whose = after.organization_id;
        let details = json!({
            "payment": after.provider_ref, "refunded_minor": change,
            "before": before.refunded_minor, "after": after.refunded_minor,
            "restored_credits": restored,
        });
        self.audit(tx, whose, (action, &after.provider_ref, details)).await?;
        Ok(applied(note).telling(whose, news))
    }

    /// A dispute began, or ended.
    pub(super) async fn apply_dispute(
        &self,
        tx: &dyn Tx,
        told: &ToldDispute,
    ) -> Result<Verdict, StoreError> {
        let payment = match self.require_payment_of(tx, (&told.payment_ref, told.amount)).await? {
            Ok(payment) => payment,
            Err(why) => return Ok(why),
        };
        let dispute = PaymentDispute {
            payment_id: payment.id,
            provider: self.provider.clone(),
            dispute_ref: find_name(tx, &payment, told).await?,
            minor: told.amount.minor,
            state: told.state,
        };
        if !tx.payments().put_dispute(&dispute).await? {
            return Ok(ignored("this dispute is known"));
        }
        let mut changed = payment.clone();
        let disputes = tx.payments().list_disputes(payment.id).await?;
        (changed.trail.dispute, changed.trail.disputed_minor) = derive_disputed(&disputes);
        let restored = self.settle_lot(tx, &payment, &changed).await?;
        let whose = payment.organization_id;
        let word = match told.state {
            DisputeState::Open => "open",
            DisputeState::Won => "won",
            DisputeState::Lost => "lost",
        };
        let details = json!({
            "dispute": dispute.dispute_ref, "amount": told.amount.to_string(), "state": word,
            "restored_credits": restored,
        });
        self.audit(tx, whose, ("payment.dispute", &payment.provider_ref, details)).await?;
        let news = BillingNews::Disputed { amount: told.amount, state: told.state };
        Ok(applied(format!("the dispute is {word}")).telling(whose, news))
    }
}

/// The name that a dispute is kept under: its own, or that of its payment where it was noted before
/// disputes had names.
async fn find_name(
    tx: &dyn Tx,
    payment: &Payment,
    told: &ToldDispute,
) -> Result<String, StoreError> {
    let known = tx.payments().list_disputes(payment.id).await?;
    let has = |name: &str| known.iter().any(|dispute| dispute.dispute_ref == name);
    let is_older = !has(&told.dispute_ref) && has(&payment.provider_ref);
    let name = if is_older { &payment.provider_ref } else { &told.dispute_ref };
    Ok(name.clone())
}
