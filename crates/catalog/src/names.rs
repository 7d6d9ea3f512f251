//! Names that users give: kept as they are, but for what breaks pages and paths.

use crate::error::CatalogError;

const LONGEST: usize = 200;

/// A name for people: trimmed, 1 to 200 characters, no control characters.
pub(crate) fn derive_title(field: &'static str, text: &str) -> Result<String, CatalogError> {
    let title = text.trim();
    if title.is_empty() || title.chars().count() > LONGEST || title.chars().any(char::is_control) {
        return Err(CatalogError::Invalid {
            field,
            message: format!(
                "`{field}` must have 1 to {LONGEST} characters and no control characters"
            ),
        });
    }
    Ok(title.to_owned())
}

/// The last part of a path that a browser or a program sent as a file name.
pub(crate) fn derive_file_name(text: &str) -> Result<String, CatalogError> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or(text);
    derive_title("file_name", last)
}

/// A SHA-256 in lower-case hexadecimal.
pub(crate) fn derive_sha256(text: &str) -> Result<String, CatalogError> {
    let lower = text.trim().to_ascii_lowercase();
    if lower.len() == 64 && lower.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(lower);
    }
    Err(CatalogError::Invalid {
        field: "sha256",
        message: "`sha256` must be 64 hexadecimal digits".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_from_file_names() {
        assert_eq!(derive_file_name("C:\\data\\bank.csv").unwrap(), "bank.csv");
        assert_eq!(derive_file_name("../../etc/passwd").unwrap(), "passwd");
        assert!(derive_file_name("a/").is_err());
        assert!(derive_title("name", "a\u{0}b").is_err());
        assert!(derive_title("name", &"x".repeat(201)).is_err());
    }
}
