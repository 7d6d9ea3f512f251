//! Invoices and credit notes of this installation's own numbering.
//!
//! Invariants: numbers of a series have no gaps, because one is taken in the transaction of what the
//! invoice is for; what was written is never changed, but for a person who is erased.

use async_trait::async_trait;
use gantry_rules::billing_details::BillingDetails;
use gantry_rules::invoice::{TaxTerms, TaxedAmount};
use gantry_types::{Currency, InvoiceId, OrganizationId, PaymentId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::page::{Page, PageRequest};

/// What a document says of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// It was paid.
    Invoice,
    /// A part of it was given back.
    CreditNote,
    /// What was given back came back, and credit notes are taken back by so much.
    CreditReversal,
}

/// What was sold, or given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// For people.
    pub description: String,
    /// What it cost.
    pub amount: TaxedAmount,
}

/// Who bought, as they were called then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceBuyer {
    /// By the organization's billing details, or its own name.
    pub name: String,
    /// Their address and tax number, line by line; empty where they gave none.
    pub lines: Vec<String>,
    /// Who spoke for it; `None` once they are erased.
    pub user_id: Option<UserId>,
    /// That person's address; `None` once they are erased.
    pub email: Option<String>,
}

/// What an invoice or a credit note says, beside its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceContent {
    /// The identifier.
    pub id: InvoiceId,
    /// Who bought.
    pub organization_id: OrganizationId,
    /// The payment that it is about.
    pub payment_id: PaymentId,
    /// What it says of the payment.
    pub kind: InvoiceKind,
    /// The number of the invoice that a credit note or its reversal corrects.
    pub corrects: Option<String>,
    /// Who sold, as it was then, line by line.
    pub seller: Vec<String>,
    /// Who bought.
    pub buyer: InvoiceBuyer,
    /// What was sold, or given back.
    pub lines: Vec<InvoiceLine>,
    /// The sum of the lines.
    pub total: TaxedAmount,
    /// The tax that it contains.
    pub tax: Option<TaxTerms>,
    /// What else is said of tax.
    pub note: Option<String>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// When it was written.
    pub at: Timestamp,
}

/// An invoice or a credit note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its number; unique in the installation.
    pub number: String,
    /// What it says.
    pub content: InvoiceContent,
}

/// Looks up invoices.
#[async_trait]
pub trait ReadInvoices: Send + Sync {
    /// One of an organization.
    async fn find_invoice(
        &self,
        organization_id: OrganizationId,
        number: &str,
    ) -> Result<Option<Invoice>, StoreError>;
    /// Those of an organization.
    async fn list_invoices(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<InvoiceId>,
    ) -> Result<Page<Invoice, InvoiceId>, StoreError>;
    /// The invoice of a payment.
    async fn find_invoice_of_payment(
        &self,
        payment_id: PaymentId,
    ) -> Result<Option<Invoice>, StoreError>;
    /// To whom an organization has its invoices written, if it said so.
    async fn find_billing_details(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<BillingDetails>, StoreError>;
}

/// Writes invoices.
#[async_trait]
pub trait WriteInvoices: ReadInvoices {
    /// Writes one with the next number of `series` that none has, whose holders wait for one
    /// another; answers the number. [`StoreError::AlreadyExists`] for the second invoice of a
    /// payment.
    async fn write_invoice(
        &self,
        series: &str,
        content: &InvoiceContent,
    ) -> Result<String, StoreError>;
    /// Keeps to whom an organization has its invoices written, in place of what it said before;
    /// `None` forgets that.
    async fn set_billing_details(
        &self,
        organization_id: OrganizationId,
        details: Option<&BillingDetails>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
