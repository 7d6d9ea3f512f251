//! Writes the tables that the crate includes.
//!
//! Invariant: files are copied into cargo's own folder first, so that a later build of `web/`
//! changes nothing under a compiler that is still reading.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::{BuildError, Choice};

/// Writes `assets.rs` into `out`: `REASON` and `FILES`.
pub fn write_tables(choice: &Choice, out: &Path) -> Result<(), BuildError> {
    let copy = out.join("dist");
    if copy.exists() {
        fs::remove_dir_all(&copy).map_err(BuildError::at(&copy))?;
    }
    let mut code = String::new();
    let reason = match choice {
        Choice::App(_) => None,
        Choice::Fallback(reason) => Some(reason.as_str()),
    };
    push(&mut code, format_args!("pub(crate) const REASON: Option<&str> = {reason:?};\n"));
    push(&mut code, format_args!("pub(crate) static FILES: &[File] = &[\n"));
    if let Choice::App(dist) = choice {
        let mut paths = Vec::new();
        copy_tree(dist, &copy, "", &mut paths)?;
        paths.sort_unstable();
        for path in paths.iter().filter(|path| !is_packed(path, &paths)) {
            push_file(&mut code, &copy, path, &paths)?;
        }
    }
    push(&mut code, format_args!("];\n"));
    let table = out.join("assets.rs");
    fs::write(&table, code).map_err(BuildError::at(&table))
}

fn push(code: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = code.write_fmt(text);
}

fn copy_tree(
    from: &Path,
    to: &Path,
    prefix: &str,
    paths: &mut Vec<String>,
) -> Result<(), BuildError> {
    fs::create_dir_all(to).map_err(BuildError::at(to))?;
    for entry in fs::read_dir(from).map_err(BuildError::at(from))? {
        let entry = entry.map_err(BuildError::at(from))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let source = entry.path();
        if source.is_dir() {
            copy_tree(&source, &to.join(&name), &format!("{path}/"), paths)?;
        } else if !name.starts_with('.') {
            fs::copy(&source, to.join(&name)).map_err(BuildError::at(&source))?;
            paths.push(path);
        }
    }
    Ok(())
}

/// Whether the file is a compressed form of another.
fn is_packed(path: &str, paths: &[String]) -> bool {
    [".br", ".gz"].iter().any(|ending| {
        path.strip_suffix(ending).is_some_and(|plain| paths.iter().any(|other| other == plain))
    })
}

fn push_file(
    code: &mut String,
    folder: &Path,
    path: &str,
    paths: &[String],
) -> Result<(), BuildError> {
    let file = folder.join(path);
    let bytes = fs::read(&file).map_err(BuildError::at(&file))?;
    let hash = hex::encode(Sha256::digest(&bytes));
    let packed = |ending: &str| {
        let name = format!("{path}.{ending}");
        if paths.contains(&name) {
            format!("Some(include_bytes!({:?}))", folder.join(name))
        } else {
            "None".to_owned()
        }
    };
    push(
        code,
        format_args!(
            "    File {{ path: {path:?}, hash: {:?}, plain: include_bytes!({file:?}), brotli: {}, gzip: {} }},\n",
            hash.get(..32).unwrap_or(&hash),
            packed("br"),
            packed("gz"),
        ),
    );
    Ok(())
}
