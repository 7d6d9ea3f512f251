//! Decides what the crate embeds: a built `web/dist`, or a page that says how to build it.
//!
//! `GANTRY_UI` is `auto` (the default), `skip` or `require`. A `web/dist` whose stamp equals the
//! stamp of the sources is always used as it is. Otherwise npm builds it: with `require` always,
//! with `auto` in release builds where Node is there. `skip` never looks at `web/`.
//!
//! Invariant: what is embedded was built from the sources that are there, or is the page that
//! says so; an old `web/dist` is never embedded.

mod embed;
mod npm;
mod stamp;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why the web app cannot be embedded.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A setting that cargo or the user gives is missing or not understood.
    #[error("{0}")]
    Setting(String),
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    Files {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Node or npm is missing, too old, or ended with an error.
    #[error("{0}")]
    Tool(String),
}

impl BuildError {
    /// For `map_err` behind an operation on `path`.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Files { path, source }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Auto,
    Skip,
    Require,
}

/// What to embed.
pub enum Choice {
    /// The files of this folder.
    App(PathBuf),
    /// A page with this reason.
    Fallback(String),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do if even this cannot be written.
            let _ = writeln!(io::stderr(), "The web app cannot be embedded. {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), BuildError> {
    let out = folder_from("OUT_DIR")?;
    let crate_folder = folder_from("CARGO_MANIFEST_DIR")?;
    let web = crate_folder.join("../../web");
    tell("rerun-if-env-changed=GANTRY_UI");
    for name in ["build", "src"] {
        tell(&format!("rerun-if-changed={}", crate_folder.join(name).display()));
    }
    let choice = choose(&web, &out)?;
    embed::write_tables(&choice, &out)
}

fn choose(web: &Path, out: &Path) -> Result<Choice, BuildError> {
    let mode = read_mode()?;
    if mode == Mode::Skip {
        return Ok(Choice::Fallback("it was left out on purpose (GANTRY_UI=skip)".to_owned()));
    }
    if !web.join("package-lock.json").exists() {
        let missing = format!("{} is missing", web.display());
        return if mode == Mode::Require {
            Err(BuildError::Setting(missing))
        } else {
            Ok(Choice::Fallback(missing))
        };
    }
    for path in stamp::watched(web) {
        tell(&format!("rerun-if-changed={}", path.display()));
    }
    build_or_reuse(web, out, mode)
}

/// Only one cargo works in `web/` at a time; a second one waits and then finds a current stamp.
fn build_or_reuse(web: &Path, out: &Path, mode: Mode) -> Result<Choice, BuildError> {
    let dist = web.join("dist");
    let stamp_file = dist.join(stamp::FILE);
    ensure_stamp_exists(&stamp_file);
    let lock_path = web.join("node_modules/.gantry-build.lock");
    let wanted = stamp::derive_stamp(web)?;
    let is_current = || fs::read_to_string(&stamp_file).is_ok_and(|found| found.trim() == wanted);
    if is_current() {
        return Ok(Choice::App(dist));
    }
    if mode == Mode::Auto && !is_release() {
        let reason = "this is a debug build, which embeds only a web app that is already built";
        return Ok(Choice::Fallback(reason.to_owned()));
    }
    let built = npm::require_tools().and_then(|()| {
        let _guard = take_lock(&lock_path)?;
        if is_current() { Ok(()) } else { npm::build(web, out) }
    });
    match built {
        Ok(()) if is_current() => {
            settle_stamp(web, &stamp_file)?;
            Ok(Choice::App(dist))
        }
        Ok(()) => Err(BuildError::Tool(
            "The sources in web/ changed while they were built; run cargo again.".to_owned(),
        )),
        Err(error) if mode == Mode::Require => Err(error),
        Err(error) => {
            tell(&format!("warning=the web app is not inside: {error}"));
            Ok(Choice::Fallback(error.to_string()))
        }
    }
}

/// Cargo looks at this file for news of a build by hand; a watched file that does not exist would
/// make it run this script every time. A read-only checkout does without.
fn ensure_stamp_exists(stamp_file: &Path) {
    if stamp_file.exists() {
        return;
    }
    if let Some(folder) = stamp_file.parent() {
        let _ = fs::create_dir_all(folder);
    }
    let _ = fs::write(stamp_file, "");
    age(stamp_file);
}

/// Files that this script wrote itself are no news: without an older time, the next cargo run
/// would take them for a change.
fn settle_stamp(web: &Path, stamp_file: &Path) -> Result<(), BuildError> {
    let lock = web.join("package-lock.json");
    let time =
        fs::metadata(&lock).and_then(|data| data.modified()).map_err(BuildError::at(&lock))?;
    File::options()
        .write(true)
        .open(stamp_file)
        .and_then(|file| file.set_modified(time))
        .map_err(BuildError::at(stamp_file))
}

fn age(file: &Path) {
    if let Ok(file) = File::options().write(true).open(file) {
        let _ = file.set_modified(std::time::SystemTime::UNIX_EPOCH);
    }
}

fn take_lock(path: &Path) -> Result<File, BuildError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(BuildError::at(folder))?;
    }
    let file = File::create(path).map_err(BuildError::at(path))?;
    file.lock().map_err(BuildError::at(path))?;
    Ok(file)
}

fn read_mode() -> Result<Mode, BuildError> {
    let Some(text) = std::env::var_os("GANTRY_UI") else { return Ok(Mode::Auto) };
    match text.to_str() {
        Some("" | "auto") => Ok(Mode::Auto),
        Some("skip") => Ok(Mode::Skip),
        Some("require") => Ok(Mode::Require),
        _ => Err(BuildError::Setting(format!(
            "GANTRY_UI is {}; it may be auto, skip or require.",
            text.display()
        ))),
    }
}

fn is_release() -> bool {
    std::env::var_os("PROFILE").is_some_and(|profile| profile == "release")
}

fn folder_from(name: &str) -> Result<PathBuf, BuildError> {
    std::env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| BuildError::Setting(format!("{name} is not set; cargo sets it.")))
}

/// A line for cargo.
fn tell(line: &str) {
    let _ = writeln!(io::stdout(), "cargo:{line}");
}
