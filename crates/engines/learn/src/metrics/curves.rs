//! Ranking scores of one class: ROC and precision-recall, with equal scores taken together.

use serde::{Deserialize, Serialize};

use crate::{LearnError, Matrix};

use super::{require_finite, require_pairs};

/// Points of the ROC curve from (0, 0) to (1, 1); points on a straight line are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RocCurve {
    /// False positive rates, rising.
    pub false_positive_rate: Vec<f64>,
    /// True positive rates, rising.
    pub true_positive_rate: Vec<f64>,
    /// Scores from which a row counts as positive, falling; one less than there are points,
    /// as the first point (0, 0) has none.
    pub thresholds: Vec<f64>,
}

/// Points of the precision-recall curve, from recall 0 (precision 1 by definition) upwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrCurve {
    /// Precision at each point.
    pub precision: Vec<f64>,
    /// Recall at each point, rising.
    pub recall: Vec<f64>,
    /// Scores from which a row counts as positive, falling; one less than there are points.
    pub thresholds: Vec<f64>,
}

/// Weight of positives and negatives at or above each distinct score, falling scores.
struct Ranking {
    thresholds: Vec<f64>,
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Ranking {
    fn new(
        is_positive: impl Fn(usize) -> bool,
        scores: &[f64],
        rows: usize,
        weights: Option<&[f64]>,
    ) -> Result<Self, LearnError> {
        let weights = require_pairs(rows, scores.len(), weights)?;
        require_finite(scores, "score")?;
        let mut order: Vec<usize> = (0..rows).filter(|row| weights.get(*row) > 0.0).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let mut ranking = Self { thresholds: vec![], positives: vec![], negatives: vec![] };
        let (mut positive, mut negative) = (0.0, 0.0);
        for (place, row) in order.iter().enumerate() {
            if is_positive(*row) {
                positive += weights.get(*row);
            } else {
                negative += weights.get(*row);
            }
            let is_last_of_ties = order.get(place + 1).is_none_or(|n| scores[*n] != scores[*row]);
            if is_last_of_ties {
                ranking.thresholds.push(scores[*row]);
                ranking.positives.push(positive);
                ranking.negatives.push(negative);
            }
        }
        Ok(ranking)
    }

    fn of_codes(
        truth: &[u32],
        scores: &[f64],
        weights: Option<&[f64]>,
    ) -> Result<Self, LearnError> {
        if let Some(code) = truth.iter().find(|c| **c > 1) {
            return Err(LearnError::ClassOutOfRange { code: *code, count: 2 });
        }
        Self::new(|row| truth[row] == 1, scores, truth.len(), weights)
    }

    fn totals(&self) -> (f64, f64) {
        let last = |v: &[f64]| v.last().copied().unwrap_or(0.0);
        (last(&self.positives), last(&self.negatives))
    }

    fn area(&self) -> Result<f64, LearnError> {
        let (positives, negatives) = self.totals();
        if positives <= 0.0 || negatives <= 0.0 {
            return Err(LearnError::OneClass);
        }
        let mut area = 0.0;
        let (mut x, mut y) = (0.0, 0.0);
        for (n, p) in self.negatives.iter().zip(&self.positives) {
            area += (n - x) * (p + y) / 2.0;
            (x, y) = (*n, *p);
        }
        Ok(area / (positives * negatives))
    }
}

/// Area under the ROC curve of two classes (0, 1); `scores` rise with class 1.
///
/// # Errors
/// See the module; [`LearnError::OneClass`] if one class has no rows.
pub fn roc_auc(truth: &[u32], scores: &[f64], weights: Option<&[f64]>) -> Result<f64, LearnError> {
    Ranking::of_codes(truth, scores, weights)?.area()
}

/// Mean over the classes that have rows of the area under the curve of that class against the
/// rest. `probability` is rows × classes. scikit-learn refuses classes without rows; here they
/// are left out, so that small folds have a score.
///
/// # Errors
/// See the module; [`LearnError::OneClass`] if there is one class only.
pub fn roc_auc_ovr(
    truth: &[u32],
    probability: &Matrix,
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    let present = |class: u32| truth.contains(&class);
    let mut areas = Vec::new();
    for (class, column) in (0_u32..).zip(probability.columns()).filter(|(c, _)| present(*c)) {
        let of_class = |row: usize| truth[row] == class;
        areas.push(Ranking::new(of_class, column.values(), truth.len(), weights)?.area()?);
    }
    if areas.is_empty() {
        return Err(LearnError::OneClass);
    }
    Ok(areas.iter().sum::<f64>() / areas.len() as f64)
}

/// Average precision: Σ (recallₙ − recallₙ₋₁)·precisionₙ over distinct scores of two classes.
///
/// # Errors
/// See the module; [`LearnError::OneClass`] if class 1 has no rows.
pub fn average_precision(
    truth: &[u32],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<f64, LearnError> {
    let ranking = Ranking::of_codes(truth, scores, weights)?;
    let (positives, _) = ranking.totals();
    if positives <= 0.0 {
        return Err(LearnError::OneClass);
    }
    let mut sum = 0.0;
    let mut before = 0.0;
    for (p, n) in ranking.positives.iter().zip(&ranking.negatives) {
        sum += (p - before) * p / (p + n);
        before = *p;
    }
    Ok(sum / positives)
}

/// The ROC curve of two classes.
///
/// # Errors
/// As [`roc_auc`].
pub fn roc_curve(
    truth: &[u32],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<RocCurve, LearnError> {
    let ranking = Ranking::of_codes(truth, scores, weights)?;
    let (positives, negatives) = ranking.totals();
    if positives <= 0.0 || negatives <= 0.0 {
        return Err(LearnError::OneClass);
    }
    let point = |i: usize| (ranking.negatives[i], ranking.positives[i]);
    let last = ranking.thresholds.len() - 1;
    let is_corner = |i: usize| {
        if i == 0 || i == last {
            return true;
        }
        let ((x0, y0), (x1, y1), (x2, y2)) = (point(i - 1), point(i), point(i + 1));
        x2 - x1 != x1 - x0 || y2 - y1 != y1 - y0
    };
    let kept: Vec<usize> = (0..=last).filter(|i| is_corner(*i)).collect();
    let with_start = |values: &[f64], total: f64| {
        std::iter::once(0.0).chain(kept.iter().map(|i| values[*i] / total)).collect()
    };
    Ok(RocCurve {
        false_positive_rate: with_start(&ranking.negatives, negatives),
        true_positive_rate: with_start(&ranking.positives, positives),
        thresholds: kept.iter().map(|i| ranking.thresholds[*i]).collect(),
    })
}

/// The precision-recall curve of two classes.
///
/// # Errors
/// As [`average_precision`].
pub fn precision_recall_curve(
    truth: &[u32],
    scores: &[f64],
    weights: Option<&[f64]>,
) -> Result<PrCurve, LearnError> {
    let ranking = Ranking::of_codes(truth, scores, weights)?;
    let (total, _) = ranking.totals();
    if total <= 0.0 {
        return Err(LearnError::OneClass);
    }
    let mut curve =
        PrCurve { precision: vec![1.0], recall: vec![0.0], thresholds: ranking.thresholds };
    for (p, n) in ranking.positives.iter().zip(&ranking.negatives) {
        curve.precision.push(p / (p + n));
        curve.recall.push(p / total);
    }
    Ok(curve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_and_weights_by_hand() {
        let truth = [0, 0, 1, 1];
        assert_eq!(roc_auc(&truth, &[0.1, 0.4, 0.35, 0.8], None), Ok(0.75));
        assert_eq!(roc_auc(&truth, &[0.5; 4], None), Ok(0.5));
        assert_eq!(roc_auc(&truth, &[0.1, 0.4, 0.35, 0.8], Some(&[1.0, 0.0, 1.0, 1.0])), Ok(1.0));
        let average = average_precision(&truth, &[0.1, 0.4, 0.35, 0.8], None).unwrap();
        assert!((average - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
        assert_eq!(roc_auc(&[1, 1], &[0.1, 0.2], None), Err(LearnError::OneClass));
        assert!(roc_auc(&truth, &[0.1, f64::NAN, 0.3, 0.4], None).is_err());
    }

    #[test]
    fn area_equals_the_share_of_ordered_pairs() {
        let mut rng = crate::Rng::new(1);
        let truth: Vec<u32> = (0..300).map(|_| rng.below(2) as u32).collect();
        let scores: Vec<f64> = (0..300).map(|_| rng.below(20) as f64).collect();
        let (mut wins, mut pairs) = (0.0, 0.0);
        for i in 0..300 {
            for j in 0..300 {
                if truth[i] == 1 && truth[j] == 0 {
                    pairs += 1.0;
                    wins += match scores[i].total_cmp(&scores[j]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
        }
        let area = roc_auc(&truth, &scores, None).unwrap();
        assert!((area - wins / pairs).abs() < 1e-12);
        let curve = roc_curve(&truth, &scores, None).unwrap();
        let trapezoids: f64 = (1..curve.true_positive_rate.len())
            .map(|i| {
                (curve.false_positive_rate[i] - curve.false_positive_rate[i - 1])
                    * (curve.true_positive_rate[i] + curve.true_positive_rate[i - 1])
                    / 2.0
            })
            .sum();
        assert!((area - trapezoids).abs() < 1e-12);
    }
}
