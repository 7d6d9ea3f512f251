//! What the tests of both databases write before they try to rewrite it.

use gantry_ports::Store;
use gantry_ports::store::{
    AuditEntry, InvoiceBuyer, InvoiceContent, InvoiceKind, Payment, PaymentStatus, PaymentTrail,
    StoreExt,
};
use gantry_rules::invoice::TaxedAmount;
use gantry_types::{
    AuditEntryId, Currency, InvoiceId, Money, OrganizationId, PaymentId, Timestamp,
};

/// Appends a line to the audit log.
pub async fn append_audit_entry(store: &dyn Store) -> Result<(), gantry_ports::StoreError> {
    let entry = AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: None,
        user_id: None,
        action: "test.append".into(),
        subject: "test".into(),
        details: serde_json::json!({}),
        ip: "127.0.0.1".into(),
        at: Timestamp::from_micros(1),
    };
    store
        .write(move |tx| {
            let entry = entry.clone();
            Box::pin(async move { tx.audit().append(&entry).await })
        })
        .await
}

/// Writes an invoice of a payment of this organization.
pub async fn write_invoice(
    store: &dyn Store,
    organization_id: OrganizationId,
) -> Result<(), gantry_ports::StoreError> {
    let at = Timestamp::from_micros(1);
    let amount = Money { minor: 100, currency: Currency::usd() };
    let payment = Payment {
        id: PaymentId::generate(),
        organization_id,
        provider: "test".into(),
        provider_ref: "pay_1".into(),
        subscription_id: None,
        subscription_ref: None,
        lot_id: None,
        amount,
        refunded_minor: 0,
        status: PaymentStatus::Received,
        description: "a test".into(),
        at,
        trail: PaymentTrail::default(),
    };
    let content = InvoiceContent {
        id: InvoiceId::generate(),
        organization_id,
        payment_id: payment.id,
        kind: InvoiceKind::Invoice,
        corrects: None,
        seller: Vec::new(),
        buyer: InvoiceBuyer {
            name: "Buyer".into(),
            lines: Vec::new(),
            user_id: None,
            email: Some("b@x.org".into()),
        },
        lines: Vec::new(),
        total: TaxedAmount::of(amount.minor, None),
        tax: None,
        note: None,
        currency: amount.currency,
        at,
    };
    store
        .write(move |tx| {
            let (payment, content) = (payment.clone(), content.clone());
            Box::pin(async move {
                tx.payments().put_payment(&payment).await?;
                tx.invoices().write_invoice("{number}", &content).await.map(drop)
            })
        })
        .await
}
