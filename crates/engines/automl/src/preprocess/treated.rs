//! Numbers as the caller wants them: filled, limited, scaled, gaps marked.
//!
//! Invariant: features are finite, except gaps that trees are to see.

use gantry_learn::Column;
use gantry_learn::summary::{derive_mode, derive_moments, derive_quantile};
use serde::{Deserialize, Serialize};

use super::Encoding;
use super::options::{Imputation, Outliers, PreprocessOptions, Scaling};

/// Scaled values are kept inside of this.
const LIMIT: f64 = 1e6;
/// Points of the scale by shares.
const QUANTILES: usize = 256;

/// What was learned from one column of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TreatedColumn {
    /// For gaps; none leaves them.
    pub(crate) fill: Option<f64>,
    pub(crate) limits: Option<(f64, f64)>,
    pub(crate) shift: f64,
    /// Above 0.
    pub(crate) scale: f64,
    /// Values at even shares, where those are the scale.
    pub(crate) quantiles: Vec<f64>,
    pub(crate) has_mark: bool,
}

impl TreatedColumn {
    pub(super) fn fit(values: &[f64], options: &PreprocessOptions, encoding: Encoding) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let has_gaps = sorted.len() < values.len();
        let limits = derive_limits(&sorted, options.outliers);
        if let Some((low, high)) = limits {
            sorted.iter_mut().for_each(|v| *v = v.clamp(low, high));
        }
        let (mean, deviation) = derive_moments(&sorted);
        let median = derive_quantile(&sorted, 0.5);
        let fill = match options.imputation {
            Imputation::Auto if encoding == Encoding::Codes => None,
            Imputation::Auto | Imputation::Median | Imputation::Knn => Some(median),
            Imputation::Mean => Some(mean),
            Imputation::MostFrequent => Some(derive_mode(&sorted)),
            Imputation::Constant => Some(options.fill_value),
        };
        let mut quantiles = Vec::new();
        let (shift, scale) = match options.scaling {
            _ if encoding == Encoding::Codes => (0.0, 1.0),
            Scaling::None => (0.0, 1.0),
            Scaling::Standard => (mean, deviation),
            Scaling::MinMax => {
                let low = sorted.first().copied().unwrap_or(0.0);
                (low, sorted.last().copied().unwrap_or(0.0) - low)
            }
            Scaling::Robust => {
                (median, derive_quantile(&sorted, 0.75) - derive_quantile(&sorted, 0.25))
            }
            Scaling::Quantile => {
                let share = |i: usize| i as f64 / (QUANTILES - 1) as f64;
                quantiles = (0..QUANTILES).map(|i| derive_quantile(&sorted, share(i))).collect();
                (0.0, 1.0)
            }
        };
        let scale = if scale > 0.0 && scale.is_finite() { scale } else { 1.0 };
        let has_mark = has_gaps && (encoding == Encoding::OneHot || options.missing_indicators);
        Self { fill, limits, shift, scale, quantiles, has_mark }
    }

    pub(super) fn width(&self) -> usize {
        1 + usize::from(self.has_mark)
    }

    /// `filled` are the values without the gaps that other columns fill.
    pub(super) fn transform(&self, values: &[f64], filled: Option<&[f64]>) -> Vec<Column> {
        let treated = filled.unwrap_or(values).iter().map(|value| self.treat(*value)).collect();
        let marks = || values.iter().map(|v| f64::from(u8::from(v.is_nan()))).collect();
        let mark = self.has_mark.then(|| Column::numeric(marks()));
        std::iter::once(Column::numeric(treated)).chain(mark).collect()
    }

    fn treat(&self, value: f64) -> f64 {
        let mut value = match self.fill {
            Some(fill) if value.is_nan() => fill,
            _ => value,
        };
        if value.is_nan() {
            return value;
        }
        if let Some((low, high)) = self.limits {
            value = value.clamp(low, high);
        }
        if self.quantiles.is_empty() {
            let is_scaled = self.shift != 0.0 || self.scale != 1.0;
            if !is_scaled {
                return value;
            }
            return (value / self.scale - self.shift / self.scale).clamp(-LIMIT, LIMIT);
        }
        let below = self.quantiles.partition_point(|q| *q < value);
        let upto = self.quantiles.partition_point(|q| *q <= value);
        // The middle of the shares that have this value.
        ((below + upto) as f64 / 2.0 / self.quantiles.len() as f64).clamp(0.0, 1.0)
    }

    /// What is done, for people.
    pub(super) fn describe(&self) -> String {
        let mut words = Vec::new();
        if let Some(fill) = self.fill {
            words.push(format!("gaps become {fill:.6}"));
        }
        if let Some((low, high)) = self.limits {
            words.push(format!("kept between {low:.6} and {high:.6}"));
        }
        if self.quantiles.is_empty() && (self.shift != 0.0 || self.scale != 1.0) {
            words.push(format!("less {:.6}, divided by {:.6}", self.shift, self.scale));
        }
        if !self.quantiles.is_empty() {
            words.push("replaced by the share of smaller values".to_owned());
        }
        if self.has_mark {
            words.push("gaps marked".to_owned());
        }
        if words.is_empty() { "as it is".to_owned() } else { words.join("; ") }
    }
}

fn derive_limits(sorted: &[f64], outliers: Outliers) -> Option<(f64, f64)> {
    if sorted.is_empty() {
        return None;
    }
    match outliers {
        Outliers::Keep | Outliers::Isolation => None,
        Outliers::Iqr => {
            let (low, high) = (derive_quantile(sorted, 0.25), derive_quantile(sorted, 0.75));
            let reach = 1.5 * (high - low);
            Some((low - reach, high + reach))
        }
        Outliers::Zscore => {
            let (mean, deviation) = derive_moments(sorted);
            Some((mean - 3.0 * deviation, mean + 3.0 * deviation))
        }
        Outliers::Winsorize => Some((derive_quantile(sorted, 0.01), derive_quantile(sorted, 0.99))),
    }
    .filter(|(low, high)| low.is_finite() && high.is_finite() && low <= high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn treat(options: PreprocessOptions, encoding: Encoding, values: &[f64]) -> Vec<Vec<f64>> {
        let fitted = TreatedColumn::fit(values, &options, encoding);
        let columns = fitted.transform(values, None);
        assert_eq!(columns.len(), fitted.width());
        columns.iter().map(|column| column.values().to_vec()).collect()
    }

    #[test]
    fn gaps_are_filled_as_asked_and_marked() {
        let values = [1.0, 1.0, 4.0, f64::NAN, 10.0];
        for (imputation, expected) in [
            (Imputation::Mean, 4.0),
            (Imputation::Median, 2.5),
            (Imputation::MostFrequent, 1.0),
            (Imputation::Constant, -7.0),
        ] {
            let options = PreprocessOptions {
                imputation,
                fill_value: -7.0,
                missing_indicators: true,
                ..PreprocessOptions::default()
            };
            let columns = treat(options, Encoding::Codes, &values);
            assert_eq!(columns[0], [1.0, 1.0, 4.0, expected, 10.0], "{imputation:?}");
            assert_eq!(columns[1], [0.0, 0.0, 0.0, 1.0, 0.0]);
        }
        let plain = treat(PreprocessOptions::default(), Encoding::Codes, &values);
        assert!(plain.len() == 1 && plain[0][3].is_nan());
    }

    #[test]
    fn wild_values_are_moved_to_the_limit() {
        let mut values: Vec<f64> = (0..200).map(|i| f64::from(i % 20)).collect();
        values.push(1e9);
        for outliers in [Outliers::Iqr, Outliers::Zscore, Outliers::Winsorize] {
            let options = PreprocessOptions { outliers, ..PreprocessOptions::default() };
            let columns = treat(options, Encoding::Codes, &values);
            assert!(columns[0][200] < 3e8 && columns[0][..200] == values[..200], "{outliers:?}");
        }
    }

    #[test]
    fn scales_have_the_promised_range() {
        let values: Vec<f64> = (0..101).map(f64::from).collect();
        let scaled = |scaling| {
            let options = PreprocessOptions { scaling, ..PreprocessOptions::default() };
            treat(options, Encoding::OneHot, &values).swap_remove(0)
        };
        assert_eq!((scaled(Scaling::MinMax)[0], scaled(Scaling::MinMax)[100]), (0.0, 1.0));
        assert_eq!((scaled(Scaling::Robust)[50], scaled(Scaling::Robust)[75]), (0.0, 0.5));
        assert_eq!(scaled(Scaling::None), values);
        let shares = scaled(Scaling::Quantile);
        assert!((shares[50] - 0.5).abs() < 0.01 && shares.windows(2).all(|p| p[0] <= p[1]));
        let standard = scaled(Scaling::Standard);
        assert!(standard.iter().sum::<f64>().abs() < 1e-9);
        for values in [vec![f64::NAN; 3], vec![5.0; 3], vec![f64::MAX, f64::MIN, 0.0]] {
            for scaling in [Scaling::MinMax, Scaling::Robust, Scaling::Quantile, Scaling::Standard]
            {
                let options = PreprocessOptions { scaling, ..PreprocessOptions::default() };
                let columns = treat(options, Encoding::OneHot, &values);
                assert!(columns.iter().flatten().all(|v| v.is_finite()), "{scaling:?} {values:?}");
            }
        }
    }
}
