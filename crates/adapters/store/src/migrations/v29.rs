//! Events of payments that were given up stay unclear.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE payment_events ADD COLUMN given_up_at {int}",
    // Until now they passed for ignored. They were tried for eight days.
    "UPDATE payment_events SET outcome = 'unclear', given_up_at = received_at + 691200000000
        WHERE outcome = 'ignored' AND note LIKE 'given up: %'",
];
