//! Organizations that are closed, to whom invoices are written, and plans that
//! administrators said.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE organization_closings (
        organization_id {id} NOT NULL PRIMARY KEY REFERENCES organizations (id),
        asked_by {id} NOT NULL REFERENCES users (id),
        asked_at {int} NOT NULL,
        erase_at {int} NOT NULL,
        billing_ended_at {int},
        erased_at {int}
    ) {keyed}",
    "CREATE INDEX closings_due ON organization_closings (erase_at) WHERE erased_at IS NULL",
    "CREATE TABLE billing_details (
        organization_id {id} NOT NULL PRIMARY KEY REFERENCES organizations (id),
        details TEXT NOT NULL,
        updated_at {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE plan_fixes (
        organization_id {id} NOT NULL PRIMARY KEY REFERENCES accounts (organization_id),
        expires_at {int},
        set_by {id},
        set_at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX plan_fixes_by_end ON plan_fixes (expires_at) WHERE expires_at IS NOT NULL",
    // Beside the invoices, because what they refuse to change was said when they were made.
    "CREATE TABLE invoice_buyers (
        invoice_id {id} NOT NULL PRIMARY KEY REFERENCES invoices (id),
        buyer_lines TEXT NOT NULL
    ) {keyed}",
];

/// What was written on an invoice stays.
pub(super) const APPEND_ONLY: &[&str] = &["invoice_buyers"];
