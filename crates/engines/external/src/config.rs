//! How an engine in another process is started: `engine.toml` in the engine's folder.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::ExternalError;

/// The name of the file that makes a folder an engine.
pub const CONFIG_FILE: &str = "engine.toml";

/// How an engine is started, and what holds for its processes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalConfig {
    /// The program and its arguments; a relative path is looked up in the engine's folder.
    pub command: Vec<String>,
    /// The folder that the program starts in.
    #[serde(skip)]
    pub working_dir: PathBuf,
    /// Variables that the program sees beside `PATH`, `HOME`, `TMPDIR`, `LANG` and `TZ`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How many of its jobs may run at the same time; absent means as many as the worker runs.
    /// Jobs that wait for a process use up their time limit.
    #[serde(default)]
    pub slots: Option<NonZeroU16>,
    /// After how many idle seconds a process is ended.
    #[serde(default = "default_idle_seconds")]
    pub idle_seconds: u64,
    /// After how many runs a process is replaced by a fresh one.
    #[serde(default = "default_runs_per_process")]
    pub runs_per_process: u32,
    /// The most bytes that one run may write to standard output and standard error together.
    #[serde(default = "default_output_bytes")]
    pub output_bytes: u64,
    /// How far the priority of its processes lies below the server's, from 0 to 19.
    #[serde(default = "default_niceness")]
    pub niceness: u8,
}

impl ExternalConfig {
    /// The defaults for a command that is started in `working_dir`.
    #[must_use]
    pub fn new(command: Vec<String>, working_dir: PathBuf) -> Self {
        Self {
            command,
            working_dir,
            env: BTreeMap::new(),
            slots: None,
            idle_seconds: default_idle_seconds(),
            runs_per_process: default_runs_per_process(),
            output_bytes: default_output_bytes(),
            niceness: default_niceness(),
        }
    }

    /// Reads `engine.toml` of an engine's folder.
    ///
    /// # Errors
    /// [`ExternalError::Config`] for a missing file, an unknown field or an empty command.
    pub fn read(folder: &Path) -> Result<Self, ExternalError> {
        let path = folder.join(CONFIG_FILE);
        let refuse = |cause: String| ExternalError::Config { path: path.clone(), cause };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            refuse(format!(
                "{error}; an engine's folder has this file, `gantry engine new` makes one"
            ))
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        config.working_dir =
            std::path::absolute(folder).map_err(|error| refuse(error.to_string()))?;
        if config.command.first().is_none_or(String::is_empty) {
            return Err(refuse(
                "`command` is empty; name the program that is the engine".to_owned(),
            ));
        }
        if config.runs_per_process == 0 || config.niceness > 19 {
            return Err(refuse(
                "`runs_per_process` starts at 1, and `niceness` ends at 19".to_owned(),
            ));
        }
        Ok(config)
    }
}

const fn default_idle_seconds() -> u64 {
    60
}

const fn default_runs_per_process() -> u32 {
    1_000
}

const fn default_output_bytes() -> u64 {
    256 << 20
}

const fn default_niceness() -> u8 {
    5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_one_line_is_an_engine() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CONFIG_FILE), "command = [\"python3\", \"engine.py\"]\n")
            .unwrap();
        let config = ExternalConfig::read(folder.path()).unwrap();
        assert_eq!(config.command, ["python3", "engine.py"]);
        assert_eq!((config.slots, config.runs_per_process), (None, 1_000));
    }

    #[test]
    fn mistakes_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = ExternalConfig::read(folder.path()).unwrap_err().to_string();
        assert!(missing.contains("gantry engine new"), "{missing}");
        for (text, word) in [
            ("command = []", "empty"),
            ("command = [\"a\"]\nslot = 3", "slot"),
            ("command = [\"a\"]\nslots = 0", "slots"),
            ("command = [\"a\"]\nniceness = 20", "ends at 19"),
        ] {
            std::fs::write(folder.path().join(CONFIG_FILE), text).unwrap();
            let refusal = ExternalConfig::read(folder.path()).unwrap_err().to_string();
            assert!(refusal.contains(word), "{refusal}");
        }
    }
}
