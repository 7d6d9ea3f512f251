//! Node and npm: whether they are there, and the build with them.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::BuildError;

const NODE: (u32, u32) = (20, 19);
const NPM: (u32, u32) = (10, 0);
const NPM_COMMAND: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Fails with the remedy if Node or npm is missing or too old.
pub fn require_tools() -> Result<(), BuildError> {
    for (name, command, least) in [("Node", "node", NODE), ("npm", NPM_COMMAND, NPM)] {
        let wanted = format!(
            "The web app needs {name} {}.{} or newer to build (https://nodejs.org)",
            least.0, least.1
        );
        let Some(found) = find_version(command) else {
            return Err(BuildError::Tool(format!("{wanted}, and `{command}` is not there.")));
        };
        if found < least {
            let (major, minor) = found;
            return Err(BuildError::Tool(format!("{wanted}; this is {major}.{minor}.")));
        }
    }
    Ok(())
}

fn find_version(command: &str) -> Option<(u32, u32)> {
    let output = Command::new(command).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// `npm ci`, unless what the lock file names is already laid down, and `npm run build`.
pub fn build(web: &Path, out: &Path) -> Result<(), BuildError> {
    let log_path = out.join("web-build.log");
    let log = File::create(&log_path).map_err(BuildError::at(&log_path))?;
    let lock = web.join("package-lock.json");
    let laid_down = web.join("node_modules/.gantry-lock");
    let wanted = fs::read(&lock).map_err(BuildError::at(&lock))?;
    if fs::read(&laid_down).ok().as_deref() != Some(wanted.as_slice()) {
        run(web, &["ci", "--no-fund", "--no-audit"], &log, &log_path)?;
        fs::write(&laid_down, &wanted).map_err(BuildError::at(&laid_down))?;
    }
    run(web, &["run", "build"], &log, &log_path)
}

fn run(web: &Path, words: &[&str], log: &File, log_path: &Path) -> Result<(), BuildError> {
    let stdout = log.try_clone().map_err(BuildError::at(log_path))?;
    let stderr = log.try_clone().map_err(BuildError::at(log_path))?;
    let said = format!("npm {}", words.join(" "));
    let status = Command::new(NPM_COMMAND)
        .args(words)
        .current_dir(web)
        .env("CI", "1")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .status()
        .map_err(|error| BuildError::Tool(format!("`{said}` does not start: {error}.")))?;
    if status.success() {
        return Ok(());
    }
    let log = fs::read_to_string(log_path).unwrap_or_default();
    let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let place = log_path.display();
    Err(BuildError::Tool(format!("`{said}` in web/ failed ({last}); its log is {place}.")))
}
