//! Which cells count as missing.

use serde::{Deserialize, Serialize};

/// Texts that stand for "no value", compared exactly after surrounding blanks are removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MissingMarkers {
    markers: Vec<String>,
}

impl Default for MissingMarkers {
    fn default() -> Self {
        Self::new([
            "", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "?", "-",
            "None",
        ])
    }
}

impl MissingMarkers {
    /// Exactly these markers and no others.
    pub fn new<S: Into<String>>(markers: impl IntoIterator<Item = S>) -> Self {
        Self { markers: markers.into_iter().map(Into::into).collect() }
    }

    /// Whether `trimmed`, a cell without surrounding blanks, stands for no value.
    #[must_use]
    pub fn matches(&self, trimmed: &str) -> bool {
        self.markers.iter().any(|marker| marker == trimmed)
    }
}
