//! The part of JSON Schema (2020-12) that parameters are described with: types, choices, bounds,
//! lists, objects, defaults. The engine itself answers for what other keywords say.
//!
//! Invariants: pure; a refusal points at the value and says what would be right; a schema that
//! nests too deep is refused.

use gantry_engine_api::ParamError;
use serde_json::{Map, Value};

/// How deep schemas and values may nest.
const DEEPEST: usize = 32;

/// Refuses schemas whose known keywords have the wrong shape, and defaults that do not fit.
pub(crate) fn require_well_formed(schema: &Value) -> Result<(), String> {
    require_shape(schema, "", 0)
}

fn require_shape(schema: &Value, place: &str, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("{place} nests deeper than {DEEPEST} levels"));
    }
    let fields = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(fields) => fields,
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(format!("{place}/ must be an object, `true` or `false`"));
        }
    };
    for (key, is_right) in [
        ("type", |value: &Value| derive_types(value).iter().all(|word| is_type_word(word))),
        ("enum", Value::is_array),
        ("required", Value::is_array),
        ("properties", Value::is_object),
        ("minimum", Value::is_number),
        ("maximum", Value::is_number),
        ("minLength", Value::is_u64),
        ("maxLength", Value::is_u64),
    ] as [(&str, fn(&Value) -> bool); 8]
    {
        if fields.get(key).is_some_and(|value| !is_right(value)) {
            return Err(format!("{place}/{key} has the wrong shape"));
        }
    }
    let properties = fields.get("properties").and_then(Value::as_object);
    for (name, inner) in properties.into_iter().flatten() {
        require_shape(inner, &format!("{place}/properties/{name}"), depth + 1)?;
    }
    if let Some(items) = fields.get("items") {
        require_shape(items, &format!("{place}/items"), depth + 1)?;
    }
    match fields.get("default").map(|default| check(schema, default)) {
        Some(Err(refusal)) => Err(format!("{place}/default does not fit: {}", refusal.message)),
        Some(Ok(())) | None => Ok(()),
    }
}

/// Refuses a value that does not fit its schema.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), ParamError> {
    check_at(schema, value, "", 0)
}

fn check_at(schema: &Value, value: &Value, pointer: &str, depth: usize) -> Result<(), ParamError> {
    let refuse = |message: String| Err(ParamError::new(pointer, message));
    if depth > DEEPEST {
        return refuse(format!("nests deeper than {DEEPEST} levels"));
    }
    let fields = match schema {
        Value::Object(fields) => fields,
        Value::Bool(false) => return refuse("is not allowed; leave it out".to_owned()),
        Value::Bool(true) | Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Ok(());
        }
    };
    if let Some(wanted) = fields.get("type") {
        let words = derive_types(wanted);
        if !words.iter().any(|word| has_type(value, word)) {
            return refuse(format!(
                "must be of type {}, and is {}",
                words.join(" or "),
                name(value)
            ));
        }
    }
    let choices = fields.get("enum").and_then(Value::as_array);
    if let Some(choices) = choices.filter(|choices| !choices.contains(value)) {
        let listed: Vec<String> = choices.iter().map(Value::to_string).collect();
        return refuse(format!("must be one of {}", listed.join(", ")));
    }
    if let Some(only) = fields.get("const").filter(|only| *only != value) {
        return refuse(format!("must be {only}"));
    }
    match value {
        Value::Number(number) => check_bounds(fields, number.as_f64(), pointer),
        Value::String(text) => check_length(fields, text, pointer),
        Value::Array(items) => check_items(fields, items, pointer, depth),
        Value::Object(object) => check_object(fields, object, pointer, depth),
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

fn check_bounds(
    fields: &Map<String, Value>,
    number: Option<f64>,
    pointer: &str,
) -> Result<(), ParamError> {
    let Some(number) = number else { return Ok(()) };
    let bound = |key: &str| fields.get(key).and_then(Value::as_f64);
    let refusal = if let Some(least) = bound("minimum").filter(|least| number < *least) {
        format!("must be at least {least}")
    } else if let Some(most) = bound("maximum").filter(|most| number > *most) {
        format!("must be at most {most}")
    } else if let Some(least) = bound("exclusiveMinimum").filter(|least| number <= *least) {
        format!("must be greater than {least}")
    } else if let Some(most) = bound("exclusiveMaximum").filter(|most| number >= *most) {
        format!("must be less than {most}")
    } else {
        return Ok(());
    };
    Err(ParamError::new(pointer, refusal))
}

fn check_length(fields: &Map<String, Value>, text: &str, pointer: &str) -> Result<(), ParamError> {
    require_count(fields, ("minLength", "maxLength"), text.chars().count(), "characters")
        .map_err(|message| ParamError::new(pointer, message))
}

fn check_items(
    fields: &Map<String, Value>,
    items: &[Value],
    pointer: &str,
    depth: usize,
) -> Result<(), ParamError> {
    require_count(fields, ("minItems", "maxItems"), items.len(), "items")
        .map_err(|message| ParamError::new(pointer, message))?;
    let Some(schema) = fields.get("items") else { return Ok(()) };
    items.iter().enumerate().try_for_each(|(index, item)| {
        check_at(schema, item, &format!("{pointer}/{index}"), depth + 1)
    })
}

fn require_count(
    fields: &Map<String, Value>,
    (least, most): (&str, &str),
    count: usize,
    what: &str,
) -> Result<(), String> {
    let bound = |key: &str| fields.get(key).and_then(Value::as_u64);
    if let Some(least) = bound(least).filter(|least| (count as u64) < *least) {
        return Err(format!("must have at least {least} {what}"));
    }
    if let Some(most) = bound(most).filter(|most| count as u64 > *most) {
        return Err(format!("must have at most {most} {what}"));
    }
    Ok(())
}

fn check_object(
    fields: &Map<String, Value>,
    object: &Map<String, Value>,
    pointer: &str,
    depth: usize,
) -> Result<(), ParamError> {
    let required = fields.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !object.contains_key(name) {
            let place = format!("{pointer}/{}", escape(name));
            return Err(ParamError::new(place, "is missing; give it a value"));
        }
    }
    let properties = fields.get("properties").and_then(Value::as_object);
    for (name, value) in object {
        let place = format!("{pointer}/{}", escape(name));
        let known = properties.and_then(|properties| properties.get(name));
        match known.or_else(|| fields.get("additionalProperties")) {
            Some(Value::Bool(false)) => {
                let names: Vec<&str> =
                    properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
                let message = format!("is unknown; the parameters are: {}", names.join(", "));
                return Err(ParamError::new(place, message));
            }
            Some(schema) => check_at(schema, value, &place, depth + 1)?,
            None => {}
        }
    }
    Ok(())
}

/// The same parameters with the defaults of those that were left out.
pub(crate) fn fill_defaults(schema: &Value, value: Value) -> Value {
    fill_at(schema, value, 0)
}

fn fill_at(schema: &Value, value: Value, depth: usize) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let (Value::Object(mut object), Some(properties)) = (value.clone(), properties) else {
        return value;
    };
    if depth > DEEPEST {
        return value;
    }
    for (name, inner) in properties {
        let given = object.remove(name).or_else(|| inner.get("default").cloned());
        if let Some(given) = given {
            object.insert(name.clone(), fill_at(inner, given, depth + 1));
        }
    }
    Value::Object(object)
}

fn derive_types(value: &Value) -> Vec<&str> {
    match value {
        Value::String(word) => vec![word],
        Value::Array(words) => words.iter().map(|word| word.as_str().unwrap_or("?")).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec!["?"],
    }
}

fn is_type_word(word: &str) -> bool {
    ["null", "boolean", "integer", "number", "string", "array", "object"].contains(&word)
}

fn has_type(value: &Value, word: &str) -> bool {
    match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|x| x.fract() == 0.0)
        }
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

const fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["word"],
            "properties": {
                "word": { "type": "string", "minLength": 1, "enum": ["a", "b"] },
                "n": { "type": "integer", "minimum": 1, "maximum": 9, "default": 3 },
                "list": { "type": "array", "maxItems": 2, "items": { "type": "number" } },
                "deep": { "type": "object", "default": {},
                          "properties": { "x": { "type": "number", "default": 0.5 } } },
            },
        })
    }

    #[test]
    fn refusals_point_at_the_value() {
        require_well_formed(&schema()).unwrap();
        for (params, pointer, word) in [
            (json!({}), "/word", "missing"),
            (json!({ "word": "c" }), "/word", "one of"),
            (json!({ "word": "a", "n": 0 }), "/n", "at least 1"),
            (json!({ "word": "a", "n": 1.5 }), "/n", "type integer"),
            (json!({ "word": "a", "list": [1, "x"] }), "/list/1", "type number"),
            (json!({ "word": "a", "list": [1, 2, 3] }), "/list", "at most 2"),
            (json!({ "word": "a", "deep": { "x": [] } }), "/deep/x", "an array"),
            (json!({ "word": "a", "m/n": 1 }), "/m~1n", "unknown"),
            (json!(3), "", "type object"),
        ] {
            let refusal = check(&schema(), &params).unwrap_err();
            assert_eq!(refusal.pointer, pointer, "{refusal}");
            assert!(refusal.message.contains(word), "{refusal}");
        }
        assert!(check(&schema(), &json!({ "word": "a", "n": 9, "list": [] })).is_ok());
    }

    #[test]
    fn defaults_are_filled_in_where_nothing_was_given() {
        assert_eq!(
            fill_defaults(&schema(), json!({ "word": "b", "n": 4 })),
            json!({ "word": "b", "n": 4, "deep": { "x": 0.5 } })
        );
    }

    #[test]
    fn odd_schemas_are_refused() {
        for odd in [
            json!([]),
            json!({ "type": "text" }),
            json!({ "properties": { "n": { "type": "integer", "default": "x" } } }),
            json!({ "properties": [] }),
        ] {
            assert!(require_well_formed(&odd).is_err(), "{odd}");
        }
    }
}
