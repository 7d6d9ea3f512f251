//! When a simulation has run long enough: a confidence interval is narrow enough. Asked at fixed
//! checkpoints alone, so that where a run ends does not depend on who computes which part.

use std::fmt;
use std::str::FromStr;

use super::{Column, Interval};
use crate::{CHUNK, Result, SamplingError};

/// The statistic whose interval must be narrow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// The mean.
    Mean,
    /// The quantile at this probability.
    Quantile(f64),
}

/// A rule such as `mean ± 0.5%` or `p95 ± 1000 at 99%`: the half-width of the interval, by itself
/// or as a share of the statistic, at a confidence of 95 % unless it says another.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StopRule {
    target: Target,
    width: f64,
    relative: bool,
    confidence: f64,
}

impl StopRule {
    /// The checkpoints of a run: 1,024 iterations, then a quarter more each time, in whole chunks.
    pub fn checkpoints() -> impl Iterator<Item = u64> {
        const CHUNKS: u64 = CHUNK as u64;
        std::iter::successors(Some(4 * CHUNKS), |n| Some((n + n / 4).div_ceil(CHUNKS) * CHUNKS))
            .take_while(|n| *n < 1 << 48)
    }

    /// The statistic that the rule is about.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// The confidence of the interval, such as 0.95.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.confidence
    }

    /// The interval of the statistic in a column of draws.
    #[must_use]
    pub fn interval(&self, column: &Column) -> Interval {
        match self.target {
            Target::Mean => column.moments().mean_interval(self.confidence),
            Target::Quantile(p) => column.quantile_interval(p, self.confidence),
        }
    }

    /// Whether the interval of the column is narrow enough.
    #[must_use]
    pub fn is_met(&self, column: &Column) -> bool {
        let centre = match self.target {
            Target::Mean => column.moments().mean(),
            Target::Quantile(p) => column.quantile(p),
        };
        self.is_met_by(centre, self.interval(column))
    }

    /// Whether an interval around a statistic is narrow enough.
    #[must_use]
    pub fn is_met_by(&self, statistic: f64, interval: Interval) -> bool {
        let limit = if self.relative { self.width * statistic.abs() } else { self.width };
        interval.half_width() <= limit
    }
}

impl FromStr for StopRule {
    type Err = SamplingError;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = SamplingError::Setting {
            setting: "the stop rule",
            rule: "must be written like `mean ± 0.5%`, `p95 ± 1000` or `mean ± 1% at 99%`",
        };
        let spelled = text.to_ascii_lowercase().replace("+-", "±").replace("+/-", "±");
        let (target, rest) = spelled.split_once('±').ok_or_else(|| refuse.clone())?;
        let (width, confidence) = match rest.split_once("at") {
            Some((width, confidence)) => {
                (width, number(confidence).filter(|(_, percent)| *percent))
            }
            None => (rest, Some((0.95, true))),
        };
        let target = match target.trim() {
            "mean" => Some(Target::Mean),
            "median" => Some(Target::Quantile(0.5)),
            other => other
                .strip_prefix('p')
                .and_then(|p| p.parse::<f64>().ok())
                .map(|p| Target::Quantile(p / 100.0)),
        };
        let (Some(target), Some((width, relative)), Some((confidence, _))) =
            (target, number(width), confidence)
        else {
            return Err(refuse);
        };
        let inside = |p: f64| p > 0.0 && p < 1.0;
        let quantile_inside = match target {
            Target::Mean => true,
            Target::Quantile(p) => inside(p),
        };
        if width > 0.0 && width.is_finite() && inside(confidence) && quantile_inside {
            Ok(Self { target, width, relative, confidence })
        } else {
            Err(refuse)
        }
    }
}

/// A number and whether it was a percentage; a percentage is returned as a share.
fn number(text: &str) -> Option<(f64, bool)> {
    let text = text.trim();
    match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok().map(|p| (p / 100.0, true)),
        None => text.parse().ok().map(|value| (value, false)),
    }
}

impl TryFrom<String> for StopRule {
    type Error = SamplingError;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<StopRule> for String {
    fn from(rule: StopRule) -> Self {
        rule.to_string()
    }
}

impl fmt::Display for StopRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width =
            if self.relative { format!("{}%", self.width * 100.0) } else { self.width.to_string() };
        match self.target {
            Target::Mean => write!(f, "mean ± {width} at {}%", self.confidence * 100.0),
            Target::Quantile(p) => {
                write!(f, "p{} ± {width} at {}%", p * 100.0, self.confidence * 100.0)
            }
        }
    }
}
