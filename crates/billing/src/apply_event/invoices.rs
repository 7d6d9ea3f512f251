//! Invoices of what was paid, and credit notes of what was given back.
//!
//! Invariants: a payment has one invoice, ours or its provider's, written in the transaction that
//! books it; where the provider worked the tax out, that is the tax on ours, and no rate is told; what was given back of one of ours is told by credit notes, less what came back, which
//! reversals of credit notes tell: no document is ever changed or removed.

use gantry_ports::StoreError;
use gantry_ports::store::{InvoiceBuyer, InvoiceContent, InvoiceKind, InvoiceLine, Payment, Tx};
use gantry_rules::billing_details::BillingDetails;
use gantry_rules::invoice::TaxedAmount;
use gantry_types::{InvoiceId, OrganizationId};

use super::Ground;
use crate::post::find_payers;

impl Ground {
    /// Writes the invoice of a payment that was received and is kept, and that its provider writes
    /// none for; `told_tax` is the tax in it, in minor units, where the provider worked that out.
    pub(super) async fn write_invoice(
        &self,
        tx: &dyn Tx,
        payment: &Payment,
        told_tax: Option<i64>,
    ) -> Result<(), StoreError> {
        if payment.amount.minor <= 0 {
            return Ok(());
        }
        // It may have been asked for in vain before, and have the identifier that it got then.
        let kept = tx.payments().find_payment(&self.provider, &payment.provider_ref).await?;
        let payment = kept.ok_or(StoreError::NotFound { what: "payment" })?;
        if tx.invoices().find_invoice_of_payment(payment.id).await?.is_some() {
            return Ok(());
        }
        let tax = self.invoices.tax.clone().filter(|_| told_tax.is_none());
        let total = match told_tax {
            Some(minor) => TaxedAmount::told(payment.amount.minor, minor),
            None => TaxedAmount::of(payment.amount.minor, tax.as_ref()),
        };
        let content = InvoiceContent {
            id: InvoiceId::generate(),
            organization_id: payment.organization_id,
            payment_id: payment.id,
            kind: InvoiceKind::Invoice,
            corrects: None,
            seller: self.invoices.seller.clone(),
            buyer: find_buyer(tx, payment.organization_id).await?,
            lines: vec![InvoiceLine { description: payment.description, amount: total }],
            total,
            tax,
            note: self.invoices.note.clone(),
            currency: payment.amount.currency,
            at: self.now,
        };
        self.number(tx, &content).await
    }

    /// Writes the credit note of what was given back of a payment between two of its states, or the
    /// reversal of credit notes where less was given back than before.
    pub(super) async fn write_correction(
        &self,
        tx: &dyn Tx,
        before: &Payment,
        after: &Payment,
    ) -> Result<(), StoreError> {
        let Some(invoice) = tx.invoices().find_invoice_of_payment(after.id).await? else {
            return Ok(());
        };
        let (tax, whole) = (invoice.content.tax.as_ref(), invoice.content.total);
        let [before_total, after_total] = [before, after].map(|payment| match tax {
            Some(_) => TaxedAmount::of(payment.refunded_minor, tax),
            None => whole.derive_part(payment.refunded_minor),
        });
        let (kind, total) = if after.refunded_minor > before.refunded_minor {
            (InvoiceKind::CreditNote, after_total.minus(before_total))
        } else {
            (InvoiceKind::CreditReversal, before_total.minus(after_total))
        };
        let content = InvoiceContent {
            id: InvoiceId::generate(),
            kind,
            corrects: Some(invoice.number),
            lines: vec![InvoiceLine { description: after.description.clone(), amount: total }],
            total,
            at: self.now,
            ..invoice.content
        };
        self.number(tx, &content).await
    }

    async fn number(&self, tx: &dyn Tx, content: &InvoiceContent) -> Result<(), StoreError> {
        let series = self.invoices.number.derive_series(content.at);
        match tx.invoices().write_invoice(&series, content).await {
            Ok(_) => Ok(()),
            // Somebody else was faster. It must not pass for an event that is known.
            Err(StoreError::AlreadyExists { what }) => Err(StoreError::Unavailable {
                reason: format!("this {what} is being written; the event is to come again"),
            }),
            Err(error) => Err(error),
        }
    }
}

/// The organization, as its billing details say, and the first of those who get letters about its payments.
async fn find_buyer(
    tx: &dyn Tx,
    organization_id: OrganizationId,
) -> Result<InvoiceBuyer, StoreError> {
    let organization = tx.access().find_organization(organization_id).await?;
    let organization = organization.ok_or(StoreError::NotFound { what: "organization" })?;
    let payer = find_payers(tx, organization_id).await?.into_iter().next();
    let details = tx.invoices().find_billing_details(organization_id).await?;
    let lines = details.as_ref().map(BillingDetails::describe).unwrap_or_default();
    Ok(InvoiceBuyer {
        name: details.map_or(organization.name, |details| details.name),
        lines,
        user_id: payer.as_ref().and_then(|payer| payer.user_id),
        email: payer.map(|payer| payer.email),
    })
}
