//! Which members of an ensemble are worth what they cost each prediction.
//!
//! Invariants: the result depends on the predictions, their order and the work alone; one member
//! stays.

use std::ops::Range;

use rayon::prelude::*;

use super::{Columns, Judge, Voice};
use crate::error::AutomlError;

/// Share of what the blend gains over its first model that is kept when members are left out.
const KEPT_GAIN: f64 = 0.98;
/// The same while predicting one row takes long.
const KEPT_GAIN_OF_SLOW: f64 = 0.9;
/// Nanoseconds of predicting one row from which that is so, and members must bring more than noise.
const MUCH_WORK: f64 = 100_000.0;

/// The same weights without the members that bring too little for what each row that is predicted
/// later pays for them, `work_of` a voice in nanoseconds, about. The others keep nearly all that the
/// blend gains over the voice at `first` alone; while a row costs much, they keep most of it, and
/// whatever the blend loses without one must be more than the folds' differences tell from nothing.
pub(in crate::train) fn thin_weights(
    judge: &Judge,
    voices: &[Voice<'_>],
    (mut weights, first): (Vec<f64>, usize),
    work_of: impl Fn(usize) -> f64,
) -> Result<Vec<f64>, AutomlError> {
    let mut alone = vec![0.0; weights.len()];
    if let Some(slot) = alone.get_mut(first) {
        *slot = 1.0;
    }
    let whole = |rows: &Range<usize>| derive_blend(voices, &weights, rows);
    let mut loss = judge.derive_loss(whole)?.0;
    let alone = judge.derive_loss(|rows| derive_blend(voices, &alone, rows))?.0;
    let gain = (alone - loss).max(0.0);
    let limit_at = |kept: f64| loss + (1.0 - kept) * gain;
    let (limit, slow_limit) = (limit_at(KEPT_GAIN), limit_at(KEPT_GAIN_OF_SLOW));
    let whole = judge.derive_fold_losses(whole)?;
    loop {
        let members: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0.0).collect();
        let is_slow = members.iter().map(|at| work_of(*at)).sum::<f64>() > MUCH_WORK;
        // The share of the one that leaves goes to one of the others.
        let heirs = |left: &usize| {
            let others = members.iter().filter(|heir| *heir != left).copied();
            others.map(|heir| (*left, heir)).collect::<Vec<_>>()
        };
        let pairs: Vec<(usize, usize)> = members.iter().flat_map(heirs).collect();
        let without = |(left, heir): &(usize, usize)| {
            let mut fewer = weights.clone();
            fewer[*heir] += std::mem::take(&mut fewer[*left]);
            let blend = |rows: &Range<usize>| derive_blend(voices, &fewer, rows);
            let after = judge.derive_loss(blend)?.0;
            let is_able = after <= if is_slow { slow_limit } else { limit }
                || (is_slow && is_noise(&whole, &judge.derive_fold_losses(blend)?));
            Ok(is_able.then_some((after, *left, fewer)))
        };
        let tried: Vec<Option<(f64, usize, Vec<f64>)>> =
            pairs.par_iter().map(without).collect::<Result<_, AutomlError>>()?;
        let price = |(after, left, _): &(f64, usize, Vec<f64>)| {
            let work = work_of(*left).max(f64::MIN_POSITIVE);
            ((after - loss).max(0.0) / work, -work)
        };
        match tried.into_iter().flatten().min_by(|a, b| {
            let (a, b) = (price(a), price(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        }) {
            Some((after, _, fewer)) => (loss, weights) = (after, fewer),
            None => return Ok(weights),
        }
    }
}

/// Whether losses that rise by so much on average, fold by fold, could as well not rise at all: by
/// no more than the standard error of that average.
fn is_noise(before: &[f64], after: &[f64]) -> bool {
    let rises = before.iter().zip(after).map(|(before, after)| after - before);
    let rises: Vec<f64> = rises.filter(|rise| rise.is_finite()).collect();
    if rises.len() < 2 {
        return false;
    }
    let count = rises.len() as f64;
    let mean = rises.iter().sum::<f64>() / count;
    let squares: f64 = rises.iter().map(|rise| (rise - mean) * (rise - mean)).sum();
    mean <= (squares / (count - 1.0) / count).sqrt()
}

/// The voices' weighted mean on these rows.
fn derive_blend(voices: &[Voice<'_>], weights: &[f64], rows: &Range<usize>) -> Columns {
    let mut sums = Columns::new();
    for (voice, weight) in voices.iter().zip(weights).filter(|(_, weight)| **weight > 0.0) {
        sums.resize_with(voice.width(), || vec![0.0; rows.len()]);
        for (at, sum) in sums.iter_mut().enumerate() {
            sum.iter_mut().zip(voice.values(at, rows)).for_each(|(sum, v)| *sum += weight * v);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::tests::{numbers, voices};
    use super::*;
    use crate::metric::Metric;
    use crate::target::TargetValues;
    use gantry_learn::Rng;

    #[test]
    fn members_that_bring_nearly_nothing_are_left_out_and_slow_ones_first() {
        let mut rng = Rng::new(1);
        let values: Vec<f64> = (0..2_000).map(|_| rng.normal()).collect();
        let good = numbers(2, 0.5, &values);
        let other = numbers(3, 0.5, &values);
        // Twins: one of them is enough.
        let told = [good.clone(), other, good, numbers(4, 2.0, &values)];
        let voices = voices(&told);
        let judge = Judge::new(Metric::Rmse, TargetValues::Numbers(values), &[2_000]);
        let thin = |slow: usize| {
            let weights = vec![0.25, 0.5, 0.25, 0.0];
            let work = |at| if at == slow { 100.0 } else { 1.0 };
            thin_weights(&judge, &voices, (weights, 0), work).unwrap()
        };
        for slow in [0, 2] {
            let weights = thin(slow);
            assert_eq!((weights[slow], weights[3]), (0.0, 0.0), "{weights:?}");
            let kept: Vec<&f64> = weights.iter().filter(|weight| **weight > 0.0).collect();
            assert_eq!(kept.len(), 2, "{weights:?}");
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // A slow one that the blend needs stays.
        assert!(thin(1)[1] > 0.0);
    }

    #[test]
    fn slow_members_must_bring_more_than_noise() {
        let mut rng = Rng::new(1);
        let values: Vec<f64> = (0..2_000).map(|_| rng.normal()).collect();
        let good = numbers(2, 0.5, &values);
        // Nearly a twin, and one that errs in its own way.
        let twin = good.iter().map(|v| v + 0.02 * rng.normal() as f32).collect();
        let other = numbers(4, 0.5, &values);
        let folds = [500; 4];
        let judge = Judge::new(Metric::Rmse, TargetValues::Numbers(values), &folds);
        let told = [good, twin, other];
        let voices = voices(&told);
        let thin = |members: [f64; 3], work: f64| {
            thin_weights(&judge, &voices, (members.to_vec(), 0), |_| work).unwrap()
        };
        let pair = [0.5, 0.5, 0.0];
        let count = |weights: &[f64]| weights.iter().filter(|weight| **weight > 0.0).count();
        assert_eq!(count(&thin(pair, MUCH_WORK)), 1);
        for work in [1.0, MUCH_WORK] {
            let weights = thin([0.5, 0.0, 0.5], work);
            assert_eq!(count(&weights), 2, "{weights:?}");
        }
    }

    #[test]
    fn a_rise_counts_where_the_folds_agree_on_it() {
        assert!(is_noise(&[1.0, 2.0, 3.0], &[1.3, 1.9, 3.0]));
        assert!(!is_noise(&[1.0, 2.0, 3.0], &[1.3, 2.2, 3.3]));
        assert!(is_noise(&[1.0, 2.0], &[0.9, 1.9]));
        assert!(!is_noise(&[1.0], &[1.0]) && !is_noise(&[1.0, 1.0], &[f64::INFINITY, 1.0]));
    }
}
