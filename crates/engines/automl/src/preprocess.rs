//! From typed columns to the matrix of a learner.
//!
//! Invariants: everything that is learned from data (medians, means, levels) is learned from the
//! rows given to [`Preprocessor::fit`] alone, so that a fold's held-out rows never leak into it;
//! a fitted preprocessor maps every table of the same columns to the same number of features.

mod category;
mod date;
mod fitted;
mod joint;
mod number;
mod options;
mod outlying;
mod row;
mod target_mean;
#[cfg(test)]
mod tests;
mod text;
mod treated;

use std::ops::Range;

use gantry_kit::Column;
use gantry_learn::Matrix;
use serde::{Deserialize, Serialize};

use crate::error::AutomlError;
use crate::target::TargetValues;
pub(crate) use category::{CategoryColumn, Unknown};
pub(crate) use date::{DateColumn, Part as DatePart};
pub(crate) use fitted::{Fitted, LevelLimits, estimate_width};
use fitted::{derive_limits, derive_ordinal, fit_column, width_of};
pub(crate) use joint::JointFill;
pub(crate) use number::{LIMIT, NumberColumn};
pub use options::PreprocessOptions;
pub(crate) use options::{ClassBalance, LabelEncoding, Outliers};
pub(crate) use outlying::find_inliers;
pub(crate) use target_mean::TargetColumn;
pub(crate) use text::TextColumn;
pub(crate) use treated::TreatedColumn;

/// What a learner can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    /// Complete, standardised numbers; one feature per level.
    OneHot,
    /// Numbers as they are and level codes; gaps stay gaps.
    Codes,
}

/// The fitted treatment of all columns that models see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Preprocessor {
    encoding: Encoding,
    columns: Vec<Fitted>,
    /// Gaps in numbers that the other numbers of the row fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joint: Option<JointFill>,
}

impl Preprocessor {
    /// Learns from these rows of the columns, in the usual way.
    #[cfg(test)]
    pub(crate) fn fit(
        columns: &[&Column],
        rows: &[usize],
        encoding: Encoding,
    ) -> Result<Self, AutomlError> {
        let truth = TargetValues::Numbers(vec![0.0; rows.len()]);
        let options = PreprocessOptions::default();
        Ok(Self::fit_transform(columns, (rows, &truth), (encoding, &options))?.0)
    }

    /// Learns from these rows of the columns as `options` say, and gives their features. `truth`
    /// has one entry for each of `rows`.
    pub(crate) fn fit_transform(
        columns: &[&Column],
        (rows, truth): (&[usize], &TargetValues),
        (encoding, options): (Encoding, &PreprocessOptions),
    ) -> Result<(Self, Matrix), AutomlError> {
        let limits = derive_limits(columns, rows.len(), (encoding, options));
        let joint = JointFill::fit(columns, rows, options)?;
        let filled = JointFill::fill_with(joint.as_ref(), columns, rows)?;
        let mut fitted = Self { encoding, columns: Vec::with_capacity(columns.len()), joint };
        let mut features = Vec::new();
        for (column, filled) in columns.iter().zip(filled) {
            if column.find_levels().is_some() && options.encoding == LabelEncoding::Target {
                let (target, own) = TargetColumn::fit(column, rows, truth);
                fitted.columns.push(Fitted::Target(target));
                features.extend(own);
                continue;
            }
            let index = fitted.columns.len();
            fitted.columns.push(fit_column(column, (rows, limits), (encoding, options))?);
            features.extend(fitted.transform_filled((index, column), rows, filled.as_deref())?);
        }
        Ok((fitted, Matrix::new(features)?))
    }

    /// The features of these rows; columns in the order of the fit.
    pub(crate) fn transform(
        &self,
        columns: &[&Column],
        rows: &[usize],
    ) -> Result<Matrix, AutomlError> {
        if columns.len() != self.columns.len() {
            return Err(AutomlError::inconsistent("The columns are not those of the fit."));
        }
        let mut features = Vec::with_capacity(self.width());
        let filled = JointFill::fill_with(self.joint.as_ref(), columns, rows)?;
        for ((index, column), filled) in columns.iter().enumerate().zip(filled) {
            features.extend(self.transform_filled((index, column), rows, filled.as_deref())?);
        }
        Ok(Matrix::new(features)?)
    }

    /// The features that column number `index` becomes by itself: gaps that other columns would
    /// fill get the median.
    pub(crate) fn transform_column(
        &self,
        index: usize,
        column: &Column,
        rows: &[usize],
    ) -> Result<Vec<gantry_learn::Column>, AutomlError> {
        self.transform_filled((index, column), rows, None)
    }

    /// `filled` are the numbers of these rows without the gaps that other columns fill.
    fn transform_filled(
        &self,
        (index, column): (usize, &Column),
        rows: &[usize],
        filled: Option<&[f64]>,
    ) -> Result<Vec<gantry_learn::Column>, AutomlError> {
        let wrong = || {
            AutomlError::inconsistent(format!(
                "Column `{}` does not have the kind that it had in training.",
                column.name()
            ))
        };
        match self.columns.get(index).ok_or_else(wrong)? {
            Fitted::Number(fitted) => {
                let values = column.find_numbers().ok_or_else(wrong)?;
                let values = gantry_learn::split::take(values, rows);
                Ok(fitted.transform(values, self.encoding))
            }
            Fitted::Date(fitted) => {
                let micros = column.find_dates().ok_or_else(wrong)?;
                let cells = |row: &usize| {
                    if column.is_missing(*row) { None } else { micros.get(*row).copied() }
                };
                Ok(fitted.transform(rows.iter().map(cells), self.encoding))
            }
            Fitted::Treated(fitted) => {
                let values = column.find_numbers().ok_or_else(wrong)?;
                Ok(fitted.transform(&gantry_learn::split::take(values, rows), filled))
            }
            Fitted::Category(fitted) => {
                column.find_levels().ok_or_else(wrong)?;
                Ok(fitted.transform(column, rows, self.encoding))
            }
            Fitted::OneHot(fitted) => {
                column.find_levels().ok_or_else(wrong)?;
                Ok(fitted.transform(column, rows, Encoding::OneHot))
            }
            Fitted::Target(fitted) => {
                column.find_levels().ok_or_else(wrong)?;
                Ok(fitted.transform(column, rows))
            }
            Fitted::Ordinal(fitted) => {
                column.find_levels().ok_or_else(wrong)?;
                let codes = fitted.transform(column, rows, Encoding::Codes);
                Ok(codes.iter().map(|codes| derive_ordinal(codes.values())).collect())
            }
            Fitted::Text(fitted) => {
                column.find_texts().ok_or_else(wrong)?;
                Ok(fitted.transform(column, rows))
            }
        }
    }

    /// What is done with column number `index`, for people.
    pub(crate) fn describe(&self, index: usize) -> String {
        let Some(fitted) = self.columns.get(index) else { return String::new() };
        let features = width_of(fitted, self.encoding);
        match fitted {
            Fitted::Number(fitted) => fitted.describe(self.encoding),
            Fitted::Date(_) => format!("{features} features of the calendar"),
            Fitted::Treated(_) if self.is_joint(index) => {
                "gaps filled from the most similar rows".to_owned()
            }
            Fitted::Treated(fitted) => fitted.describe(),
            Fitted::Text(fitted) => fitted.describe(),
            Fitted::Target(fitted) => fitted.describe(),
            Fitted::OneHot(_) => format!("{features} features, one a label"),
            Fitted::Ordinal(_) => "labels become their number in the alphabet".to_owned(),
            Fitted::Category(_) if self.encoding == Encoding::OneHot => {
                format!("{features} features, one a label")
            }
            Fitted::Category(_) => "labels become codes".to_owned(),
        }
    }

    /// Names of the features of column number `index`.
    pub(crate) fn derive_names(&self, index: usize, column: &str) -> Vec<String> {
        let Some(fitted) = self.columns.get(index) else { return Vec::new() };
        let width = width_of(fitted, self.encoding);
        let labels = match fitted {
            Fitted::OneHot(fitted) => fitted.derive_feature_labels(),
            Fitted::Text(fitted) => {
                return fitted.words().iter().map(|word| format!("{column}:{word}")).collect();
            }
            Fitted::Category(fitted) if self.encoding == Encoding::OneHot => {
                fitted.derive_feature_labels()
            }
            Fitted::Number(_) | Fitted::Treated(_) if width == 2 => {
                return vec![column.to_owned(), format!("{column}=missing")];
            }
            Fitted::Number(_)
            | Fitted::Date(_)
            | Fitted::Treated(_)
            | Fitted::Target(_)
            | Fitted::Ordinal(_)
            | Fitted::Category(_) => Vec::new(),
        };
        if labels.len() == width && width > 0 {
            return labels.iter().map(|label| format!("{column}={label}")).collect();
        }
        if width == 1 {
            return vec![column.to_owned()];
        }
        (1..=width).map(|number| format!("{column}_{number}")).collect()
    }

    /// Gaps in numbers that the other numbers of the row fill.
    pub(crate) fn find_joint(&self) -> Option<&JointFill> {
        self.joint.as_ref()
    }

    fn is_joint(&self, index: usize) -> bool {
        self.joint.as_ref().is_some_and(|joint| joint.columns().contains(&index))
    }

    /// What learners take from it.
    pub(crate) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The treatment of each column, in the order of the fit.
    pub(crate) fn fitted(&self) -> &[Fitted] {
        &self.columns
    }

    /// Number of features.
    pub(crate) fn width(&self) -> usize {
        self.columns.iter().map(|fitted| width_of(fitted, self.encoding)).sum()
    }

    /// The features that come from column number `index`.
    pub(crate) fn find_span(&self, index: usize) -> Range<usize> {
        let width = |fitted: &Fitted| width_of(fitted, self.encoding);
        let start: usize = self.columns.iter().take(index).map(width).sum();
        start..start + self.columns.get(index).map_or(0, width)
    }

    /// Labels of each column that the fit has never seen, by the place of the column.
    pub(crate) fn find_unknown(&self, columns: &[&Column]) -> Vec<(usize, Unknown)> {
        let find = |(index, (fitted, column)): (usize, (&Fitted, &&Column))| match fitted {
            Fitted::Category(fitted) | Fitted::OneHot(fitted) | Fitted::Ordinal(fitted) => {
                fitted.find_unknown(column).map(|unknown| (index, unknown))
            }
            Fitted::Number(_)
            | Fitted::Date(_)
            | Fitted::Treated(_)
            | Fitted::Target(_)
            | Fitted::Text(_) => None,
        };
        self.columns.iter().zip(columns).enumerate().filter_map(find).collect()
    }
}
