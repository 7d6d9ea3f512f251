//! What is taken off every payment of a subscription, until when, and whether that was told of.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE subscriptions ADD COLUMN discount_minor {int} NOT NULL DEFAULT 0
        CHECK (discount_minor >= 0)",
    "ALTER TABLE subscriptions ADD COLUMN discount_until {int}",
    // Of what was there before, nobody has asked the provider yet.
    "ALTER TABLE subscriptions ADD COLUMN discount_news TEXT NOT NULL DEFAULT 'awaited'",
    "ALTER TABLE subscription_changes ADD COLUMN discount_minor {int} NOT NULL DEFAULT 0
        CHECK (discount_minor >= 0)",
    "ALTER TABLE subscription_changes ADD COLUMN discount_until {int}",
];
