//! From typed columns to the matrix of a learner.
//!
//! Invariants: everything that is learned from data (medians, means, levels) is learned from the
//! rows given to [`Preprocessor::fit`] alone, so that a fold's held-out rows never leak into it;
//! a fitted preprocessor maps every table of the same columns to the same number of features.

mod category;
mod date;
mod number;
mod options;
mod target_mean;
mod treated;

use std::ops::Range;

use gantry_kit::Column;
use gantry_learn::Matrix;
use serde::{Deserialize, Serialize};

use crate::error::AutomlError;
use crate::target::TargetValues;
pub(crate) use category::{CategoryColumn, Unknown};
pub(crate) use date::{DateColumn, Part as DatePart};
pub(crate) use number::{LIMIT, NumberColumn};
pub use options::PreprocessOptions;
pub(crate) use options::{ClassBalance, LabelEncoding};
pub(crate) use target_mean::TargetColumn;
pub(crate) use treated::TreatedColumn;

/// Memory that a one-hot matrix may take.
const MATRIX_BYTES: usize = 400 << 20;
/// Most levels of one column that get a feature of their own.
const MAX_ONE_HOT_LEVELS: usize = 100;
/// Most levels that trees tell apart.
const MAX_CODED_LEVELS: usize = 250;

/// What a learner can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    /// Complete, standardised numbers; one feature per level.
    OneHot,
    /// Numbers as they are and level codes; gaps stay gaps.
    Codes,
}

/// One column's fitted treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Fitted {
    Number(NumberColumn),
    Category(CategoryColumn),
    Date(DateColumn),
    /// A number that is treated as the caller asks.
    Treated(TreatedColumn),
    /// Labels as their mean target.
    Target(TargetColumn),
    /// Labels as one feature each, for every learner.
    OneHot(CategoryColumn),
    /// Labels as numbers with an order.
    Ordinal(CategoryColumn),
}

/// How many features levels may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelLimits {
    /// Most levels of one column.
    pub(crate) levels: usize,
    /// Rows that a level needs to stand alone.
    pub(crate) rows: usize,
}

/// The fitted treatment of all columns that models see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Preprocessor {
    encoding: Encoding,
    columns: Vec<Fitted>,
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
        let mut fitted = Self { encoding, columns: Vec::with_capacity(columns.len()) };
        let mut features = Vec::new();
        for column in columns {
            if column.find_levels().is_some() && options.encoding == LabelEncoding::Target {
                let (target, own) = TargetColumn::fit(column, rows, truth);
                fitted.columns.push(Fitted::Target(target));
                features.extend(own);
                continue;
            }
            let index = fitted.columns.len();
            fitted.columns.push(fit_column(column, (rows, limits), (encoding, options))?);
            features.extend(fitted.transform_column(index, column, rows)?);
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
        for (index, column) in columns.iter().enumerate() {
            features.extend(self.transform_column(index, column, rows)?);
        }
        Ok(Matrix::new(features)?)
    }

    /// The features that column number `index` becomes.
    pub(crate) fn transform_column(
        &self,
        index: usize,
        column: &Column,
        rows: &[usize],
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
                Ok(fitted.transform(&gantry_learn::split::take(values, rows)))
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
        }
    }

    /// What is done with column number `index`, for people.
    pub(crate) fn describe(&self, index: usize) -> String {
        let Some(fitted) = self.columns.get(index) else { return String::new() };
        let features = width_of(fitted, self.encoding);
        match fitted {
            Fitted::Number(fitted) => fitted.describe(self.encoding),
            Fitted::Date(_) => format!("{features} features of the calendar"),
            Fitted::Treated(fitted) => fitted.describe(),
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
            Fitted::Number(_) | Fitted::Date(_) | Fitted::Treated(_) | Fitted::Target(_) => None,
        };
        self.columns.iter().zip(columns).enumerate().filter_map(find).collect()
    }
}

fn width_of(fitted: &Fitted, encoding: Encoding) -> usize {
    match fitted {
        Fitted::Number(fitted) => fitted.width(encoding),
        Fitted::Category(fitted) => fitted.width(encoding),
        Fitted::Date(fitted) => fitted.width(encoding),
        Fitted::Treated(fitted) => fitted.width(),
        Fitted::Target(fitted) => fitted.width(),
        Fitted::OneHot(fitted) => fitted.width(Encoding::OneHot),
        Fitted::Ordinal(fitted) => fitted.width(Encoding::Codes),
    }
}

fn fit_column(
    column: &Column,
    (rows, limits): (&[usize], LevelLimits),
    (encoding, options): (Encoding, &PreprocessOptions),
) -> Result<Fitted, AutomlError> {
    if let Some(values) = column.find_numbers() {
        if options.changes_numbers() {
            let values = gantry_learn::split::take(values, rows);
            return Ok(Fitted::Treated(TreatedColumn::fit(&values, options, encoding)));
        }
        return Ok(Fitted::Number(NumberColumn::fit(values, rows)));
    }
    if let Some(micros) = column.find_dates() {
        let present = |row: usize| !column.is_missing(row);
        return Ok(Fitted::Date(DateColumn::fit(micros, present, rows)));
    }
    if column.find_levels().is_none() {
        return Err(AutomlError::inconsistent(format!("Column `{}` is text.", column.name())));
    }
    let fitted = CategoryColumn::fit(column, rows, limits);
    Ok(match options.encoding {
        LabelEncoding::Auto | LabelEncoding::Target => Fitted::Category(fitted),
        LabelEncoding::OneHot => Fitted::OneHot(fitted),
        LabelEncoding::Ordinal => Fitted::Ordinal(fitted),
    })
}

/// Codes as numbers; gaps come before all labels.
fn derive_ordinal(codes: &[f64]) -> gantry_learn::Column {
    let number = |code: &f64| if code.is_nan() { -1.0 } else { *code };
    gantry_learn::Column::numeric(codes.iter().map(number).collect())
}

fn derive_limits(
    columns: &[&Column],
    rows: usize,
    (encoding, options): (Encoding, &PreprocessOptions),
) -> LevelLimits {
    let asked = (options.rare_share * rows as f64).ceil() as usize;
    let standing_alone = 2.max(rows / 2_000).max(asked);
    let encoding = match options.encoding {
        LabelEncoding::OneHot => Encoding::OneHot,
        LabelEncoding::Ordinal => Encoding::Codes,
        LabelEncoding::Auto | LabelEncoding::Target => encoding,
    };
    let levels = match encoding {
        Encoding::Codes => MAX_CODED_LEVELS,
        Encoding::OneHot => {
            let labelled = columns.iter().filter(|c| c.find_levels().is_some()).count().max(1);
            let features = MATRIX_BYTES / size_of::<f64>() / rows.max(1);
            let left = features.saturating_sub(columns.len()) / labelled;
            left.clamp(2, MAX_ONE_HOT_LEVELS)
        }
    };
    LevelLimits { levels, rows: standing_alone }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(shift: f64) -> Vec<Column> {
        let held_out = |i: usize| i >= 30;
        let number = |i: usize| if held_out(i) { shift * i as f64 } else { (i % 5) as f64 };
        let label = |i: usize| {
            Some(match (held_out(i) && shift != 0.0, i.is_multiple_of(2)) {
                (true, _) => "only held out",
                (false, true) => "even",
                (false, false) => "odd",
            })
        };
        let day = 86_400_000_000_i64;
        let dates: Vec<Option<i64>> = (0..40)
            .map(|i| Some(day * if held_out(i) { i as i64 * shift as i64 } else { i as i64 }))
            .collect();
        vec![
            Column::number("n", (0..40).map(number).collect()),
            Column::labels("c", (0..40).map(label)),
            Column::date("d", &dates, gantry_kit::DateFormat::default()),
        ]
    }

    #[test]
    fn held_out_rows_leave_no_trace_in_what_is_fitted() {
        let train: Vec<usize> = (0..30).collect();
        for encoding in [Encoding::OneHot, Encoding::Codes] {
            let [quiet, loud] = [0.0, 1e6].map(|shift| {
                let columns = columns(shift);
                let inputs: Vec<&Column> = columns.iter().collect();
                let fitted = Preprocessor::fit(&inputs, &train, encoding).unwrap();
                let matrix = fitted.transform(&inputs, &train).unwrap();
                (fitted, matrix)
            });
            assert_eq!(quiet, loud);
        }
    }

    #[test]
    fn spans_cover_the_matrix_and_bytes_come_back() {
        let columns = columns(2.0);
        let inputs: Vec<&Column> = columns.iter().collect();
        let rows: Vec<usize> = (0..40).collect();
        for encoding in [Encoding::OneHot, Encoding::Codes] {
            let fitted = Preprocessor::fit(&inputs, &rows, encoding).unwrap();
            let matrix = fitted.transform(&inputs, &rows).unwrap();
            assert_eq!(matrix.width(), fitted.width());
            assert_eq!(fitted.find_span(0).start, 0);
            assert_eq!(fitted.find_span(1).start, fitted.find_span(0).end);
            assert_eq!(fitted.find_span(2).end, fitted.width());
            let text = serde_json::to_string(&fitted).unwrap();
            assert_eq!(serde_json::from_str::<Preprocessor>(&text).unwrap(), fitted);
        }
    }
}
