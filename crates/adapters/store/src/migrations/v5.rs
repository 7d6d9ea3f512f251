//! Checkouts, subscriptions, payments, and what payment providers told.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE TABLE checkouts (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        user_id {id},
        provider TEXT NOT NULL,
        provider_ref TEXT NOT NULL,
        purchase TEXT NOT NULL,
        price_minor {int} NOT NULL CHECK (price_minor >= 0),
        currency TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at {int} NOT NULL,
        finished_at {int},
        UNIQUE (provider, provider_ref)
    ) {keyed}",
    "CREATE INDEX checkouts_by_organization ON checkouts (organization_id, id)",
    "CREATE TABLE subscriptions (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        provider TEXT NOT NULL,
        provider_ref TEXT NOT NULL,
        plan_id {id} NOT NULL REFERENCES plans (id),
        status TEXT NOT NULL,
        billed TEXT NOT NULL,
        period_start {int} NOT NULL,
        period_end {int} NOT NULL,
        at_period_end TEXT NOT NULL,
        past_due_since {int},
        told_at {int} NOT NULL,
        created_at {int} NOT NULL,
        UNIQUE (provider, provider_ref)
    ) {keyed}",
    "CREATE INDEX subscriptions_by_organization ON subscriptions (organization_id, id)",
    "CREATE INDEX subscriptions_due ON subscriptions (period_end) WHERE status <> 'ended'",
    "CREATE TABLE payments (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        provider TEXT NOT NULL,
        provider_ref TEXT NOT NULL,
        subscription_id {id},
        lot_id {id},
        amount_minor {int} NOT NULL CHECK (amount_minor >= 0),
        currency TEXT NOT NULL,
        refunded_minor {int} NOT NULL CHECK (refunded_minor >= 0),
        status TEXT NOT NULL,
        description TEXT NOT NULL,
        at {int} NOT NULL,
        UNIQUE (provider, provider_ref)
    ) {keyed}",
    "CREATE INDEX payments_by_organization ON payments (organization_id, id)",
    "CREATE TABLE payment_events (
        id {id} NOT NULL PRIMARY KEY,
        provider TEXT NOT NULL,
        event_ref TEXT NOT NULL,
        kind TEXT NOT NULL,
        body TEXT NOT NULL,
        outcome TEXT NOT NULL,
        note TEXT NOT NULL,
        received_at {int} NOT NULL,
        UNIQUE (provider, event_ref)
    ) {keyed}",
    "CREATE INDEX payment_events_unclear ON payment_events (id) WHERE outcome = 'unclear'",
];
