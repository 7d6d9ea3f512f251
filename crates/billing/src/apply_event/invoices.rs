//! Invoices of what was paid, and credit notes of what was given back.
//!
//! Invariants: a payment has one invoice, ours or its provider's; what was given back of one of ours
//! is told by credit notes, whose amounts add up to it.

use gantry_ports::StoreError;
use gantry_ports::store::{InvoiceContent, InvoiceKind, InvoiceLine, Payment, Tx};
use gantry_rules::invoice::TaxedAmount;
use gantry_types::InvoiceId;

use super::Ground;

impl Ground {
    /// Writes the invoice of a payment that was received and is kept.
    pub(super) async fn write_invoice(
        &self,
        tx: &dyn Tx,
        payment: &Payment,
    ) -> Result<(), StoreError> {
        let is_theirs = payment.subscription_id.is_some() && self.provider_writes_invoices;
        if is_theirs || payment.amount.minor <= 0 {
            return Ok(());
        }
        // It may have been asked for in vain before, and have the identifier that it got then.
        let kept = tx.payments().find_payment(&self.provider, &payment.provider_ref).await?;
        let payment = kept.ok_or(StoreError::NotFound { what: "payment" })?;
        if tx.invoices().find_invoice_of_payment(payment.id).await?.is_some() {
            return Ok(());
        }
        let organization = tx.access().find_organization(payment.organization_id).await?;
        let organization = organization.ok_or(StoreError::NotFound { what: "organization" })?;
        let tax = self.invoices.tax.clone();
        let total = TaxedAmount::of(payment.amount.minor, tax.as_ref());
        let content = InvoiceContent {
            id: InvoiceId::generate(),
            organization_id: payment.organization_id,
            payment_id: payment.id,
            kind: InvoiceKind::Invoice,
            corrects: None,
            seller: self.invoices.seller.clone(),
            buyer: organization.name,
            lines: vec![InvoiceLine { description: payment.description, amount: total }],
            total,
            tax,
            currency: payment.amount.currency,
            at: self.now,
        };
        self.number(tx, &content).await
    }

    /// Writes the credit note of what was given back of a payment between two of its states.
    pub(super) async fn write_credit_note(
        &self,
        tx: &dyn Tx,
        before: &Payment,
        after: &Payment,
    ) -> Result<(), StoreError> {
        let Some(invoice) = tx.invoices().find_invoice_of_payment(after.id).await? else {
            return Ok(());
        };
        let tax = invoice.content.tax.as_ref();
        let total = TaxedAmount::of(after.refunded_minor, tax)
            .minus(TaxedAmount::of(before.refunded_minor, tax));
        let content = InvoiceContent {
            id: InvoiceId::generate(),
            kind: InvoiceKind::CreditNote,
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
        tx.invoices().write_invoice(&series, content).await.map(drop)
    }
}
