//! What each column adds to each prediction of a model of trees (SHAP values).

use rayon::prelude::*;

use crate::binning::Binner;
use crate::model::require_columns;
use crate::tree::Trees;
use crate::{Control, LearnError, Matrix};

/// Rows that one task explains.
const CHUNK: usize = 16;

/// Contributions of the columns to predictions. For every row and output, they and the base sum
/// to the prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    base: Vec<f64>,
    outputs: Vec<Matrix>,
}

impl Contributions {
    /// By output, the mean prediction over the rows of the fit.
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// By output, rows × columns.
    pub fn outputs(&self) -> &[Matrix] {
        &self.outputs
    }

    /// By column, the mean size of its contributions over rows and outputs.
    pub fn mean_sizes(&self) -> Vec<f64> {
        let width = self.outputs.first().map_or(0, Matrix::width);
        let size = |output: &Matrix, column: usize| {
            output.column(column).iter().map(|v| v.abs()).sum::<f64>() / output.rows() as f64
        };
        let mean = |column| {
            let sum: f64 = self.outputs.iter().map(|output| size(output, column)).sum();
            sum / self.outputs.len() as f64
        };
        (0..width).map(mean).collect()
    }
}

/// Trees whose scaled leaf values, added to the base, are the outputs. With leaves of one number
/// the trees serve the outputs in turn.
pub(crate) struct Explained<'a> {
    pub(crate) binner: &'a Binner,
    pub(crate) trees: &'a Trees,
    pub(crate) base: Vec<f64>,
    pub(crate) scale: f64,
}

pub(crate) fn derive_contributions(
    model: &Explained<'_>,
    x: &Matrix,
    control: &Control<'_>,
) -> Result<Contributions, LearnError> {
    let features = model.binner.columns().len();
    require_columns(x, features)?;
    let covers = model.trees.covers();
    let missing: Vec<u16> = model.binner.columns().iter().map(|c| c.value_bins() as u16).collect();
    let (width, outputs) = (model.trees.width(), model.base.len());
    let turns = outputs / width;
    let chunk = |start: usize| {
        let range = start..(start + CHUNK).min(x.rows());
        let bins = model.binner.apply_rows(x, range.clone());
        let mut rows = vec![0.0; range.len() * features * outputs];
        for (out, bins) in rows.chunks_mut(features * outputs).zip(bins.chunks(features.max(1))) {
            control.check()?;
            for tree in 0..model.trees.len() {
                let part = features * width;
                let out = &mut out[tree % turns * part..][..part];
                model.trees.add_contributions(tree, &covers, (bins, &missing), out);
            }
        }
        Ok(rows)
    };
    let starts: Vec<usize> = (0..x.rows()).step_by(CHUNK).collect();
    let parts: Vec<Vec<f64>> =
        starts.into_par_iter().map(chunk).collect::<Result<_, LearnError>>()?;
    let rows: Vec<f64> = parts.concat();
    let mut base = vec![0.0; outputs];
    for tree in 0..model.trees.len() {
        model.trees.add_mean(tree, &covers, &mut base[tree % turns * width..][..width]);
    }
    let base = base.iter().zip(&model.base).map(|(mean, b)| b + model.scale * mean).collect();
    // A row holds, for each turn, columns × leaf values.
    let column = |output: usize, feature: usize| {
        let place = output / width * features * width + feature * width + output % width;
        let values = rows.iter().skip(place).step_by((features * outputs).max(1));
        values.map(|v| model.scale * v).collect()
    };
    let of_output =
        |output| Matrix::from_columns((0..features).map(|f| column(output, f)).collect());
    Ok(Contributions { base, outputs: (0..outputs).map(of_output).collect() })
}
