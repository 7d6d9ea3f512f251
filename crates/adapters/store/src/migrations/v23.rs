//! What jobs asked of language models: an answer a line, with its tokens and its cost.

/// Templates in the words of `Dialect::schema`.
pub(super) const STATEMENTS: &[&str] = &[
    // Lines outlive their jobs; `cost_nanos` is nothing for a model without a price.
    "CREATE TABLE model_asks (
        id {id} NOT NULL PRIMARY KEY,
        organization_id {id} NOT NULL,
        job_id {id} NOT NULL,
        root_id {id} NOT NULL,
        operation TEXT NOT NULL,
        model TEXT NOT NULL,
        input_tokens {int} NOT NULL CHECK (input_tokens >= 0),
        output_tokens {int} NOT NULL CHECK (output_tokens >= 0),
        currency TEXT NOT NULL,
        cost_nanos {int} CHECK (cost_nanos >= 0),
        at {int} NOT NULL
    ) {keyed}",
    "CREATE INDEX model_asks_by_organization ON model_asks (organization_id, at)",
    "CREATE INDEX model_asks_by_root ON model_asks (root_id)",
    "CREATE INDEX model_asks_by_age ON model_asks (at)",
];
