//! Events of payments that were given up stay unclear; refunds and disputes are kept one by one;
//! how somebody paid is kept with the payment.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE payment_events ADD COLUMN given_up_at {int}",
    // Until now they passed for ignored. They were tried for eight days.
    "UPDATE payment_events SET outcome = 'unclear', given_up_at = received_at + 691200000000
        WHERE outcome = 'ignored' AND note LIKE 'given up: %'",
    "ALTER TABLE payments ADD COLUMN features TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE payments ADD COLUMN refunds_told_minor {int} NOT NULL DEFAULT 0",
    "CREATE TABLE payment_refunds (
        provider TEXT NOT NULL,
        refund_ref TEXT NOT NULL,
        payment_id {id} NOT NULL REFERENCES payments (id),
        minor {int} NOT NULL CHECK (minor >= 0),
        state TEXT NOT NULL,
        PRIMARY KEY (provider, refund_ref)
    ) {keyed}",
    "CREATE INDEX payment_refunds_by_payment ON payment_refunds (payment_id)",
    "CREATE TABLE payment_disputes (
        provider TEXT NOT NULL,
        dispute_ref TEXT NOT NULL,
        payment_id {id} NOT NULL REFERENCES payments (id),
        minor {int} NOT NULL CHECK (minor >= 0),
        state TEXT NOT NULL,
        PRIMARY KEY (provider, dispute_ref)
    ) {keyed}",
    "CREATE INDEX payment_disputes_by_payment ON payment_disputes (payment_id)",
    // What was known of a payment until now stands under the payment's own name.
    "INSERT INTO payment_refunds (provider, refund_ref, payment_id, minor, state)
        SELECT provider, provider_ref, id, refunded_minor, 'given' FROM payments
        WHERE refunded_minor > 0",
    "INSERT INTO payment_disputes (provider, dispute_ref, payment_id, minor, state)
        SELECT provider, provider_ref, id, disputed_minor, dispute FROM payments
        WHERE dispute IS NOT NULL",
];
