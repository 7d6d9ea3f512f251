//! Licence texts, each printed once: texts are equal when they differ in spacing and in their
//! copyright lines only, and those lines are kept for every package.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Shipped;

const FILE_STARTS: [&str; 6] =
    ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE", "COPYRIGHT"];

/// One text and all who come under it.
#[derive(Default)]
struct Group {
    text: String,
    packages: BTreeSet<String>,
    copyrights: BTreeSet<String>,
}

/// The section with all texts; at its end the packages that ship none.
pub fn derive_section<'a>(shipped: impl Iterator<Item = &'a Shipped>) -> Result<String> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut without = Vec::new();
    for package in shipped {
        let label = format!("{} {}", package.name, package.version);
        let files = find_files(&package.folder, &package.license)?;
        if files.is_empty() {
            without.push(format!("{label} ({})", package.license));
        }
        for file in files {
            let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
            add(&mut groups, &label, &String::from_utf8_lossy(&bytes));
        }
    }
    let mut ordered: Vec<Group> = groups.into_values().collect();
    ordered.sort_by(|a, b| {
        b.packages.len().cmp(&a.packages.len()).then_with(|| a.packages.cmp(&b.packages))
    });
    print(&ordered, &without)
}

fn print(groups: &[Group], without: &[String]) -> Result<String> {
    let mut section = String::new();
    for (index, group) in groups.iter().enumerate() {
        let packages: Vec<&str> = group.packages.iter().map(String::as_str).collect();
        writeln!(section, "### Text {}\n\nFor {}.\n\n```text", index + 1, packages.join(", "))?;
        for line in &group.copyrights {
            writeln!(section, "{line}")?;
        }
        if !group.copyrights.is_empty() {
            section.push('\n');
        }
        writeln!(section, "{}\n```\n", group.text)?;
    }
    if !without.is_empty() {
        writeln!(
            section,
            "### Without a text of their own\n\nThese packages ship no licence file; the licence \
             that they declare applies: {}.",
            without.join(", ")
        )?;
    }
    Ok(format!("{}\n", section.trim_end()))
}

/// The licence files of an unpacked package. Where MIT is one of several to choose from and has a
/// file of its own, it is chosen, and that file is enough. What a package carries of others in its
/// `assets`, such as a font, comes with that folder's own files.
fn find_files(folder: &Path, license: &str) -> Result<Vec<PathBuf>> {
    let mut chosen = choose_files(folder, license)?;
    let assets = folder.join("assets");
    if assets.is_dir() {
        let mut inner = Vec::new();
        for entry in std::fs::read_dir(&assets).with_context(|| assets.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                inner.push(entry.path());
            }
        }
        inner.sort();
        for folder in inner {
            chosen.extend(choose_files(&folder, "")?);
        }
    }
    Ok(chosen)
}

fn choose_files(folder: &Path, license: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_text = FILE_STARTS.iter().any(|start| name.starts_with(start));
        if is_text && entry.file_type()?.is_file() {
            files.push((name, entry.path()));
        }
    }
    files.sort();
    let is_choice = license.split(" OR ").any(|one| one == "MIT") || license.contains('/');
    let only_mit: Vec<&(String, PathBuf)> =
        files.iter().filter(|(name, _)| name.contains("MIT")).collect();
    if is_choice && !only_mit.is_empty() {
        return Ok(only_mit.into_iter().map(|(_, path)| path.clone()).collect());
    }
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

fn add(groups: &mut BTreeMap<String, Group>, label: &str, text: &str) {
    let is_copyright = |line: &&str| {
        let line = line.trim().to_lowercase();
        line.starts_with("copyright (c)")
            || line.starts_with("copyright ©")
            || line.starts_with("(c) ")
            || line
                .strip_prefix("copyright ")
                .is_some_and(|rest| rest.starts_with(char::is_numeric))
    };
    let (copyrights, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(is_copyright);
    let words: Vec<&str> = rest.iter().flat_map(|line| line.split_whitespace()).collect();
    if words.is_empty() && copyrights.is_empty() {
        return;
    }
    let group = groups.entry(words.join(" ").to_lowercase()).or_default();
    if group.text.is_empty() {
        let lines: Vec<&str> = rest.iter().map(|line| line.trim_end()).collect();
        group.text = lines.join("\n").trim_matches('\n').replace("```", "'''");
    }
    group.packages.insert(label.to_owned());
    group.copyrights.extend(copyrights.iter().map(|line| line.trim().to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(root: &Path, name: &str, license: &str, files: &[(&str, &str)]) -> Shipped {
        let folder = root.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            std::fs::write(folder.join(file), text).unwrap();
        }
        Shipped {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.to_owned(),
            home: None,
            folder,
        }
    }

    #[test]
    fn equal_texts_are_printed_once_with_every_copyright() {
        let root = tempfile::tempdir().unwrap();
        let packages = [
            shipped(root.path(), "a", "MIT", &[("LICENSE", "Copyright (c) 2020 Ann\n\nDo it.\n")]),
            shipped(root.path(), "b", "MIT", &[("LICENSE", "Copyright 2021 Bob\nDo\nit.")]),
            shipped(root.path(), "c", "ISC", &[("COPYING", "Do that.")]),
        ];
        let section = derive_section(packages.iter()).unwrap();
        assert_eq!(section.matches("### Text").count(), 2);
        assert!(section.contains("For a 1.0.0, b 1.0.0."), "{section}");
        assert!(section.contains("Copyright (c) 2020 Ann\nCopyright 2021 Bob\n"), "{section}");
    }

    #[test]
    fn mit_is_chosen_where_there_is_a_choice() {
        let root = tempfile::tempdir().unwrap();
        let files = [("LICENSE-MIT", "Do it."), ("LICENSE-APACHE", "Do it so.")];
        let choice = shipped(root.path(), "a", "MIT OR Apache-2.0", &files);
        let both = shipped(root.path(), "b", "MIT AND Apache-2.0", &files);
        assert_eq!(find_files(&choice.folder, &choice.license).unwrap().len(), 1);
        assert_eq!(find_files(&both.folder, &both.license).unwrap().len(), 2);
        let font = choice.folder.join("assets/font");
        std::fs::create_dir_all(&font).unwrap();
        std::fs::write(font.join("LICENSE"), "Keep this text.").unwrap();
        assert_eq!(find_files(&choice.folder, &choice.license).unwrap().len(), 2);
    }

    #[test]
    fn a_package_without_text_is_named() {
        let root = tempfile::tempdir().unwrap();
        let bare = shipped(root.path(), "a", "Zlib", &[]);
        let section = derive_section([&bare].into_iter()).unwrap();
        assert!(section.contains("a 1.0.0 (Zlib)"), "{section}");
    }
}
