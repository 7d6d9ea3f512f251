//! Mails that come with pauses or once: when an address got one, when an organization invited, and
//! when those who pay were told that a trial ends.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE INDEX mails_by_recipient ON mails (recipient, kind, created_at)",
    "CREATE INDEX audit_of_invitations ON audit_entries (organization_id, at)
        WHERE action = 'member.invite'",
    "ALTER TABLE subscriptions ADD COLUMN trial_told_at {int}",
    "CREATE INDEX subscriptions_on_trial ON subscriptions (period_end)
        WHERE status = 'trialing' AND trial_told_at IS NULL",
];
