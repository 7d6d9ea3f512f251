//! Reads the golden file.

use std::collections::BTreeMap;

use gantry_fidelity::{ColumnKind, ColumnMetadata, TableMetadata};
use gantry_kit::{Column, DateFormat, Frame};
use serde::Deserialize;
use serde_json::Value;

pub(crate) type Kinds = BTreeMap<String, ColumnKind>;
pub(crate) type Columns = BTreeMap<String, Vec<Value>>;

#[derive(Deserialize)]
pub(crate) struct Goldens {
    pub(crate) cases: Vec<Case>,
    pub(crate) relational: RelationalCase,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) kinds: Kinds,
    pub(crate) primary_key: Option<String>,
    pub(crate) real: Columns,
    pub(crate) synthetic: Columns,
    pub(crate) holdout: Option<Columns>,
    pub(crate) expected: Value,
}

#[derive(Deserialize)]
pub(crate) struct RelationalCase {
    pub(crate) kinds: BTreeMap<String, Kinds>,
    pub(crate) real: BTreeMap<String, Columns>,
    pub(crate) synthetic: BTreeMap<String, Columns>,
    pub(crate) expected: Value,
}

pub(crate) fn read() -> Goldens {
    serde_json::from_str(include_str!("sdmetrics.json")).unwrap()
}

pub(crate) fn metadata(kinds: &Kinds, primary_key: Option<&str>) -> TableMetadata {
    let compared = kinds.iter().map(|(name, kind)| ColumnMetadata::new(name, *kind));
    let key = primary_key.map(|name| ColumnMetadata::new(name, ColumnKind::Id));
    TableMetadata {
        columns: compared.chain(key).collect(),
        primary_key: primary_key.map(str::to_owned),
    }
}

pub(crate) fn frame(columns: &Columns, kinds: &Kinds) -> Frame {
    let column = |(name, values): (&String, &Vec<Value>)| match kinds.get(name) {
        Some(ColumnKind::Numerical) => Column::number(name, numbers(values)),
        Some(ColumnKind::Datetime) => {
            let micros: Vec<Option<i64>> = values.iter().map(Value::as_i64).collect();
            Column::date(name, &micros, DateFormat::default())
        }
        Some(ColumnKind::Boolean) => {
            let answers: Vec<Option<bool>> = values.iter().map(Value::as_bool).collect();
            Column::boolean(name, &answers, ["no", "yes"])
        }
        Some(ColumnKind::Categorical) if values.iter().any(Value::is_number) => {
            Column::integer(name, numbers(values))
        }
        Some(ColumnKind::Categorical) => Column::labels(name, values.iter().map(Value::as_str)),
        Some(ColumnKind::Id | ColumnKind::Pii | ColumnKind::Text) | None => {
            Column::id(name, values.iter().map(Value::as_str))
        }
    };
    Frame::new(columns.iter().map(column).collect()).unwrap()
}

fn numbers(values: &[Value]) -> Vec<f64> {
    values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}
