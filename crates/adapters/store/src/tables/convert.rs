//! Columns to domain values and back.
//!
//! Invariant: a column that this version cannot read is an error, never a default.

use std::str::FromStr;

use gantry_ports::StoreError;
use gantry_types::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::broken;

/// A word of a closed set.
pub(crate) fn decode_word<T>(what: &'static str, text: &str) -> Result<T, StoreError>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| broken(what, error))
}

/// A count.
pub(crate) fn decode_u32(what: &'static str, number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(|_| broken(what, number))
}

/// A count or a size.
pub(crate) fn decode_u64(what: &'static str, number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| broken(what, number))
}

/// A count or a size for a column, which ends at 2⁶³ − 1.
pub(crate) fn encode_u64(what: &'static str, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| broken(what, format!("{number} is too large")))
}

/// A time.
pub(crate) const fn decode_time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// JSON that is kept as text.
pub(crate) fn decode_json<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| broken(what, error))
}

/// JSON that may be missing.
pub(crate) fn decode_opt_json<T: DeserializeOwned>(
    what: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| decode_json(what, text)).transpose()
}

/// JSON for a text column.
pub(crate) fn encode_json<T: Serialize + ?Sized>(
    what: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| broken(what, error))
}

/// A word of a closed set that has no spelling of its own but serde's.
pub(crate) fn encode_serde_word<T: Serialize>(
    what: &'static str,
    word: &T,
) -> Result<String, StoreError> {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(text)) => Ok(text),
        Ok(other) => Err(broken(what, other)),
        Err(error) => Err(broken(what, error)),
    }
}

/// Reads what [`encode_serde_word`] wrote.
pub(crate) fn decode_serde_word<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|error| broken(what, error))
}
