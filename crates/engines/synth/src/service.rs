//! `synth.generator`: a generator kept warm, which draws rows within milliseconds.
//!
//! Rows are numbered: the same seed and the same numbers give the same rows, so that a caller can
//! fetch a table page by page.

use std::collections::BTreeMap;

use gantry_engine_api::{CallContext, EngineError, InputFile, Loaded, Service, ServiceSpec};
use gantry_kit::{Column, Frame};
use gantry_types::MeterId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model_file::SynthModel;
use crate::ops::learn::{Wishes, derive_plan};
use crate::produce::Producer;

/// Rows of one call; files have no such limit.
const MAX_ROWS: u64 = 10_000;

/// The service of fitted generators.
#[derive(Debug, Clone, Copy, Default)]
pub struct GeneratorService;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    rows: u64,
    #[serde(default)]
    first: u64,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    given: String,
    #[serde(default)]
    constraints: Vec<String>,
    #[serde(default)]
    balance: Option<String>,
}

impl Service for GeneratorService {
    fn spec(&self) -> ServiceSpec {
        ServiceSpec {
            id: "synth.generator".to_owned(),
            version: 1,
            title: "Rows of a fitted generator".to_owned(),
            input_schema: json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "required": ["rows"],
                "additionalProperties": false,
                "properties": {
                    "rows": {
                        "type": "integer", "minimum": 1, "maximum": MAX_ROWS,
                        "description": "How many rows to draw."
                    },
                    "first": {
                        "type": "integer", "minimum": 0,
                        "description": "The number of the first row, for the next page."
                    },
                    "seed": {
                        "type": "integer", "minimum": 0,
                        "description": "The same seed gives the same rows."
                    },
                    "given": {
                        "type": "string",
                        "description": "What must hold in every row: sex=Female,age>60."
                    },
                    "constraints": {
                        "type": "array", "items": {"type": "string"},
                        "description": "What must hold besides: start <= end, total = a + b."
                    },
                    "balance": {
                        "type": ["string", "null"],
                        "description": "A column whose labels shall all be equally frequent."
                    }
                }
            }),
            output_schema: json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "required": ["rows"],
                "properties": {
                    "rows": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": {"type": ["string", "number", "null"]}
                        }
                    }
                }
            }),
        }
    }

    fn meters(&self, input: &Value) -> BTreeMap<MeterId, u64> {
        let rows = input.get("rows").and_then(Value::as_u64).unwrap_or(0);
        "rows".parse::<MeterId>().ok().map(|meter| (meter, rows)).into_iter().collect()
    }

    fn load(&self, artifact: InputFile) -> Result<Box<dyn Loaded>, EngineError> {
        let model = SynthModel::read_from(artifact.open()?)?;
        Ok(Box::new(LoadedGenerator { model }))
    }
}

struct LoadedGenerator {
    model: SynthModel,
}

impl Loaded for LoadedGenerator {
    fn call(&self, input: Value, context: &CallContext) -> Result<Value, EngineError> {
        context.check()?;
        let request: Request = serde_json::from_value(input).map_err(|error| {
            EngineError::params(format!("The input is not a request for rows: {error}."))
                .with_next_step("Send {\"rows\": 10}.")
        })?;
        if request.rows == 0 || request.rows > MAX_ROWS {
            let message = format!("The call asks for {} rows.", request.rows);
            return Err(EngineError::params(message).with_next_step(format!(
                "Ask for 1 to {MAX_ROWS} rows, or submit `synth.sample`."
            )));
        }
        let last = request.first.checked_add(request.rows).ok_or_else(|| {
            EngineError::params("The number of the first row is too large.")
                .with_next_step("Begin with a smaller number.")
        })?;
        let wishes = Wishes {
            given: &request.given,
            constraints: &request.constraints,
            balance: request.balance.as_deref(),
            target: None,
        };
        let plan = derive_plan(&wishes, &self.model, request.seed)?;
        let producer = Producer { model: &self.model, plan: &plan };
        let frame = producer.draw_frame(request.first..last)?;
        context.check()?;
        Ok(json!({ "rows": derive_rows(&frame) }))
    }
}

fn derive_rows(frame: &Frame) -> Vec<Value> {
    let cell = |column: &Column, row: usize| match column.find_numbers() {
        Some(numbers) if !column.is_missing(row) => json!(numbers.get(row)),
        _ => json!(column.find_cell(row)),
    };
    let row = |row: usize| {
        let cells =
            frame.columns().iter().map(|column| (column.name().to_owned(), cell(column, row)));
        Value::Object(cells.collect::<Map<String, Value>>())
    };
    (0..frame.rows()).map(row).collect()
}
