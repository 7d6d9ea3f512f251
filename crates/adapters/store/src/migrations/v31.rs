//! Payments keep the provider's name for the subscription that they are for, also while that one was
//! not told of.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE payments ADD COLUMN subscription_ref TEXT",
    "UPDATE payments SET subscription_ref = (SELECT subscriptions.provider_ref FROM subscriptions
        WHERE subscriptions.id = payments.subscription_id)
        WHERE subscription_id IS NOT NULL",
    "CREATE INDEX payments_without_subscription ON payments (provider, subscription_ref)
        WHERE subscription_id IS NULL AND subscription_ref IS NOT NULL",
];
