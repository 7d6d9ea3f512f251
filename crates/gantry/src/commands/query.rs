//! Paths of requests with what is asked for behind them.

/// `path` with those of `parameters` that have a value.
pub fn with_query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut text = path.to_owned();
    let mut mark = '?';
    for (name, value) in parameters {
        if let Some(value) = value {
            text.push_str(&format!("{mark}{name}={}", encode(value)));
            mark = '&';
        }
    }
    text
}

/// A value that may have been given, as text.
pub fn given<T: ToString>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

/// A value of a query: everything but unreserved characters (RFC 3986) as `%XX`.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_queries_are_encoded() {
        assert_eq!(encode("running,queued"), "running,queued");
        assert_eq!(encode("ä b&c"), "%C3%A4%20b%26c");
    }

    #[test]
    fn only_what_is_given_is_asked_for() {
        assert_eq!(with_query("/a", &[("x", None)]), "/a");
        let parameters = [("x", None), ("y", given(Some(&1))), ("z", Some("a b".to_owned()))];
        assert_eq!(with_query("/a", &parameters), "/a?y=1&z=a%20b");
    }
}
