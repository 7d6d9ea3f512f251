//! The engine's operations, one a module.

pub mod auto;
pub mod evaluate;
pub mod fit;
pub(crate) mod fitted;
pub mod generate;
pub mod impute;
pub(crate) mod learn;
mod notes;
pub mod price;
pub mod sample;
pub mod score;
pub mod tables;
pub mod tune;

use gantry_engine_api::ParamError;
use gantry_types::MeterId;

fn meter_id(name: &str) -> Result<MeterId, ParamError> {
    name.parse().map_err(|_| ParamError::new("", format!("`{name}` is no name of a meter")))
}
