//! API keys that `gantry login` keeps.
//!
//! Invariant: the file is written whole or not at all, and only its owner can read it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, file_failure};

/// Keys by server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Credentials {
    /// The server that commands talk to when none is named.
    pub server: Option<String>,
    /// The key of each server.
    pub keys: BTreeMap<String, String>,
}

/// What was kept; nothing where there is no file.
///
/// # Errors
/// [`Failure`] for a file that cannot be read.
pub fn read_credentials() -> Result<Credentials, Failure> {
    read_from(&find_file()?)
}

/// Keeps `credentials` and answers where.
///
/// # Errors
/// [`Failure`] for a folder or file that cannot be written.
pub fn write_credentials(credentials: &Credentials) -> Result<PathBuf, Failure> {
    let path = find_file()?;
    write_to(&path, credentials)?;
    Ok(path)
}

fn find_file() -> Result<PathBuf, Failure> {
    let folder = |name: &str| {
        std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from)
    };
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    config.map(|config| config.join("gantry").join("credentials.toml")).ok_or_else(|| {
        Failure::usage("there is no home folder to keep keys in")
            .with_next("set HOME, or give the key in GANTRY_API_KEY")
    })
}

fn read_from(path: &Path) -> Result<Credentials, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Credentials::default());
        }
        Err(error) => return Err(file_failure("read", path, &error)),
    };
    toml::from_str(&text).map_err(|error| {
        Failure::usage(format!("{} is damaged: {}", path.display(), error.message()))
            .with_next("remove it and log in again")
    })
}

fn write_to(path: &Path, credentials: &Credentials) -> Result<(), Failure> {
    let refuse = |error: std::io::Error| file_failure("written", path, &error);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(refuse)?;
    let text = toml::to_string(credentials)
        .map_err(|error| Failure::broken(format!("the keys are not TOML: {error}")))?;
    // Made readable by its owner alone, which is tempfile's way, and then put in its place.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(refuse)?;
    file.write_all(text.as_bytes()).map_err(refuse)?;
    file.persist(path).map_err(|error| refuse(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_and_are_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/credentials.toml");
        assert_eq!(read_from(&path).unwrap(), Credentials::default());
        let credentials = Credentials {
            server: Some("http://h".to_owned()),
            keys: BTreeMap::from([("http://h".to_owned(), "gk_x".to_owned())]),
        };
        write_to(&path, &credentials).unwrap();
        assert_eq!(read_from(&path).unwrap(), credentials);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "keys = 3").unwrap();
        assert!(read_from(&path).unwrap_err().cause.contains("is damaged"));
    }
}
