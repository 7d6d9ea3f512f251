//! Weights for the members of an ensemble: greedy selection with replacement (Caruana and others,
//! "Ensemble selection from libraries of models", 2004) on held-out predictions.
//!
//! Invariant: the result depends on the predictions and their order alone.

mod thin;
mod voice;

use std::ops::Range;

use rayon::prelude::*;

use crate::error::AutomlError;
use crate::metric::Metric;
use crate::model::{Finish, Predictions};
use crate::target::TargetValues;
pub(super) use thin::thin_weights;
pub(super) use voice::Voice;

/// Most additions; a weight is a multiple of one over their number.
const MOST_STEPS: usize = 40;
/// Additions without a better score after which the selection ends.
const PATIENCE: usize = 6;
/// Members whose weight stays below this are dropped.
const LEAST_WEIGHT: f64 = 0.02;
/// Factors by which the weight of a class is tried against the others.
const FACTORS: &[f64] = &[
    0.08, 0.12, 0.18, 0.25, 0.33, 0.42, 0.52, 0.62, 0.72, 0.8, 0.86, 0.92, 1.0, 1.08, 1.16, 1.25,
    1.4, 1.6, 1.9, 2.4, 3.0, 4.0, 5.5, 8.0, 12.0,
];

/// The loss of a metric, smaller is better; then the one that settles ties.
type Loss = (f64, f64);

/// Judges predictions of held-out rows.
pub(super) struct Judge {
    metric: Metric,
    rows: usize,
    /// What is judged at once: everything, or fold by fold for a metric of ranks. What fits of
    /// different folds say cannot be ranked against each other, and a model would be chosen for
    /// how it levels them.
    parts: Vec<Part>,
    folds: Vec<Part>,
}

/// True values with the places of their rows.
type Part = (TargetValues, Range<usize>);
/// Predictions of some rows: one column a class, or one of numbers.
type Columns = Vec<Vec<f64>>;

impl Judge {
    /// `folds` are the numbers of rows that follow each other in `truth`.
    pub(super) fn new(metric: Metric, truth: TargetValues, folds: &[usize]) -> Self {
        let rows = truth.len();
        let mut start = 0;
        let part = |length: &usize| {
            let range = start..(start + length).min(rows);
            start = range.end;
            (truth.take(&range.clone().collect::<Vec<_>>()), range)
        };
        let folds: Vec<Part> = folds.iter().map(part).collect();
        let parts = if metric.is_of_ranks() { folds.clone() } else { vec![(truth, 0..rows)] };
        Self { metric, rows, parts, folds }
    }

    /// The mean loss over the parts in which it is defined, by the parts' rows; `predict` tells the
    /// columns of the rows that it is asked for.
    fn derive_loss(&self, predict: impl Fn(&Range<usize>) -> Columns) -> Result<Loss, AutomlError> {
        let (mut sums, mut rows) = ((0.0, 0.0), 0.0);
        for part in &self.parts {
            let (loss, tie) = self.derive_part_loss(predict(&part.1), &part.0)?;
            if loss.is_finite() {
                let share = part.1.len() as f64;
                sums = (sums.0 + share * loss, sums.1 + share * tie);
                rows += share;
            }
        }
        if rows == 0.0 {
            return Ok((f64::INFINITY, f64::INFINITY));
        }
        Ok((sums.0 / rows, sums.1 / rows))
    }

    fn derive_part_loss(
        &self,
        columns: Columns,
        truth: &TargetValues,
    ) -> Result<Loss, AutomlError> {
        let predictions = Predictions::from_columns(columns, truth)?;
        self.derive_loss_of(truth, &predictions)
    }

    fn derive_fold_losses(
        &self,
        predict: impl Fn(&Range<usize>) -> Columns,
    ) -> Result<Vec<f64>, AutomlError> {
        let loss = |part: &Part| Ok(self.derive_part_loss(predict(&part.1), &part.0)?.0);
        self.folds.iter().map(loss).collect()
    }

    fn derive_loss_of(
        &self,
        truth: &TargetValues,
        predictions: &Predictions,
    ) -> Result<Loss, AutomlError> {
        let loss_of = |metric: Metric| -> Result<f64, AutomlError> {
            let score = metric.score(truth, predictions)?.unwrap_or(f64::NAN);
            let loss = if metric.greater_is_better() { -score } else { score };
            Ok(if loss.is_nan() { f64::INFINITY } else { loss })
        };
        let tie = if self.metric.is_of_labels() { loss_of(Metric::LogLoss)? } else { 0.0 };
        Ok((loss_of(self.metric)?, tie))
    }
}

fn is_less(a: Loss, b: Loss) -> bool {
    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).is_lt()
}

/// Weights that sum to 1, one for each voice; `first` is where the selection begins.
pub(super) fn select_weights(
    judge: &Judge,
    voices: &[Voice<'_>],
    first: usize,
) -> Result<Vec<f64>, AutomlError> {
    let mut counts = vec![0_usize; voices.len()];
    let Some(start) = voices.get(first) else { return Ok(vec![0.0; voices.len()]) };
    let rows = 0..judge.rows;
    let mut sums: Columns =
        (0..start.width()).map(|at| start.values(at, &rows).collect()).collect();
    counts[first] = 1;
    let alone = |rows: &Range<usize>| {
        sums.iter().map(|sum| sum.get(rows.clone()).unwrap_or_default().to_vec()).collect()
    };
    let mut best = (judge.derive_loss(alone)?, counts.clone());
    let mut since = 0;
    for taken in 1..MOST_STEPS {
        let share = 1.0 / (taken + 1) as f64;
        let tried = |voice: &Voice<'_>| {
            judge.derive_loss(|rows| {
                let mixed = sums.iter().enumerate().map(|(at, sum)| {
                    let sum = sum.get(rows.clone()).unwrap_or_default();
                    sum.iter().zip(voice.values(at, rows)).map(|(s, v)| (s + v) * share).collect()
                });
                mixed.collect()
            })
        };
        let losses: Vec<Loss> = voices.par_iter().map(tried).collect::<Result<_, _>>()?;
        let chosen =
            (0..losses.len()).reduce(|a, b| if is_less(losses[b], losses[a]) { b } else { a });
        let Some(chosen) = chosen else { break };
        counts[chosen] += 1;
        for (at, sum) in sums.iter_mut().enumerate() {
            sum.iter_mut().zip(voices[chosen].values(at, &rows)).for_each(|(s, v)| *s += v);
        }
        since += 1;
        if is_less(losses[chosen], best.0) {
            best = (losses[chosen], counts.clone());
            since = 0;
        }
        if since >= PATIENCE {
            break;
        }
    }
    Ok(derive_weights(&best.1))
}

fn derive_weights(counts: &[usize]) -> Vec<f64> {
    let total = counts.iter().sum::<usize>().max(1) as f64;
    let least = LEAST_WEIGHT * total;
    let kept: Vec<f64> = counts
        .iter()
        .map(|count| if *count as f64 >= least { *count as f64 } else { 0.0 })
        .collect();
    let sum: f64 = kept.iter().sum();
    kept.iter().map(|count| count / sum.max(1.0)).collect()
}

/// Weights of the classes with which the metric of the chosen classes is best; empty where they
/// do not help on rows that did not choose them. Each of `folds` lists such rows.
pub(super) fn tune_decision(
    metric: Metric,
    truth: &TargetValues,
    predictions: &Predictions,
    folds: &[Vec<usize>],
) -> Result<Vec<f64>, AutomlError> {
    if !metric.is_of_labels() || folds.len() < 2 {
        return Ok(Vec::new());
    }
    let plain = Finish::default();
    let (mut before, mut after) = (0.0, 0.0);
    for held_out in folds {
        let mut is_out = vec![false; truth.len()];
        held_out.iter().for_each(|row| is_out[*row] = true);
        let seen: Vec<usize> = (0..truth.len()).filter(|row| !is_out[*row]).collect();
        let weights = ascend(metric, &truth.take(&seen), &predictions.take(&seen))?;
        let finish = Finish { calibration: None, decision: weights };
        let (hidden, unseen) = (truth.take(held_out), predictions.take(held_out));
        let score = |finish: &Finish| metric.score_decided(&hidden, &unseen, finish);
        let share = held_out.len() as f64;
        before += share * score(&plain)?.unwrap_or(0.0);
        after += share * score(&finish)?.unwrap_or(0.0);
    }
    if after > before { ascend(metric, truth, predictions) } else { Ok(Vec::new()) }
}

/// Tries factors on one class after the other.
fn ascend(
    metric: Metric,
    truth: &TargetValues,
    predictions: &Predictions,
) -> Result<Vec<f64>, AutomlError> {
    let classes = truth.labels().len();
    let score = |weights: &[f64]| {
        let finish = Finish { calibration: None, decision: weights.to_vec() };
        metric.score_decided(truth, predictions, &finish)
    };
    let mut weights = vec![1.0; classes];
    let mut best = score(&weights)?.unwrap_or(f64::NEG_INFINITY);
    // Of two classes only the ratio counts.
    for class in usize::from(classes == 2)..classes {
        let own = weights.get(class).copied().unwrap_or(1.0);
        let tried = |factor: &f64| -> Result<(f64, f64), AutomlError> {
            let mut weights = weights.clone();
            weights[class] = own * factor;
            Ok((score(&weights)?.unwrap_or(f64::NEG_INFINITY), own * factor))
        };
        let tried: Vec<(f64, f64)> = FACTORS.par_iter().map(tried).collect::<Result<_, _>>()?;
        for (found, weight) in tried {
            if found > best {
                best = found;
                weights[class] = weight;
            }
        }
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::Rng;

    /// Predictions of numbers, off by so much.
    pub(super) fn numbers(seed: u64, noise: f64, truth: &[f64]) -> Vec<f32> {
        let mut rng = Rng::new(seed);
        truth.iter().map(|t| (t + noise * rng.normal()) as f32).collect()
    }

    /// Each as a voice.
    pub(super) fn voices(told: &[Vec<f32>]) -> Vec<Voice<'_>> {
        told.iter().map(|values| Voice::new(vec![values])).collect()
    }

    #[test]
    fn good_models_share_the_weight_and_bad_ones_get_none() {
        let mut rng = Rng::new(1);
        let values: Vec<f64> = (0..2_000).map(|_| rng.normal()).collect();
        let told = [numbers(2, 0.5, &values), numbers(3, 0.5, &values), numbers(4, 9.0, &values)];
        let voices = voices(&told);
        let judge = Judge::new(Metric::Rmse, TargetValues::Numbers(values), &[2_000]);
        let weights = select_weights(&judge, &voices, 0).unwrap();
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((0.4..0.6).contains(&weights[0]) && (0.4..0.6).contains(&weights[1]));
        assert_eq!(weights[2], 0.0);
        let alone = select_weights(&judge, &voices[2..], 0).unwrap();
        assert_eq!(alone, [1.0]);
    }

    #[test]
    fn ranks_are_judged_fold_by_fold() {
        let mut rng = Rng::new(9);
        let codes: Vec<u32> = (0..2_000).map(|_| rng.below(2) as u32).collect();
        let labels = vec!["no".to_owned(), "yes".to_owned()];
        // The first one ranks well in each fold, but its folds lie apart; the second one is weak.
        let mut said = |row: usize, noise: f64, shift: f32| {
            let clear = f64::from(codes[row]) + noise * rng.normal();
            (0.5 + 0.05 * clear as f32 + if row < 1_000 { shift } else { -shift }).clamp(0.0, 1.0)
        };
        let good: Vec<f32> = (0..2_000).map(|row| said(row, 0.5, 0.05)).collect();
        let weak: Vec<f32> = (0..2_000).map(|row| said(row, 2.0, 0.0)).collect();
        let voices = [Voice::of_second(&good), Voice::of_second(&weak)];
        let weigh = |folds: &[usize]| {
            let truth = TargetValues::Classes { labels: labels.clone(), codes: codes.clone() };
            select_weights(&Judge::new(Metric::RocAuc, truth, folds), &voices, 0).unwrap()
        };
        let (by_fold, at_once) = (weigh(&[1_000, 1_000]), weigh(&[2_000]));
        assert!(by_fold[0] > at_once[0] + 0.08, "{by_fold:?} and {at_once:?}");
    }

    #[test]
    fn classes_are_weighed_where_that_helps_unseen_rows() {
        let mut rng = Rng::new(5);
        let second: Vec<f64> = (0..3_000).map(|_| 0.35 * rng.uniform()).collect();
        let codes = second.iter().map(|p| u32::from(rng.uniform() < *p)).collect();
        let labels = vec!["no".to_owned(), "yes".to_owned()];
        let truth = TargetValues::Classes { labels, codes };
        let first = second.iter().map(|p| 1.0 - p).collect();
        let predictions = Predictions::from_columns(vec![first, second], &truth).unwrap();
        let folds: Vec<Vec<usize>> = (0..5).map(|k| (k..3_000).step_by(5).collect()).collect();
        let tune = |metric| tune_decision(metric, &truth, &predictions, &folds).unwrap();
        let weights = tune(Metric::BalancedAccuracy);
        assert!(weights[1] > 2.0 * weights[0], "{weights:?}");
        assert_eq!(tune(Metric::RocAuc), Vec::<f64>::new());
        assert_eq!(tune(Metric::Accuracy), Vec::<f64>::new());
    }
}
