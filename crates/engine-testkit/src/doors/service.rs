//! A service that answers from an artifact in memory.

use std::collections::BTreeMap;
use std::io::Read;

use gantry_engine_api::{CallContext, EngineError, InputFile, Loaded, Service, ServiceSpec};
use gantry_types::MeterId;
use serde_json::{Value, json};

/// Counts how often a word stands in an artifact.
#[derive(Clone)]
pub(super) struct WordCount {
    /// Under which name.
    pub(super) id: &'static str,
}

struct LoadedText {
    text: String,
}

impl Service for WordCount {
    fn spec(&self) -> ServiceSpec {
        ServiceSpec {
            id: self.id.to_owned(),
            version: 1,
            title: "Count a word".to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": { "word": { "type": "string" } },
                "required": ["word"],
            }),
            output_schema: json!({
                "type": "object",
                "properties": { "count": { "type": "integer" } },
            }),
        }
    }

    fn meters(&self, _: &Value) -> BTreeMap<MeterId, u64> {
        BTreeMap::new()
    }

    fn load(&self, artifact: InputFile) -> Result<Box<dyn Loaded>, EngineError> {
        let mut text = String::new();
        artifact
            .open()?
            .read_to_string(&mut text)
            .map_err(|_| EngineError::input("The artifact is not text."))?;
        Ok(Box::new(LoadedText { text }))
    }
}

impl Loaded for LoadedText {
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError> {
        context.check()?;
        let word = input["word"].as_str().filter(|word| !word.is_empty());
        let word = word.ok_or_else(|| EngineError::params("`word` must be a non-empty text."))?;
        Ok(json!({ "count": self.text.matches(word).count() }))
    }
}
