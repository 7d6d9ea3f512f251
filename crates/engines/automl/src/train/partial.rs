//! Partial dependence: what is predicted on average when one column is given the same value in
//! all held-out rows, for the columns that matter most.

use gantry_kit::chart::{Axis, Bar, BarChart, LineChart, Series};
use gantry_kit::{Chart, Column, DateFormat};
use gantry_learn::{Control, Matrix, Rng};

use super::evaluate::Evaluated;
use super::prepare::Prepared;
use super::report::ColumnImportance;
use crate::error::AutomlError;
use crate::explain::Plot;

/// Columns that get a chart.
const COLUMNS: usize = 4;
/// Values of each column, at most.
const VALUES: usize = 20;
/// Held-out rows of all folds that are predicted for each value.
const ROWS: usize = 300;
/// Classes that get a line.
const MAX_LINES: usize = 8;
const MICROS_PER_DAY: f64 = 86_400_000_000.0;

/// A value that a column is given.
enum Value {
    Number(f64),
    Date(i64),
    Label(String),
}

/// Mean predictions of one column: a row of outputs for each value.
struct Curve {
    values: Vec<Value>,
    means: Vec<Vec<f64>>,
}

pub(super) fn derive_plots(
    prepared: &Prepared,
    evaluated: &Evaluated,
    (importance, control): (&[ColumnImportance], &Control<'_>),
) -> Result<Vec<Plot>, AutomlError> {
    let columns = prepared.columns();
    let chosen = importance.iter().filter(|c| c.importance > 0.0).take(COLUMNS);
    let mut plots = Vec::new();
    for (row, number) in chosen.zip(1..) {
        let place = columns.iter().position(|column| column.name() == row.column);
        let Some(place) = place else { continue };
        let curve = measure(prepared, evaluated, (place, control))?;
        if curve.values.len() > 1 {
            let chart = draw(prepared, columns[place], &curve);
            plots.push(Plot::new(format!("partial_dependence_{number}"), chart));
        }
    }
    Ok(plots)
}

fn measure(
    prepared: &Prepared,
    evaluated: &Evaluated,
    (place, control): (usize, &Control<'_>),
) -> Result<Curve, AutomlError> {
    let columns = prepared.columns();
    let column = columns[place];
    let values = choose_values(column);
    let width = prepared.target.values.labels().len().max(1);
    let mut sums = vec![vec![0.0; width]; values.len()];
    let per_fold = ROWS.div_ceil(prepared.folds.len().max(1));
    let mut total = 0;
    for (number, (fold, pipeline)) in prepared.folds.iter().zip(&evaluated.pipelines).enumerate() {
        let mut rows = fold.test.clone();
        Rng::stream(prepared.seed ^ 0x9d9, number as u64).shuffle(&mut rows);
        rows.truncate(per_fold);
        total += rows.len();
        let features = pipeline.preprocessor.transform(&columns, &rows)?;
        let span = pipeline.preprocessor.find_span(place);
        let learner = pipeline.learner.load()?;
        for (value, sums) in values.iter().zip(&mut sums) {
            control.check()?;
            if prepared.find_time_left().is_some_and(|left| left <= 0.0) {
                return Ok(Curve { values: Vec::new(), means: Vec::new() });
            }
            let same = derive_column(column.name(), value);
            let replaced =
                pipeline.preprocessor.transform_column(place, &same, &vec![0; rows.len()])?;
            let mut changed = features.columns().to_vec();
            changed.splice(span.clone(), replaced);
            let predictions = learner.predict(&Matrix::new(changed)?)?;
            for (sum, output) in sums.iter_mut().zip(predictions.as_columns()) {
                *sum += output.iter().sum::<f64>();
            }
        }
    }
    let mean =
        |sums: Vec<f64>| sums.iter().map(|sum| sum / f64::from(total.max(1) as u32)).collect();
    Ok(Curve { values, means: sums.into_iter().map(mean).collect() })
}

/// One row that holds the value.
fn derive_column(name: &str, value: &Value) -> Column {
    match value {
        Value::Number(number) => Column::number(name, vec![*number]),
        Value::Date(micros) => Column::date(name, &[Some(*micros)], DateFormat::default()),
        Value::Label(label) => Column::labels(name, [Some(label.as_str())]),
    }
}

/// Evenly spaced ranks of numbers and dates between the outer twentieths; the most frequent
/// labels.
fn choose_values(column: &Column) -> Vec<Value> {
    if let Some(numbers) = column.find_numbers() {
        let mut present: Vec<f64> = numbers.iter().copied().filter(|v| v.is_finite()).collect();
        present.sort_by(f64::total_cmp);
        present.dedup();
        return derive_ranks(&present).into_iter().map(Value::Number).collect();
    }
    if let Some(micros) = column.find_dates() {
        let is_present = |(row, _): &(usize, &i64)| !column.is_missing(*row);
        let mut present: Vec<i64> =
            micros.iter().enumerate().filter(is_present).map(|(_, m)| *m).collect();
        present.sort_unstable();
        present.dedup();
        return derive_ranks(&present).into_iter().map(Value::Date).collect();
    }
    let Some((codes, levels)) = column.find_levels() else { return Vec::new() };
    let mut counts = vec![0_usize; levels.len()];
    for (row, code) in codes.iter().enumerate() {
        if let Some(count) = counts.get_mut(*code as usize).filter(|_| !column.is_missing(row)) {
            *count += 1;
        }
    }
    let mut seen: Vec<(usize, &String)> =
        counts.into_iter().zip(levels).filter(|(count, _)| *count > 0).collect();
    seen.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    seen.into_iter().take(VALUES).map(|(_, label)| Value::Label(label.clone())).collect()
}

fn derive_ranks<T: Copy + PartialEq>(sorted: &[T]) -> Vec<T> {
    if sorted.len() <= VALUES {
        return sorted.to_vec();
    }
    let (first, last) = (sorted.len() / 20, sorted.len() - 1 - sorted.len() / 20);
    let rank = |step: usize| first + (last - first) * step / (VALUES - 1);
    (0..VALUES).filter_map(|step| sorted.get(rank(step)).copied()).collect()
}

fn draw(prepared: &Prepared, column: &Column, curve: &Curve) -> Chart {
    let labels = prepared.target.values.labels();
    let target = &prepared.target.name;
    let title = format!("Dependence on {}", column.name());
    let description = format!(
        "What is predicted on average when {} has the same value in all held-out rows, and all \
         other columns are as they are.",
        column.name()
    );
    let outputs = choose_outputs(labels.len(), curve);
    let name = |output: usize| match labels.get(output) {
        Some(label) => format!("Probability of {label}"),
        None => format!("Predicted {target}"),
    };
    if let [Value::Label(_), ..] = curve.values.as_slice() {
        let output = find_widest(&outputs, curve);
        return BarChart {
            title,
            description,
            value_label: name(output),
            bars: curve
                .values
                .iter()
                .zip(&curve.means)
                .map(|(value, means)| Bar::new(write_value(value), at(means, output)))
                .collect(),
        }
        .into();
    }
    let series = outputs.iter().map(|output| {
        let point = |(value, means): (&Value, &Vec<f64>)| (derive_place(value), at(means, *output));
        Series::new(name(*output), curve.values.iter().zip(&curve.means).map(point).collect())
    });
    let is_date = matches!(curve.values.first(), Some(Value::Date(_)));
    LineChart {
        title,
        description,
        x: Axis::new(if is_date {
            format!("{} (days since 1970)", column.name())
        } else {
            column.name().to_owned()
        }),
        y: Axis::new(if labels.is_empty() { name(0) } else { "Probability".to_owned() }),
        series: series.collect(),
    }
    .into()
}

/// The positive class of two, up to eight of several, or the number.
fn choose_outputs(classes: usize, curve: &Curve) -> Vec<usize> {
    match classes {
        0 => vec![0],
        2 => vec![1],
        _ => {
            let mut outputs: Vec<usize> = (0..classes).collect();
            outputs.sort_by(|a, b| derive_range(*b, curve).total_cmp(&derive_range(*a, curve)));
            outputs.truncate(MAX_LINES);
            outputs.sort_unstable();
            outputs
        }
    }
}

fn find_widest(outputs: &[usize], curve: &Curve) -> usize {
    let wider =
        |a: usize, b: usize| if derive_range(b, curve) > derive_range(a, curve) { b } else { a };
    outputs.iter().copied().reduce(wider).unwrap_or_default()
}

fn derive_range(output: usize, curve: &Curve) -> f64 {
    let values = || curve.means.iter().map(|means| at(means, output));
    values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
}

fn at(means: &[f64], output: usize) -> f64 {
    means.get(output).copied().unwrap_or_default()
}

fn derive_place(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        Value::Date(micros) => *micros as f64 / MICROS_PER_DAY,
        Value::Label(_) => 0.0,
    }
}

fn write_value(value: &Value) -> String {
    match value {
        Value::Label(label) => label.clone(),
        Value::Number(_) | Value::Date(_) => derive_place(value).to_string(),
    }
}
