//! A purchase was paid for.
//!
//! Invariant: what was paid elsewhere than on the page that we opened for a purchase, or for less
//! than its price there, completes nothing.

use gantry_ports::StoreError;
use gantry_ports::payments::{PaidPage, Purchase, ToldPayment};
use gantry_ports::store::{Checkout, CheckoutStatus, LotGrant, Payment, PaymentStatus, Tx};
use gantry_rules::account::{Lot, LotOrigin};
use gantry_types::{CheckoutId, Credits, LotId};
use serde_json::json;

use super::pages::{require_page, require_price};
use super::payments::continue_trail;
use super::{Ground, Verdict, applied, ignored, unclear};
use crate::notice::BillingNews;

impl Ground {
    pub(super) async fn complete_checkout(
        &self,
        tx: &dyn Tx,
        id: CheckoutId,
        (page, payment): (&PaidPage, Option<&ToldPayment>),
    ) -> Result<Verdict, StoreError> {
        // The provider may be faster than the transaction that notes the checkout.
        let Some(checkout) = tx.payments().find_checkout(id).await? else {
            return Ok(unclear(format!("there is no checkout {id} yet")));
        };
        tx.access().lock_organization(checkout.organization_id).await?;
        let told = (self.provider.as_str(), page.provider_ref.as_deref());
        if let Err(reason) = require_page(&checkout, told) {
            return Ok(unclear(reason));
        }
        let package = match (&checkout.purchase, payment) {
            (Purchase::Plan { .. }, _) => None,
            (Purchase::Package { slug, credits }, Some(payment)) => {
                Some((slug.as_str(), *credits, payment))
            }
            (Purchase::Package { .. }, None) => return Ok(unclear("it names no payment")),
        };
        if let Some((_, _, payment)) = package
            && payment.amount.currency != checkout.price.currency
        {
            return Ok(unclear("it was paid in another currency than it was sold in"));
        }
        if let Err(reason) = require_price(&checkout, page.asked) {
            return Ok(unclear(reason));
        }
        if !tx.payments().finish_checkout(id, CheckoutStatus::Completed, self.now).await? {
            return Ok(ignored("this checkout was completed before"));
        }
        match package {
            // Its subscription is told by events of its own.
            None => Ok(applied("paid; the subscription follows")),
            Some((slug, credits, payment)) => {
                self.give_credits(tx, &checkout, (slug, credits), payment).await
            }
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
        let organization_id = checkout.organization_id;
        let reason = format!("package {slug}");
        tx.accounts().insert_lot(&LotGrant { organization_id, lot, reason, at: self.now }).await?;
        // Its buyer may have tried in vain before.
        let known = tx.payments().find_payment(&self.provider, &payment.provider_ref).await?;
        let (id, trail) = continue_trail(known, payment);
        let record = Payment {
            id,
            organization_id,
            provider: self.provider.clone(),
            provider_ref: payment.provider_ref.clone(),
            subscription_id: None,
            subscription_ref: None,
            lot_id: Some(lot.id),
            amount: payment.amount,
            refunded_minor: 0,
            status: PaymentStatus::Received,
            description: format!("{credits} credits"),
            at: self.now,
            trail,
        };
        tx.payments().put_payment(&record).await?;
        self.write_invoice(tx, &record, payment.tax_minor).await?;
        let details = json!({ "credits": credits, "price": payment.amount.to_string() });
        self.audit(tx, organization_id, ("credits.buy", &checkout.id.to_string(), details)).await?;
        let news = BillingNews::Received {
            amount: record.amount,
            description: record.description,
            credits: Some(credits),
        };
        Ok(applied(format!("{credits} credits")).telling(organization_id, news))
    }
}
