//! What became of payments: the charge behind them, disputes, and what the provider thinks of them;
//! and what subscriptions were, step by step.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE payments ADD COLUMN charge_ref TEXT",
    "ALTER TABLE payments ADD COLUMN dispute TEXT",
    "ALTER TABLE payments ADD COLUMN disputed_minor {int} NOT NULL DEFAULT 0",
    "ALTER TABLE payments ADD COLUMN risk TEXT",
    "CREATE INDEX payments_by_charge ON payments (provider, charge_ref) \
     WHERE charge_ref IS NOT NULL",
    "CREATE TABLE subscription_changes (
        id {id} NOT NULL PRIMARY KEY,
        subscription_id {id} NOT NULL REFERENCES subscriptions (id),
        organization_id {id} NOT NULL,
        plan_id {id} NOT NULL REFERENCES plans (id),
        status TEXT NOT NULL,
        billed TEXT NOT NULL,
        at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX subscription_changes_by_time ON subscription_changes (at, id)",
    // What was there before tells of its last state alone.
    "INSERT INTO subscription_changes \
     (id, subscription_id, organization_id, plan_id, status, billed, at) \
     SELECT id, id, organization_id, plan_id, status, billed, told_at FROM subscriptions",
    "CREATE INDEX checkouts_open ON checkouts (provider, created_at) WHERE status = 'open'",
];
