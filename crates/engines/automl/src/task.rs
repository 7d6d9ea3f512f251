//! What kind of question the target asks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

impl Task {
    /// The word for it in parameters and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }

    /// Whether classes are predicted.
    #[must_use]
    pub const fn is_classification(self) -> bool {
        match self {
            Self::Binary | Self::Multiclass => true,
            Self::Regression => false,
        }
    }
}

/// The kind of prediction that a caller asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskChoice {
    /// Decide by the values of the target column.
    #[default]
    Auto,
    /// Two classes.
    Binary,
    /// Several classes.
    Multiclass,
    /// Numbers.
    Regression,
}
