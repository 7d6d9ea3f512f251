//! Invoices and credit notes: of our own numbering, and as a payment provider shows them.

use std::cmp::Reverse;

use gantry_billing::InvoicesView;
use gantry_ports::payments::{InvoiceState, ToldInvoice};
use gantry_ports::store::{Invoice, InvoiceKind};
use gantry_types::{Money, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::MoneyBody;

/// As many as one answer lists.
const MOST_LISTED: usize = 100;

/// An invoice or a credit note.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceBody {
    /// The provider's name for it; its number, where it is of this installation's numbering.
    pub provider_ref: String,
    /// The number on it.
    pub number: Option<String>,
    /// `invoice`, `credit_note`, or `credit_reversal` of what could not be given back.
    pub kind: &'static str,
    /// The number of the invoice that a credit note or its reversal corrects.
    pub corrects: Option<String>,
    /// What it is over, tax included; below zero where it gives back.
    pub amount: MoneyBody,
    /// The same without tax, where it is of this installation's numbering.
    pub net: Option<MoneyBody>,
    /// The tax in it, where it is of this installation's numbering.
    pub tax: Option<MoneyBody>,
    /// `draft`, `open`, `paid` or `void`; `credited` of a credit note.
    pub status: &'static str,
    /// Its page: here, or at the provider.
    pub page_url: Option<String>,
    /// Its PDF file: here, or at the provider.
    pub pdf_url: Option<String>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<ToldInvoice> for InvoiceBody {
    fn from(invoice: ToldInvoice) -> Self {
        Self {
            provider_ref: invoice.provider_ref,
            number: invoice.number,
            kind: "invoice",
            corrects: None,
            amount: invoice.amount.into(),
            net: None,
            tax: None,
            status: match invoice.state {
                InvoiceState::Draft => "draft",
                InvoiceState::Open => "open",
                InvoiceState::Paid => "paid",
                InvoiceState::Void => "void",
            },
            page_url: invoice.page_url,
            pdf_url: invoice.pdf_url,
            at: invoice.at,
        }
    }
}

impl From<Invoice> for InvoiceBody {
    fn from(invoice: Invoice) -> Self {
        let Invoice { number, content } = invoice;
        let (kind, status, sign) = match content.kind {
            InvoiceKind::Invoice => ("invoice", "paid", 1),
            InvoiceKind::CreditNote => ("credit_note", "credited", -1),
            InvoiceKind::CreditReversal => ("credit_reversal", "paid", 1),
        };
        let money = |minor: i64| Money { minor: minor * sign, currency: content.currency }.into();
        Self {
            page_url: Some(format!("/api/v1/account/invoices/{number}/page")),
            pdf_url: Some(format!("/api/v1/account/invoices/{number}/pdf")),
            provider_ref: number.clone(),
            number: Some(number),
            kind,
            corrects: content.corrects,
            amount: money(content.total.gross_minor),
            net: Some(money(content.total.net_minor)),
            tax: Some(money(content.total.tax_minor)),
            status,
            at: content.at,
        }
    }
}

/// The newest invoices, newest first, at most a hundred.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoicesBody {
    /// The invoices.
    pub items: Vec<InvoiceBody>,
}

impl From<InvoicesView> for InvoicesBody {
    fn from(view: InvoicesView) -> Self {
        let own = view.own.into_iter().map(InvoiceBody::from);
        let mut items: Vec<InvoiceBody> =
            own.chain(view.told.into_iter().map(InvoiceBody::from)).collect();
        // Those of one moment stay in their order.
        items.sort_by_key(|item| Reverse(item.at));
        items.truncate(MOST_LISTED);
        Self { items }
    }
}
