//! Committed files that a chore can make again: written, or compared with what is committed.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::console;

/// Writes `text` to `path` under `root` unless it is there already.
pub fn write(root: &Path, path: &str, text: &str) -> Result<bool> {
    if read(root, path).as_deref() == Some(text) {
        console::say(&format!("{path}: up to date"));
    } else {
        std::fs::write(root.join(path), text).with_context(|| format!("cannot write {path}"))?;
        console::say(&format!("{path}: written"));
    }
    Ok(true)
}

/// Compares `text` with the committed file; says the first line that differs and how to mend it.
pub fn check(root: &Path, path: &str, text: &str, remedy: &str) -> bool {
    let Some(committed) = read(root, path) else {
        console::complain(&format!("{path}: missing; run `{remedy}` and commit it"));
        return false;
    };
    let Some(line) = find_difference(&committed, text) else {
        console::say(&format!("{path}: up to date"));
        return true;
    };
    let at = |text: &str| text.lines().nth(line - 1).unwrap_or("(end of file)").to_owned();
    console::complain(&format!(
        "{path}:{line}: out of date; run `{remedy}` and commit it\n  committed: {}\n  now:       {}",
        at(&committed),
        at(text)
    ));
    false
}

fn read(root: &Path, path: &str) -> Option<String> {
    std::fs::read_to_string(root.join(path)).ok()
}

/// 1-based number of the first line in which two texts differ.
fn find_difference(left: &str, right: &str) -> Option<usize> {
    if left == right {
        return None;
    }
    let same = left.lines().zip(right.lines()).take_while(|(l, r)| l == r).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_different_line_is_found() {
        assert_eq!(find_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(find_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(find_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(find_difference("a", "a\n"), Some(2));
    }

    #[test]
    fn check_tells_missing_old_and_current_files_apart() {
        let root = tempfile::tempdir().unwrap();
        assert!(!check(root.path(), "made.txt", "one\n", "make it"));
        write(root.path(), "made.txt", "one\n").unwrap();
        assert!(check(root.path(), "made.txt", "one\n", "make it"));
        assert!(!check(root.path(), "made.txt", "two\n", "make it"));
    }
}
