//! Calibration: from probabilities to better ones, by a sigmoid of their logits (Platt, 1999) or by
//! rising steps.
//!
//! Invariant: calibrated probabilities of a row sum to 1, and their order is never turned around.

use serde::{Deserialize, Serialize};

use crate::linear::LogisticParams;
use crate::numeric::math;
use crate::{Column, Control, LearnError, Matrix, Target, TrainingSet, metrics};

/// Probabilities are kept this far from 0 and 1 before their logits are taken.
pub const EDGE: f64 = 1e-6;
/// Share by which the log loss must fall before a calibration is kept.
const LEAST_GAIN: f64 = 0.002;
/// Rows of a class below which nothing is calibrated.
const FEW_ROWS: usize = 50;

/// How curves are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a sigmoid.
    Sigmoid,
    /// By rising steps.
    Steps,
}

/// From a probability to a better one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// The logit is stretched and shifted.
    Sigmoid {
        /// Factor of the logit.
        slope: f64,
        /// Added to it.
        offset: f64,
    },
    /// Straight lines between points.
    Steps {
        /// Rising probabilities.
        from: Vec<f64>,
        /// What they become; never falling.
        to: Vec<f64>,
    },
}

/// One curve a class; of two classes, of the second alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    curves: Vec<Curve>,
}

impl Curve {
    fn at(&self, p: f64) -> f64 {
        match self {
            Self::Sigmoid { slope, offset } => math::logistic(slope * derive_logit(p) + offset),
            Self::Steps { from, to } => {
                let next = from.partition_point(|x| *x <= p);
                let (Some(before), Some(after)) = (next.checked_sub(1), from.get(next)) else {
                    let edge = if next == 0 { to.first() } else { to.last() };
                    return edge.copied().unwrap_or(p);
                };
                let share = (p - from[before]) / (after - from[before]);
                to[before] + share * (to[next] - to[before])
            }
        }
    }

    fn fit_sigmoid(p: &[f64], hits: &[u32]) -> Result<Self, LearnError> {
        let logits = p.iter().map(|p| derive_logit(*p)).collect();
        let x = Matrix::new(vec![Column::numeric(logits)])?;
        let data = TrainingSet::new(&x, Target::Classes { codes: hits, count: 2 })?;
        let params = LogisticParams { c: 1e4, ..LogisticParams::default() };
        let model = params.fit(&data, &Control::unlimited())?;
        let slope = model.coefficients().first().and_then(|row| row.first()).copied();
        let offset = model.intercepts().first().copied();
        // A falling curve would turn the order of the rows around.
        Ok(match slope.zip(offset).filter(|(slope, _)| *slope > 0.0) {
            Some((slope, offset)) => Self::Sigmoid { slope, offset },
            None => Self::Sigmoid { slope: 1.0, offset: 0.0 },
        })
    }

    /// Pools neighbours until the means rise (Ayer and others, 1955).
    fn fit_steps(p: &[f64], hits: &[u32]) -> Self {
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|a, b| p[*a].total_cmp(&p[*b]).then(a.cmp(b)));
        // Sum of p, of hits, and count.
        let mut blocks: Vec<(f64, f64, f64)> = Vec::new();
        for row in order {
            let mut block = (p[row], f64::from(hits[row]), 1.0);
            while let Some(last) = blocks.last() {
                if last.1 * block.2 < block.1 * last.2 {
                    break;
                }
                block = (block.0 + last.0, block.1 + last.1, block.2 + last.2);
                blocks.pop();
            }
            blocks.push(block);
        }
        let mut from: Vec<f64> = Vec::with_capacity(blocks.len());
        let mut to: Vec<f64> = Vec::with_capacity(blocks.len());
        for (sum, hit, count) in &blocks {
            let at = sum / count;
            if from.last().is_none_or(|last| at > *last) {
                from.push(at);
                // As if one row of each kind had been seen besides: nothing is certain.
                to.push((hit + 0.5) / (count + 1.0));
            }
        }
        for place in 1..to.len() {
            to[place] = to[place].max(to[place - 1]);
        }
        Self::Steps { from, to }
    }
}

/// The logit of a probability, kept [`EDGE`] away from 0 and 1.
#[must_use]
pub fn derive_logit(p: f64) -> f64 {
    let p = p.clamp(EDGE, 1.0 - EDGE);
    math::ln(p) - math::ln(1.0 - p)
}

impl Calibration {
    /// One curve a class; of two classes, of the second alone.
    #[must_use]
    pub fn curves(&self) -> &[Curve] {
        &self.curves
    }

    /// Curves for the probabilities of rows with these classes.
    ///
    /// # Errors
    /// What the fit of a logistic regression says.
    pub fn fit(codes: &[u32], probability: &Matrix, way: Way) -> Result<Self, LearnError> {
        let skipped = usize::from(probability.width() == 2);
        let classes = (0_u32..).zip(probability.columns()).skip(skipped);
        let curves = classes
            .map(|(class, column)| {
                let hits: Vec<u32> = codes.iter().map(|code| u32::from(*code == class)).collect();
                match way {
                    Way::Steps => Ok(Curve::fit_steps(column.values(), &hits)),
                    Way::Sigmoid => Curve::fit_sigmoid(column.values(), &hits),
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { curves })
    }

    /// Better probabilities, which sum to 1.
    ///
    /// # Errors
    /// If a probability is not finite.
    pub fn apply(&self, probability: &Matrix) -> Result<Matrix, LearnError> {
        if let [only] = self.curves.as_slice() {
            let second: Vec<f64> = probability.column(1).iter().map(|p| only.at(*p)).collect();
            let first = second.iter().map(|p| 1.0 - p).collect();
            return Matrix::new(vec![Column::numeric(first), Column::numeric(second)]);
        }
        let columns = probability.columns().iter().zip(&self.curves);
        let mut mapped: Vec<Vec<f64>> = columns
            .map(|(column, curve)| column.values().iter().map(|p| curve.at(*p)).collect())
            .collect();
        for row in 0..probability.rows() {
            let sum: f64 = mapped.iter().map(|column| column[row]).sum();
            mapped.iter_mut().for_each(|column| column[row] /= sum.max(f64::MIN_POSITIVE));
        }
        Matrix::new(mapped.into_iter().map(Column::numeric).collect())
    }
}

/// The calibration that lowers the log loss of held-out rows: each of `folds` lists rows that are
/// mapped by curves fitted to all others; `way` is the one that was asked for, where one was. None
/// where nothing helps, or rows are few.
///
/// # Errors
/// As [`Calibration::fit`].
pub fn fit_calibration(
    way: Option<Way>,
    codes: &[u32],
    probability: &Matrix,
    folds: &[Vec<usize>],
) -> Result<Option<Calibration>, LearnError> {
    let smallest = (0..probability.width() as u32)
        .map(|class| codes.iter().filter(|code| **code == class).count())
        .min();
    if smallest.unwrap_or(0) < FEW_ROWS || folds.len() < 2 {
        return Ok(None);
    }
    let before = metrics::log_loss(codes, probability, None)?;
    let mut best: Option<(f64, Way)> = None;
    for tried in [Way::Sigmoid, Way::Steps] {
        if way.is_some_and(|way| way != tried) {
            continue;
        }
        let loss = cross_fit(codes, probability, folds, tried)?;
        if (way.is_some() || loss < before * (1.0 - LEAST_GAIN))
            && best.is_none_or(|(known, _)| loss < known)
        {
            best = Some((loss, tried));
        }
    }
    let Some((_, way)) = best else { return Ok(None) };
    Ok(Some(Calibration::fit(codes, probability, way)?))
}

fn cross_fit(
    codes: &[u32],
    probability: &Matrix,
    folds: &[Vec<usize>],
    way: Way,
) -> Result<f64, LearnError> {
    let mut loss = 0.0;
    for held_out in folds {
        let mut is_out = vec![false; codes.len()];
        held_out.iter().for_each(|row| is_out[*row] = true);
        let seen: Vec<usize> = (0..codes.len()).filter(|row| !is_out[*row]).collect();
        let known = crate::split::take(codes, &seen);
        let fitted = Calibration::fit(&known, &probability.take_rows(&seen), way)?;
        let mapped = fitted.apply(&probability.take_rows(held_out))?;
        let truth = crate::split::take(codes, held_out);
        loss += metrics::log_loss(&truth, &mapped, None)? * held_out.len() as f64;
    }
    Ok(loss / codes.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    /// Rows whose stated logits are twice the true ones.
    fn overconfident(rows: usize) -> (Vec<u32>, Matrix, Vec<Vec<usize>>) {
        let mut rng = Rng::new(9);
        let (mut codes, mut second) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let logit = 2.0 * rng.normal();
            codes.push(u32::from(rng.uniform() < math::logistic(logit)));
            second.push(math::logistic(2.0 * logit));
        }
        let first = second.iter().map(|p| 1.0 - p).collect();
        let matrix = Matrix::new(vec![Column::numeric(first), Column::numeric(second)]).unwrap();
        let folds = (0..5).map(|k| (k..rows).step_by(5).collect()).collect();
        (codes, matrix, folds)
    }

    #[test]
    fn overconfident_probabilities_are_drawn_in() {
        let (codes, probability, folds) = overconfident(4_000);
        let before = metrics::log_loss(&codes, &probability, None).unwrap();
        for way in [None, Some(Way::Sigmoid), Some(Way::Steps)] {
            let fitted = fit_calibration(way, &codes, &probability, &folds).unwrap().unwrap();
            let mapped = fitted.apply(&probability).unwrap();
            let after = metrics::log_loss(&codes, &mapped, None).unwrap();
            assert!(after < 0.95 * before, "{way:?}: {after} and {before}");
        }
        let sigmoid = Curve::fit_sigmoid(probability.column(1), &codes).unwrap();
        let Curve::Sigmoid { slope, .. } = sigmoid else { panic!("a sigmoid was asked for") };
        assert!((slope - 0.5).abs() < 0.05, "{slope}");
    }

    #[test]
    fn good_probabilities_and_few_rows_stay_as_they_are() {
        let (codes, probability, folds) = overconfident(4_000);
        let good: Vec<f64> =
            probability.column(1).iter().map(|p| math::logistic(derive_logit(*p) / 2.0)).collect();
        let first = good.iter().map(|p| 1.0 - p).collect();
        let good = Matrix::new(vec![Column::numeric(first), Column::numeric(good)]).unwrap();
        assert_eq!(fit_calibration(None, &codes, &good, &folds).unwrap(), None);
        let (codes, probability, folds) = overconfident(60);
        assert_eq!(fit_calibration(None, &codes, &probability, &folds).unwrap(), None);
    }

    #[test]
    fn steps_rise() {
        let steps = Curve::fit_steps(&[0.1, 0.2, 0.3, 0.4], &[0, 1, 0, 1]);
        let values: Vec<f64> = (0..11).map(|i| steps.at(f64::from(i) / 10.0)).collect();
        assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "{values:?}");
    }
}
