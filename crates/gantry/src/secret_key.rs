//! The key under which the installation keeps secrets that it must read again.
//!
//! Invariants: a key that is not in the settings is made once, into a file that its owner alone may
//! read; it is never shown and never made anew where there is one.

use std::io::Write as _;
use std::path::Path;

use gantry_access::Sealing;

use crate::config::{Config, Secret};
use crate::failure::{Failure, file_failure};

const KEY_FILE: &str = "secret.key";

/// The keys of the settings, or the one in the data folder.
///
/// # Errors
/// A usage failure for a key that is too short, and what the operating system says of the file.
pub fn open(config: &Config) -> Result<Sealing, Failure> {
    let earlier: Vec<&str> = config.auth.earlier_secret_keys.iter().map(Secret::expose).collect();
    let file = config.server.data_dir.join(KEY_FILE);
    let key = match &config.auth.secret_key {
        Some(key) => key.clone(),
        None => Secret::new(read_or_make(&file)?),
    };
    Sealing::new(key.expose(), &earlier).map_err(|error| {
        Failure::usage(format!("`auth.secret_key` or {}: {error}", file.display()))
            .with_next("make one with `openssl rand -hex 32`")
    })
}

fn read_or_make(file: &Path) -> Result<String, Failure> {
    if file.exists() {
        return std::fs::read_to_string(file).map_err(|error| file_failure("read", file, &error));
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::broken(format!("no random numbers: {error}")))?;
    let key = hex::encode(bytes);
    let mut options = std::fs::OpenOptions::new();
    // Another process that starts at the same time must not lose its key to this one.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(mut open) => {
            let written = open.write_all(key.as_bytes()).and_then(|()| open.sync_all());
            written.map_err(|error| file_failure("written", file, &error))?;
            Ok(key)
        }
        Err(error) => Err(file_failure("made", file, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(KEY_FILE);
        let key = read_or_make(&file).unwrap();
        assert_eq!(key.len(), 64);
        assert_eq!(read_or_make(&file).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let mut config = Config::default();
        config.server.data_dir = folder.path().to_owned();
        assert!(open(&config).is_ok());
        config.auth.secret_key = Some(Secret::new("short"));
        let refusal = open(&config).unwrap_err();
        assert!(refusal.cause.contains("at least 32"), "{refusal}");
        assert!(!refusal.cause.contains("`short`"), "{refusal}");
    }
}
