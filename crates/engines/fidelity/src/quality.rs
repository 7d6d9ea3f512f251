//! The quality report: shapes of columns and trends of pairs, as SDMetrics defines them.

use gantry_learn::{Control, Rng};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shape::{ColumnShape, shape_of};
use crate::table::Table;
use crate::trend::{Coded, PairTrend, trend_of};
use crate::{EvaluateOptions, FidelityError, Pair};

/// Stream of random numbers that chooses pairs.
const PAIRS_STREAM: u64 = 0x7061_6972;

/// How like the columns and their relations are to the real ones; scores from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Mean over the columns; none if no column has a score.
    pub shape: Option<f64>,
    /// Mean over all compared pairs of columns, as in most published comparisons; none if no pair
    /// has a score.
    pub trend: Option<f64>,
    /// Mean of the two.
    pub score: Option<f64>,
    /// Mean over the pairs that hang together in the real table: the trend of SDMetrics since it
    /// leaves out the others. None if no pair does.
    pub related_trend: Option<f64>,
    /// Mean of shape and related trend: the score of the SDMetrics 0.32 report.
    pub related_score: Option<f64>,
    /// Every compared column.
    pub columns: Vec<ColumnShape>,
    /// The pairs that were compared.
    pub pairs: Vec<PairTrend>,
    /// Pairs that there are; more than were compared if a limit held.
    pub pairs_total: usize,
}

/// The quality report of a pair with the default limits: the cheap part of an evaluation.
///
/// # Errors
/// As [`crate::evaluate`].
pub fn quality(pair: &Pair<'_>) -> Result<Quality, FidelityError> {
    quality_of(&Table::new(pair)?, &EvaluateOptions::default(), &Control::unlimited())
}

pub(crate) fn quality_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Quality, FidelityError> {
    let columns: Vec<ColumnShape> = table.columns.par_iter().map(shape_of).collect();
    control.check()?;
    let coded: Vec<Coded> = table.columns.par_iter().map(Coded::new).collect();
    let (chosen, pairs_total) = choose_pairs(table.columns.len(), options);
    let trend = |(first, second): &(usize, usize)| -> Result<Option<PairTrend>, FidelityError> {
        control.check()?;
        let of = |index: usize| table.columns.get(index).zip(coded.get(index));
        Ok(of(*first).zip(of(*second)).map(|(first, second)| trend_of(first, second)))
    };
    let pairs: Vec<Option<PairTrend>> =
        chosen.par_iter().map(trend).collect::<Result<_, FidelityError>>()?;
    let pairs: Vec<PairTrend> = pairs.into_iter().flatten().collect();
    let shape = mean(columns.iter().filter_map(|column| column.score));
    let trend = mean(pairs.iter().filter_map(|pair| pair.score));
    let related_trend = mean(related_scores(&pairs));
    let both = |trend: Option<f64>| mean([shape, trend].into_iter().flatten());
    let (score, related_score) = (both(trend), both(related_trend));
    Ok(Quality { shape, trend, score, related_trend, related_score, columns, pairs, pairs_total })
}

/// Scores of the pairs that hang together in the real table.
pub(crate) fn related_scores(pairs: &[PairTrend]) -> impl Iterator<Item = f64> {
    pairs.iter().filter_map(|pair| pair.report_score)
}

/// All pairs in order, or a fixed choice of as many as the options allow.
fn choose_pairs(columns: usize, options: &EvaluateOptions) -> (Vec<(usize, usize)>, usize) {
    let total = columns * columns.saturating_sub(1) / 2;
    let all =
        (0..columns).flat_map(|first| (first + 1..columns).map(move |second| (first, second)));
    if total <= options.max_pairs {
        return (all.collect(), total);
    }
    // The k-th pair is kept with the share that is still wanted among those that are left.
    let mut rng = Rng::stream(options.seed, PAIRS_STREAM);
    let (mut wanted, mut left) = (options.max_pairs, total);
    let kept = all.filter(|_| {
        let is_kept = rng.below(left) < wanted;
        left -= 1;
        wanted -= usize::from(is_kept);
        is_kept
    });
    (kept.collect(), total)
}

/// The mean, `None` of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pairs_are_chosen_as_allowed_and_the_same_every_time() {
        let options = EvaluateOptions { max_pairs: 100, ..EvaluateOptions::default() };
        let (chosen, total) = choose_pairs(40, &options);
        assert_eq!((chosen.len(), total), (100, 780));
        assert_eq!(choose_pairs(40, &options).0, chosen);
        assert!(chosen.iter().all(|(a, b)| a < b && *b < 40));
        assert_eq!(choose_pairs(5, &options), (choose_pairs(5, &EvaluateOptions::default()).0, 10));
        assert_eq!(choose_pairs(1, &options).0, vec![]);
    }
}
