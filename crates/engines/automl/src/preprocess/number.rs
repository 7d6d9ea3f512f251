//! Numbers: gaps filled with the median and marked, standardised; or left as they are.
//!
//! Invariant: features are finite (or NaN where the encoding keeps gaps), also for inputs near
//! the largest number that there is.

use gantry_learn::Column;
use serde::{Deserialize, Serialize};

use super::Encoding;

/// Standardised values are kept inside of this, so that one wild cell spoils no sum.
pub(crate) const LIMIT: f64 = 1e6;

/// What was learned from one column of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NumberColumn {
    pub(crate) median: f64,
    pub(crate) mean: f64,
    /// Standard deviation after filling; 0 for a constant.
    pub(crate) scale: f64,
    pub(crate) has_gaps: bool,
}

impl NumberColumn {
    pub(super) fn fit(values: &[f64], rows: &[usize]) -> Self {
        Self::fit_values(gantry_learn::split::take(values, rows))
    }

    pub(super) fn fit_values(values: Vec<f64>) -> Self {
        let total = values.len();
        let mut present: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        present.sort_by(f64::total_cmp);
        let gaps = total - present.len();
        let median = derive_median(&present);
        let largest = present.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        if largest == 0.0 || present.is_empty() {
            return Self { median, mean: 0.0, scale: 0.0, has_gaps: gaps > 0 };
        }
        // Relative to the largest value, so that squares cannot overflow.
        let filled = gaps as f64;
        let count = total as f64;
        let relative = |v: &f64| v / largest;
        let mean = (present.iter().map(relative).sum::<f64>() + filled * median / largest) / count;
        let square = |v: f64| (v - mean) * (v - mean);
        let spread: f64 = present.iter().map(|v| square(relative(v))).sum::<f64>()
            + filled * square(median / largest);
        let deviation = (spread / count).sqrt();
        // Rounding in the mean is not variation.
        let is_constant = deviation <= 1e-14 * mean.abs();
        let scale = if is_constant { 0.0 } else { deviation * largest };
        Self { median, mean: mean * largest, scale, has_gaps: gaps > 0 }
    }

    /// What is done, for people.
    pub(super) fn describe(&self, encoding: Encoding) -> String {
        match encoding {
            Encoding::Codes => "as it is".to_owned(),
            Encoding::OneHot => {
                let (mean, scale) = (self.mean, self.scale);
                let gaps = if self.has_gaps {
                    format!("gaps become {:.6} and are marked; ", self.median)
                } else {
                    String::new()
                };
                format!("{gaps}less {mean:.6}, divided by {scale:.6}")
            }
        }
    }

    pub(super) fn width(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::OneHot => 1 + usize::from(self.has_gaps),
            Encoding::Codes => 1,
        }
    }

    pub(super) fn transform(&self, values: Vec<f64>, encoding: Encoding) -> Vec<Column> {
        match encoding {
            Encoding::Codes => vec![Column::numeric(values)],
            Encoding::OneHot => {
                let marks = || values.iter().map(|v| f64::from(u8::from(v.is_nan()))).collect();
                let indicator = self.has_gaps.then(|| Column::numeric(marks()));
                let scaled = values.iter().map(|v| self.standardise(*v)).collect();
                std::iter::once(Column::numeric(scaled)).chain(indicator).collect()
            }
        }
    }

    /// As [`Self::transform`] for one value.
    pub(super) fn push(&self, value: f64, encoding: Encoding, features: &mut Vec<f64>) {
        match encoding {
            Encoding::Codes => features.push(value),
            Encoding::OneHot => {
                features.push(self.standardise(value));
                if self.has_gaps {
                    features.push(f64::from(u8::from(value.is_nan())));
                }
            }
        }
    }

    fn standardise(&self, value: f64) -> f64 {
        if self.scale == 0.0 {
            return 0.0;
        }
        let filled = if value.is_nan() { self.median } else { value };
        (filled / self.scale - self.mean / self.scale).clamp(-LIMIT, LIMIT)
    }
}

/// The middle of sorted values; 0 for none.
fn derive_median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied().unwrap_or(0.0);
    if sorted.len() % 2 == 1 {
        return upper;
    }
    let lower = middle.checked_sub(1).and_then(|i| sorted.get(i)).copied().unwrap_or(upper);
    lower / 2.0 + upper / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_get_the_median_and_a_mark() {
        let values = vec![1.0, 2.0, f64::NAN, 6.0];
        let fitted = NumberColumn::fit_values(values.clone());
        assert_eq!((fitted.median, fitted.mean), (2.0, 2.75));
        let features = fitted.transform(values.clone(), Encoding::OneHot);
        assert_eq!(features[1].values(), [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(features[0].values()[2], features[0].values()[1]);
        let sum: f64 = features[0].values().iter().sum();
        let squares: f64 = features[0].values().iter().map(|v| v * v).sum();
        assert!(sum.abs() < 1e-12 && (squares - 4.0).abs() < 1e-12);
        assert!(fitted.transform(values, Encoding::Codes)[0].values()[2].is_nan());
    }

    #[test]
    fn extremes_and_constants_stay_finite() {
        for values in [
            vec![f64::MAX, -f64::MAX, 1.0],
            vec![1e-320, 2e-320, 3e-320],
            vec![5.0; 3],
            vec![f64::NAN; 3],
            vec![0.1; 3],
        ] {
            let fitted = NumberColumn::fit_values(values.clone());
            let seen = [values, vec![f64::MAX, f64::MIN, f64::NAN]].concat();
            for feature in fitted.transform(seen, Encoding::OneHot) {
                assert!(feature.values().iter().all(|v| v.is_finite()), "{fitted:?}");
            }
        }
    }
}
