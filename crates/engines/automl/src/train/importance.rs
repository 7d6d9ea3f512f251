//! Permutation importance: how much worse held-out rows are predicted when one column of the
//! table is shuffled among them.
//!
//! Columns are shuffled as they are in the table, before preprocessing, so that all features of
//! a category or a date move together.

use std::time::Instant;

use gantry_kit::Column;
use gantry_learn::{Control, Matrix, Rng};

use super::evaluate::Evaluated;
use super::prepare::Prepared;
use super::report::ColumnImportance;
use crate::error::AutomlError;
use crate::model::FittedLearner;
use crate::preprocess::Preprocessor;
use crate::target::TargetValues;

/// Shuffles of each column in each fold.
const REPEATS: u64 = 2;
/// Held-out rows of each fold that are used, at least and at most.
const ROWS: std::ops::RangeInclusive<usize> = 200..=1_000;
/// Rows below which a fold says nothing; where time allows no more, it is left out.
const LEAST_ROWS: usize = 40;
/// Predictions of single rows that are made in all, as long as folds keep their least rows.
const PREDICTIONS: usize = 100_000;
/// Columns that are measured at most.
const MAX_COLUMNS: usize = 100;

/// Importance of the measured columns, the largest first.
pub(super) struct Measured {
    pub(super) columns: Vec<ColumnImportance>,
    pub(super) warning: Option<String>,
}

pub(super) fn measure(
    prepared: &Prepared,
    evaluated: &Evaluated,
    control: &Control<'_>,
) -> Result<Measured, AutomlError> {
    let columns = prepared.columns();
    let chosen = choose_columns(&columns, &prepared.target.values);
    let shuffles = chosen.len() * prepared.folds.len() * REPEATS as usize;
    let most_rows = (PREDICTIONS / shuffles.max(1)).clamp(*ROWS.start(), *ROWS.end());
    let mut drops: Vec<Vec<f64>> = vec![Vec::new(); chosen.len()];
    for (number, (fold, pipeline)) in prepared.folds.iter().zip(&evaluated.pipelines).enumerate() {
        let mut rows = fold.test.clone();
        Rng::stream(prepared.seed, number as u64).shuffle(&mut rows);
        rows.truncate(most_rows);
        let learner = pipeline.learner.load()?;
        let fit = (&pipeline.preprocessor, learner.as_ref());
        let begin = Instant::now();
        let mut held_out = HeldOut::new(prepared, fit, &columns, rows)?;
        let mut base = held_out.score(&held_out.features)?;
        if let Some(until) = prepared.explain_until {
            // What is left is shared with the folds to come.
            // Charts of single columns need some of it too.
            let left = 0.6 * until.saturating_duration_since(Instant::now()).as_secs_f64();
            let folds = prepared.folds.len() - number;
            let planned = begin.elapsed().as_secs_f64() * (chosen.len() * REPEATS as usize) as f64;
            let share = left / folds as f64 / planned.max(1e-9);
            let rows = (share * held_out.rows.len() as f64) as usize;
            if rows < LEAST_ROWS {
                break;
            }
            if rows < held_out.rows.len() {
                let rows = held_out.rows.get(..rows).unwrap_or_default().to_vec();
                held_out = HeldOut::new(prepared, fit, &columns, rows)?;
                base = held_out.score(&held_out.features)?;
            }
        }
        let Some(base) = base else { continue };
        for (drops, column) in drops.iter_mut().zip(&chosen) {
            for repeat in 0..REPEATS {
                control.check()?;
                let stream = (number as u64 * REPEATS + repeat) << 32 | *column as u64;
                if let Some(score) = held_out.score_shuffled(*column, stream)? {
                    let greater = prepared.metric.greater_is_better();
                    drops.push(if greater { base - score } else { score - base });
                }
            }
        }
    }
    let mut measured: Vec<ColumnImportance> =
        chosen.iter().zip(&drops).map(|(c, drops)| summarise(columns[*c].name(), drops)).collect();
    measured.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    let warning = (chosen.len() < columns.len()).then(|| {
        format!(
            "Importance was measured for the {} of {} columns that vary most with the target.",
            chosen.len(),
            columns.len()
        )
    });
    Ok(Measured { columns: measured, warning })
}

/// The held-out rows of one fold, and the fit that has not seen them.
struct HeldOut<'a> {
    prepared: &'a Prepared,
    preprocessor: &'a Preprocessor,
    learner: &'a FittedLearner,
    columns: &'a [&'a Column],
    truth: TargetValues,
    features: Matrix,
    rows: Vec<usize>,
}

impl<'a> HeldOut<'a> {
    fn new(
        prepared: &'a Prepared,
        (preprocessor, learner): (&'a Preprocessor, &'a FittedLearner),
        columns: &'a [&'a Column],
        rows: Vec<usize>,
    ) -> Result<Self, AutomlError> {
        let truth = prepared.target.values.take(&rows);
        let features = preprocessor.transform(columns, &rows)?;
        Ok(Self { prepared, preprocessor, learner, columns, truth, features, rows })
    }

    fn score(&self, features: &Matrix) -> Result<Option<f64>, AutomlError> {
        let predictions = self.learner.predict(features)?;
        self.prepared.metric.score(&self.truth, &predictions)
    }

    fn score_shuffled(&self, column: usize, stream: u64) -> Result<Option<f64>, AutomlError> {
        let mut rows = self.rows.clone();
        Rng::stream(self.prepared.seed ^ 0x5eed, stream).shuffle(&mut rows);
        let shuffled = self.preprocessor.transform_column(column, self.columns[column], &rows)?;
        let mut features = self.features.columns().to_vec();
        features.splice(self.preprocessor.find_span(column), shuffled);
        self.score(&Matrix::new(features)?)
    }
}

fn summarise(column: &str, drops: &[f64]) -> ColumnImportance {
    let count = drops.len().max(1) as f64;
    let mean = drops.iter().sum::<f64>() / count;
    let variance = drops.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / count;
    ColumnImportance { column: column.to_owned(), importance: mean, std: variance.sqrt() }
}

/// All columns, or of very many the ones that vary most with the target.
fn choose_columns(columns: &[&Column], truth: &TargetValues) -> Vec<usize> {
    if columns.len() <= MAX_COLUMNS {
        return (0..columns.len()).collect();
    }
    let target: Vec<f64> = match truth {
        TargetValues::Numbers(values) => values.clone(),
        TargetValues::Classes { codes, .. } => codes.iter().map(|code| f64::from(*code)).collect(),
    };
    let mut ranked: Vec<(f64, usize)> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| (derive_association(column, &target), index))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<usize> = ranked.iter().take(MAX_COLUMNS).map(|(_, index)| *index).collect();
    chosen.sort_unstable();
    chosen
}

/// Share of the target's variance between groups of equal labels, or its squared correlation
/// with the numbers; gaps are left out.
fn derive_association(column: &Column, target: &[f64]) -> f64 {
    let numbers: Vec<f64> = match (column.find_numbers(), column.find_dates()) {
        (Some(values), _) => values.to_vec(),
        (None, Some(micros)) => micros.iter().map(|m| *m as f64).collect(),
        (None, None) => derive_group_means(column, target),
    };
    let pairs: Vec<(f64, f64)> = numbers
        .iter()
        .zip(target)
        .enumerate()
        .filter(|(row, _)| !column.is_missing(*row))
        .map(|(_, (x, y))| (*x, *y))
        .collect();
    let count = pairs.len().max(1) as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        xx += (x - mean_x) * (x - mean_x);
        yy += (y - mean_y) * (y - mean_y);
        xy += (x - mean_x) * (y - mean_y);
    }
    let squared = xy * xy / (xx * yy);
    if squared.is_finite() { squared } else { 0.0 }
}

fn derive_group_means(column: &Column, target: &[f64]) -> Vec<f64> {
    let Some((codes, labels)) = column.find_levels() else { return vec![0.0; target.len()] };
    let mut sums = vec![(0.0, 0.0); labels.len()];
    for (code, y) in codes.iter().zip(target) {
        if let Some((sum, count)) = sums.get_mut(*code as usize) {
            *sum += y;
            *count += 1.0;
        }
    }
    let mean = |code: &u32| sums.get(*code as usize).map_or(0.0, |(sum, count)| sum / count);
    codes.iter().map(mean).collect()
}
