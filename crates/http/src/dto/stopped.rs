//! Jobs that administrators stop.

use gantry_ports::store::JobRecord;
use gantry_types::{JobId, JobState, OrganizationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::JobStateWord;

/// That a job is to stop.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopJobRequest {
    /// Why, for other administrators: up to 500 characters.
    #[serde(default)]
    pub reason: String,
}

/// A job that was asked to stop.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoppedJobBody {
    /// The job.
    #[schema(value_type = Uuid)]
    pub id: JobId,
    /// Whose it is.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// What it runs.
    pub operation: String,
    /// `cancelled`, or what it was until its engine hears of it.
    #[schema(value_type = JobStateWord)]
    pub state: JobState,
}

impl From<JobRecord> for StoppedJobBody {
    fn from(job: JobRecord) -> Self {
        Self {
            id: job.id,
            organization_id: job.organization_id,
            operation: job.operation,
            state: job.state,
        }
    }
}
