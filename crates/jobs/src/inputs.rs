//! The inputs of a submission: written as JSON into the job, read back by the worker.

use gantry_engine_api::{ChildJob, InputRef, ParamError};
use serde_json::Value;

use crate::error::JobsError;

/// Inputs by slot, as they are stored.
pub(crate) fn inputs_to_json(inputs: &[(String, InputRef)]) -> Result<Value, JobsError> {
    let mut object = serde_json::Map::new();
    for (slot, input) in inputs {
        let value = serde_json::to_value(input).map_err(|error| JobsError::Broken {
            reason: format!("an input is not JSON: {error}"),
        })?;
        if object.insert(slot.clone(), value).is_some() {
            return Err(JobsError::Invalid {
                field: "inputs",
                message: format!("the input `{slot}` is given twice"),
            });
        }
    }
    Ok(Value::Object(object))
}

/// What a child reads: its own inputs, and those of its parent that it asks for.
pub(crate) fn inherit_inputs(
    parent: Vec<(String, InputRef)>,
    child: &ChildJob,
) -> Result<Vec<(String, InputRef)>, JobsError> {
    let mut inputs = child.inputs.clone();
    for slot in &child.inherits {
        let found = parent.iter().find(|(name, _)| name == slot);
        let message = "is not filled in the parent; name another slot to inherit";
        inputs.push(found.cloned().ok_or_else(|| ParamError::new(format!("/{slot}"), message))?);
    }
    Ok(inputs)
}

/// Stored inputs, by slot.
pub(crate) fn inputs_from_json(inputs: &Value) -> Result<Vec<(String, InputRef)>, JobsError> {
    let Value::Object(object) = inputs else {
        return Ok(Vec::new());
    };
    object
        .iter()
        .map(|(slot, value)| {
            serde_json::from_value(value.clone()).map(|input| (slot.clone(), input)).map_err(
                |error| JobsError::Broken {
                    reason: format!("the stored input `{slot}` cannot be read: {error}"),
                },
            )
        })
        .collect()
}
