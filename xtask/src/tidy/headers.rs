//! Every Rust module opens with `//!`: its purpose and its invariants.

use crate::files::SourceFile;
use crate::finding::Finding;

/// Looks at the file's first words; attributes for the whole crate may stand before them.
pub fn check(source: &SourceFile) -> Option<Finding> {
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("#!");
    let first = source.text.lines().map(str::trim).find(is_code).unwrap_or_default();
    let words = first.strip_prefix("//!").map(str::trim).unwrap_or_default();
    if words.is_empty() {
        let advice = "begin the module with `//!`: what it is for and what always holds in it";
        return Some(Finding::failure(&source.path, 1, "header", advice.to_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fixture;

    #[test]
    fn a_module_that_says_its_purpose_passes() {
        assert_eq!(check(&fixture("a.rs", "//! Leases.\n\nfn a() {}\n")), None);
        assert_eq!(check(&fixture("a.rs", "#![no_std]\n//! Leases.\n")), None);
    }

    #[test]
    fn a_module_that_does_not_is_found() {
        assert!(check(&fixture("a.rs", "fn a() {}\n")).is_some());
        assert!(check(&fixture("a.rs", "// Leases.\n")).is_some());
        assert!(check(&fixture("a.rs", "//!\nfn a() {}\n")).is_some());
        assert!(check(&fixture("a.rs", "")).is_some());
    }
}
