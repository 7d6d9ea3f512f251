//! Where the months of an account's quotas begin, and limits that it has instead of its plan's.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE accounts ADD COLUMN quota_anchor {int} NOT NULL DEFAULT 0",
    // How many rows of `limit_overrides` there are for it.
    "ALTER TABLE accounts ADD COLUMN overrides {int} NOT NULL DEFAULT 0",
    "UPDATE accounts SET quota_anchor = COALESCE(
        (SELECT s.period_start FROM subscriptions s
         WHERE s.organization_id = accounts.organization_id
         AND s.status IN ('trialing', 'active', 'past_due') ORDER BY s.id DESC LIMIT 1),
        (SELECT o.created_at FROM organizations o WHERE o.id = accounts.organization_id))",
    // `value` is nothing where there is no limit.
    "CREATE TABLE limit_overrides (
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        limit_name TEXT NOT NULL,
        value {int},
        expires_at {int},
        reason TEXT NOT NULL,
        set_by {id},
        set_at {int} NOT NULL,
        PRIMARY KEY (organization_id, limit_name)
    ) {keyed}",
];
