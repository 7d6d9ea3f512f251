//! What cancelling costs, who was warned of a low balance, and who brought whom.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    "ALTER TABLE jobs ADD COLUMN penalty {int} NOT NULL DEFAULT 0",
    // The jobs that an account cancelled of late, as JSON; its row's lock keeps the count exact.
    "ALTER TABLE accounts ADD COLUMN cancellations TEXT",
    // 1 once an account had enough since it was warned last.
    "ALTER TABLE accounts ADD COLUMN had_enough {int} NOT NULL DEFAULT 0",
    "CREATE TABLE referral_codes (
        organization_id {id} NOT NULL PRIMARY KEY REFERENCES accounts (organization_id),
        code TEXT NOT NULL UNIQUE,
        created_by {id},
        created_at {int} NOT NULL
    ) {keyed}",
    "CREATE TABLE referrals (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL REFERENCES accounts (organization_id),
        referred_user_id {id} NOT NULL UNIQUE REFERENCES users (id),
        referred_organization_id {id} NOT NULL,
        state TEXT NOT NULL,
        reward {int} NOT NULL CHECK (reward >= 0),
        welcome {int} NOT NULL CHECK (welcome >= 0),
        created_at {int} NOT NULL,
        ended_at {int}
    ) {keyed}",
    "CREATE INDEX referrals_by_organization ON referrals (organization_id, id)",
    "CREATE INDEX referrals_waiting ON referrals (id) WHERE state = 'waiting'",
];
