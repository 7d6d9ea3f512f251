//! The stamp of the web app's sources: SHA-256 over their paths and bytes.
//!
//! `web/tools/stamp.mjs` computes the same value, and the build by npm writes it into
//! `web/dist/.stamp`. A change here is a change there.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::BuildError;

/// The file in `dist` that holds the stamp.
pub const FILE: &str = ".stamp";

const FILES: [&str; 5] =
    ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.mjs"];
const FOLDERS: [&str; 3] = ["public", "src", "tools"];

/// What cargo should watch, so that a change leads back here.
pub fn watched(web: &Path) -> Vec<PathBuf> {
    let stamp = format!("dist/{FILE}");
    FILES
        .into_iter()
        .chain(FOLDERS)
        .chain([stamp.as_str()])
        .map(|name| web.join(name))
        .filter(|path| path.exists())
        .collect()
}

/// For every file, in the order of the paths: the path, a zero byte, the length in decimal, a
/// zero byte, the bytes.
pub fn derive_stamp(web: &Path) -> Result<String, BuildError> {
    let mut paths: Vec<String> =
        FILES.into_iter().filter(|name| web.join(name).exists()).map(str::to_owned).collect();
    for folder in FOLDERS {
        collect(web, folder, &mut paths)?;
    }
    paths.sort_unstable();
    let mut hash = Sha256::new();
    for path in paths {
        let file = web.join(&path);
        let bytes = fs::read(&file).map_err(BuildError::at(&file))?;
        hash.update(format!("{path}\0{}\0", bytes.len()));
        hash.update(&bytes);
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect(web: &Path, folder: &str, paths: &mut Vec<String>) -> Result<(), BuildError> {
    let place = web.join(folder);
    if !place.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&place).map_err(BuildError::at(&place))? {
        let entry = entry.map_err(BuildError::at(&place))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(BuildError::at(&place))?.is_dir() {
            collect(web, &path, paths)?;
        } else if !is_test(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Tests are not in the bundle.
fn is_test(path: &str) -> bool {
    path.ends_with(".test.ts") || path.ends_with(".test.tsx")
}
