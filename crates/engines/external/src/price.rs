//! The estimate of an operation that declares a formula.
//!
//! Invariant: pure; the same parameters and inputs give the same estimate.

use std::collections::BTreeMap;

use gantry_engine_api::protocol::{EstimateRule, MeterRule};
use gantry_engine_api::{Estimate, InputMeta, ParamError};
use gantry_types::Credits;
use serde_json::Value;

/// What the formula says, for parameters whose defaults are filled in.
pub(crate) fn derive_estimate(
    rule: &EstimateRule,
    params: &Value,
    inputs: &[InputMeta],
) -> Result<Estimate, ParamError> {
    let mut meters = BTreeMap::new();
    let mut credits = rule.credits;
    for (meter, source) in &rule.meters {
        let units = derive_units(source, params, inputs)?;
        let price = rule.credits_per.get(meter).copied().unwrap_or(0.0);
        credits = add(credits, price, units)?;
        meters.insert(meter.clone(), units);
    }
    Ok(Estimate {
        meters,
        max_credits: credits,
        memory_bytes: rule.memory_bytes,
        threads: rule.threads.max(1),
        device: rule.device,
    })
}

fn derive_units(
    source: &MeterRule,
    params: &Value,
    inputs: &[InputMeta],
) -> Result<u64, ParamError> {
    let find = |slot: &String| inputs.iter().find(|input| input.slot == *slot);
    match source {
        MeterRule::Fixed(units) => Ok(*units),
        MeterRule::Param(pointer) => match params.pointer(pointer) {
            None | Some(Value::Null) => Ok(0),
            Some(value) => value.as_f64().filter(|units| (0.0..9e15).contains(units)).map_or_else(
                || Err(ParamError::new(pointer, "must be a number from 0 on: the price depends on it")),
                |units| Ok(units.ceil() as u64),
            ),
        },
        MeterRule::BytesOf(slot) => Ok(find(slot).map_or(0, |input| input.bytes)),
        MeterRule::RowsOf(slot) => match find(slot) {
            None => Ok(0),
            Some(input) => input.rows.ok_or_else(|| {
                let name = &input.name;
                ParamError::new(
                    "",
                    format!(
                        "the rows of `{name}` are not known, and the price depends on them; give a table whose profile is ready"
                    ),
                )
            }),
        },
    }
}

fn add(credits: Credits, price: f64, units: u64) -> Result<Credits, ParamError> {
    let more = (price * units as f64).ceil();
    let too_much =
        || ParamError::new("", "would cost more credits than there can be; ask for less");
    if !(0.0..9e15).contains(&more) {
        return Err(too_much());
    }
    credits.checked_add(Credits::new(more as i64)).map_err(|_| too_much())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule() -> EstimateRule {
        serde_json::from_value(json!({
            "credits": 2, "credits_per": { "rows": 0.01, "steps": 3 }, "threads": 0,
            "meters": { "rows": { "rows_of": "data" }, "steps": { "param": "/n" },
                        "bytes": { "bytes_of": "data" }, "calls": { "fixed": 7 } },
        }))
        .unwrap()
    }

    fn table(rows: Option<u64>) -> InputMeta {
        InputMeta {
            slot: "data".to_owned(),
            name: "t.csv".to_owned(),
            media_type: "text/csv".to_owned(),
            bytes: 99,
            sha256: String::new(),
            rows,
            columns: Vec::new(),
        }
    }

    #[test]
    fn the_formula_counts_and_prices() {
        let estimate = derive_estimate(&rule(), &json!({ "n": 4 }), &[table(Some(250))]).unwrap();
        assert_eq!(estimate.max_credits, Credits::new(2 + 3 + 12));
        let units: Vec<(&str, u64)> =
            estimate.meters.iter().map(|(meter, units)| (meter.as_str(), *units)).collect();
        assert_eq!(units, [("bytes", 99), ("calls", 7), ("rows", 250), ("steps", 4)]);
        assert_eq!(estimate.threads, 1);
    }

    #[test]
    fn what_cannot_be_priced_is_refused() {
        let refuse = |params: Value, rows| {
            derive_estimate(&rule(), &params, &[table(rows)]).unwrap_err().to_string()
        };
        assert!(refuse(json!({}), None).contains("profile"));
        assert!(refuse(json!({ "n": -1 }), Some(1)).contains("/n"));
        assert!(refuse(json!({ "n": "many" }), Some(1)).contains("/n"));
        assert!(refuse(json!({ "n": 8e15 }), Some(1)).contains("ask for less"));
    }
}
