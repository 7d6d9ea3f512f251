//! The order in which an author wrote the parameters of an operation.
//!
//! JSON objects have no order, and schemas pass through maps that sort their names and databases
//! that do as they like. So every object of a parameters' schema carries the order of its fields in
//! a list, `x-gantry: {"order": […]}`, and forms and command lines follow that list.
//!
//! Invariants: an order that an author wrote down is never changed; a type that cannot be asked for
//! its fields has none, and its schema is right all the same.

use std::cell::Cell;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Where a schema keeps what JSON Schema has no word for.
const EXTENSION: &str = "x-gantry";
const ORDER: &str = "order";
/// How deep objects in objects are followed.
const DEEPEST: usize = 8;

/// The names of an object schema's properties in the order to show them in: as the author wrote
/// them, or, where nobody knows, required ones first.
#[must_use]
pub fn derive_field_order(schema: &Value) -> Vec<&str> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let list = |value: Option<&'_ Value>| -> Vec<String> {
        let names = value.and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let written = list(schema.get(EXTENSION).and_then(|extension| extension.get(ORDER)));
    let first = if written.is_empty() { list(schema.get("required")) } else { written };
    let place = |name: &str| first.iter().position(|known| known == name).unwrap_or(first.len());
    let mut names: Vec<&str> = properties.keys().map(String::as_str).collect();
    names.sort_by_key(|name| place(name));
    names
}

/// Writes an order into an object schema that has none yet.
pub(crate) fn note_order(schema: &mut Map<String, Value>, names: Vec<Value>) {
    let extension =
        schema.entry(EXTENSION).or_insert_with(|| Value::Object(Map::new())).as_object_mut();
    if let Some(extension) = extension {
        extension.entry(ORDER).or_insert(Value::Array(names));
    }
}

/// Writes the order of the fields of `T`, and of the structs within, into its schema.
pub(crate) fn note_order_of<T: DeserializeOwned>(schema: &mut Value) {
    note_at::<T>(schema, &mut Vec::new());
}

fn note_at<T: DeserializeOwned>(schema: &mut Value, path: &mut Vec<&'static str>) {
    let Some(fields) = find_fields::<T>(path) else { return };
    let Some(object) = find_object(schema) else { return };
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let known: Vec<&'static str> =
        fields.iter().copied().filter(|name| properties.contains_key(*name)).collect();
    if path.len() < DEEPEST {
        for name in &known {
            path.push(name);
            if let Some(inner) = properties.get_mut(*name) {
                note_at::<T>(inner, path);
            }
            path.pop();
        }
    }
    note_order(object, known.into_iter().map(Value::from).collect());
}

/// The object that a field holds: itself, each item of a list, or what may be left out.
fn find_object(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    let object = schema.as_object_mut()?;
    if object.contains_key("properties") {
        return Some(object);
    }
    if object.contains_key("items") {
        return find_object(object.get_mut("items")?);
    }
    object.get_mut("anyOf")?.as_array_mut()?.iter_mut().find_map(find_object)
}

/// The fields of the struct that stands at `path` within `T`. Reading a `T` from a source that has
/// one field, and that one's field, makes serde name the fields of the struct at its end.
fn find_fields<T: DeserializeOwned>(path: &[&'static str]) -> Option<&'static [&'static str]> {
    let found = Cell::new(None);
    // Nothing is ever read whole: the source ends in an error on purpose.
    let _unread = T::deserialize(Asker { path, found: &found });
    found.get()
}

#[derive(Clone, Copy)]
struct Asker<'a> {
    path: &'a [&'static str],
    found: &'a Cell<Option<&'static [&'static str]>>,
}

type AskError = serde::de::value::Error;

impl<'de> IntoDeserializer<'de, AskError> for Asker<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Asker<'_> {
    type Error = AskError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, AskError> {
        Err(AskError::custom("no struct stands here"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, AskError> {
        let Some((first, path)) = self.path.split_first() else {
            self.found.set(Some(fields));
            return Err(AskError::custom("the fields are known"));
        };
        let inner = Asker { path, found: self.found };
        visitor.visit_map(MapDeserializer::new(std::iter::once((*first, inner))))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AskError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, AskError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AskError> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::once(self)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Outer {
        zebra: String,
        #[serde(default, alias = "old_name")]
        apple: Option<Inner>,
        #[serde(default)]
        many: Vec<Inner>,
        #[serde(rename = "middle")]
        renamed: u32,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read by serde alone")]
    struct Inner {
        second: bool,
        first: bool,
    }

    fn inner() -> Value {
        json!({ "type": "object", "properties": { "first": {}, "second": {} } })
    }

    #[test]
    fn structs_keep_the_order_of_their_fields_also_within() {
        let mut schema = json!({ "type": "object", "properties": {
            "apple": { "anyOf": [inner(), { "type": "null" }] },
            "many": { "type": "array", "items": inner() },
            "middle": { "type": "integer" }, "zebra": { "type": "string" },
        }});
        note_order_of::<Outer>(&mut schema);
        assert_eq!(derive_field_order(&schema), ["zebra", "apple", "many", "middle"]);
        let apple = &schema["properties"]["apple"]["anyOf"][0];
        assert_eq!(derive_field_order(apple), ["second", "first"]);
        let many = &schema["properties"]["many"]["items"];
        assert_eq!(derive_field_order(many), ["second", "first"]);
    }

    #[test]
    fn an_order_that_was_written_down_stays() {
        let mut schema = inner();
        schema["x-gantry"] = json!({ "order": ["first", "second"], "advanced": true });
        note_order_of::<Inner>(&mut schema);
        assert_eq!(derive_field_order(&schema), ["first", "second"]);
        assert_eq!(schema["x-gantry"]["advanced"], true);
    }

    #[test]
    fn without_an_order_required_fields_come_first_and_unlisted_ones_last() {
        let mut schema = json!({ "required": ["c"], "properties": { "a": {}, "b": {}, "c": {} } });
        assert_eq!(derive_field_order(&schema), ["c", "a", "b"]);
        schema["x-gantry"] = json!({ "order": ["b", "gone"] });
        assert_eq!(derive_field_order(&schema), ["b", "a", "c"]);
        assert!(derive_field_order(&json!({ "type": "string" })).is_empty());
    }

    #[test]
    fn what_is_no_struct_has_no_order() {
        let mut schema = json!({ "type": "object", "properties": { "a": {} } });
        let before = schema.clone();
        note_order_of::<Value>(&mut schema);
        note_order_of::<std::collections::BTreeMap<String, u32>>(&mut schema);
        assert_eq!(schema, before);
    }
}
