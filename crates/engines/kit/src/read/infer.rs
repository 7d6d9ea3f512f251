//! The first pass: decides what every column is, from all of its rows.

use std::io::{Read, Seek};

use super::guess::{ColumnGuess, DISTINCT_CAP, DateTrial, NumberTrial, Range};
use super::sniff::Format;
use super::source::{Source, sniff_reader};
use super::{DateOrder, Encoding, ReadOptions, ReadWarning, Record, Sniff, Watch};
use crate::error::TableError;
use crate::frame::{ColumnKind, ColumnSpec};
use crate::value::{DateFormat, DateLayout, NumberFormat};

/// Labels up to this many are a category however few rows there are.
const FEW_LEVELS: usize = 20;
/// A label longer than this on average is text.
const LABEL_BYTES: u64 = 64;
/// Different values told apart over all columns together, which bounds the memory of wide files.
const DISTINCT_BUDGET: usize = 4_000_000;
/// Rows below which "all different" says little.
const ENOUGH_ROWS: u64 = 20;

/// What the first pass found.
pub(crate) struct Scan {
    /// What the file is, with the encoding that all of it decodes in.
    pub(crate) sniff: Sniff,
    /// One entry per column.
    pub(crate) columns: Vec<ColumnPlan>,
    /// Rows of the file.
    pub(crate) rows: u64,
    /// What was decided or repaired.
    pub(crate) warnings: Vec<ReadWarning>,
}

/// How a column is to be read, and what is known about its values beforehand.
pub(crate) struct ColumnPlan {
    pub(crate) spec: ColumnSpec,
    /// Smallest and largest number, or instant in microseconds; none for other kinds.
    pub(crate) range: Option<Range>,
}

/// Reads all rows once and decides the columns.
pub(crate) fn scan<R: Read + Seek>(
    reader: &mut R,
    options: &ReadOptions,
    watch: Watch<'_>,
) -> Result<Scan, TableError> {
    scan_rows(reader, options, u64::MAX, watch)
}

/// Reads the first rows, at most `max_rows`, and decides the columns from those.
pub(crate) fn scan_rows<R: Read + Seek>(
    reader: &mut R,
    options: &ReadOptions,
    max_rows: u64,
    watch: Watch<'_>,
) -> Result<Scan, TableError> {
    let mut sniff = sniff_reader(reader, options)?;
    let first = scan_as(reader, &sniff, options, (max_rows, &mut *watch));
    let may_fall_back = options.encoding.is_none() && sniff.encoding == Encoding::Utf8;
    match first {
        // The head was UTF-8 (or ASCII), but a later part is not: no other encoding is common.
        Err(TableError::InvalidUtf8 { .. }) if may_fall_back => {
            sniff.encoding = Encoding::Windows1252;
            scan_as(reader, &sniff, options, (max_rows, watch))
        }
        outcome => outcome,
    }
}

fn scan_as<R: Read + Seek>(
    reader: &mut R,
    sniff: &Sniff,
    options: &ReadOptions,
    (max_rows, watch): (u64, Watch<'_>),
) -> Result<Scan, TableError> {
    let formats = derive_formats(sniff);
    let mut source = Source::open(reader, sniff, options)?;
    let mut guesses: Vec<ColumnGuess> = Vec::new();
    let mut record = Record::default();
    while source.row_count() < max_rows && source.read(&mut record, watch)? {
        while guesses.len() < source.names().len() {
            let share = (DISTINCT_BUDGET / source.names().len()).clamp(256, DISTINCT_CAP);
            guesses.push(ColumnGuess::new(&formats, share));
        }
        for (index, guess) in guesses.iter_mut().enumerate() {
            let Some(cell) = record.get(index).map(str::trim) else { continue };
            if !options.missing.matches(cell) {
                guess.observe(cell, record.line());
            }
        }
    }
    if source.row_count() == 0 {
        return Err(match source.header_line() {
            Some(line) => TableError::OnlyHeader { line },
            None => TableError::Empty,
        });
    }
    let mut warnings = Vec::new();
    if sniff.encoding == Encoding::Windows1252 && options.encoding.is_none() {
        warnings.push(ReadWarning::EncodingAssumed { encoding: sniff.encoding });
    }
    warnings.extend(source.warnings());
    let decider = Decider {
        options,
        semicolons: sniff.delimiter == Some(';'),
        order: derive_date_order(&guesses).unwrap_or(options.ambiguous_dates),
    };
    let mut columns = Vec::with_capacity(guesses.len());
    for (index, guess) in guesses.iter().enumerate() {
        let name = source.names().get(index).cloned().unwrap_or_default();
        let unnamed = index == 0 && source.unnamed_first();
        columns.push(decider.decide(name, unnamed, guess, &mut warnings));
    }
    if let Some(schema) = &options.schema {
        let absent = schema
            .columns
            .iter()
            .filter(|spec| !columns.iter().any(|plan| plan.spec.name == spec.name));
        warnings
            .extend(absent.map(|spec| ReadWarning::ColumnNotFound { column: spec.name.clone() }));
    }
    Ok(Scan { sniff: sniff.clone(), columns, rows: source.row_count(), warnings })
}

/// Spellings of numbers that a file with this delimiter can have.
fn derive_formats(sniff: &Sniff) -> Vec<NumberFormat> {
    let decimal_comma = sniff.format == Format::Delimited && sniff.delimiter != Some(',');
    let possible = |format: &NumberFormat| *format != NumberFormat::DecimalComma || decimal_comma;
    NumberFormat::ALL.into_iter().filter(possible).collect()
}

/// The order of day and month that the unambiguous columns of the file agree on.
fn derive_date_order(guesses: &[ColumnGuess]) -> Option<DateOrder> {
    let mut orders = guesses.iter().filter(|guess| guess.present > 0).filter_map(|guess| {
        let has = |layout| guess.dates.iter().any(|trial| trial.layout == layout);
        let day_first = has(DateLayout::DayMonthSlash) || has(DateLayout::DayMonthDash);
        let month_first = has(DateLayout::MonthDaySlash) || has(DateLayout::MonthDayDash);
        match (day_first, month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            (true, true) | (false, false) => None,
        }
    });
    let first = orders.next()?;
    orders.all(|order| order == first).then_some(first)
}

/// Turns guesses into decisions.
struct Decider<'a> {
    options: &'a ReadOptions,
    semicolons: bool,
    order: DateOrder,
}

impl Decider<'_> {
    fn decide(
        &self,
        name: String,
        unnamed: bool,
        guess: &ColumnGuess,
        warnings: &mut Vec<ReadWarning>,
    ) -> ColumnPlan {
        let known = self.options.schema.as_ref().and_then(|schema| schema.find(&name));
        let forced = self.options.kinds.get(&name).copied().or(known.map(|spec| spec.kind));
        let (number, number_doubt) = self.pick_number(guess, known);
        let (date, date_doubt) = self.pick_date(guess, known);
        let kind = forced.unwrap_or_else(|| derive_kind(&name, unnamed, guess, (number, date)));
        let mut spec = ColumnSpec::new(name, kind);
        let mut range = None;
        match kind {
            ColumnKind::Number | ColumnKind::Integer => {
                spec.number_format = number.map_or(NumberFormat::Plain, |trial| trial.format);
                range = number.map(|trial| trial.range);
                if number_doubt {
                    let (column, format) = (spec.name.clone(), spec.number_format);
                    warnings.push(ReadWarning::AmbiguousNumbers { column, format });
                }
            }
            ColumnKind::Date => {
                let known = known.map(|spec| spec.date_format);
                let layout = date.map(|trial| trial.layout).or(known.map(|format| format.layout));
                spec.date_format = DateFormat {
                    layout: layout.unwrap_or_default(),
                    time: guess.date_time || known.is_some_and(|format| format.time),
                    zone: guess.date_zone || known.is_some_and(|format| format.zone),
                };
                range = date.map(|trial| trial.range);
                if date_doubt {
                    let (column, layout) = (spec.name.clone(), spec.date_format.layout);
                    warnings.push(ReadWarning::AmbiguousDates { column, layout });
                }
            }
            ColumnKind::Category | ColumnKind::Boolean => {
                spec.levels = known.map(|spec| spec.levels.clone()).unwrap_or_default();
                warnings.extend(find_stray_cells(&spec, forced, guess));
            }
            ColumnKind::Text | ColumnKind::Id => {
                warnings.extend(find_stray_cells(&spec, forced, guess));
            }
        }
        ColumnPlan { spec, range }
    }

    /// The spelling of numbers that fits most cells, and whether another fits as well.
    fn pick_number<'g>(
        &self,
        guess: &'g ColumnGuess,
        known: Option<&ColumnSpec>,
    ) -> (Option<&'g NumberTrial>, bool) {
        let fewest = guess.numbers.iter().map(|trial| trial.bad).min().unwrap_or(0);
        let find = |format| {
            guess.numbers.iter().find(|trial| trial.bad == fewest && trial.format == format)
        };
        if let Some(trial) = known.and_then(|spec| find(spec.number_format)) {
            return (Some(trial), false);
        }
        if let Some(plain) = find(NumberFormat::Plain) {
            return (Some(plain), false);
        }
        match (find(NumberFormat::DecimalComma), find(NumberFormat::GroupedComma)) {
            (Some(decimal), Some(_)) if self.semicolons => (Some(decimal), false),
            (Some(_), Some(grouped)) => (Some(grouped), true),
            (decimal, grouped) => (decimal.or(grouped), false),
        }
    }

    /// The layout that fits all cells, and whether its twin does as well.
    fn pick_date<'g>(
        &self,
        guess: &'g ColumnGuess,
        known: Option<&ColumnSpec>,
    ) -> (Option<&'g DateTrial>, bool) {
        let find = |layout| guess.dates.iter().find(|trial| trial.layout == layout);
        if guess.present == 0 {
            return (None, false);
        }
        if let Some(trial) = known
            .filter(|spec| spec.kind == ColumnKind::Date)
            .and_then(|spec| find(spec.date_format.layout))
        {
            return (Some(trial), false);
        }
        let Some(first) = guess.dates.first() else { return (None, false) };
        // Day first comes before month first in the list of layouts.
        match first.layout.find_twin().and_then(find) {
            Some(twin) if self.order == DateOrder::MonthFirst => (Some(twin), true),
            Some(_) => (Some(first), true),
            None => (Some(first), false),
        }
    }
}

/// What the column is, when nobody has said so.
fn derive_kind(
    name: &str,
    unnamed: bool,
    guess: &ColumnGuess,
    (number, date): (Option<&NumberTrial>, Option<&DateTrial>),
) -> ColumnKind {
    if guess.present == 0 {
        return ColumnKind::Category;
    }
    if guess.booleans.is_boolean() {
        return ColumnKind::Boolean;
    }
    let compact = date.is_some_and(|trial| trial.layout == DateLayout::Compact);
    // A few eight-digit numbers may be dates by chance; a column of them is not.
    if date.is_some() && (!compact || guess.present >= 3) {
        return ColumnKind::Date;
    }
    let all_different = !guess.repeated && guess.present > 1;
    let number = number
        .filter(|trial| trial.bad == 0 && !guess.numbers_given_up && !guess.zero_led)
        .filter(|trial| !ColumnGuess::is_inexact(trial));
    if let Some(trial) = number {
        let counted = unnamed && guess.counts_up();
        return match trial.whole {
            true if counted || (all_different && is_id_name(name)) => ColumnKind::Id,
            true => ColumnKind::Integer,
            false => ColumnKind::Number,
        };
    }
    let short = guess.longest as u64 <= LABEL_BYTES;
    if all_different
        && guess.present >= ENOUGH_ROWS
        && short
        && !guess.any_blank
        && (guess.all_have_digit || is_id_name(name))
    {
        return ColumnKind::Id;
    }
    let distinct = guess.distinct();
    let average = guess.chars / guess.present;
    let repeats = distinct as u64 * 2 <= guess.present && !guess.too_many_values();
    if average <= LABEL_BYTES && (distinct <= FEW_LEVELS || repeats) {
        ColumnKind::Category
    } else {
        ColumnKind::Text
    }
}

/// Whether a name says that its column names the row: `id`, `customer_id`, `orderId`, `uuid`.
fn is_id_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let whole = ["id", "uuid", "guid", "rowid", "row_id", "rownames", "row_number", "unnamed: 0"];
    let camel = name
        .strip_suffix("Id")
        .or_else(|| name.strip_suffix("ID"))
        .is_some_and(|start| start.ends_with(|c: char| c.is_ascii_lowercase()));
    let ends = ["_id", "-id", " id", ".id", "_uuid", "_guid"];
    whole.contains(&lower.as_str()) || camel || ends.iter().any(|end| lower.ends_with(end))
}

/// A few cells that keep a column from being numbers are usually a mistake in the file.
fn find_stray_cells(
    spec: &ColumnSpec,
    forced: Option<ColumnKind>,
    guess: &ColumnGuess,
) -> Option<ReadWarning> {
    if forced.is_some() || guess.numbers_given_up || guess.present < ENOUGH_ROWS {
        return None;
    }
    let best = guess.numbers.iter().min_by_key(|trial| trial.bad)?;
    let (first_line, example) = best.first_bad.clone()?;
    (best.bad * 20 <= guess.present).then(|| ReadWarning::MostlyNumbers {
        column: spec.name.clone(),
        count: best.bad,
        first_line,
        example,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_id() {
        for name in ["id", "ID", "customer_id", "orderId", "userID", "UUID", "row id"] {
            assert!(is_id_name(name), "{name}");
        }
        for name in ["paid", "humid", "grid", "covid", "identity", "Android", "x"] {
            assert!(!is_id_name(name), "{name}");
        }
    }
}
