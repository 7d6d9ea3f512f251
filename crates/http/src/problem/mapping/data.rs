//! What datasets, artifacts and their bytes refuse.

use gantry_catalog::CatalogError;
use gantry_ports::BlobError;
use gantry_types::ProblemCode;

use super::{sentence, unavailable};
use crate::problem::Problem;

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            CatalogError::Access(error) => error.into(),
            CatalogError::NotFound { .. } => Self::new(ProblemCode::NotFound, detail),
            CatalogError::Invalid { field, .. } => Self::invalid(format!("/{field}"), detail),
            CatalogError::TooLarge { bytes, limit } => Self::new(ProblemCode::TooLarge, detail)
                .with("needed", bytes)
                .with("limit", limit)
                .with_next_step("Upload a smaller file, or change the plan."),
            CatalogError::Incomplete { .. } => Self::new(ProblemCode::Conflict, detail),
            CatalogError::ChecksumMismatch { .. } => {
                Self::new(ProblemCode::ChecksumMismatch, detail)
            }
            CatalogError::Unreadable(_) => Self::new(ProblemCode::UnreadableFile, detail),
            CatalogError::NotProfiled { job_id } => Self::new(ProblemCode::NotFound, detail)
                .with("profile_job_id", job_id.map(|id| id.to_string()))
                .with_next_step("Wait for the profile's job and ask again."),
            CatalogError::TooManyExports { until, retry_after, .. } => {
                Self::new(ProblemCode::RateLimited, detail)
                    .with("resets_at", until.to_string())
                    .with_next_step("Take the file that is there, or come back then.")
                    .with_retry_after(retry_after.as_secs().max(1))
            }
            CatalogError::RangeOutside { bytes } => {
                Self::new(ProblemCode::RangeNotSatisfiable, detail).with("bytes", bytes)
            }
            CatalogError::Broken { .. } => Self::internal(detail),
            CatalogError::Blob(error) => error.into(),
            CatalogError::Store(error) => error.into(),
            CatalogError::Submission(error) => error.into(),
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        let detail = sentence(&error.to_string());
        match error {
            // A row names bytes that are not there: ours to mend, not the caller's.
            BlobError::InvalidKey { .. } | BlobError::NotFound { .. } => Self::internal(detail),
            BlobError::Unavailable { .. } => unavailable(detail),
        }
    }
}
