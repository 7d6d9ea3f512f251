//! What jobs cost over all organizations.

use gantry_billing::CostsView;
use gantry_ports::store::CostSums;
use gantry_types::{Credits, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ModelUseBody;

/// Which span of time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CostsParams {
    /// From when on, as in RFC 3339; 30 days before `to` if not given.
    #[param(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// Until before when; now if not given.
    #[param(value_type = Option<String>)]
    pub to: Option<Timestamp>,
}

/// Sums over jobs that ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct CostSumsBody {
    /// Jobs that ended; the parts of a job are not counted apart.
    pub jobs: u64,
    /// Those that succeeded.
    pub succeeded: u64,
    /// Those that failed or died.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// The most that they might have cost.
    #[schema(value_type = i64)]
    pub estimated: Credits,
    /// What they cost, penalties included.
    #[schema(value_type = i64)]
    pub settled: Credits,
    /// What jobs held and gave back.
    #[schema(value_type = i64)]
    pub refunded: Credits,
    /// What was kept of jobs that were cancelled often.
    #[schema(value_type = i64)]
    pub penalties: Credits,
}

impl From<CostSums> for CostSumsBody {
    fn from(sums: CostSums) -> Self {
        Self {
            jobs: sums.jobs,
            succeeded: sums.succeeded,
            failed: sums.failed,
            cancelled: sums.cancelled,
            estimated: sums.estimated,
            settled: sums.settled,
            refunded: sums.refunded,
            penalties: sums.penalties,
        }
    }
}

/// What the jobs of an operation cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationCostsBody {
    /// The operation.
    pub operation: String,
    /// The sums.
    #[serde(flatten)]
    pub sums: CostSumsBody,
}

/// What the jobs of a day cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayCostsBody {
    /// The start of the day, in UTC.
    #[schema(value_type = String, format = DateTime)]
    pub day: Timestamp,
    /// What they cost, penalties included.
    #[schema(value_type = i64)]
    pub settled: Credits,
    /// Jobs that ended.
    pub jobs: u64,
}

/// What jobs of all organizations cost in a span of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct CostsBody {
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until before when.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// By operation, by name.
    pub operations: Vec<OperationCostsBody>,
    /// By day; days without a job are left out.
    pub days: Vec<DayCostsBody>,
    /// All together.
    pub total: CostSumsBody,
    /// What jobs asked of language models in the span, and what that cost the operator, by model.
    pub models: Vec<ModelUseBody>,
}

impl From<CostsView> for CostsBody {
    fn from(view: CostsView) -> Self {
        let operations = view.operations.into_iter();
        let days = view.days.into_iter();
        Self {
            from: view.from,
            to: view.to,
            operations: operations
                .map(|(operation, sums)| OperationCostsBody { operation, sums: sums.into() })
                .collect(),
            days: days
                .map(|(day, sums)| DayCostsBody { day, settled: sums.settled, jobs: sums.jobs })
                .collect(),
            total: view.total.into(),
            models: view.models.into_iter().map(Into::into).collect(),
        }
    }
}
