//! What limits refused, day by day.

use gantry_ports::store::{QuotaEvent, QuotaEventKind};
use gantry_rules::period::Period;
use gantry_types::{OrganizationId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::usage::{describe_day, find_span};
use crate::problem::Answer;

/// Which days of whose limits.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QuotaEventParams {
    /// The first day, such as 2027-02-01; 30 days up to `to` if not given.
    pub from: Option<String>,
    /// The last day, which is included; today, in UTC, if not given.
    pub to: Option<String>,
    /// One organization; all of them if not given.
    #[param(value_type = Option<Uuid>)]
    pub organization: Option<OrganizationId>,
}

impl QuotaEventParams {
    /// The days.
    ///
    /// # Errors
    /// 400 for what is no day, and for too many of them.
    pub fn span(&self, now: Timestamp) -> Answer<Period> {
        find_span((self.from.as_deref(), self.to.as_deref()), now)
    }
}

/// What a limit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuotaEventWord {
    /// A job, a larger hold or a call was refused.
    Refused,
    /// A job was kept until plan and balance allow it.
    Blocked,
}

impl From<QuotaEventKind> for QuotaEventWord {
    fn from(kind: QuotaEventKind) -> Self {
        match kind {
            QuotaEventKind::Refused => Self::Refused,
            QuotaEventKind::Blocked => Self::Blocked,
        }
    }
}

/// What one limit did to one organization on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotaEventBody {
    /// The organization.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// The day, in UTC.
    pub day: String,
    /// What the limit did.
    pub event: QuotaEventWord,
    /// The limit: `credits`, `quota.METER`, `per_job.METER`, `gpu`, `memory` or `queue`.
    pub limit: String,
    /// How often.
    pub times: u64,
    /// When first on that day.
    #[schema(value_type = String)]
    pub first_at: Timestamp,
    /// When last.
    #[schema(value_type = String)]
    pub last_at: Timestamp,
    /// What was told the last time: the limit, the use, and when it resets.
    pub message: String,
}

impl From<QuotaEvent> for QuotaEventBody {
    fn from(event: QuotaEvent) -> Self {
        Self {
            organization_id: event.organization_id,
            day: describe_day(event.day),
            event: event.kind.into(),
            limit: event.limit,
            times: event.times,
            first_at: event.first_at,
            last_at: event.last_at,
            message: event.message,
        }
    }
}

/// What limits refused on some days.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuotaEventsBody {
    /// The newest days first, at most a thousand lines.
    pub items: Vec<QuotaEventBody>,
}
