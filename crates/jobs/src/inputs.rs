//! The inputs of a submission: written as JSON into the job, read back by the worker.

use gantry_engine_api::InputRef;
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
