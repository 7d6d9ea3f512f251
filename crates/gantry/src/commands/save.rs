//! Files that a server makes, written here.
//!
//! Invariant: a file is there whole or not at all.

use std::path::Path;

use serde_json::json;

use crate::client::Client;
use crate::console::Console;
use crate::failure::{Failure, file_failure};
use crate::render::format_bytes;

/// Downloads what is at `path` of the server into `file`, and answers its size in bytes.
///
/// # Errors
/// [`Failure`] of the server or of the file.
pub fn save(client: &Client, path: &str, file: &Path) -> Result<u64, Failure> {
    let refuse = |error: &std::io::Error| file_failure("written", file, error);
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut target = tempfile::NamedTempFile::new_in(folder).map_err(|error| refuse(&error))?;
    let bytes = client.download(path, target.as_file_mut())?;
    target.persist(file).map_err(|error| refuse(&error.error))?;
    Ok(bytes)
}

/// The same, and says so.
///
/// # Errors
/// As [`save`].
pub fn save_and_tell(
    client: &Client,
    path: &str,
    file: &Path,
    console: Console,
) -> Result<(), Failure> {
    let bytes = save(client, path, file)?;
    console.result(&json!({ "file": file.display().to_string(), "bytes": bytes }), |_| {
        format!("{}  {}", file.display(), format_bytes(bytes))
    });
    Ok(())
}
