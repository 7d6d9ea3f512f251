//! The flags of an operation, derived from its specification.
//!
//! Invariant: there is no second list of parameters: what the schema names is a flag, and what a
//! flag gives is checked by the operation itself.

use gantry_engine_api::{OperationSpec, derive_field_order};
use serde_json::Value;

use super::values::{ValueKind, derive_kind};

/// Flags that every operation has, and that parameters of the same name must make way for.
const RESERVED: &[&str] = &["params", "out", "seed", "label", "json", "quiet", "config", "help"];

/// One parameter as a flag.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamFlag {
    /// The parameter.
    pub name: String,
    /// The flag without its dashes.
    pub flag: String,
    /// What it takes.
    pub kind: ValueKind,
    /// Its help text with default and choices.
    pub help: String,
    /// Whether the operation refuses to run without it.
    pub required: bool,
}

/// One input as a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFlag {
    /// The slot.
    pub slot: String,
    /// The flag without its dashes.
    pub flag: String,
    /// Its help text.
    pub help: String,
    /// Whether the operation refuses to run without it.
    pub required: bool,
}

/// The flags of the inputs, in the operation's order.
pub fn derive_input_flags(spec: &OperationSpec) -> Vec<InputFlag> {
    let flags = spec.inputs.iter().map(|slot| InputFlag {
        slot: slot.name.clone(),
        flag: free_flag(&slot.name, "input", &[]),
        help: if slot.required { format!("{} [required]", slot.title) } else { slot.title.clone() },
        required: slot.required,
    });
    flags.collect()
}

/// The flags of the parameters, in the order in which the operation's author wrote them.
pub fn derive_param_flags(spec: &OperationSpec) -> Vec<ParamFlag> {
    let taken: Vec<String> = derive_input_flags(spec).into_iter().map(|input| input.flag).collect();
    let required: Vec<&str> = spec
        .params_schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let flags = derive_field_order(&spec.params_schema).into_iter().map(|name| {
        let schema = &spec.params_schema["properties"][name];
        let kind = derive_kind(schema);
        let required = required.contains(&name);
        ParamFlag {
            help: derive_help(schema, &kind, required),
            flag: free_flag(name, "param", &taken),
            name: name.to_owned(),
            kind,
            required,
        }
    });
    flags.collect()
}

fn free_flag(name: &str, prefix: &str, taken: &[String]) -> String {
    let flag = name.replace('_', "-");
    if RESERVED.contains(&flag.as_str()) || taken.contains(&flag) {
        format!("{prefix}-{flag}")
    } else {
        flag
    }
}

fn derive_help(schema: &Value, kind: &ValueKind, required: bool) -> String {
    let described = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut help = described.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut note = |text: String| {
        if !help.is_empty() {
            help.push(' ');
        }
        help.push_str(&text);
    };
    match kind {
        ValueKind::List(_) => note("[separated by commas, or repeated]".to_owned()),
        ValueKind::Text
        | ValueKind::Word(_)
        | ValueKind::Integer
        | ValueKind::Number
        | ValueKind::Boolean
        | ValueKind::Json => {}
    }
    if let Some(words) = kind.words() {
        note(format!("[one of: {}]", words.join(", ")));
    }
    match schema.get("default") {
        _ if required => note("[required]".to_owned()),
        None | Some(Value::Null) => {}
        Some(Value::Array(items)) if items.is_empty() => {}
        Some(Value::String(text)) => note(format!("[default: {text}]")),
        Some(default) => note(format!("[default: {default}]")),
    }
    help
}

#[cfg(test)]
pub(super) mod tests {
    use gantry_engine_api::{InputKind, InputSlot};
    use serde_json::json;

    use super::*;

    pub fn sample_spec() -> OperationSpec {
        OperationSpec {
            id: "demo.fit".to_owned(),
            version: 1,
            title: "Fit".to_owned(),
            summary: "Fits.".to_owned(),
            audience: gantry_engine_api::Audience::People,
            inputs: vec![InputSlot::required("data", "Table", InputKind::Table)],
            params_schema: json!({
                "type": "object",
                "required": ["target"],
                "properties": {
                    "folds": { "type": "integer", "default": 5, "description": "Parts\nof rows." },
                    "target": { "type": "string" },
                    "seed": { "type": ["integer", "null"], "default": null },
                    "data": { "type": "string" },
                    "time_seconds": { "anyOf": [{ "type": "number" }, { "type": "null" }] },
                    "task": { "default": "auto", "oneOf": [
                        { "const": "auto" }, { "enum": ["binary", "regression"], "type": "string" }
                    ]},
                    "ignore_columns": { "type": "array", "items": { "type": "string" }, "default": [] },
                    "shuffle": { "type": "boolean", "default": true },
                    "prior": { "type": "object", "properties": {} }
                }
            }),
            report_schema: json!({}),
        }
    }

    #[test]
    fn flags_follow_from_the_schema() {
        let flags = derive_param_flags(&sample_spec());
        let find = |name: &str| flags.iter().find(|flag| flag.name == name).unwrap().clone();
        assert_eq!(flags[0].name, "target");
        assert!(flags[0].required && flags[0].help.ends_with("[required]"));
        assert_eq!(find("folds").help, "Parts of rows. [default: 5]");
        assert_eq!(find("time_seconds").flag, "time-seconds");
        assert_eq!(find("time_seconds").kind, ValueKind::Number);
        assert_eq!(find("task").help, "[one of: auto, binary, regression] [default: auto]");
        assert_eq!(find("ignore_columns").kind, ValueKind::List(Box::new(ValueKind::Text)));
        assert_eq!(find("prior").kind, ValueKind::Json);
    }

    #[test]
    fn parameters_make_way_for_flags_that_every_operation_has_and_for_inputs() {
        let flags = derive_param_flags(&sample_spec());
        let flag_of = |name: &str| {
            flags.iter().find(|flag| flag.name == name).map(|flag| flag.flag.as_str()).unwrap()
        };
        assert_eq!(flag_of("seed"), "param-seed");
        assert_eq!(flag_of("data"), "param-data");
    }
}
