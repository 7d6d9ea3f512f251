//! Mails that come with pauses: when an address got one, and when an organization invited.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "CREATE INDEX mails_by_recipient ON mails (recipient, kind, created_at)",
    "CREATE INDEX audit_of_invitations ON audit_entries (organization_id, at)
        WHERE action = 'member.invite'",
];
