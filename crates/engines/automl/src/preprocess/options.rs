//! What a caller may ask of preprocessing; what is left open suits each learner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::AutomlError;

/// Share of the rows that are left out where nothing else is asked.
const OUTLIER_SHARE: f64 = 0.01;

/// How gaps in numbers are filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Imputation {
    /// Trees see the gaps; for other learners the median.
    #[default]
    Auto,
    /// The mean.
    Mean,
    /// The median.
    Median,
    /// The most frequent value; the smallest of equally frequent ones.
    MostFrequent,
    /// `fill_value`.
    Constant,
    /// The mean of the five rows that are most similar in the other numbers.
    Knn,
}

/// What happens to values far from the others: numbers are moved to the limit, or whole rows left
/// out of the training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outliers {
    /// Nothing.
    #[default]
    Keep,
    /// Limits at 1.5 times the distance of the quartiles beyond them.
    Iqr,
    /// Limits at three standard deviations from the mean.
    Zscore,
    /// Limits at the first and the last hundredth.
    Winsorize,
    /// The `outlier_share` of the rows that an isolation forest sets apart soonest is left out of
    /// the training; every row is predicted.
    Isolation,
}

/// How numbers are scaled for learners that need it; trees do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Mean 0 and standard deviation 1.
    #[default]
    Standard,
    /// From 0 to 1.
    MinMax,
    /// Median 0 and distance of the quartiles 1.
    Robust,
    /// To the share of the values below, from 0 to 1.
    Quantile,
    /// Not at all.
    None,
}

/// How labels become numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelEncoding {
    /// Trees split sets of labels; other learners get one column a label.
    #[default]
    Auto,
    /// One column a label.
    OneHot,
    /// The label's number in the alphabet.
    Ordinal,
    /// The mean target of the label's rows, where each row of the training gets the mean of other
    /// rows.
    Target,
}

/// How classes of different size are balanced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassBalance {
    /// Not at all.
    #[default]
    None,
    /// Rows of smaller classes count more.
    Weights,
    /// Rows of smaller classes are repeated.
    Oversample,
}

/// Options of preprocessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PreprocessOptions {
    /// How gaps in numbers are filled.
    pub imputation: Imputation,
    /// The number for gaps when `imputation` is `constant`.
    pub fill_value: f64,
    /// Mark gaps in a column of their own for trees too.
    pub missing_indicators: bool,
    /// What happens to values far from the others.
    pub outliers: Outliers,
    /// Share of the rows that `isolation` leaves out, above 0 and up to 0.5.
    pub outlier_share: f64,
    /// How numbers are scaled.
    pub scaling: Scaling,
    /// How labels become numbers.
    pub encoding: LabelEncoding,
    /// Labels on a smaller share of the rows stand together, from 0 to 0.5.
    pub rare_share: f64,
    /// How classes of different size are balanced in training.
    pub balance: ClassBalance,
    /// Leave out rows that repeat an earlier one in every column.
    pub drop_duplicates: bool,
}

impl Default for PreprocessOptions {
    fn default() -> Self {
        Self {
            imputation: Imputation::Auto,
            fill_value: 0.0,
            missing_indicators: false,
            outliers: Outliers::Keep,
            outlier_share: OUTLIER_SHARE,
            scaling: Scaling::Standard,
            encoding: LabelEncoding::Auto,
            rare_share: 0.0,
            balance: ClassBalance::None,
            drop_duplicates: false,
        }
    }
}

impl PreprocessOptions {
    pub(crate) fn require_valid(&self) -> Result<(), AutomlError> {
        let refuse = |what, reason| Err(AutomlError::Option { what, reason });
        if !self.fill_value.is_finite() {
            return refuse("fill_value", "must be a number");
        }
        if !(0.0..=0.5).contains(&self.rare_share) {
            return refuse("rare_share", "must be from 0 to 0.5");
        }
        if !(self.outlier_share > 0.0 && self.outlier_share <= 0.5) {
            return refuse("outlier_share", "must be above 0 and at most 0.5");
        }
        Ok(())
    }

    /// Whether numbers are treated in another way than the usual one.
    pub(super) fn changes_numbers(&self) -> bool {
        self.imputation != Imputation::Auto
            || self.missing_indicators
            || !matches!(self.outliers, Outliers::Keep | Outliers::Isolation)
            || self.scaling != Scaling::Standard
    }
}
