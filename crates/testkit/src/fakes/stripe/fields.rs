//! What Stripe's objects must have, by the table in `fields.txt`.
//!
//! Invariant: an object of a kind that the table does not have breaks it.

use serde_json::Value;

const TABLE: &str = include_str!("fields.txt");

/// What of the objects in `value` the table does not allow.
pub(super) fn list_breaches(value: &Value) -> Vec<String> {
    let mut breaches = Vec::new();
    look(value, &mut breaches);
    breaches
}

fn look(value: &Value, breaches: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(kind) = fields.get("object").and_then(Value::as_str) {
                check(kind, value, breaches);
            }
            fields.values().for_each(|inner| look(inner, breaches));
        }
        Value::Array(items) => items.iter().for_each(|inner| look(inner, breaches)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn check(kind: &str, object: &Value, breaches: &mut Vec<String>) {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    });
    let mut known = false;
    for (_, field, wanted) in rows.filter(|(row_kind, _, _)| *row_kind == kind) {
        known = true;
        match object.get(field) {
            None => breaches.push(format!("{kind}.{field} is missing")),
            Some(found) if !is_of(wanted, found) => {
                breaches.push(format!("{kind}.{field} is {found}, not {wanted}"));
            }
            Some(_) => {}
        }
    }
    if !known {
        breaches.push(format!("{kind} is not in the table"));
    }
}

fn is_of(wanted: &str, found: &Value) -> bool {
    if let Some(wanted) = wanted.strip_suffix('?') {
        return found.is_null() || is_of(wanted, found);
    }
    match wanted {
        "text" => found.is_string(),
        "integer" => found.is_i64(),
        "boolean" => found.is_boolean(),
        "map" => found.is_object(),
        "list" => found.is_array() || found["object"] == "list",
        other => {
            let prefix = other.strip_prefix("id:").unwrap_or(other);
            found.as_str().is_some_and(|text| {
                text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_'))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_or_of_another_kind_is_found() {
        let good = json!({ "object": "refund", "id": "re_1", "amount": 5, "charge": null,
            "created": 1, "currency": "usd", "payment_intent": "pi_1", "status": "succeeded" });
        assert_eq!(list_breaches(&good), Vec::<String>::new());
        let mut bad = good;
        bad["amount"] = json!("5");
        bad["id"] = json!("ch_1");
        bad.as_object_mut().unwrap().remove("currency");
        assert_eq!(list_breaches(&json!({ "data": [bad] })).len(), 3);
        assert_eq!(list_breaches(&json!({ "object": "unheard" })).len(), 1);
    }
}
