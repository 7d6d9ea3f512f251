//! Jobs, money and the audit log, column by column.

use super::Cell::{Id, Int, Json, Seed, Text, Time};
use super::{BY_ID, OF_OWN, OF_PERSON, Source};

pub(super) const JOBS: Source = Source {
    from: "jobs j LEFT JOIN job_bodies b ON b.job_id = j.id \
           LEFT JOIN job_results r ON r.job_id = j.id",
    columns: &[
        ("j.id", Id),
        ("j.organization_id", Id),
        ("j.parent_id", Id),
        ("j.operation", Text),
        ("j.operation_version", Int),
        ("j.label", Text),
        ("j.seed", Seed),
        ("j.accounting", Text),
        ("j.state", Text),
        ("j.device", Text),
        ("j.class", Text),
        ("j.attempt", Int),
        ("j.max_credits", Int),
        ("j.cost", Int),
        ("j.origin", Text),
        ("b.params", Json),
        ("b.inputs", Json),
        ("r.report", Json),
        ("r.error", Json),
        ("j.created_at", Time),
        ("j.started_at", Time),
        ("j.finished_at", Time),
    ],
    whose: "(j.organization_id IN {own} OR j.submitted_by = {user})",
    order: "j.id",
};

pub(super) const JOB_EVENTS: Source = Source {
    from: "job_events e JOIN jobs j ON j.id = e.job_id",
    columns: &[
        ("e.job_id", Id),
        ("e.cursor", Int),
        ("e.kind", Text),
        ("e.body", Json),
        ("e.at", Time),
    ],
    whose: "(j.organization_id IN {own} OR j.submitted_by = {user})",
    order: "e.job_id, e.cursor",
};

pub(super) const ACCOUNTS: Source = Source {
    from: "accounts a JOIN plans p ON p.id = a.plan_id",
    columns: &[
        ("a.organization_id", Id),
        ("p.slug AS plan", Text),
        ("p.version AS plan_version", Int),
        ("a.available", Int),
        ("a.held", Int),
    ],
    whose: "a.organization_id IN {own}",
    order: "a.organization_id",
};

pub(super) const LOTS: Source = Source {
    from: "lots",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("origin", Text),
        ("reason", Text),
        ("granted", Int),
        ("remaining", Int),
        ("expires_at", Time),
        ("created_at", Time),
    ],
    whose: OF_OWN,
    order: BY_ID,
};

pub(super) const LEDGER: Source = Source {
    from: "postings",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("taken_from", Text),
        ("given_to", Text),
        ("amount", Int),
        ("lot_id", Id),
        ("job_id", Id),
        ("reason", Text),
        ("at", Time),
    ],
    whose: OF_OWN,
    order: "organization_id, id",
};

pub(super) const METER_USE: Source = Source {
    from: "meter_usage",
    columns: &[
        ("organization_id", Id),
        ("meter", Text),
        ("period_start", Time),
        ("used", Int),
        ("reserved", Int),
    ],
    whose: OF_OWN,
    order: "organization_id, period_start, meter",
};

pub(super) const USAGE_DAYS: Source = Source {
    from: "usage_days",
    columns: &[
        ("organization_id", Id),
        ("day", Time),
        ("operation", Text),
        ("user_id", Id),
        ("jobs", Int),
        ("succeeded", Int),
        ("failed", Int),
        ("cancelled", Int),
        ("credits", Int),
        ("busy_micros", Int),
        ("units", Json),
    ],
    whose: "(organization_id IN {own} OR user_id = {user})",
    order: "organization_id, day, operation, user_id",
};

pub(super) const MODEL_ASKS: Source = Source {
    from: "model_asks a",
    columns: &[
        ("a.id", Id),
        ("a.organization_id", Id),
        ("a.job_id", Id),
        ("a.operation", Text),
        ("a.model", Text),
        ("a.input_tokens AS input_size", Int),
        ("a.output_tokens AS output_size", Int),
        ("a.currency", Text),
        ("a.cost_nanos", Int),
        ("a.at", Time),
    ],
    whose: "(a.organization_id IN {own} OR EXISTS \
            (SELECT 1 FROM jobs j WHERE j.id = a.root_id AND j.submitted_by = {user}))",
    order: "a.id",
};

pub(super) const CHECKOUTS: Source = Source {
    from: "checkouts",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("provider", Text),
        ("provider_ref", Text),
        ("purchase", Json),
        ("price_minor", Int),
        ("currency", Text),
        ("status", Text),
        ("created_at", Time),
        ("finished_at", Time),
    ],
    whose: "(organization_id IN {own} OR user_id = {user})",
    order: BY_ID,
};

pub(super) const SUBSCRIPTIONS: Source = Source {
    from: "subscriptions",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("provider", Text),
        ("provider_ref", Text),
        ("status", Text),
        ("billed", Text),
        ("period_start", Time),
        ("period_end", Time),
        ("at_period_end", Text),
        ("discount_minor", Int),
        ("discount_until", Time),
        ("created_at", Time),
    ],
    whose: OF_OWN,
    order: BY_ID,
};

pub(super) const SUBSCRIPTION_CHANGES: Source = Source {
    from: "subscription_changes",
    columns: &[
        ("subscription_id", Id),
        ("status", Text),
        ("billed", Text),
        ("discount_minor", Int),
        ("discount_until", Time),
        ("at", Time),
    ],
    whose: OF_OWN,
    order: BY_ID,
};

pub(super) const PAYMENTS: Source = Source {
    from: "payments",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("provider", Text),
        ("provider_ref", Text),
        ("subscription_id", Id),
        ("subscription_ref", Text),
        ("description", Text),
        ("amount_minor", Int),
        ("refunded_minor", Int),
        ("disputed_minor", Int),
        ("currency", Text),
        ("status", Text),
        ("dispute", Json),
        ("risk", Json),
        ("features", Json),
        ("at", Time),
    ],
    whose: OF_OWN,
    order: BY_ID,
};

pub(super) const INVOICES: Source = Source {
    from: "invoices LEFT JOIN invoice_buyers ON invoice_id = id",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("number", Text),
        ("kind", Text),
        ("corrects", Text),
        ("payment_id", Id),
        ("seller", Json),
        ("buyer", Text),
        ("buyer_email", Text),
        ("buyer_lines", Json),
        ("lines", Json),
        ("net_minor", Int),
        ("tax_minor", Int),
        ("gross_minor", Int),
        ("tax", Json),
        ("note", Text),
        ("currency", Text),
        ("at", Time),
    ],
    whose: OF_OWN,
    order: BY_ID,
};

pub(super) const AUDIT: Source = Source {
    from: "audit_entries",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("action", Text),
        ("subject", Text),
        ("details", Json),
        ("ip", Text),
        ("at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

pub(super) const AD_SESSIONS: Source = Source {
    from: "ad_sessions",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("provider", Text),
        ("progress", Text),
        ("created_at", Time),
        ("watched_at", Time),
        ("decided_at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

/// Without the signals: who knows them all could keep just below the limit.
pub(super) const FRAUD_EVENTS: Source = Source {
    from: "fraud_events",
    columns: &[
        ("id", Id),
        ("session_id", Id),
        ("organization_id", Id),
        ("verdict", Text),
        ("score", Int),
        ("credits", Int),
        ("address", Text),
        ("user_agent", Text),
        ("at", Time),
        ("review", Text),
        ("reviewed_at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

pub(super) const REFERRAL_CODES: Source = Source {
    from: "referral_codes",
    columns: &[("organization_id", Id), ("code", Text), ("created_at", Time)],
    whose: "(organization_id IN {own} OR created_by = {user})",
    order: "organization_id",
};

/// Without the other side of it.
pub(super) const REFERRALS: Source = Source {
    from: "referrals",
    columns: &[
        ("id", Id),
        ("state", Text),
        ("reward", Int),
        ("welcome", Int),
        ("created_at", Time),
        ("ended_at", Time),
    ],
    whose: "(organization_id IN {own} OR referred_user_id = {user})",
    order: BY_ID,
};
