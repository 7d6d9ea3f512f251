//! Bodies and queries: `key=value&…`, percent-encoded.

use std::fmt::Write as _;

/// `key=value&…`.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    pairs.join("&")
}

/// A text as it may stand in a query or a form.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte));
            }
            other => drop(write!(escaped, "%{other:02X}")),
        }
    }
    escaped
}

/// An address with more in its query.
pub(crate) fn with_query(url: &str, fields: &[(&str, &str)]) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{}", encode(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        assert_eq!(encode(&[("a", "x y"), ("b", "é&=")]), "a=x%20y&b=%C3%A9%26%3D");
        assert_eq!(with_query("https://x/y", &[("a", "1")]), "https://x/y?a=1");
        assert_eq!(with_query("https://x/y?z=2", &[("a", "1")]), "https://x/y?z=2&a=1");
    }
}
