//! Files that an engine names in its messages.
//!
//! Invariants: what is published lies in the run's scratch folder, also after links are followed;
//! a file that is larger than all artifacts may be together is refused before it is read.

use std::path::{Path, PathBuf};

use gantry_engine_api::{ArtifactDraft, ArtifactRole, EngineError, JobContext};

/// What an engine says of a file that it publishes.
pub(crate) struct NamedFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) role: Option<ArtifactRole>,
    pub(crate) media_type: Option<String>,
}

/// Finds and hashes a file that the engine wants to publish.
pub(crate) async fn describe_artifact(
    context: &JobContext,
    named: NamedFile,
) -> Result<ArtifactDraft, EngineError> {
    let scratch = context.scratch()?.to_owned();
    let limit = context.limits().artifact_bytes;
    let describe = move || {
        let real = require_inside(&scratch, &named.path)?;
        require_size(&real, &named.name, limit)?;
        let role = named.role.unwrap_or(ArtifactRole::File);
        let mut draft = ArtifactDraft::from_file(real, named.name, role)?;
        if let Some(media_type) = named.media_type {
            draft.media_type = require_media_type(media_type)?;
        }
        Ok(draft)
    };
    let described = tokio::task::spawn_blocking(describe).await;
    described.map_err(|error| EngineError::transient(format!("Hashing was cut off: {error}.")))?
}

/// Hashing a file that is far too large would take minutes.
fn require_size(path: &Path, name: &str, limit: u64) -> Result<(), EngineError> {
    if path.metadata()?.len() <= limit {
        return Ok(());
    }
    let shown: String = name.chars().take(100).collect();
    Err(EngineError::resource(format!(
        "The artifacts of one job may have {limit} bytes together, and `{}` exceeds that.",
        shown.escape_debug()
    ))
    .with_next_step("Ask for fewer or smaller files, or for a plan that allows more."))
}

/// It becomes a header of an answer, so it must be nothing else.
fn require_media_type(text: String) -> Result<String, EngineError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || ['.', '+', '-', '_'].contains(&c))
    };
    let is_sound =
        text.len() <= 100 && text.split_once('/').is_some_and(|(a, b)| is_part(a) && is_part(b));
    if is_sound {
        return Ok(text);
    }
    let shown: String = text.chars().take(100).collect();
    Err(EngineError::bug(format!("`{}` is no media type.", shown.escape_debug())))
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
    fn media_types_are_headers() {
        assert!(require_media_type("image/svg+xml".to_owned()).is_ok());
        for odd in ["", "text", "text/", "a/b\r\nSet-Cookie: x", "a/b; x=y", "a/b/c"] {
            assert!(require_media_type(odd.to_owned()).is_err(), "{odd}");
        }
    }

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
