//! Bodies and queries as Stripe's API takes them: `a[b]=c`, percent-encoded.

use std::fmt::Display;
use std::fmt::Write as _;

/// Fields in the order in which they are sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn field(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.0.push((key.into(), value.to_string()));
        self
    }

    /// Adds the field where there is a value.
    pub(super) fn maybe(self, key: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.field(key, value),
            None => self,
        }
    }

    /// `key=value&…`.
    pub(super) fn encode(&self) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(key, value)| format!("{}={}", escape(key), escape(value)))
            .collect();
        pairs.join("&")
    }
}

/// Brackets of keys are kept: they are the API's own.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'[' | b']' => {
                escaped.push(char::from(byte));
            }
            other => drop(write!(escaped, "%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_keys_keep_their_brackets() {
        let form = Form::default()
            .field("line_items[0][quantity]", 1)
            .field("name", "50 % off & more é")
            .maybe("left_out", None::<&str>);
        assert_eq!(
            form.encode(),
            "line_items[0][quantity]=1&name=50%20%25%20off%20%26%20more%20%C3%A9"
        );
    }
}
