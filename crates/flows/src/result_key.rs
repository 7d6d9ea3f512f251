//! The key under which the result of a node is found again.
//!
//! Invariant: two nodes have the same key only if they are the same operation and version with
//! the same parameters on the same bytes. The order of fields does not matter.

use gantry_engine_api::InputMeta;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A digest of all that a result depends on.
pub(crate) fn derive_result_key(
    (operation, version): (&str, u32),
    params: &Value,
    inputs: &[InputMeta],
) -> String {
    let mut text = format!("{operation}\n{version}\n");
    write_sorted(params, &mut text);
    let mut files: Vec<(&str, &str)> =
        inputs.iter().map(|meta| (meta.slot.as_str(), meta.sha256.as_str())).collect();
    files.sort_unstable();
    for (slot, sha256) in files {
        text.push_str(&format!("\n{slot}\n{sha256}"));
    }
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            text.push('{');
            for name in names {
                text.push_str(&Value::String(name.clone()).to_string());
                text.push(':');
                write_sorted(&fields[name.as_str()], text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_sorted(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(version: u32, params: &Value, sha256: &str) -> String {
        let meta = InputMeta {
            slot: "data".into(),
            name: "a.csv".into(),
            media_type: "text/csv".into(),
            bytes: 1,
            sha256: sha256.into(),
            rows: None,
            columns: Vec::new(),
        };
        derive_result_key(("test.doors", version), params, &[meta])
    }

    #[test]
    fn all_that_a_result_depends_on_is_in_its_key() {
        let same = key(1, &json!({"a": 1, "b": {"c": [1, 2]}}), "aa");
        let read: Value = serde_json::from_str(r#"{"b": {"c": [1, 2]}, "a": 1}"#).unwrap();
        assert_eq!(key(1, &read, "aa"), same);
        assert_ne!(key(2, &read, "aa"), same);
        assert_ne!(key(1, &read, "ab"), same);
        assert_ne!(key(1, &json!({"a": 1, "b": {"c": [2, 1]}}), "aa"), same);
    }
}
