//! Requests that may be repeated without doubling what they do; invoices of our own numbering.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // What is done in one transaction is kept with its answer; what a provider has to be asked for
    // is kept first, and answered afterwards.
    "CREATE TABLE kept_requests (
        organization_id {id} NOT NULL,
        route TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        began TEXT NOT NULL,
        answer TEXT,
        created_at {int} NOT NULL,
        held_until {int} NOT NULL,
        PRIMARY KEY (organization_id, route, idempotency_key)
    ) {keyed}",
    "CREATE INDEX kept_requests_by_age ON kept_requests (created_at)",
    // The last number that was taken; its lock makes those who write invoices wait for one another.
    "CREATE TABLE invoice_series (
        series TEXT NOT NULL PRIMARY KEY,
        taken {int} NOT NULL CHECK (taken >= 1)
    ) {keyed}",
    "CREATE TABLE invoices (
        id {id} NOT NULL PRIMARY KEY,
        number TEXT NOT NULL UNIQUE,
        series TEXT NOT NULL,
        place {int} NOT NULL,
        organization_id {id} NOT NULL,
        payment_id {id} NOT NULL REFERENCES payments (id),
        kind TEXT NOT NULL,
        corrects TEXT,
        seller TEXT NOT NULL,
        buyer TEXT NOT NULL,
        buyer_user_id {id},
        buyer_email TEXT,
        lines TEXT NOT NULL,
        net_minor {int} NOT NULL,
        tax_minor {int} NOT NULL,
        gross_minor {int} NOT NULL CHECK (gross_minor = net_minor + tax_minor),
        tax TEXT,
        note TEXT,
        currency TEXT NOT NULL,
        at {int} NOT NULL,
        UNIQUE (series, place)
    ) {keyed}",
    "CREATE INDEX invoices_by_organization ON invoices (organization_id, id)",
    "CREATE INDEX invoices_by_payment ON invoices (payment_id)",
    "CREATE INDEX invoices_by_buyer ON invoices (buyer_user_id) WHERE buyer_user_id IS NOT NULL",
    "CREATE UNIQUE INDEX invoices_one_of_payment ON invoices (payment_id) WHERE kind = 'invoice'",
];

/// Invoices are never removed.
pub(super) const APPEND_ONLY: &[&str] = &["invoices"];

/// What was written on an invoice stays; the person behind the buyer, whom no tax law asks for, can
/// be erased.
pub(super) const APPEND_ONLY_IN: &[(&str, &[&str])] = &[(
    "invoices",
    &[
        "id",
        "number",
        "series",
        "place",
        "organization_id",
        "payment_id",
        "kind",
        "corrects",
        "seller",
        "buyer",
        "lines",
        "net_minor",
        "tax_minor",
        "gross_minor",
        "tax",
        "note",
        "currency",
        "at",
    ],
)];
