//! Peers that are Python programs, in a virtual environment of the user's cache.
//!
//! Invariants: an environment holds exactly the packages that it was made for, and is made once;
//! two tests that want the same wait for each other.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A virtual environment with `requirement` (such as `aiosmtpd==1.4.6`); answers its interpreter.
///
/// # Errors
/// When Python is missing, or the package cannot be installed.
pub fn environment(name: &str, requirement: &str) -> Result<PathBuf> {
    let folder = cache_folder()?.join("gantry").join("venvs").join(name);
    std::fs::create_dir_all(&folder)?;
    let lock = std::fs::File::create(folder.join("lock"))?;
    lock.lock()?;
    let python = folder.join("bin").join("python");
    let stamp = folder.join("requirement.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == requirement) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", requirement]))?;
    std::fs::write(stamp, requirement)?;
    Ok(python)
}

fn cache_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CACHE_HOME") {
        return Ok(PathBuf::from(folder));
    }
    let home = std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(Path::new(&home).join(".cache"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?} cannot be started"))?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
}
