//! What is handed to a person of the rows about them, column by column.
//!
//! Invariants: a hash, a secret and a key of the blob store stand in no list; every table that
//! names somebody is in a part, or says in the test of `erasure.rs` why it is not.

mod books;
mod work;

use gantry_ports::store::ExportPart;

/// How a column becomes JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// An identifier.
    Id,
    /// A whole number.
    Int,
    /// A seed, which has no sign.
    Seed,
    /// A time.
    Time,
    /// A truth value.
    Bool,
    /// Text.
    Text,
    /// JSON that is kept as text.
    Json,
}

use Cell::{Bool, Id, Int, Json, Text, Time};

/// Where a part comes from.
pub(super) struct Source {
    /// `FROM`: the tables, with the aliases of the columns.
    pub from: &'static str,
    /// The columns; a member's name is what stands behind the last dot or space.
    pub columns: &'static [(&'static str, Cell)],
    /// Whose rows: `{user}`, `{email}`, `{locked}` and `{own}` stand for values.
    pub whose: &'static str,
    /// A complete order.
    pub order: &'static str,
}

/// Rows of organizations that nobody else belongs to.
const OF_OWN: &str = "organization_id IN {own}";
/// The same, and what the person made elsewhere.
const OF_OWN_OR_MADE: &str = "(organization_id IN {own} OR created_by = {user})";
/// Rows of the person, wherever.
const OF_PERSON: &str = "user_id = {user}";
const BY_ID: &str = "id";

const PERSON: Source = Source {
    from: "users",
    columns: &[
        ("id", Id),
        ("email", Text),
        ("name", Text),
        ("locale", Text),
        ("status", Text),
        ("administrator", Bool),
        ("email_verified_at", Time),
        ("second_factor_at", Time),
        ("created_at", Time),
    ],
    whose: "id = {user}",
    order: BY_ID,
};

const DEPARTURES: Source = Source {
    from: "departures",
    columns: &[("asked_at", Time), ("erase_at", Time), ("billing_ended_at", Time)],
    whose: OF_PERSON,
    order: "user_id",
};

const SESSIONS: Source = Source {
    from: "sessions",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("user_agent", Text),
        ("ip", Text),
        ("created_at", Time),
        ("last_used_at", Time),
        ("expires_at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

const SIGN_IN_FAILURES: Source = Source {
    from: "sign_in_failures",
    columns: &[("subject", Text), ("failures", Int), ("last_at", Time)],
    whose: "subject = {locked}",
    order: "subject",
};

const LINKS: Source = Source {
    from: "one_time_links",
    columns: &[("purpose", Text), ("email", Text), ("created_at", Time), ("expires_at", Time)],
    whose: "(user_id = {user} OR email = {email})",
    order: "created_at, token_sha256",
};

const IDENTITIES: Source = Source {
    from: "linked_identities",
    columns: &[
        ("id", Id),
        ("provider", Text),
        ("subject", Text),
        ("email", Text),
        ("linked_at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

const PASSKEYS: Source = Source {
    from: "passkeys",
    columns: &[
        ("id", Id),
        ("name", Text),
        ("credential_id", Text),
        ("counter", Int),
        ("created_at", Time),
        ("last_used_at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

const SECOND_FACTORS: Source = Source {
    from: "second_factors",
    columns: &[("confirmed_at", Time)],
    whose: OF_PERSON,
    order: "user_id",
};

const API_KEYS: Source = Source {
    from: "api_keys",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("prefix", Text),
        ("client_id", Id),
        ("scopes", Json),
        ("created_at", Time),
        ("last_used_at", Time),
        ("expires_at", Time),
        ("revoked_at", Time),
    ],
    whose: OF_PERSON,
    order: BY_ID,
};

const REFRESH_TOKENS: Source = Source {
    from: "refresh_tokens",
    columns: &[
        ("family_id", Id),
        ("client_id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("scopes", Json),
        ("created_at", Time),
        ("expires_at", Time),
        ("used_at", Time),
    ],
    whose: OF_PERSON,
    order: "created_at, token_sha256",
};

const CLIENTS: Source = Source {
    from: "oauth_clients",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("name", Text),
        ("kind", Text),
        ("redirect_uris", Json),
        ("scopes", Json),
        ("created_at", Time),
        ("last_used_at", Time),
    ],
    whose: OF_OWN_OR_MADE,
    order: BY_ID,
};

const MAILS: Source = Source {
    from: "mails",
    columns: &[
        ("id", Id),
        ("kind", Text),
        ("recipient", Text),
        ("subject", Text),
        ("created_at", Time),
        ("ended_at", Time),
        ("outcome", Text),
    ],
    whose: "(user_id = {user} OR recipient = {email})",
    order: BY_ID,
};

const MEMBERSHIPS: Source = Source {
    from: "memberships m JOIN organizations o ON o.id = m.organization_id \
           LEFT JOIN billing_details b ON b.organization_id = o.id \
           AND m.role IN ('owner', 'admin', 'billing')",
    columns: &[
        ("o.id", Id),
        ("o.name", Text),
        ("o.time_zone", Text),
        ("o.created_at", Time),
        ("m.role", Text),
        ("m.personal", Bool),
        ("b.details", Json),
    ],
    whose: "m.user_id = {user}",
    order: "o.id",
};

const INVITATIONS: Source = Source {
    from: "invitations",
    columns: &[
        ("id", Id),
        ("organization_id", Id),
        ("email", Text),
        ("role", Text),
        ("created_at", Time),
        ("expires_at", Time),
    ],
    whose: "(organization_id IN {own} OR invited_by = {user} OR email = {email})",
    order: BY_ID,
};

/// The part's columns in the store.
pub(super) const fn source_of(part: ExportPart) -> &'static Source {
    match part {
        ExportPart::Person => &PERSON,
        ExportPart::Departures => &DEPARTURES,
        ExportPart::Sessions => &SESSIONS,
        ExportPart::SignInFailures => &SIGN_IN_FAILURES,
        ExportPart::Links => &LINKS,
        ExportPart::Identities => &IDENTITIES,
        ExportPart::Passkeys => &PASSKEYS,
        ExportPart::SecondFactors => &SECOND_FACTORS,
        ExportPart::ApiKeys => &API_KEYS,
        ExportPart::RefreshTokens => &REFRESH_TOKENS,
        ExportPart::Clients => &CLIENTS,
        ExportPart::Mails => &MAILS,
        ExportPart::Memberships => &MEMBERSHIPS,
        ExportPart::Invitations => &INVITATIONS,
        ExportPart::Datasets => &work::DATASETS,
        ExportPart::DatasetVersions => &work::DATASET_VERSIONS,
        ExportPart::Uploads => &work::UPLOADS,
        ExportPart::Artifacts => &work::ARTIFACTS,
        ExportPart::ModelCards => &work::MODEL_CARDS,
        ExportPart::Workflows => &work::WORKFLOWS,
        ExportPart::WorkflowRevisions => &work::WORKFLOW_REVISIONS,
        ExportPart::WorkflowRuns => &work::WORKFLOW_RUNS,
        ExportPart::Schedules => &work::SCHEDULES,
        ExportPart::ScheduleRuns => &work::SCHEDULE_RUNS,
        ExportPart::ObjectGrants => &work::OBJECT_GRANTS,
        ExportPart::Jobs => &books::JOBS,
        ExportPart::JobEvents => &books::JOB_EVENTS,
        ExportPart::Accounts => &books::ACCOUNTS,
        ExportPart::Lots => &books::LOTS,
        ExportPart::Ledger => &books::LEDGER,
        ExportPart::MeterUse => &books::METER_USE,
        ExportPart::UsageDays => &books::USAGE_DAYS,
        ExportPart::ModelAsks => &books::MODEL_ASKS,
        ExportPart::Checkouts => &books::CHECKOUTS,
        ExportPart::Subscriptions => &books::SUBSCRIPTIONS,
        ExportPart::SubscriptionChanges => &books::SUBSCRIPTION_CHANGES,
        ExportPart::Payments => &books::PAYMENTS,
        ExportPart::Invoices => &books::INVOICES,
        ExportPart::AdSessions => &books::AD_SESSIONS,
        ExportPart::FraudEvents => &books::FRAUD_EVENTS,
        ExportPart::ReferralCodes => &books::REFERRAL_CODES,
        ExportPart::Referrals => &books::REFERRALS,
        ExportPart::Audit => &books::AUDIT,
    }
}
