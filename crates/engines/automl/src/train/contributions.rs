//! What columns add to single predictions: exact Shapley values of trees and of linear models, by
//! column of the table, on held-out rows.

use std::time::Instant;

use gantry_kit::Column;
use gantry_learn::{Control, Matrix, Rng};

use super::evaluate::Evaluated;
use super::prepare::Prepared;
use super::report::ColumnContribution;
use crate::error::AutomlError;
use crate::model::{FittedLearner, Pipeline};

/// Rows of all folds that are explained.
const MAX_ROWS: usize = 200;
/// Rows below which a mean says nothing.
const MIN_ROWS: usize = 20;
/// Rows whose cost is measured first where time is limited.
const FEW_ROWS: usize = 4;
/// Leaves, counted once for each explained row, that are visited in all.
const LEAF_VISITS: usize = 2_500_000;

/// Mean size of each column's contributions, the largest first; empty where a learner has none
/// or they would take too long.
pub(super) fn measure(
    prepared: &Prepared,
    evaluated: &Evaluated,
    control: &Control<'_>,
) -> Result<Vec<ColumnContribution>, AutomlError> {
    let fits = Fits::of(prepared, evaluated);
    let rows = (LEAF_VISITS / fits.count_leaves().max(1)).min(MAX_ROWS);
    if rows < MIN_ROWS {
        return Ok(Vec::new());
    }
    let per_fold = rows.div_ceil(prepared.folds.len().max(1));
    let mut sums = vec![0.0; fits.columns.len()];
    let mut explained = 0_usize;
    for number in 0..prepared.folds.len().min(evaluated.pipelines.len()) {
        let rows = fits.choose_rows(prepared, (number, per_fold), control)?;
        let found = match rows {
            Some(rows) => fits.explain(number, &rows, control)?.map(|sizes| (rows.len(), sizes)),
            None => None,
        };
        let Some((count, sizes)) = found else { return Ok(Vec::new()) };
        explained += count;
        sums.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
    }
    let mean = |(column, sum): (&&Column, &f64)| ColumnContribution {
        column: column.name().to_owned(),
        mean_size: sum / explained.max(1) as f64,
    };
    let mut found: Vec<ColumnContribution> = fits.columns.iter().zip(&sums).map(mean).collect();
    found.sort_by(|a, b| b.mean_size.total_cmp(&a.mean_size));
    Ok(found)
}

/// The fits that share the prediction.
struct Fits<'a> {
    columns: Vec<&'a Column>,
    /// Weight, and one fit a fold.
    members: Vec<(f64, &'a [Pipeline])>,
    is_classes: bool,
}

impl<'a> Fits<'a> {
    fn of(prepared: &'a Prepared, evaluated: &'a Evaluated) -> Self {
        let mut members: Vec<(f64, &[Pipeline])> =
            evaluated.members.iter().map(|m| (m.weight, m.pipelines.as_slice())).collect();
        if members.is_empty() {
            members.push((1.0, &evaluated.pipelines));
        }
        let is_classes = prepared.target.task.is_classification();
        Self { columns: prepared.columns(), members, is_classes }
    }

    /// Leaves of all fits of one fold, at most.
    fn count_leaves(&self) -> usize {
        let leaves = |pipeline: &Pipeline| pipeline.learner.find_leaves().unwrap_or_default();
        self.members.iter().map(|(_, fits)| fits.iter().map(leaves).max().unwrap_or_default()).sum()
    }

    /// Held-out rows of a fold that can be explained in time; none where there is no time.
    fn choose_rows(
        &self,
        prepared: &Prepared,
        (number, most): (usize, usize),
        control: &Control<'_>,
    ) -> Result<Option<Vec<usize>>, AutomlError> {
        let mut rows = prepared.folds.get(number).map(|f| f.test.clone()).unwrap_or_default();
        Rng::stream(prepared.seed ^ 0x5a4b, number as u64).shuffle(&mut rows);
        rows.truncate(most);
        if prepared.explain_until.is_some() {
            // A few rows tell what all would cost; half of the time that is left is enough.
            let begin = Instant::now();
            let few = rows.get(..FEW_ROWS.min(rows.len())).unwrap_or_default();
            if prepared.find_time_left().is_none_or(|left| left <= 0.0)
                || self.explain(number, few, control)?.is_none()
            {
                return Ok(None);
            }
            let cost = begin.elapsed().as_secs_f64() / few.len().max(1) as f64;
            let left = prepared.find_time_left().unwrap_or_default() / 2.0;
            let affordable = left / (cost.max(1e-9) * (prepared.folds.len() - number) as f64);
            rows.truncate(affordable as usize);
        }
        Ok(Some(rows).filter(|rows| !rows.is_empty()))
    }

    /// For each column, the sum over the rows of the size of what it adds; none where a member
    /// has no exact contributions. Of numbers those of members add up to the ensemble's own; those
    /// of classes are probabilities here and logits there, so that each member's shares count.
    fn explain(
        &self,
        number: usize,
        rows: &[usize],
        control: &Control<'_>,
    ) -> Result<Option<Vec<f64>>, AutomlError> {
        let mut signed = vec![vec![0.0; rows.len()]; self.columns.len()];
        let mut sizes = vec![0.0; self.columns.len()];
        for (weight, fits) in &self.members {
            control.check()?;
            let Some(pipeline) = fits.get(number) else { return Ok(None) };
            let x = pipeline.preprocessor.transform(&self.columns, rows)?;
            let Some(outputs) = find_contributions(pipeline.learner.load()?.as_ref(), &x, control)?
            else {
                return Ok(None);
            };
            let span = |index: usize| pipeline.preprocessor.find_span(index);
            if self.members.len() > 1 && !self.is_classes {
                for (index, sums) in signed.iter_mut().enumerate() {
                    for (row, sum) in sums.iter_mut().enumerate() {
                        let own = outputs.iter().map(|output| sum_of(output, row, span(index)));
                        *sum += weight * own.sum::<f64>();
                    }
                }
                continue;
            }
            let of_column = |index: usize| {
                let mean = |o: &Matrix| sum_sizes(o, span(index)) / outputs.len().max(1) as f64;
                outputs.iter().map(mean).sum::<f64>()
            };
            let own: Vec<f64> = (0..sizes.len()).map(of_column).collect();
            let whole: f64 = own.iter().sum();
            let is_shared = self.members.len() > 1 && whole > 0.0;
            let scale = if is_shared { rows.len() as f64 / whole } else { 1.0 };
            sizes.iter_mut().zip(own).for_each(|(sum, size)| *sum += weight * scale * size);
        }
        let of_signed = signed.iter().map(|sums| sums.iter().map(|s: &f64| s.abs()).sum::<f64>());
        Ok(Some(sizes.iter().zip(of_signed).map(|(size, signed)| size + signed).collect()))
    }
}

/// What features add together in one row.
fn sum_of(output: &Matrix, row: usize, span: std::ops::Range<usize>) -> f64 {
    span.map(|feature| output.column(feature).get(row).copied().unwrap_or_default()).sum()
}

/// Sum over the rows of the size of what these features add together.
fn sum_sizes(output: &Matrix, span: std::ops::Range<usize>) -> f64 {
    (0..output.rows()).map(|row| sum_of(output, row, span.clone()).abs()).sum()
}

/// By output, what each feature adds in each row.
fn find_contributions(
    learner: &FittedLearner,
    x: &Matrix,
    control: &Control<'_>,
) -> Result<Option<Vec<Matrix>>, AutomlError> {
    let of_trees = match learner {
        FittedLearner::ForestClassifier(model) => model.contributions(x, control)?,
        FittedLearner::ForestRegressor(model) => model.contributions(x, control)?,
        FittedLearner::BoostingClassifier(model) => model.contributions(x, control)?,
        FittedLearner::BoostingRegressor(model) => model.contributions(x, control)?,
        FittedLearner::Logistic(model) => return of_linear(&model.coefficients(), x).map(Some),
        FittedLearner::Ridge(model) => return of_linear(&[model.coefficients()], x).map(Some),
        FittedLearner::SvmClassifier(_)
        | FittedLearner::SvmRegressor(_)
        | FittedLearner::NetworkClassifier(_)
        | FittedLearner::NetworkRegressor(_)
        | FittedLearner::NeighborsClassifier(_)
        | FittedLearner::NeighborsRegressor(_)
        | FittedLearner::Bayes(_) => return Ok(None),
    };
    Ok(Some(of_trees.outputs().to_vec()))
}

/// Coefficient times distance from the mean, which is exact where features act on their own.
fn of_linear(outputs: &[&[f64]], x: &Matrix) -> Result<Vec<Matrix>, AutomlError> {
    let rows = x.rows().max(1) as f64;
    let means: Vec<f64> = (0..x.width()).map(|f| x.column(f).iter().sum::<f64>() / rows).collect();
    let of_output = |coefficients: &&[f64]| {
        let columns = coefficients.iter().zip(&means).enumerate().map(|(f, (weight, mean))| {
            let values = x.column(f).iter().map(|value| weight * (value - mean)).collect();
            gantry_learn::Column::numeric(values)
        });
        Ok(Matrix::new(columns.collect())?)
    };
    outputs.iter().map(of_output).collect()
}
