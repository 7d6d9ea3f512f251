//! How one column is treated, and which treatment it gets.

use gantry_kit::Column;
use serde::{Deserialize, Serialize};

use super::options::{LabelEncoding, PreprocessOptions};
use super::{
    CategoryColumn, DateColumn, Encoding, NumberColumn, TargetColumn, TextColumn, TreatedColumn,
};
use crate::error::AutomlError;

/// Memory that a one-hot matrix may take.
const MATRIX_BYTES: usize = 400 << 20;
/// Most levels of one column that get a feature of their own.
const MAX_ONE_HOT_LEVELS: usize = 100;
/// Most levels that trees tell apart.
const MAX_CODED_LEVELS: usize = 250;

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
    /// Texts as the weights of their words.
    Text(TextColumn),
}

/// How many features levels may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LevelLimits {
    /// Most levels of one column.
    pub(crate) levels: usize,
    /// Rows that a level needs to stand alone.
    pub(crate) rows: usize,
}

pub(super) fn width_of(fitted: &Fitted, encoding: Encoding) -> usize {
    match fitted {
        Fitted::Number(fitted) => fitted.width(encoding),
        Fitted::Category(fitted) => fitted.width(encoding),
        Fitted::Date(fitted) => fitted.width(encoding),
        Fitted::Treated(fitted) => fitted.width(),
        Fitted::Target(fitted) => fitted.width(),
        Fitted::OneHot(fitted) => fitted.width(Encoding::OneHot),
        Fitted::Ordinal(fitted) => fitted.width(Encoding::Codes),
        Fitted::Text(fitted) => fitted.width(),
    }
}

pub(super) fn fit_column(
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
    if column.find_texts().is_some() {
        return Ok(Fitted::Text(TextColumn::fit(column, rows)?));
    }
    let fitted = CategoryColumn::fit(column, rows, limits);
    Ok(match options.encoding {
        LabelEncoding::Auto | LabelEncoding::Target => Fitted::Category(fitted),
        LabelEncoding::OneHot => Fitted::OneHot(fitted),
        LabelEncoding::Ordinal => Fitted::Ordinal(fitted),
    })
}

/// Codes as numbers; gaps come before all labels.
pub(super) fn derive_ordinal(codes: &[f64]) -> gantry_learn::Column {
    gantry_learn::Column::numeric(codes.iter().copied().map(derive_order).collect())
}

/// The number of one code.
pub(super) fn derive_order(code: f64) -> f64 {
    if code.is_nan() { -1.0 } else { code }
}

/// Features that the columns become, about.
pub(crate) fn estimate_width(
    columns: &[&Column],
    rows: usize,
    (encoding, options): (Encoding, &PreprocessOptions),
) -> usize {
    let limits = derive_limits(columns, rows, (encoding, options));
    let is_one_hot = match options.encoding {
        LabelEncoding::OneHot => true,
        LabelEncoding::Auto => encoding == Encoding::OneHot,
        LabelEncoding::Ordinal | LabelEncoding::Target => false,
    };
    let width = |column: &&Column| match column.find_levels() {
        Some((_, levels)) if is_one_hot => levels.len().min(limits.levels),
        Some(_) | None if column.find_texts().is_some() => TextColumn::MOST_WIDTH,
        Some(_) | None => 1,
    };
    columns.iter().map(width).sum()
}

pub(super) fn derive_limits(
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
