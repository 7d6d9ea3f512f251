//! Weights for the members of an ensemble: greedy selection with replacement (Caruana and others,
//! "Ensemble selection from libraries of models", 2004) on held-out predictions.
//!
//! Invariant: the result depends on the predictions and their order alone.

use rayon::prelude::*;

use crate::error::AutomlError;
use crate::metric::Metric;
use crate::model::{Finish, Predictions};
use crate::target::TargetValues;

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

/// Held-out predictions of one model: one column a class, or one; all on the same rows.
pub(super) type Voice = Vec<Vec<f32>>;

/// The loss of a metric, smaller is better; then the one that settles ties.
type Loss = (f64, f64);

fn derive_loss(
    metric: Metric,
    truth: &TargetValues,
    columns: Vec<Vec<f64>>,
) -> Result<Loss, AutomlError> {
    let predictions = Predictions::from_columns(columns, truth)?;
    let loss_of = |metric: Metric| -> Result<f64, AutomlError> {
        let score = metric.score(truth, &predictions)?.unwrap_or(f64::NAN);
        let loss = if metric.greater_is_better() { -score } else { score };
        Ok(if loss.is_nan() { f64::INFINITY } else { loss })
    };
    let tie = if metric.is_of_labels() { loss_of(Metric::LogLoss)? } else { 0.0 };
    Ok((loss_of(metric)?, tie))
}

fn is_less(a: Loss, b: Loss) -> bool {
    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).is_lt()
}

/// Weights that sum to 1, one for each voice; `first` is where the selection begins.
pub(super) fn select_weights(
    metric: Metric,
    truth: &TargetValues,
    voices: &[Voice],
    first: usize,
) -> Result<Vec<f64>, AutomlError> {
    let mut counts = vec![0_usize; voices.len()];
    let Some(start) = voices.get(first) else { return Ok(vec![0.0; voices.len()]) };
    let mut sums: Vec<Vec<f64>> =
        start.iter().map(|column| column.iter().map(|v| f64::from(*v)).collect()).collect();
    counts[first] = 1;
    let mut best = (derive_loss(metric, truth, sums.clone())?, counts.clone());
    let mut since = 0;
    for taken in 1..MOST_STEPS {
        let share = 1.0 / (taken + 1) as f64;
        let tried = |voice: &Voice| {
            let mixed = sums.iter().zip(voice).map(|(sum, column)| {
                sum.iter().zip(column).map(|(s, v)| (s + f64::from(*v)) * share).collect()
            });
            derive_loss(metric, truth, mixed.collect())
        };
        let losses: Vec<Loss> = voices.par_iter().map(tried).collect::<Result<_, _>>()?;
        let chosen =
            (0..losses.len()).reduce(|a, b| if is_less(losses[b], losses[a]) { b } else { a });
        let Some(chosen) = chosen else { break };
        counts[chosen] += 1;
        for (sum, column) in sums.iter_mut().zip(&voices[chosen]) {
            sum.iter_mut().zip(column).for_each(|(s, v)| *s += f64::from(*v));
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

    fn numbers(seed: u64, noise: f64, truth: &[f64]) -> Voice {
        let mut rng = Rng::new(seed);
        vec![truth.iter().map(|t| (t + noise * rng.normal()) as f32).collect()]
    }

    #[test]
    fn good_models_share_the_weight_and_bad_ones_get_none() {
        let mut rng = Rng::new(1);
        let values: Vec<f64> = (0..2_000).map(|_| rng.normal()).collect();
        let voices = [numbers(2, 0.5, &values), numbers(3, 0.5, &values), numbers(4, 9.0, &values)];
        let truth = TargetValues::Numbers(values);
        let weights = select_weights(Metric::Rmse, &truth, &voices, 0).unwrap();
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((0.4..0.6).contains(&weights[0]) && (0.4..0.6).contains(&weights[1]));
        assert_eq!(weights[2], 0.0);
        let alone = select_weights(Metric::Rmse, &truth, &voices[2..], 0).unwrap();
        assert_eq!(alone, [1.0]);
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
