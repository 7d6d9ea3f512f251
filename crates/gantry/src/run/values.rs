//! From the text of a flag to the JSON that a parameter takes.

use serde_json::Value;

use gantry_types::find_nearest;

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueKind {
    /// Any text.
    Text,
    /// One of these words.
    Word(Vec<String>),
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`; the flag alone means `true`.
    Boolean,
    /// Several values of one kind.
    List(Box<Self>),
    /// Anything else, as JSON.
    Json,
}

impl ValueKind {
    /// The words that are taken, if it is a choice.
    pub fn words(&self) -> Option<&[String]> {
        match self {
            Self::Word(words) => Some(words),
            Self::List(inner) => inner.words(),
            Self::Text | Self::Integer | Self::Number | Self::Boolean | Self::Json => None,
        }
    }

    /// What stands for the value in the help text.
    pub const fn placeholder(&self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Word(_) => "WORD",
            Self::Integer => "N",
            Self::Number => "NUMBER",
            Self::Boolean => "BOOL",
            Self::List(_) => "LIST",
            Self::Json => "JSON",
        }
    }

    /// Reads the texts of a flag that may have been repeated.
    ///
    /// # Errors
    /// What is wrong with which text.
    pub fn parse(&self, texts: &[String]) -> Result<Value, String> {
        match self {
            Self::List(inner) => parse_list(inner, texts),
            Self::Text
            | Self::Word(_)
            | Self::Integer
            | Self::Number
            | Self::Boolean
            | Self::Json => match texts {
                [text] => self.parse_one(text),
                _ => Err("is given more than once".to_owned()),
            },
        }
    }

    fn parse_one(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::Text => Ok(Value::from(text)),
            Self::Word(words) if words.iter().any(|word| word == text) => Ok(Value::from(text)),
            Self::Word(words) => {
                let nearest = find_nearest(text, words.iter().map(String::as_str));
                let hint = nearest.map_or_else(
                    || format!("expected one of: {}", words.join(", ")),
                    |word| format!("did you mean `{word}`?"),
                );
                Err(format!("`{text}` is none of its values; {hint}"))
            }
            Self::Integer => match text.parse::<i64>() {
                Ok(number) => Ok(Value::from(number)),
                Err(_) => text
                    .parse::<u64>()
                    .map(Value::from)
                    .map_err(|_| format!("`{text}` is not an integer")),
            },
            Self::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::from(number)),
                Ok(_) | Err(_) => Err(format!("`{text}` is not a number")),
            },
            Self::Boolean => match text {
                "true" | "yes" | "on" => Ok(Value::Bool(true)),
                "false" | "no" | "off" => Ok(Value::Bool(false)),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            Self::List(inner) => parse_list(inner, &[text.to_owned()]),
            Self::Json => {
                serde_json::from_str(text).map_err(|error| format!("`{text}` is not JSON: {error}"))
            }
        }
    }
}

fn parse_list(inner: &ValueKind, texts: &[String]) -> Result<Value, String> {
    let mut items = Vec::new();
    for text in texts {
        if text.trim_start().starts_with('[') {
            let parsed: Vec<Value> = serde_json::from_str(text)
                .map_err(|error| format!("`{text}` is not a JSON list: {error}"))?;
            items.extend(parsed);
            continue;
        }
        match inner {
            // A comma inside an object or a list is not ours to split at.
            ValueKind::Json | ValueKind::List(_) => items.push(inner.parse_one(text)?),
            ValueKind::Text
            | ValueKind::Word(_)
            | ValueKind::Integer
            | ValueKind::Number
            | ValueKind::Boolean => {
                for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                    items.push(inner.parse_one(part)?);
                }
            }
        }
    }
    Ok(Value::Array(items))
}

/// What a JSON Schema asks for, as far as a flag can give it without JSON.
pub fn derive_kind(schema: &Value) -> ValueKind {
    if let Some(words) = find_words(schema) {
        return ValueKind::Word(words);
    }
    let alternatives = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array());
    if let Some(alternatives) = alternatives {
        let mut real = alternatives.iter().filter(|one| !is_null(one));
        return match (real.next(), real.next()) {
            (Some(only), None) => derive_kind(only),
            _ => ValueKind::Json,
        };
    }
    match find_type(schema) {
        Some("string") => ValueKind::Text,
        Some("integer") => ValueKind::Integer,
        Some("number") => ValueKind::Number,
        Some("boolean") => ValueKind::Boolean,
        Some("array") => {
            let items = schema.get("items").map_or(ValueKind::Json, derive_kind);
            ValueKind::List(Box::new(items))
        }
        Some(_) | None => ValueKind::Json,
    }
}

/// The words of a choice, whether it stands as `enum`, as `const`, or as alternatives of both.
fn find_words(schema: &Value) -> Option<Vec<String>> {
    if let Some(word) = schema.get("const").and_then(Value::as_str) {
        return Some(vec![word.to_owned()]);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let words: Option<Vec<String>> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| value.as_str().map(str::to_owned))
            .collect();
        return words.filter(|words| !words.is_empty());
    }
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|key| schema.get(*key)?.as_array())?;
    let words: Option<Vec<Vec<String>>> =
        alternatives.iter().filter(|one| !is_null(one)).map(find_words).collect();
    words.map(|words| words.concat()).filter(|words| !words.is_empty())
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("null")
}

fn find_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(word) => Some(word),
        Value::Array(words) => {
            let mut real = words.iter().filter_map(Value::as_str).filter(|word| *word != "null");
            real.next().filter(|_| real.next().is_none())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(schema: &Value, texts: &[&str]) -> Result<Value, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        derive_kind(schema).parse(&texts)
    }

    #[test]
    fn texts_become_what_the_schema_asks_for() {
        let list = json!({ "type": "array", "items": { "type": "integer" } });
        let choice = json!({ "anyOf": [{ "enum": ["one", "two"] }, { "type": "null" }] });
        for (schema, texts, value) in [
            (json!({ "type": "string" }), vec!["5"], json!("5")),
            (json!({ "type": "integer" }), vec!["5"], json!(5)),
            (json!({ "type": "integer" }), vec!["18446744073709551615"], json!(u64::MAX)),
            (json!({ "type": ["number", "null"] }), vec!["0.5"], json!(0.5)),
            (json!({ "type": "boolean" }), vec!["false"], json!(false)),
            (list.clone(), vec!["1,2", "3"], json!([1, 2, 3])),
            (list, vec!["[4, 5]"], json!([4, 5])),
            (choice, vec!["two"], json!("two")),
            (json!({ "type": "object" }), vec!["{\"a\": [1]}"], json!({ "a": [1] })),
            (
                json!({ "oneOf": [{ "type": "string" }, { "type": "object" }] }),
                vec!["\"x\""],
                json!("x"),
            ),
        ] {
            assert_eq!(parse(&schema, &texts).as_ref(), Ok(&value), "{schema}");
        }
    }

    #[test]
    fn wrong_texts_are_refused_with_what_is_expected() {
        for (schema, texts, words) in [
            (json!({ "type": "integer" }), vec!["5.5"], "is not an integer"),
            (json!({ "type": "number" }), vec!["inf"], "is not a number"),
            (json!({ "type": "boolean" }), vec!["maybe"], "neither `true` nor `false`"),
            (json!({ "enum": ["binary", "auto"] }), vec!["binry"], "did you mean `binary`?"),
            (json!({ "enum": ["binary", "auto"] }), vec!["zzzzz"], "expected one of: binary, auto"),
            (json!({ "type": "object" }), vec!["{"], "is not JSON"),
            (json!({ "type": "string" }), vec!["a", "b"], "more than once"),
        ] {
            let refusal = parse(&schema, &texts).unwrap_err();
            assert!(refusal.contains(words), "{refusal}");
        }
    }
}
