//! Uploading a file in parts; a part that the network lost is sent again.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use indicatif::ProgressBar;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use ureq::http::Method;

use super::{Body, Client};
use crate::failure::{Exit, Failure, file_failure};

/// How often a part is sent before the upload is given up.
const TRIES: u32 = 4;

/// A file to be uploaded.
pub struct UploadRequest<'a> {
    /// The dataset's name.
    pub name: &'a str,
    /// The file's name.
    pub file_name: &'a str,
    /// The dataset that gets a new version.
    pub dataset_id: Option<String>,
}

/// Uploads what `source` reads and answers the dataset.
///
/// # Errors
/// [`Failure`] of the server or of the file.
pub fn upload_file(
    client: &Client,
    request: &UploadRequest<'_>,
    source: &mut (impl Read + Seek),
    bar: &ProgressBar,
) -> Result<Value, Failure> {
    let broken = |error: std::io::Error| {
        Failure::broken(format!("{} cannot be read: {error}", request.file_name))
    };
    let (bytes, sha256) = digest(source).map_err(broken)?;
    source.rewind().map_err(broken)?;
    let mut wanted = json!({
        "name": request.name,
        "file_name": request.file_name,
        "bytes": bytes,
        "sha256": sha256,
    });
    if let Some(dataset_id) = &request.dataset_id {
        wanted["dataset_id"] = json!(dataset_id);
    }
    let upload = client.post("/api/v1/datasets/uploads", &wanted)?;
    let id = upload["id"].as_str().unwrap_or_default().to_owned();
    let part_bytes = upload["part_bytes"].as_u64().unwrap_or(8 << 20).max(1);
    bar.set_length(bytes);
    for number in 1..=bytes.div_ceil(part_bytes) {
        let mut part = Vec::new();
        source.take(part_bytes).read_to_end(&mut part).map_err(broken)?;
        send_part(client, &format!("/api/v1/datasets/uploads/{id}/parts/{number}"), &part)?;
        bar.inc(part.len() as u64);
    }
    client.post(&format!("/api/v1/datasets/uploads/{id}/complete"), &json!({}))
}

/// Size and SHA-256 of what `source` reads.
fn digest(source: &mut impl Read) -> std::io::Result<(u64, String)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

fn send_part(client: &Client, path: &str, part: &[u8]) -> Result<(), Failure> {
    let mut tries = 1;
    loop {
        match client.send(Method::PUT, path, &Body::Bytes(part)) {
            Ok(_) => return Ok(()),
            Err(failure) if failure.exit == Exit::Unreachable && tries < TRIES => tries += 1,
            Err(failure) => return Err(failure),
        }
    }
}

/// Opens a file that is to be uploaded.
///
/// # Errors
/// [`Failure`] that names the file.
pub fn open_file(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| file_failure("read", path, &error))?;
    let is_file = file.metadata().is_ok_and(|found| found.is_file());
    if is_file {
        Ok(file)
    } else {
        Err(Failure::usage(format!("{} is not a file", path.display())))
    }
}
