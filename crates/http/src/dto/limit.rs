//! Limits that accounts have in place of their plan's.

use gantry_billing::{LimitDraft, LimitView};
use gantry_rules::overrides::LimitOverride;
use gantry_types::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A limit that an account has in place of its plan's.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitOverrideBody {
    /// `concurrent_jobs`, `seats`, `retention_days`, `file_bytes`, or `per_month.`, `per_day.` or
    /// `per_job.` and a meter.
    pub limit: String,
    /// How much; `null` does not limit.
    pub value: Option<u64>,
    /// When the plan's limit holds again; `null` never by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl From<LimitOverride> for LimitOverrideBody {
    fn from(own: LimitOverride) -> Self {
        Self { limit: own.limit.to_string(), value: own.value, expires_at: own.expires_at }
    }
}

/// Limits that an account is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitOverridesRequest {
    /// 1 to 100 limits. Those that the account has and that are not named stay.
    pub overrides: Vec<LimitOverrideRequest>,
}

/// A limit that an account is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitOverrideRequest {
    /// `concurrent_jobs`, `seats`, `retention_days`, `file_bytes`, or `per_month.`, `per_day.` or
    /// `per_job.` and a meter.
    pub limit: String,
    /// How much; `null` does not limit.
    // Named, so that a field that is forgotten lifts no limit.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub value: Option<u64>,
    /// When the plan's limit holds again; never by itself if not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Why, for administrators: 1 to 200 characters.
    pub reason: String,
}

impl From<LimitOverrideRequest> for LimitDraft {
    fn from(request: LimitOverrideRequest) -> Self {
        let LimitOverrideRequest { limit, value, expires_at, reason } = request;
        Self { limit, value, expires_at, reason }
    }
}

/// The limits of an account that are not its plan's.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitOverridesBody {
    /// By name, also those whose time is over.
    pub overrides: Vec<LimitRecordBody>,
}

/// A limit of an account, as administrators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitRecordBody {
    /// Its name.
    pub limit: String,
    /// How much; `null` does not limit.
    pub value: Option<u64>,
    /// What the account's plan says; `null` does not limit.
    pub plan_value: Option<u64>,
    /// When the plan's limit holds again; `null` never by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Whether it holds now.
    pub in_force: bool,
    /// Why.
    pub reason: String,
    /// Who set it; `null` when it was the installation.
    #[schema(value_type = Option<Uuid>)]
    pub set_by: Option<UserId>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Timestamp,
}

impl From<LimitView> for LimitRecordBody {
    fn from(view: LimitView) -> Self {
        let record = view.record;
        Self {
            limit: record.own.limit.to_string(),
            value: record.own.value,
            plan_value: view.of_plan,
            expires_at: record.own.expires_at,
            in_force: view.in_force,
            reason: record.reason,
            set_by: record.set_by,
            set_at: record.set_at,
        }
    }
}

impl From<Vec<LimitView>> for LimitOverridesBody {
    fn from(views: Vec<LimitView>) -> Self {
        Self { overrides: views.into_iter().map(Into::into).collect() }
    }
}
