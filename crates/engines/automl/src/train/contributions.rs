//! What columns add to single predictions: exact Shapley values of trees and of linear models, by
//! column of the table, on held-out rows.

use std::time::Instant;

use gantry_learn::{Control, Matrix, Rng, TreesView};

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

/// Mean size of each column's contributions, the largest first; empty where the learner has none
/// or they would take too long.
pub(super) fn measure(
    prepared: &Prepared,
    evaluated: &Evaluated,
    control: &Control<'_>,
) -> Result<Vec<ColumnContribution>, AutomlError> {
    let columns = prepared.columns();
    let leaves = |pipeline: &Pipeline| find_leaves(&pipeline.learner).unwrap_or_default();
    let most = evaluated.pipelines.iter().map(leaves).max().unwrap_or_default();
    let rows = (LEAF_VISITS / most.max(1)).min(MAX_ROWS);
    if rows < MIN_ROWS {
        return Ok(Vec::new());
    }
    let per_fold = rows.div_ceil(prepared.folds.len().max(1));
    let mut sums = vec![0.0; columns.len()];
    let mut explained = 0_usize;
    for (number, (fold, pipeline)) in prepared.folds.iter().zip(&evaluated.pipelines).enumerate() {
        let mut rows = fold.test.clone();
        Rng::stream(prepared.seed ^ 0x5a4b, number as u64).shuffle(&mut rows);
        rows.truncate(per_fold);
        if prepared.explain_until.is_some() {
            // A few rows tell what all would cost; half of the time that is left is enough.
            let begin = Instant::now();
            let few = rows.get(..FEW_ROWS.min(rows.len())).unwrap_or_default();
            let x = pipeline.preprocessor.transform(&columns, few)?;
            find_contributions(&pipeline.learner, &x, control)?;
            let cost = begin.elapsed().as_secs_f64() / few.len().max(1) as f64;
            let left = prepared.find_time_left().unwrap_or_default() / 2.0;
            let affordable = left / (cost.max(1e-9) * (prepared.folds.len() - number) as f64);
            rows.truncate(affordable as usize);
            if rows.is_empty() {
                return Ok(Vec::new());
            }
        }
        let features = pipeline.preprocessor.transform(&columns, &rows)?;
        let Some(outputs) = find_contributions(&pipeline.learner, &features, control)? else {
            return Ok(Vec::new());
        };
        explained += rows.len() * outputs.len();
        for (index, sum) in sums.iter_mut().enumerate() {
            let span = pipeline.preprocessor.find_span(index);
            *sum += outputs.iter().map(|output| sum_sizes(output, span.clone())).sum::<f64>();
        }
    }
    let mean = |(column, sum): (&&gantry_kit::Column, &f64)| ColumnContribution {
        column: column.name().to_owned(),
        mean_size: sum / explained.max(1) as f64,
    };
    let mut found: Vec<ColumnContribution> = columns.iter().zip(&sums).map(mean).collect();
    found.sort_by(|a, b| b.mean_size.total_cmp(&a.mean_size));
    Ok(found)
}

/// Sum over the rows of the size of what these features add together.
fn sum_sizes(output: &Matrix, span: std::ops::Range<usize>) -> f64 {
    let of_row = |row: usize| -> f64 {
        let value = |feature| output.column(feature).get(row).copied().unwrap_or_default();
        span.clone().map(value).sum::<f64>().abs()
    };
    (0..output.rows()).map(of_row).sum()
}

fn find_leaves(learner: &FittedLearner) -> Option<usize> {
    let leaves = |view: TreesView<'_>| Some(view.leaves());
    match learner {
        FittedLearner::ForestClassifier(model) => leaves(model.view()),
        FittedLearner::ForestRegressor(model) => leaves(model.view()),
        FittedLearner::BoostingClassifier(model) => leaves(model.view()),
        FittedLearner::BoostingRegressor(model) => leaves(model.view()),
        FittedLearner::Logistic(_)
        | FittedLearner::Ridge(_)
        | FittedLearner::SvmClassifier(_)
        | FittedLearner::SvmRegressor(_)
        | FittedLearner::NetworkClassifier(_)
        | FittedLearner::NetworkRegressor(_)
        | FittedLearner::NeighborsClassifier(_)
        | FittedLearner::NeighborsRegressor(_)
        | FittedLearner::Bayes(_) => None,
    }
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
