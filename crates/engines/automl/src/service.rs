//! `automl.model`: a model kept warm, which predicts single rows within milliseconds.
//!
//! A call brings rows as JSON objects, by column name; they are read exactly as a file's rows
//! are. A column that is missing or of the wrong kind is refused, an empty one is not.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;

use gantry_engine_api::{CallContext, EngineError, InputFile, Loaded, Service, ServiceSpec};
use gantry_kit::{Column, ColumnKind, ColumnSpec, MissingMarkers, find_column};
use gantry_learn::Control;
use gantry_types::MeterId;
use serde_json::{Map, Value, json};

use crate::error::derive_list;
use crate::model::Predictions;
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
        let mut specs = predictor.header.columns.clone();
        // A model knows labels by their names: copying all of them for every call would be waste.
        let labels = specs.iter_mut().filter(|spec| spec.kind == ColumnKind::Category);
        labels.for_each(|spec| spec.levels.clear());
        Ok(Box::new(LoadedModel { predictor, specs, missing: MissingMarkers::default() }))
    }
}

struct LoadedModel {
    predictor: Predictor,
    /// How cells of the model's columns are read.
    specs: Vec<ColumnSpec>,
    missing: MissingMarkers,
}

type Row = Map<String, Value>;

impl Loaded for LoadedModel {
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError> {
        context.check()?;
        let rows = require_rows(&input)?;
        self.require_cells(&rows)?;
        let columns = match self.find_columns(&rows) {
            Some(columns) => columns,
            None => self.read_columns(&rows, context)?,
        };
        let is_late = || context.check().is_err();
        let control = Control::unlimited().with_cancel(&is_late);
        let columns: Vec<&Column> = columns.iter().collect();
        let predicted = self.predictor.predict_columns(&columns, &control)?;
        context.check()?;
        let warnings: Vec<String> = predicted
            .new_labels
            .iter()
            .map(|new| {
                let (column, example) = (&new.column, &new.unknown.example);
                format!("Column `{column}`: `{example}` was not in training and counts as rare.")
            })
            .collect();
        Ok(json!({
            "task": self.predictor.header.task,
            "target": self.predictor.header.target.name,
            "predictions": self.derive_answers(&predicted.predictions),
            "warnings": warnings,
        }))
    }
}

fn require_rows(input: &Value) -> Result<Vec<&Row>, EngineError> {
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
    fn require_cells(&self, rows: &[&Row]) -> Result<(), EngineError> {
        let names = || self.specs.iter().map(|spec| spec.name.as_str());
        for (row, number) in rows.iter().zip(1..) {
            let missing: Vec<&str> = names().filter(|name| !row.contains_key(*name)).collect();
            if !missing.is_empty() {
                let names = derive_list(&missing, 20);
                return Err(EngineError::params(format!("Row {number} lacks {names}."))
                    .with_next_step("Send every column of the model; null stands for a gap."));
            }
            let is_nested = |name: &&str| {
                row.get(*name).is_some_and(|value| value.is_array() || value.is_object())
            };
            if let Some(name) = names().find(is_nested) {
                let message = format!("Row {number}: `{name}` is a list or object.");
                return Err(EngineError::params(message)
                    .with_next_step("Send a number, a text, true, false or null."));
            }
        }
        Ok(())
    }

    /// The model's columns, where every cell is spelled as in training.
    fn find_columns(&self, rows: &[&Row]) -> Option<Vec<Column>> {
        let column = |spec: &ColumnSpec| {
            let cells: Vec<Option<Cow<'_, str>>> =
                rows.iter().map(|row| derive_cell(row.get(&spec.name)?)).collect();
            find_column(spec, cells.iter().map(Option::as_deref), &self.missing)
        };
        self.specs.iter().map(column).collect()
    }

    /// The model's columns, read as those of a file, which finds other spellings and what is wrong.
    fn read_columns(
        &self,
        rows: &[&Row],
        context: &CallContext,
    ) -> Result<Vec<Column>, EngineError> {
        let mut lines = Vec::new();
        for row in rows {
            let cell = |spec: &ColumnSpec| Some((spec.name.clone(), row.get(&spec.name)?.clone()));
            let kept: Row = self.specs.iter().filter_map(cell).collect();
            serde_json::to_writer(&mut lines, &kept)
                .map_err(|error| EngineError::bug(format!("A row is not JSON: {error}.")))?;
            lines.push(b'\n');
        }
        let schema = self.predictor.schema.clone();
        let table = read_table_as(&mut Cursor::new(lines), schema, |_| match context.check() {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })?;
        if let Some(unreadable) = table.unreadable.first() {
            return Err(EngineError::params(unreadable.clone())
                .with_next_step("Send the column's values as they were in training."));
        }
        Ok(self.predictor.header.select(&table.frame)?.into_iter().cloned().collect())
    }

    fn derive_answers(&self, predictions: &Predictions) -> Vec<Value> {
        let classes = &self.predictor.header.classes;
        let columns = predictions.as_columns();
        let Some(codes) = self.predictor.finish().decide(predictions) else {
            let values = columns.first().copied().unwrap_or_default();
            return values.iter().map(|value| json!({ "prediction": value })).collect();
        };
        let answer = |(row, code): (usize, &u32)| {
            let named = classes.iter().cloned().zip(&columns);
            let probabilities: Map<String, Value> =
                named.map(|(class, values)| (class, json!(values.get(row)))).collect();
            json!({"prediction": classes.get(*code as usize), "probabilities": probabilities})
        };
        codes.iter().enumerate().map(answer).collect()
    }
}

/// The text of a cell; none for a gap.
fn derive_cell(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(Cow::Owned(value.to_string()))
        }
    }
}
