//! Tables from which people can leak, and simple generators.

use std::collections::HashSet;

use gantry_kit::{Column, ColumnKind, Frame, ReadOptions, read_frame};
use gantry_learn::Rng;

/// People of a population: numbers that hang together, and labels.
pub(crate) fn draw(rng: &mut Rng, rows: usize) -> Frame {
    let group: Vec<usize> = (0..rows).map(|_| rng.below(4)).collect();
    let mut numbers = |centre: f64, spread: f64, step: f64| -> Vec<f64> {
        let mut value = |group: &usize| centre * (1.0 + *group as f64) + spread * rng.normal();
        group.iter().map(|group| (value(group) / step).round() * step).collect()
    };
    let (age, income) = (numbers(15.0, 8.0, 1.0), numbers(20_000.0, 6_000.0, 10.0));
    let (height, hours) = (numbers(10.0, 4.0, 0.1), numbers(5.0, 3.0, 0.5));
    let mut labels = |words: &'static [&'static str]| -> Vec<&'static str> {
        let word = |group: &usize| {
            let place = if rng.uniform() < 0.6 { *group } else { rng.below(words.len()) };
            words[place % words.len()]
        };
        group.iter().map(word).collect()
    };
    let city = labels(&["Oslo", "Lima", "Quito", "Rome", "Cairo"]);
    let work = labels(&["field", "office", "none"]);
    let text =
        |name: &str, values: Vec<&'static str>| Column::labels(name, values.into_iter().map(Some));
    Frame::new(vec![
        Column::integer("age", age),
        Column::number("income", income),
        Column::number("height", height),
        Column::number("hours", hours),
        text("city", city),
        text("work", work),
    ])
    .unwrap()
}

/// Three parts of the wines: real, those of a perfect generator, hold-out. Wines that are there
/// twice are left out but for the first: nobody could tell them from leaked ones.
pub(crate) fn wines(rng: &mut Rng) -> [Frame; 3] {
    let file = include_str!("../../../learn/tests/goldens/wine.csv");
    let (frame, _) = read_frame(std::io::Cursor::new(file), &ReadOptions::default()).unwrap();
    let mut seen = HashSet::new();
    let cells = |row: usize| frame.cells(row).map(|c| c.map(String::from)).collect::<Vec<_>>();
    let mut order: Vec<usize> = (0..frame.rows()).filter(|row| seen.insert(cells(*row))).collect();
    rng.shuffle(&mut order);
    let third = order.len() / 3;
    [0, 1, 2].map(|part| frame.take(&order[part * third..(part + 1) * third]))
}

/// The synthetic table with copies of this share of the real rows in place of its first rows.
pub(crate) fn leak(rng: &mut Rng, synthetic: &Frame, real: &Frame, share: f64) -> Frame {
    let count = (real.rows() as f64 * share).round() as usize;
    let mut order: Vec<usize> = (0..real.rows()).collect();
    rng.shuffle(&mut order);
    let leaked = real.take(&order[..count]);
    let kept: Vec<usize> = (count..synthetic.rows()).collect();
    let kept = synthetic.take(&kept);
    let columns = leaked.columns().iter().map(|column| {
        let other = kept.find_column(column.name()).unwrap();
        match (column.find_numbers(), other.find_numbers()) {
            (Some(first), Some(second)) => {
                let values = [first, second].concat();
                match column.kind() {
                    ColumnKind::Integer => Column::integer(column.name(), values),
                    _ => Column::number(column.name(), values),
                }
            }
            _ => {
                let cells = |column: &Column| -> Vec<Option<String>> {
                    (0..column.len()).map(|r| column.find_cell(r).map(String::from)).collect()
                };
                let all = [cells(column), cells(other)].concat();
                Column::labels(column.name(), all.iter().map(Option::as_deref))
            }
        }
    });
    Frame::new(columns.collect()).unwrap()
}

/// Every real row with its numbers moved a little.
pub(crate) fn perturbed(rng: &mut Rng, real: &Frame) -> Frame {
    let columns = real.columns().iter().map(|column| match column.find_numbers() {
        Some(values) => {
            let moved = values.iter().map(|value| value * (1.0 + 0.01 * rng.normal())).collect();
            Column::number(column.name(), moved)
        }
        None => column.clone(),
    });
    Frame::new(columns.collect()).unwrap()
}
