//! What the best model does: its mistakes and the columns that it needs.
//!
//! Invariants: everything is measured on rows that the fit at hand has not seen; the work is
//! bounded by counts of rows and predictions, never by a clock, so that it is the same again.

use gantry_learn::Control;

use super::evaluate::{Evaluated, find_confusion};
use super::prepare::Prepared;
use super::report::{ColumnContribution, ColumnImportance, ConfusionTable};
use super::{contributions, importance, partial};
use crate::error::{AutomlError, derive_list};
use crate::explain::{Plot, Scored, derive_order_warning, find_suspects};
use crate::model::Finish;

/// Rows of a class below which its scores are rough.
const FEW_ROWS: usize = 20;

/// What is known of the best model.
pub(super) struct Explained {
    pub(super) importance: Vec<ColumnImportance>,
    /// Empty where the learner has no exact contributions.
    pub(super) contributions: Vec<ColumnContribution>,
    pub(super) confusion: Option<ConfusionTable>,
    /// Charts of the predictions, then of single columns.
    pub(super) plots: Vec<Plot>,
    pub(super) warnings: Vec<String>,
}

pub(super) fn explain(
    prepared: &Prepared,
    evaluated: &Evaluated,
    control: &Control<'_>,
) -> Result<Explained, AutomlError> {
    let truth = &prepared.target.values;
    let counts = find_confusion(truth, &evaluated.out_of_fold)?;
    let confusion = counts.map(|counts| ConfusionTable { labels: truth.labels().to_vec(), counts });
    let measured = importance::measure(prepared, evaluated, control)?;
    let finish = Finish::default();
    let scored = Scored {
        truth,
        predictions: &evaluated.out_of_fold,
        target: &prepared.target.name,
        rows: "held-out rows",
        finish: &finish,
    };
    let mut plots = scored.derive_plots()?;
    control.check()?;
    let contributions = contributions::measure(prepared, evaluated, control)?;
    plots.extend(partial::derive_plots(prepared, evaluated, (&measured.columns, control))?);
    let mut warnings = derive_warnings(prepared);
    warnings.extend(measured.warning);
    Ok(Explained { importance: measured.columns, contributions, confusion, plots, warnings })
}

fn derive_warnings(prepared: &Prepared) -> Vec<String> {
    let columns = prepared.columns();
    let truth = &prepared.target.values;
    let mut warnings = Vec::new();
    for (column, how) in find_suspects(&columns, truth) {
        warnings.push(format!(
            "Column `{column}` alone predicts the target nearly perfectly ({how}). If its values \
             are known only after the target is, leave it out."
        ));
    }
    let sizes = truth.class_sizes();
    let few: Vec<&String> = truth
        .labels()
        .iter()
        .zip(&sizes)
        .filter(|(_, size)| **size < FEW_ROWS)
        .map(|(label, _)| label)
        .collect();
    if !few.is_empty() {
        warnings.push(format!(
            "{} of {} classes have fewer than {FEW_ROWS} rows; what is said of them is rough: {}.",
            few.len(),
            sizes.len(),
            derive_list(&few, 5)
        ));
    }
    warnings.extend(derive_order_warning(&columns));
    warnings
}
