//! Files that an engine names in its messages.
//!
//! Invariant: what is published lies in the run's scratch folder, also after links are followed.

use std::path::{Path, PathBuf};

use gantry_engine_api::{ArtifactDraft, ArtifactRole, EngineError, JobContext};

/// Finds and hashes a file that the engine wants to publish.
pub(crate) async fn describe_artifact(
    context: &JobContext,
    name: String,
    path: PathBuf,
    role: Option<ArtifactRole>,
) -> Result<ArtifactDraft, EngineError> {
    let scratch = context.scratch()?.to_owned();
    let role = role.unwrap_or(ArtifactRole::File);
    let describe = move || ArtifactDraft::from_file(require_inside(&scratch, &path)?, name, role);
    let described = tokio::task::spawn_blocking(describe).await;
    described.map_err(|error| EngineError::transient(format!("Hashing was cut off: {error}.")))?
}

/// The real path of `path`, taken from `scratch` where it is relative.
fn require_inside(scratch: &Path, path: &Path) -> Result<PathBuf, EngineError> {
    let shown = path.to_string_lossy().escape_debug().to_string();
    let root = scratch.canonicalize()?;
    let real = root.join(path).canonicalize().map_err(|error| {
        EngineError::bug(format!("The engine published `{shown}`, which cannot be found: {error}."))
    })?;
    if !real.starts_with(&root) {
        return Err(EngineError::bug(format!(
            "The engine published `{shown}`, which lies outside of the run's scratch folder."
        ))
        .with_next_step("Copy it into the folder that `run` names as `scratch`."));
    }
    if !real.is_file() {
        return Err(EngineError::bug(format!("The engine published `{shown}`, which is no file.")));
    }
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_do_not_lead_outside() {
        let outside = tempfile::tempdir().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::fs::write(scratch.path().join("own"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), scratch.path().join("link"))
            .unwrap();
        std::os::unix::fs::symlink(outside.path(), scratch.path().join("folder")).unwrap();
        let check = |path: &str| require_inside(scratch.path(), Path::new(path));
        assert!(check("own").is_ok());
        assert!(check(&scratch.path().join("own").to_string_lossy()).is_ok());
        for path in ["link", "folder/secret", "../x", "/etc/passwd", "", "nothing"] {
            assert!(check(path).is_err(), "{path}");
        }
    }
}
