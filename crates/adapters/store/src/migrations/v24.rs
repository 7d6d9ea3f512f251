//! Who signs up by an account elsewhere keeps what they brought: an invitation, a code, a plan.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &["ALTER TABLE ceremonies ADD COLUMN newcomer TEXT"];
