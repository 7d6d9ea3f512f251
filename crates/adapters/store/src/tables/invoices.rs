//! Looks up and writes invoices.
//!
//! Invariant: a number is taken by the transaction that writes its invoice, under the lock of the
//! series, so that a transaction that is undone leaves no gap.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Invoice, InvoiceBuyer, InvoiceContent, Page, PageRequest, ReadInvoices, WriteInvoices,
};
use gantry_rules::billing_details::BillingDetails;
use gantry_rules::invoice::{TaxedAmount, derive_number};
use gantry_types::{InvoiceId, OrganizationId, PaymentId, Timestamp, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{
    decode_json, decode_opt_json, decode_serde_word, decode_time, decode_u64, decode_word,
    encode_json, encode_serde_word,
};
use super::page::PageSql;
use crate::session::Session;

const WHAT: &str = "invoice";
const DETAILS: &str = "billing details";
/// How many numbers that another series has are passed over at once.
const MOST_PASSED: u32 = 1_000;

const SELECT: &str = "SELECT id, number, organization_id, payment_id, kind, corrects, seller, buyer, \
     buyer_user_id, buyer_email, lines, net_minor, tax_minor, gross_minor, tax, note, currency, at, \
     buyer_lines FROM invoices LEFT JOIN invoice_buyers ON invoice_id = id";

/// A row of `invoices`.
#[derive(Debug, FromQueryResult)]
struct InvoiceRow {
    id: Uuid,
    number: String,
    organization_id: Uuid,
    payment_id: Uuid,
    kind: String,
    corrects: Option<String>,
    seller: String,
    buyer: String,
    buyer_user_id: Option<Uuid>,
    buyer_email: Option<String>,
    lines: String,
    net_minor: i64,
    tax_minor: i64,
    gross_minor: i64,
    tax: Option<String>,
    note: Option<String>,
    currency: String,
    at: i64,
    buyer_lines: Option<String>,
}

impl InvoiceRow {
    fn decode(self) -> Result<Invoice, StoreError> {
        let content = InvoiceContent {
            id: InvoiceId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            payment_id: PaymentId::from_uuid(self.payment_id),
            kind: decode_serde_word("kind of an invoice", &self.kind)?,
            corrects: self.corrects,
            seller: decode_json("seller", &self.seller)?,
            buyer: InvoiceBuyer {
                name: self.buyer,
                lines: decode_opt_json("lines of a buyer", self.buyer_lines.as_deref())?
                    .unwrap_or_default(),
                user_id: self.buyer_user_id.map(UserId::from_uuid),
                email: self.buyer_email,
            },
            lines: decode_json("lines of an invoice", &self.lines)?,
            total: TaxedAmount {
                net_minor: self.net_minor,
                tax_minor: self.tax_minor,
                gross_minor: self.gross_minor,
            },
            tax: decode_opt_json("tax", self.tax.as_deref())?,
            note: self.note,
            currency: decode_word("currency", &self.currency)?,
            at: decode_time(self.at),
        };
        Ok(Invoice { number: self.number, content })
    }
}

/// A row of `billing_details`.
#[derive(Debug, FromQueryResult)]
struct DetailsRow {
    details: String,
}

#[async_trait]
impl ReadInvoices for Session {
    async fn find_invoice(
        &self,
        organization_id: OrganizationId,
        number: &str,
    ) -> Result<Option<Invoice>, StoreError> {
        let sql = format!("{SELECT} WHERE organization_id = $1 AND number = $2");
        let values = vec![organization_id.as_uuid().into(), number.into()];
        let row = self.sql().first::<InvoiceRow>(WHAT, sql, values).await?;
        row.map(InvoiceRow::decode).transpose()
    }

    async fn list_invoices(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<InvoiceId>,
    ) -> Result<Page<Invoice, InvoiceId>, StoreError> {
        let tail = PageSql::new(page, "id", 2, InvoiceId::as_uuid);
        let sql = format!("{SELECT} WHERE organization_id = $1{}", tail.tail);
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<InvoiceRow>(WHAT, sql, values).await?;
        let invoices = rows.into_iter().map(InvoiceRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(invoices, |invoice: &Invoice| invoice.content.id))
    }

    async fn find_invoice_of_payment(
        &self,
        payment_id: PaymentId,
    ) -> Result<Option<Invoice>, StoreError> {
        let sql = format!("{SELECT} WHERE payment_id = $1 AND kind = 'invoice'");
        let values = vec![payment_id.as_uuid().into()];
        let row = self.sql().first::<InvoiceRow>(WHAT, sql, values).await?;
        row.map(InvoiceRow::decode).transpose()
    }

    async fn find_billing_details(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<BillingDetails>, StoreError> {
        let sql = "SELECT details FROM billing_details WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<DetailsRow>(DETAILS, sql, values).await?;
        row.map(|row| decode_json(DETAILS, &row.details)).transpose()
    }
}

impl Session {
    /// The next place of a series, and its number. One that another series has, because the format
    /// was another then, is passed over.
    async fn take_number(&self, series: &str) -> Result<(i64, String), StoreError> {
        let take = "INSERT INTO invoice_series (series, taken) VALUES ($1, 1) \
                    ON CONFLICT (series) DO UPDATE SET taken = invoice_series.taken + 1 \
                    RETURNING taken";
        let count = "SELECT COUNT(*) FROM invoices WHERE number = $1";
        for _ in 0..MOST_PASSED {
            let place = self.sql().number("series of invoices", take, vec![series.into()]).await?;
            let number = derive_number(series, decode_u64("place in a series", place)?);
            if self.sql().number(WHAT, count, vec![number.as_str().into()]).await? == 0 {
                return Ok((place, number));
            }
        }
        Err(StoreError::Unavailable {
            reason: format!("{MOST_PASSED} numbers of invoices like `{series}` are taken"),
        })
    }
}

#[async_trait]
impl WriteInvoices for Session {
    async fn write_invoice(
        &self,
        series: &str,
        content: &InvoiceContent,
    ) -> Result<String, StoreError> {
        let (place, number) = self.take_number(series).await?;
        let sql = "INSERT INTO invoices (id, number, organization_id, payment_id, kind, corrects, \
                   seller, buyer, buyer_user_id, buyer_email, lines, net_minor, tax_minor, \
                   gross_minor, tax, note, currency, at, series, place) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
                   $17, $18, $19, $20)";
        let tax = content.tax.as_ref().map(|tax| encode_json("tax", tax)).transpose()?;
        let values = vec![
            content.id.as_uuid().into(),
            number.as_str().into(),
            content.organization_id.as_uuid().into(),
            content.payment_id.as_uuid().into(),
            encode_serde_word("kind of an invoice", &content.kind)?.into(),
            content.corrects.clone().into(),
            encode_json("seller", &content.seller)?.into(),
            content.buyer.name.as_str().into(),
            content.buyer.user_id.map(UserId::as_uuid).into(),
            content.buyer.email.clone().into(),
            encode_json("lines of an invoice", &content.lines)?.into(),
            content.total.net_minor.into(),
            content.total.tax_minor.into(),
            content.total.gross_minor.into(),
            tax.into(),
            content.note.clone().into(),
            content.currency.to_string().into(),
            content.at.as_micros().into(),
            series.into(),
            place.into(),
        ];
        self.sql().run(WHAT, sql, values).await?;
        if !content.buyer.lines.is_empty() {
            let sql = "INSERT INTO invoice_buyers (invoice_id, buyer_lines) VALUES ($1, $2)";
            let lines = encode_json("lines of a buyer", &content.buyer.lines)?;
            self.sql().run(WHAT, sql, vec![content.id.as_uuid().into(), lines.into()]).await?;
        }
        Ok(number)
    }

    async fn set_billing_details(
        &self,
        organization_id: OrganizationId,
        details: Option<&BillingDetails>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(details) = details else {
            let sql = "DELETE FROM billing_details WHERE organization_id = $1";
            let values = vec![organization_id.as_uuid().into()];
            return self.sql().run(DETAILS, sql, values).await.map(drop);
        };
        let sql = "INSERT INTO billing_details (organization_id, details, updated_at) \
                   VALUES ($1, $2, $3) ON CONFLICT (organization_id) DO UPDATE SET \
                   details = excluded.details, updated_at = excluded.updated_at";
        let values = vec![
            organization_id.as_uuid().into(),
            encode_json(DETAILS, details)?.into(),
            now.as_micros().into(),
        ];
        self.sql().run(DETAILS, sql, values).await.map(drop)
    }
}
