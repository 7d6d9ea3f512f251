//! Reads a schema and keeps the order in which its author wrote the properties.
//!
//! Invariant: what is read equals what a plain JSON reader gives, but for the orders that it notes
//! in `x-gantry`.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::field_order::note_order;

/// For `#[serde(deserialize_with)]`.
pub(super) fn read_schema<'de, D: Deserializer<'de>>(source: D) -> Result<Value, D::Error> {
    Place::Schema.deserialize(source).map(|read| read.value)
}

/// What a JSON value within a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A schema, or a list of schemas.
    Schema,
    /// An object whose keys are names that the author chose, and whose values are schemas.
    Names,
    /// A value such as a default, whose words mean nothing here.
    Data,
}

impl Place {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Data, _)
            | (Self::Schema, "default" | "const" | "enum" | "examples" | "x-gantry") => Self::Data,
            (Self::Schema, "properties" | "patternProperties" | "$defs" | "definitions") => {
                Self::Names
            }
            (Self::Schema | Self::Names, _) => Self::Schema,
        }
    }
}

struct Read {
    value: Value,
    /// The keys of an object, as they came.
    keys: Vec<Value>,
}

impl Read {
    fn plain<E>(value: impl Into<Value>) -> Result<Self, E> {
        Ok(Self { value: value.into(), keys: Vec::new() })
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Read, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = Read;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
        Read::plain(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
        Read::plain(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Read, E> {
        Read::plain(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
        Read::plain(value)
    }

    fn visit_str<E>(self, value: &str) -> Result<Read, E> {
        Read::plain(value)
    }

    fn visit_unit<E>(self) -> Result<Read, E> {
        Read::plain(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
        let mut list = Vec::new();
        while let Some(read) = items.next_element_seed(self)? {
            list.push(read.value);
        }
        Read::plain(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Read, A::Error> {
        let mut fields = Map::new();
        let (mut keys, mut order) = (Vec::new(), Vec::new());
        while let Some(key) = entries.next_key::<String>()? {
            let read = entries.next_value_seed(self.below(&key))?;
            if self == Self::Schema && key == "properties" {
                order = read.keys;
            }
            keys.push(Value::from(key.as_str()));
            fields.insert(key, read.value);
        }
        if order.len() > 1 {
            note_order(&mut fields, order);
        }
        Ok(Read { value: Value::Object(fields), keys })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Deserializer, json};

    use super::*;
    use crate::derive_field_order;

    fn read(text: &str) -> Value {
        read_schema(&mut Deserializer::from_str(text)).unwrap()
    }

    #[test]
    fn properties_keep_the_order_of_the_text_on_every_level() {
        let schema = read(
            r#"{"type":"object","properties":{"who":{"type":"string"},"age":{"type":"integer"},
                "deep":{"type":"array","items":{"properties":{"z":{},"a":{}}}}}}"#,
        );
        assert_eq!(derive_field_order(&schema), ["who", "age", "deep"]);
        assert_eq!(derive_field_order(&schema["properties"]["deep"]["items"]), ["z", "a"]);
    }

    #[test]
    fn a_property_called_properties_is_a_name_and_a_default_is_data() {
        let text = r#"{"properties":{"properties":{"type":"object"},"b":
            {"default":{"properties":{"z":1,"a":2}},"minimum":-1,"maximum":2.5}}}"#;
        let mut schema = read(text);
        assert_eq!(derive_field_order(&schema), ["properties", "b"]);
        schema.as_object_mut().unwrap().remove("x-gantry");
        assert_eq!(schema, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn the_authors_own_list_wins() {
        let schema =
            read(r#"{"x-gantry":{"order":["a","z"]},"properties":{"z":{},"a":{},"m":null}}"#);
        assert_eq!(schema["x-gantry"], json!({ "order": ["a", "z"] }));
        assert_eq!(derive_field_order(&schema), ["a", "z", "m"]);
    }
}
