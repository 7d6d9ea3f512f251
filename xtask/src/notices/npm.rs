//! The npm packages that end up in the web app's bundle: those of the lock file that are not there
//! for development alone.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::Shipped;

const LOCK: &str = "web/package-lock.json";

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    version: Option<String>,
    license: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    optional: bool,
}

impl Entry {
    fn is_bundled(&self) -> bool {
        !(self.dev || self.dev_optional || self.optional)
    }
}

/// Reads the lock file; the texts come from `web/node_modules`, which must be there.
pub fn read_shipped(root: &Path) -> Result<Vec<Shipped>> {
    let text = std::fs::read_to_string(root.join(LOCK)).with_context(|| format!("read {LOCK}"))?;
    let lock: Lock = serde_json::from_str(&text).with_context(|| LOCK.to_owned())?;
    let mut shipped = BTreeMap::new();
    for (path, entry) in lock.packages {
        let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
        if !entry.is_bundled() {
            continue;
        }
        let folder = root.join("web").join(&path);
        if !folder.is_dir() {
            bail!("web/{path} is missing: run `npm ci` in web/ first");
        }
        let version = entry.version.unwrap_or_default();
        let license = entry.license.unwrap_or_else(|| "see its text below".to_owned());
        shipped.insert(
            (name.to_owned(), version.clone()),
            Shipped { name: name.to_owned(), version, license, home: None, folder },
        );
    }
    Ok(shipped.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_bundled_is_listed() {
        let root = tempfile::tempdir().unwrap();
        let lock = r#"{"packages": {
            "": {"version": "0.1.0"},
            "node_modules/react": {"version": "19.0.0", "license": "MIT"},
            "node_modules/a/node_modules/@b/c": {"version": "1.0.0"},
            "node_modules/vite": {"version": "8.0.0", "dev": true}
        }}"#;
        std::fs::create_dir_all(root.path().join("web/node_modules/react")).unwrap();
        std::fs::write(root.path().join(LOCK), lock).unwrap();
        assert!(read_shipped(root.path()).is_err(), "a package without folder has no text");

        let nested = root.path().join("web/node_modules/a/node_modules/@b/c");
        std::fs::create_dir_all(nested).unwrap();
        let shipped = read_shipped(root.path()).unwrap();
        let names: Vec<&str> = shipped.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["@b/c", "react"]);
    }
}
