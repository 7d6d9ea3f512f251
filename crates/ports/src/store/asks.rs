//! What jobs asked of language models: a line for each answer, with its tokens and its cost.
//!
//! Invariants: a line is written once, when its answer is there, and never changed; a job that is
//! run again asks again and has further lines, because each of them was paid for; lines outlive
//! their jobs and go with their organization; amounts of different currencies never meet in a sum.

use async_trait::async_trait;
use gantry_types::{AskId, Currency, JobId, Nanos, OrganizationId, Timestamp, TokenUse};

use super::error::StoreError;

/// One answer of a language model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelAsk {
    /// The identifier.
    pub id: AskId,
    /// Whose job.
    pub organization_id: OrganizationId,
    /// The job.
    pub job_id: JobId,
    /// The root of its tree.
    pub root_id: JobId,
    /// Its operation.
    pub operation: String,
    /// The model.
    pub model: String,
    /// What was used.
    pub tokens: TokenUse,
    /// In which currency it was paid for.
    pub currency: Currency,
    /// What it cost; `None` for a model without a price.
    pub cost: Option<Nanos>,
    /// When it was answered.
    pub at: Timestamp,
}

/// Sums over answers in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AskSums {
    /// Answers.
    pub requests: u64,
    /// Those of models without a price.
    pub unpriced: u64,
    /// What they used.
    pub tokens: TokenUse,
    /// What those with a price cost.
    pub cost: Nanos,
}

impl AskSums {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            unpriced: self.unpriced.saturating_add(other.unpriced),
            tokens: self.tokens.plus(other.tokens),
            cost: self.cost.plus(other.cost),
        }
    }
}

/// Which answers are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskFilter {
    /// From when on.
    pub from: Timestamp,
    /// Until before when.
    pub to: Timestamp,
    /// One tenant; `None` means all.
    pub organization_id: Option<OrganizationId>,
}

/// What was asked of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSums {
    /// The model.
    pub model: String,
    /// In which currency it was paid for.
    pub currency: Currency,
    /// The sums.
    pub sums: AskSums,
}

/// What one job asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobAsks {
    /// The root of its tree.
    pub root_id: JobId,
    /// The job.
    pub job_id: JobId,
    /// In which currency it was paid for.
    pub currency: Currency,
    /// The sums.
    pub sums: AskSums,
}

/// Looks up what was asked.
#[async_trait]
pub trait ReadAsks: Send + Sync {
    /// The sums by model and currency, in that order.
    async fn sum_asks(&self, filter: &AskFilter) -> Result<Vec<ModelSums>, StoreError>;
    /// What each job in the trees of these roots asked; jobs that asked nothing are left out.
    async fn sum_asks_of_trees(
        &self,
        organization_id: OrganizationId,
        roots: &[JobId],
    ) -> Result<Vec<JobAsks>, StoreError>;
}

/// Writes down what was asked.
#[async_trait]
pub trait WriteAsks: ReadAsks {
    /// Writes a line.
    async fn insert_ask(&self, ask: &ModelAsk) -> Result<(), StoreError>;
}
