//! Operations without their types, as the registry keeps them.
//!
//! Invariant: parameters are checked in one place, so that a form, a command line and a stored
//! job are refused with the same words.

use std::cmp::Ordering;

use async_trait::async_trait;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::JobContext;
use crate::error::{EngineError, ParamError};
use crate::estimate::Estimate;
use crate::field_order::note_order_of;
use crate::input::{InputMeta, InputSlot};
use crate::operation::{Audience, Operation};
use crate::step::Step;

/// What an operation says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationSpec {
    /// `engine.verb`.
    pub id: String,
    /// The version of the parameters.
    pub version: u32,
    /// The name for people.
    pub title: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Who may submit it.
    #[serde(default)]
    pub audience: Audience,
    /// The inputs that it takes.
    pub inputs: Vec<InputSlot>,
    /// JSON Schema (2020-12) of the parameters.
    pub params_schema: Value,
    /// JSON Schema (2020-12) of the report.
    pub report_schema: Value,
}

impl OperationSpec {
    /// The engine's name: the part of the id before the first dot.
    #[must_use]
    pub fn engine(&self) -> &str {
        self.id.split('.').next().unwrap_or(&self.id)
    }
}

/// An operation whose types were erased.
#[async_trait]
pub trait AnyOperation: Send + Sync {
    /// What it says about itself.
    fn spec(&self) -> OperationSpec;

    /// As [`Operation::estimate`], from JSON.
    ///
    /// # Errors
    /// [`ParamError`] with a pointer to the value that is refused.
    fn estimate(&self, params: &Value, inputs: &[InputMeta]) -> Result<Estimate, ParamError>;

    /// Parameters that version `from` wrote, as the present version reads them: unchanged when it
    /// is the present one, by [`Operation::migrate`] when it is older.
    ///
    /// # Errors
    /// [`ParamError`] for a version that is later than the present one, or too old.
    fn migrate(&self, from: u32, params: Value) -> Result<Value, ParamError>;

    /// As [`Operation::run`], from and to JSON.
    ///
    /// # Errors
    /// [`EngineError`]; `Params` when the JSON does not fit.
    async fn run(&self, params: Value, context: JobContext) -> Result<Step<Value>, EngineError>;
}

#[async_trait]
impl<O: Operation> AnyOperation for O {
    fn spec(&self) -> OperationSpec {
        OperationSpec {
            id: O::ID.to_owned(),
            version: O::VERSION,
            title: O::TITLE.to_owned(),
            summary: O::SUMMARY.to_owned(),
            audience: O::AUDIENCE,
            inputs: self.inputs(),
            params_schema: params_schema_of::<O::Params>(),
            report_schema: schema_of::<O::Report>(),
        }
    }

    fn estimate(&self, params: &Value, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let params = parse::<O::Params>(params)?;
        let missing = self
            .inputs()
            .into_iter()
            .find(|slot| slot.required && !inputs.iter().any(|input| input.slot == slot.name));
        if let Some(slot) = missing {
            return Err(ParamError::new(
                "",
                format!("the input `{}` is missing; give one ({})", slot.name, slot.title),
            ));
        }
        Operation::estimate(self, &params, inputs)
    }

    fn migrate(&self, from: u32, params: Value) -> Result<Value, ParamError> {
        match from.cmp(&O::VERSION) {
            Ordering::Equal => Ok(params),
            Ordering::Less => O::migrate(from, params),
            Ordering::Greater => Err(ParamError::too_new(O::ID, from, O::VERSION)),
        }
    }

    async fn run(&self, params: Value, context: JobContext) -> Result<Step<Value>, EngineError> {
        let params = parse::<O::Params>(&params)?;
        match Operation::run(self, params, context).await? {
            Step::Done(report) => serde_json::to_value(report)
                .map(Step::Done)
                .map_err(|error| EngineError::bug(format!("The report is not JSON: {error}."))),
            Step::Fork { children, checkpoint } => Ok(Step::Fork { children, checkpoint }),
        }
    }
}

fn params_schema_of<T: schemars::JsonSchema + serde::de::DeserializeOwned>() -> Value {
    let mut schema = schema_of::<T>();
    note_order_of::<T>(&mut schema);
    schema
}

fn schema_of<T: schemars::JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value()
}

fn parse<T: serde::de::DeserializeOwned>(params: &Value) -> Result<T, ParamError> {
    // An absent body means "all defaults", which serde only accepts as an empty object.
    let object =
        if params.is_null() { Value::Object(serde_json::Map::new()) } else { params.clone() };
    serde_path_to_error::deserialize(object).map_err(|error| {
        let pointer = error.path().iter().map(pointer_segment).collect::<String>();
        ParamError::new(pointer, error.into_inner().to_string())
    })
}

fn pointer_segment(segment: &serde_path_to_error::Segment) -> String {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        // The variant of an enum and an unknown place have no name in the JSON text.
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}
