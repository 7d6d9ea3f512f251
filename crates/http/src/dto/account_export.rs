//! Everything that is kept about a person, as a file.

use gantry_catalog::AccountExport;
use gantry_ports::store::Artifact;
use gantry_types::{JobId, JobState, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::JobStateWord;

/// The file of an export; `GET /account/export/content` has its bytes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountExportFile {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes in lower-case hexadecimal.
    pub sha256: String,
}

impl From<Artifact> for AccountExportFile {
    fn from(file: Artifact) -> Self {
        Self { name: file.name, bytes: file.bytes, sha256: file.sha256 }
    }
}

/// An export of everything that is kept about a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountExport)]
pub struct AccountExportBody {
    /// The job that makes it.
    #[schema(value_type = Uuid)]
    pub job_id: JobId,
    /// Where it stands.
    #[schema(value_type = JobStateWord)]
    pub state: JobState,
    /// How much is done, from 0 to 1.
    pub progress: f64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
    /// The file; `null` until it is there, and once it was removed.
    pub file: Option<AccountExportFile>,
}

impl From<AccountExport> for AccountExportBody {
    fn from(export: AccountExport) -> Self {
        let job = export.job;
        Self {
            job_id: job.id,
            state: job.state,
            progress: job.progress,
            created_at: job.created_at,
            finished_at: job.finished_at,
            error: job.error.map(|error| error.message),
            file: export.file.map(Into::into),
        }
    }
}

/// The newest export of a person, if there is one.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountExportState {
    /// The export; `null` where none was asked for.
    pub export: Option<AccountExportBody>,
}
