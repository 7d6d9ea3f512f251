//! The learning curve: how the best model does when it may learn from fewer rows, on the held-out
//! rows of the first fold. It says whether more rows would help.

use std::time::Instant;

use gantry_kit::chart::{Axis, LineChart, Series};
use gantry_learn::split::{Fold, stratified_holdout};
use gantry_learn::{Control, Rng};

use super::evaluate::FoldScores;
use super::prepare::Prepared;
use crate::error::AutomlError;
use crate::explain::Plot;
use crate::metric::Metric;
use crate::model::{Candidate, Pipeline};
use crate::target::TargetValues;

/// Shares of the training rows, each twice the one before.
const SHARES: [f64; 5] = [1.0 / 32.0, 1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0, 1.0 / 2.0];
/// Fits of all rows of a fold that the curve may cost, as a share of those of the search.
const COST: f64 = 0.05;
/// Rows below which a fit says nothing.
const MIN_ROWS: usize = 30;
/// Time that must be left, as a multiple of what the fit before took.
const CAUTION: f64 = 4.0;

/// The curve of a model with its scores on the first fold; none where the table, or the time that is
/// left, is too small for two points.
pub(super) fn derive_plot(
    prepared: &Prepared,
    (candidate, whole): &(Candidate, FoldScores),
    control: &Control<'_>,
) -> Result<Option<Plot>, AutomlError> {
    let Some(fold) = prepared.folds.first() else { return Ok(None) };
    let metric = prepared.metric;
    let whole = whole.iter().find(|(m, _)| *m == metric).and_then(|(_, score)| *score);
    let Some(whole) = whole else { return Ok(None) };
    let columns = prepared.columns();
    let held_out = prepared.target.values.take(&fold.test);
    let mut points = Vec::new();
    let is_late = || prepared.find_time_left().is_some_and(|left| left <= 0.0);
    let control = match prepared.explain_until {
        Some(_) => &control.with_wrap_up(&is_late),
        None => control,
    };
    let mut cost = 0.0;
    for share in choose_shares(prepared, fold) {
        control.check()?;
        // A fit of twice the rows takes about twice the time, or a little more.
        if prepared.find_time_left().is_some_and(|left| left < CAUTION * cost || left <= 0.0) {
            break;
        }
        let begin = Instant::now();
        let rows = draw_rows(prepared, fold, share)?;
        let truth = prepared.target.values.take(&rows);
        // Of few rows some learners cannot be fitted; the curve then begins later.
        let fitted = match Pipeline::fit(candidate, &columns, (&rows, &truth), control) {
            Ok(fitted) => fitted,
            Err(error) if error.is_cancelled() => return Err(error),
            Err(_) => continue,
        };
        // What was cut off says nothing of the rows.
        if is_late() {
            break;
        }
        let predictions = fitted.predict(&columns, &fold.test, control)?;
        if let Some(score) = metric.score(&held_out, &predictions)? {
            points.push((rows.len() as f64, score));
        }
        cost = begin.elapsed().as_secs_f64();
    }
    if points.is_empty() {
        return Ok(None);
    }
    points.push((fold.train.len() as f64, whole));
    Ok(Some(Plot::new("learning_curve", draw(metric, candidate, points))))
}

/// Points are (rows, score).
fn draw(metric: Metric, candidate: &Candidate, points: Vec<(f64, f64)>) -> LineChart {
    LineChart {
        title: "Learning curve".to_owned(),
        description: format!(
            "{} on the same held-out rows when the model learns from fewer rows. If the line still \
             {} at its right end, more rows would help.",
            metric.title(),
            if metric.greater_is_better() { "rises" } else { "falls" }
        ),
        x: Axis { min: Some(0.0), ..Axis::new("Rows that were learned from") },
        y: Axis::new(metric.title()),
        series: vec![Series::new(candidate.algorithm.title(), points)],
    }
}

/// The smallest shares that together stay within the cost, as far as they have enough rows.
fn choose_shares(prepared: &Prepared, fold: &Fold) -> Vec<f64> {
    let mut left = COST * (prepared.folds.len() * prepared.candidates.len()) as f64;
    let mut chosen = Vec::new();
    for share in SHARES {
        if (fold.train.len() as f64 * share) < MIN_ROWS as f64 {
            continue;
        }
        left -= share;
        if left < 0.0 {
            break;
        }
        chosen.push(share);
    }
    chosen
}

/// Training rows, every class by its share; a larger share is drawn on its own.
fn draw_rows(prepared: &Prepared, fold: &Fold, share: f64) -> Result<Vec<usize>, AutomlError> {
    let seed = prepared.seed ^ 0x1ea2;
    let places = match prepared.target.values.take(&fold.train) {
        TargetValues::Classes { codes, .. } => stratified_holdout(&codes, share, seed)?.test,
        TargetValues::Numbers(values) => {
            let mut places: Vec<usize> = (0..values.len()).collect();
            Rng::new(seed).shuffle(&mut places);
            places.truncate((values.len() as f64 * share) as usize);
            places.sort_unstable();
            places
        }
    };
    Ok(gantry_learn::split::take(&fold.train, &places))
}
