//! The files that a settlement makes visible.

use gantry_rules::outcome::NewArtifact;
use gantry_types::{JobId, Timestamp};

use super::books::Books;
use super::stop::Stop;
use crate::tables::encode_u64;

/// Adds a job's artifacts.
pub(super) fn insert(
    books: &mut Books,
    job_id: JobId,
    artifacts: &[NewArtifact],
    now: Timestamp,
) -> Result<(), Stop> {
    let organization_id = books.job(job_id)?.facts.organization_id;
    for artifact in artifacts {
        let bytes = encode_u64("size", artifact.bytes)?;
        let rows = books.additions.artifacts.row();
        rows.id(artifact.id.as_uuid()).id(organization_id.as_uuid()).id(job_id.as_uuid());
        rows.text(&artifact.name).text(&artifact.media_type).text(&artifact.role).int(bytes);
        rows.text(&artifact.sha256).text(&artifact.blob_key).int(now.as_micros());
    }
    Ok(())
}
