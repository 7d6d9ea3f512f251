//! `automl.model`: a model kept warm, which predicts single rows within milliseconds.
//!
//! A call brings rows as JSON objects, by column name; they are read exactly as a file's rows
//! are. A column that is missing or of the wrong kind is refused, an empty one is not.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;

use gantry_engine_api::{CallContext, EngineError, InputFile, Loaded, Service, ServiceSpec};
use gantry_kit::Frame;
use gantry_learn::Control;
use gantry_types::MeterId;
use serde_json::{Map, Value, json};

use crate::error::derive_list;
use crate::predict::Predictor;
use crate::table::read_table_as;

/// Rows of one call; files have no such limit.
const MAX_ROWS: usize = 10_000;

/// The service of trained models.
#[derive(Debug, Clone, Copy, Default)]
pub struct ModelService;

impl Service for ModelService {
    fn spec(&self) -> ServiceSpec {
        ServiceSpec {
            id: "automl.model".to_owned(),
            version: 1,
            title: "Predictions of a trained model".to_owned(),
            input_schema: json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "required": ["rows"],
                "additionalProperties": false,
                "properties": {
                    "rows": {
                        "type": "array",
                        "description": "Rows to predict: objects with a value for each column.",
                        "minItems": 1,
                        "maxItems": MAX_ROWS,
                        "items": {
                            "type": "object",
                            "additionalProperties": {
                                "type": ["string", "number", "boolean", "null"]
                            }
                        }
                    }
                }
            }),
            output_schema: json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "required": ["task", "target", "predictions", "warnings"],
                "properties": {
                    "task": {"enum": ["binary", "multiclass", "regression"]},
                    "target": {"type": "string"},
                    "predictions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["prediction"],
                            "properties": {
                                "prediction": {"type": ["string", "number"]},
                                "probabilities": {
                                    "type": "object",
                                    "additionalProperties": {"type": "number"}
                                }
                            }
                        }
                    },
                    "warnings": {"type": "array", "items": {"type": "string"}}
                }
            }),
        }
    }

    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64> {
        let rows = input.get("rows").and_then(Value::as_array).map_or(0, Vec::len);
        let meter = "predictions".parse::<MeterId>().ok();
        meter.map(|meter| (meter, rows as u64)).into_iter().collect()
    }

    fn load(&self, artifact: InputFile) -> Result<Box<dyn Loaded>, EngineError> {
        let predictor = Predictor::read_from(artifact.open()?)?;
        Ok(Box::new(LoadedModel { predictor }))
    }
}

struct LoadedModel {
    predictor: Predictor,
}

impl Loaded for LoadedModel {
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError> {
        context.check()?;
        let rows = require_rows(&input)?;
        let lines = self.derive_lines(rows)?;
        let schema = self.predictor.schema.clone();
        let mut reader = Cursor::new(lines);
        let table = read_table_as(&mut reader, schema, |_| match context.check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })?;
        if let Some(unreadable) = table.unreadable.first() {
            return Err(EngineError::params(unreadable.clone())
                .with_next_step("Send the column's values as they were in training."));
        }
        let is_late = || context.check().is_err();
        let control = Control::unlimited().with_cancel(&is_late);
        let predicted = self.predictor.predict(&table, &control)?;
        context.check()?;
        let warnings: Vec<String> = predicted
            .new_labels
            .iter()
            .map(|new| {
                let (column, example) = (&new.column, &new.unknown.example);
                format!("Column `{column}`: `{example}` was not in training and counts as rare.")
            })
            .collect();
        let columns = self.predictor.derive_columns(&predicted.predictions);
        let frame = Frame::new(columns).map_err(|e| EngineError::bug(e.to_string()))?;
        Ok(json!({
            "task": self.predictor.header.task,
            "target": self.predictor.header.target.name,
            "predictions": self.derive_answers(&frame),
            "warnings": warnings,
        }))
    }
}

fn require_rows(input: &Value) -> Result<Vec<&Map<String, Value>>, EngineError> {
    let object = input.as_object();
    let rows = object
        .filter(|object| object.len() == 1)
        .and_then(|object| object.get("rows"))
        .and_then(Value::as_array)
        .ok_or_else(|| {
            EngineError::params("The input is not an object with the one field `rows`, a list.")
                .with_next_step("Send {\"rows\": [{\"column\": value, …}]}.")
        })?;
    if rows.is_empty() || rows.len() > MAX_ROWS {
        let found = rows.len();
        return Err(EngineError::params(format!("The call has {found} rows."))
            .with_next_step(format!("Send 1 to {MAX_ROWS} rows, or submit `automl.predict`.")));
    }
    let as_object = |(index, row): (usize, &'_ Value)| match row.as_object() {
        Some(_) => Ok(()),
        None => Err(EngineError::params(format!("Row {} is not an object.", index + 1))),
    };
    rows.iter().enumerate().try_for_each(as_object)?;
    Ok(rows.iter().filter_map(Value::as_object).collect())
}

impl LoadedModel {
    /// The rows as JSON Lines with exactly the columns of the model.
    fn derive_lines(&self, rows: Vec<&Map<String, Value>>) -> Result<Vec<u8>, EngineError> {
        let mut lines = Vec::new();
        for (index, row) in rows.into_iter().enumerate() {
            let columns = &self.predictor.header.columns;
            let missing: Vec<&str> = columns
                .iter()
                .map(|spec| spec.name.as_str())
                .filter(|name| !row.contains_key(*name))
                .collect();
            if !missing.is_empty() {
                let names = derive_list(&missing, 20);
                return Err(EngineError::params(format!("Row {} lacks {names}.", index + 1))
                    .with_next_step("Send every column of the model; null stands for a gap."));
            }
            let mut kept = Map::new();
            for spec in columns {
                let value = row.get(&spec.name).cloned().unwrap_or(Value::Null);
                if value.is_array() || value.is_object() {
                    let name = &spec.name;
                    let message = format!("Row {}: `{name}` is a list or object.", index + 1);
                    return Err(EngineError::params(message)
                        .with_next_step("Send a number, a text, true, false or null."));
                }
                kept.insert(spec.name.clone(), value);
            }
            serde_json::to_writer(&mut lines, &kept)
                .map_err(|error| EngineError::bug(format!("A row is not JSON: {error}.")))?;
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn derive_answers(&self, frame: &Frame) -> Vec<Value> {
        let classes = &self.predictor.header.classes;
        let answer = |row: usize| {
            let prediction = frame.columns().first();
            if classes.is_empty() {
                let value = prediction.and_then(|p| p.find_numbers()?.get(row).copied());
                return json!({"prediction": value});
            }
            let label = prediction.and_then(|p| p.find_cell(row)).map(|cell| cell.into_owned());
            let probabilities: Map<String, Value> = classes
                .iter()
                .zip(frame.columns().iter().skip(1))
                .map(|(class, column)| {
                    let value = column.find_numbers().and_then(|values| values.get(row).copied());
                    (class.clone(), json!(value))
                })
                .collect();
            json!({"prediction": label, "probabilities": probabilities})
        };
        (0..frame.rows()).map(answer).collect()
    }
}
