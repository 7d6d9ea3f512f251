//! The HTTP interface as files: `openapi.json` from the binary, and the web app's types from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{console, files, generated};

const SPEC: &str = "openapi.json";
const TYPES: &str = "web/src/api/schema.d.ts";
const REMEDY: &str = "cargo run -p xtask -- openapi";

/// Writes both files. Without the web app's packages the types stay as they are, and it says so.
pub fn write() -> Result<bool> {
    let root = files::find_root()?;
    generated::write(&root, SPEC, &derive_spec(&root, None)?)?;
    let Some(generator) = find_generator(&root) else {
        console::complain(&format!("{TYPES}: not made; run `npm ci` in web/ and then this again"));
        return Ok(false);
    };
    generated::write(&root, TYPES, &derive_types(&root, &generator)?)
}

/// Compares both files with what `binary` says now; without one, cargo builds it first.
pub fn check(binary: Option<&Path>) -> Result<bool> {
    let root = files::find_root()?;
    let spec_is_current = generated::check(&root, SPEC, &derive_spec(&root, binary)?, REMEDY);
    let Some(generator) = find_generator(&root) else {
        console::complain(&format!("{TYPES}: cannot be compared; run `npm ci` in web/ first"));
        return Ok(false);
    };
    let types = derive_types(&root, &generator)?;
    let types_are_current = generated::check(&root, TYPES, &types, REMEDY);
    Ok(spec_is_current && types_are_current)
}

fn derive_spec(root: &Path, binary: Option<&Path>) -> Result<String> {
    let mut command = match binary {
        Some(binary) => Command::new(binary),
        None => {
            let mut cargo = Command::new("cargo");
            cargo.args(["run", "--quiet", "--package", "gantry", "--"]);
            cargo
        }
    };
    let text = capture(command.arg("openapi").current_dir(root))?;
    let spec: serde_json::Value =
        serde_json::from_str(&text).context("`gantry openapi` printed no JSON")?;
    ensure!(spec.get("openapi").is_some(), "`gantry openapi` printed no OpenAPI document");
    Ok(format!("{}\n", text.trim_end()))
}

fn find_generator(root: &Path) -> Option<PathBuf> {
    let generator = root.join("web/node_modules/.bin/openapi-typescript");
    generator.exists().then_some(generator)
}

fn derive_types(root: &Path, generator: &Path) -> Result<String> {
    let text = capture(Command::new(generator).arg(SPEC).current_dir(root))?;
    Ok(format!("{}\n", text.trim_end()))
}

fn capture(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed no UTF-8"))
}
