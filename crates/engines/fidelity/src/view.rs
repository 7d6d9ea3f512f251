//! What an evaluation shows beside its scores: distributions laid over each other, associations of
//! columns, and both tables as clouds of points. Plain data, which the web app draws.

mod association;
mod distribution;
mod projection;

use gantry_learn::Control;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::table::Table;
use crate::{EvaluateOptions, FidelityError};

pub use association::Associations;
pub(crate) use distribution::ranges_of;
pub use distribution::{Distribution, LabelShares, Ranges, ShownValues};
pub use projection::Projection;

/// Everything that is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Views {
    /// One entry a compared column; at most the first 200.
    pub distributions: Vec<Distribution>,
    /// How strongly columns hang together, in both tables; at most the first 40 columns.
    pub associations: Associations,
    /// Both tables in two dimensions; none for fewer than two rows.
    pub projection: Option<Projection>,
}

pub(crate) fn views_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Views, FidelityError> {
    const MOST_DISTRIBUTIONS: usize = 200;
    let shown = table.columns.iter().take(MOST_DISTRIBUTIONS);
    Ok(Views {
        distributions: shown.map(distribution::distribution_of).collect(),
        associations: association::associations_of(table, options, control)?,
        projection: projection::projection_of(table, options, control)?,
    })
}
