//! When a simulation has run long enough: an interval that is narrow enough, looked at after fixed
//! numbers of iterations alone, so that the number of threads does not decide.

use crate::error::MonteCarloError;
use crate::statistics::{Summary, percentile};

/// What must be known well enough.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    Mean,
    /// A share of draws, between 0 and 1.
    Percentile(f64),
}

/// `mean ± 0.5%`, `p95 ± 100`: half the width of the 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopRule {
    figure: Figure,
    tolerance: f64,
    relative: bool,
}

/// Half the width of a 95 % interval in standard errors.
const Z_95: f64 = 1.959_963_984_540_054;

impl StopRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, MonteCarloError> {
        let wrong = || {
            MonteCarloError::param(
                format!("`{text}` is no rule to stop by."),
                "Write `mean ± 0.5%` or `p95 ± 100` (`+-` does for `±`).",
            )
        };
        let plain = text.replace("+-", "±").replace("+/-", "±");
        let (figure, tolerance) = plain.split_once('±').ok_or_else(wrong)?;
        let figure = match figure.trim().to_lowercase().as_str() {
            "mean" => Figure::Mean,
            other => {
                let percent = other.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
                let share = percent.filter(|p| *p > 0.0 && *p < 100.0).ok_or_else(wrong)?;
                Figure::Percentile(share / 100.0)
            }
        };
        let tolerance = tolerance.trim();
        let relative = tolerance.ends_with('%');
        let number = tolerance.trim_end_matches('%').trim().parse::<f64>().map_err(|_| wrong())?;
        if !(number > 0.0 && number.is_finite()) {
            return Err(wrong());
        }
        let tolerance = if relative { number / 100.0 } else { number };
        Ok(Self { figure, tolerance, relative })
    }

    /// Whether a column is known well enough.
    #[must_use]
    pub fn is_met(&self, column: &[f64], summary: &Summary) -> bool {
        let (value, half) = match self.figure {
            Figure::Mean => (summary.mean, summary.mean_interval.high - summary.mean),
            Figure::Percentile(share) => {
                let mut sorted: Vec<f64> =
                    column.iter().copied().filter(|x| x.is_finite()).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let spread = Z_95 * (share * (1.0 - share) / sorted.len() as f64).sqrt();
                let at = |s: f64| percentile(&sorted, s);
                (at(share), (at(share + spread) - at(share - spread)) / 2.0)
            }
        };
        half <= if self.relative { self.tolerance * value.abs() } else { self.tolerance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::summarize;

    #[test]
    fn rules_are_read_and_met() {
        let column: Vec<f64> = (0..10_000).map(|i| f64::from(i % 100)).collect();
        let summary = summarize(&column).unwrap();
        let met = |text: &str| StopRule::parse(text).unwrap().is_met(&column, &summary);
        assert!(met("mean ± 2%") && !met("mean +- 0.5%"));
        assert!(met("p95 ± 1") && !met("P50 ± 0.05"));
        for wrong in ["mean", "median ± 1", "mean ± -1", "p0 ± 1", "mean ± x%"] {
            assert!(StopRule::parse(wrong).is_err(), "{wrong}");
        }
    }
}
