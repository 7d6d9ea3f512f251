//! What of a lot expired is found without reading every posting of its account.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &["CREATE INDEX postings_expired ON postings (lot_id)
        WHERE taken_from = 'expired' OR given_to = 'expired'"];
