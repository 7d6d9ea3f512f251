//! The quantile that pinball loss looks at, and metrics as texts.

use std::fmt;

use crate::task::Task;

use super::Metric;

/// A share strictly between 0 and 1, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u16);

const WHOLE: f64 = 1_000.0;

impl Level {
    /// Half of the values lie below.
    pub const MEDIAN: Self = Self(500);

    /// The nearest thousandth; none outside of 0.001 to 0.999.
    #[must_use]
    pub fn find(share: f64) -> Option<Self> {
        let thousandths = (share * WHOLE).round();
        (1.0..WHOLE).contains(&thousandths).then_some(Self(thousandths as u16))
    }

    /// The share.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.0) / WHOLE
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.share())
    }
}

const BEFORE_LEVEL: &str = "pinball@";

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::Pinball(level) => format!("{BEFORE_LEVEL}{level}"),
            other => other.as_str().to_owned(),
        }
    }
}

impl TryFrom<String> for Metric {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let level = text.strip_prefix(BEFORE_LEVEL).and_then(|share| share.parse().ok());
        if let Some(level) = level.and_then(Level::find) {
            return Ok(Self::Pinball(level));
        }
        let tasks = [Task::Binary, Task::Multiclass, Task::Regression];
        let known = tasks.into_iter().flat_map(|task| Self::all_of(task).iter().copied());
        known
            .into_iter()
            .find(|metric| metric.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no metric that this version knows"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_comes_back_from_its_text() {
        let level = Level::find(0.9).unwrap();
        let tasks = [Task::Binary, Task::Multiclass, Task::Regression];
        let all = tasks.into_iter().flat_map(|task| Metric::all_of(task).iter().copied());
        for metric in all.chain([Metric::Pinball(level), Metric::Pinball(Level::MEDIAN)]) {
            let text = serde_json::to_string(&metric).unwrap();
            assert_eq!(serde_json::from_str::<Metric>(&text).unwrap(), metric, "{text}");
        }
        assert_eq!(serde_json::to_value(Metric::Pinball(level)).unwrap(), "pinball@0.9");
        assert_eq!(serde_json::to_value(Metric::LogLoss).unwrap(), "log_loss");
        for text in ["pinball@0", "pinball@1.5", "pinball", "nothing"] {
            assert!(Metric::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!(Level::find(f64::NAN).is_none() && Level::find(0.9996).is_none());
    }
}
