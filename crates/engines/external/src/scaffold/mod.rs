//! A new engine: a folder with a small program that works.
//!
//! Invariant: nothing that exists is overwritten.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::config::CONFIG_FILE;
use crate::error::ExternalError;

/// The language of a new engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python 3, nothing beside its standard library.
    Python,
    /// Bash 4 or newer.
    Bash,
    /// JavaScript for Node.js.
    Js,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Self] = &[Self::Python, Self::Bash, Self::Js];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Bash => "bash",
            Self::Js => "js",
        }
    }

    const fn program(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Python => ("python3", "engine.py", include_str!("templates/engine.py")),
            Self::Bash => ("bash", "engine.sh", include_str!("templates/engine.sh")),
            Self::Js => ("node", "engine.mjs", include_str!("templates/engine.mjs")),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text names no language that there is a beginning for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no beginning in `{text}`; choose python, bash or js, or write your own: any language can be an engine"
)]
pub struct UnknownLanguage {
    /// The text that was given.
    pub text: String,
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .iter()
            .copied()
            .find(|language| language.as_str() == text)
            .ok_or_else(|| UnknownLanguage { text: text.chars().take(64).collect() })
    }
}

/// Writes a new engine called `name` to `folder`, which is made, and answers the files.
///
/// # Errors
/// [`ExternalError::Config`] for a name that is no word or a folder that has such files already.
pub fn new_engine(
    name: &str,
    language: Language,
    folder: &Path,
) -> Result<Vec<PathBuf>, ExternalError> {
    let refuse = |cause: String| ExternalError::Config { path: folder.to_owned(), cause };
    if !is_name(name) {
        return Err(refuse(format!(
            "`{}` cannot be the name of an engine; take 1 to 32 of a-z, 0-9 and _, starting with a letter",
            name.escape_debug()
        )));
    }
    let (interpreter, program, source) = language.program();
    let files = [
        (CONFIG_FILE, format!("command = [\"{interpreter}\", \"{program}\"]\n")),
        ("manifest.json", include_str!("templates/manifest.json").to_owned()),
        (program, source.to_owned()),
        ("README.md", include_str!("templates/README.md").to_owned()),
    ];
    std::fs::create_dir_all(folder).map_err(|error| refuse(error.to_string()))?;
    let taken = files.iter().find(|(file, _)| folder.join(file).exists());
    if let Some((file, _)) = taken {
        return Err(refuse(format!("there is a `{file}` already; name an empty folder")));
    }
    let shown = folder.to_string_lossy();
    let mut written = Vec::new();
    for (file, text) in files {
        let text = text
            .replace("__NAME__", name)
            .replace("__TITLE__", &derive_title(name))
            .replace("__PROGRAM__", program)
            .replace("__FOLDER__", &shown);
        let path = folder.join(file);
        let mut created =
            std::fs::File::create_new(&path).map_err(|error| refuse(error.to_string()))?;
        created.write_all(text.as_bytes()).map_err(|error| refuse(error.to_string()))?;
        written.push(path);
    }
    Ok(written)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 32
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn derive_title(name: &str) -> String {
    let mut letters = name.replace('_', " ");
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_and_names_are_words() {
        let folder = tempfile::tempdir().unwrap();
        let files = new_engine("my_own", Language::Bash, folder.path()).unwrap();
        assert_eq!(files.len(), 4);
        let manifest = std::fs::read_to_string(folder.path().join("manifest.json")).unwrap();
        assert!(manifest.contains("\"My own\"") && !manifest.contains("__"), "{manifest}");
        let again = new_engine("my_own", Language::Js, folder.path()).unwrap_err().to_string();
        assert!(again.contains("already"), "{again}");
        for name in ["", "My", "a-b", "../x"] {
            assert!(new_engine(name, Language::Python, &folder.path().join("x")).is_err());
        }
        assert!("cobol".parse::<Language>().is_err());
    }

    #[test]
    fn the_python_engine_fits_in_fifteen_lines() {
        let lines = include_str!("templates/engine.py").lines();
        assert!(lines.filter(|line| !line.trim().is_empty()).count() <= 15);
    }
}
