//! Artifacts of a local run as files.

use std::path::{Path, PathBuf};

use futures::StreamExt;
use gantry_access::Actor;
use gantry_catalog::Catalog;
use gantry_ports::store::{Artifact, JobRecord};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::local::make_out_folder;
use crate::failure::{Failure, file_failure};

/// An artifact that was written to a folder.
pub struct SavedArtifact {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    artifact: Artifact,
}

impl SavedArtifact {
    /// What programs want to know of it.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.artifact.name,
            "path": self.path,
            "media_type": self.artifact.media_type,
            "role": self.artifact.role,
            "bytes": self.bytes,
            "sha256": self.artifact.sha256,
        })
    }
}

/// Writes a job's artifacts into `out`, replacing files of the same name.
///
/// # Errors
/// [`Failure`] that names the file.
pub async fn save_artifacts(
    catalog: &Catalog,
    actor: &Actor,
    job: &JobRecord,
    out: &Path,
) -> Result<Vec<SavedArtifact>, Failure> {
    let broken = |error: gantry_catalog::CatalogError| Failure::broken(error.to_string());
    let artifacts = catalog.list_artifacts(actor, job.id).await.map_err(broken)?;
    if artifacts.is_empty() {
        return Ok(Vec::new());
    }
    let folder = make_out_folder(out)?;
    let mut saved = Vec::with_capacity(artifacts.len());
    for artifact in artifacts {
        let path = folder.join(&artifact.name);
        let (_, content) = catalog.open_artifact(actor, artifact.id, None).await.map_err(broken)?;
        let refuse = |error: std::io::Error| file_failure("written", &path, &error);
        let mut file = tokio::fs::File::create(&path).await.map_err(refuse)?;
        let mut chunks = content.chunks;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| Failure::broken(error.to_string()))?;
            file.write_all(&chunk).await.map_err(refuse)?;
        }
        file.flush().await.map_err(refuse)?;
        saved.push(SavedArtifact { path, bytes: artifact.bytes, artifact });
    }
    Ok(saved)
}
