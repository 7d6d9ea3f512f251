//! THIRD-PARTY-NOTICES.md: what others wrote and we ship, under which licence, with its text.
//!
//! Shipped means linked into the binary or bundled into the web app. Equal texts are printed once,
//! with the copyright lines of all who use them. The order is fixed, so that the file only changes
//! when what is shipped does.

mod npm;
mod texts;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{files, generated, workspace};

const PAGE: &str = "THIRD-PARTY-NOTICES.md";
const REMEDY: &str = "cargo run -p xtask -- notices";

/// A package of others that is shipped.
struct Shipped {
    name: String,
    version: String,
    license: String,
    home: Option<String>,
    folder: PathBuf,
}

/// Writes the page.
pub fn write() -> Result<bool> {
    let root = files::find_root()?;
    generated::write(&root, PAGE, &derive_page(&root)?)
}

/// Compares the page with what is shipped now.
pub fn check() -> Result<bool> {
    let root = files::find_root()?;
    Ok(generated::check(&root, PAGE, &derive_page(&root)?, REMEDY))
}

fn derive_page(root: &Path) -> Result<String> {
    let crates: Vec<Shipped> = workspace::read_shipped(root)?
        .into_iter()
        .map(|package| Shipped {
            name: package.name,
            version: package.version,
            license: package.license.unwrap_or_else(|| "see its text below".to_owned()),
            home: package.repository,
            folder: package.folder,
        })
        .collect();
    let packages = npm::read_shipped(root)?;

    let mut page = String::from(
        "# Third-party notices\n\nGantry's binary contains the work of others. This page names \
         it, with the licences it comes under. It is written by \
         `cargo run -p xtask -- notices`.\n\n",
    );
    write_table(&mut page, "Rust crates", &crates)?;
    write_table(&mut page, "npm packages in the web app", &packages)?;
    page.push_str("## Licence texts\n\n");
    page.push_str(&texts::derive_section(crates.iter().chain(&packages))?);
    Ok(page)
}

fn write_table(page: &mut String, title: &str, shipped: &[Shipped]) -> Result<()> {
    writeln!(
        page,
        "## {title} ({})\n\n| Name | Version | Licence |\n|---|---|---|",
        shipped.len()
    )?;
    for package in shipped {
        let name = match package.home.as_deref().filter(|home| home.starts_with("https://")) {
            Some(home) => format!("[{}]({home})", package.name),
            None => package.name.clone(),
        };
        writeln!(page, "| {name} | {} | {} |", package.version, package.license)?;
    }
    page.push('\n');
    Ok(())
}
