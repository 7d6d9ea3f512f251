//! What is learned in the place of ruled columns, and how drawn rows are turned back.

use std::collections::HashMap;

use super::{Constraint, Constraints, Expression, Rule};
use crate::condition::Allowed;
use crate::encode::{Block, EncodedKind, EncodedTable, Encoding};
use crate::error::SynthError;
use crate::tree::round;

impl Constraints {
    /// Puts in the place of ruled columns what is learned instead. Combinations that are known from
    /// an earlier table stay, and no others are added.
    pub(crate) fn transform(
        &mut self,
        table: &mut EncodedTable,
        min_count: usize,
    ) -> Result<(), SynthError> {
        let original = table.clone();
        for constraint in &mut self.list {
            match &mut constraint.rule {
                Rule::Order { low, high, .. } => {
                    let gap = |(low, high): (&f64, &f64)| (high - low).max(0.0);
                    let (of_low, of_high) = (&original.columns[*low], &original.columns[*high]);
                    table.columns[*high].values =
                        of_low.values.iter().zip(&of_high.values).map(gap).collect();
                    // The larger of nothing and a gap is nothing.
                    for (place, value) in table.columns[*high].values.iter_mut().enumerate() {
                        if of_low.values[place].is_nan() || of_high.values[place].is_nan() {
                            *value = f64::NAN;
                        }
                    }
                    let finest = original.decimals[*low].max(original.decimals[*high]);
                    table.decimals[*high] = finest;
                }
                Rule::Formula { column, .. } => silence(table, *column),
                Rule::Fixed { columns, combinations } => {
                    if combinations.is_empty() {
                        *combinations = join(table, (&original, columns), min_count);
                    } else {
                        apply(table, (&original, columns), combinations);
                    }
                    if combinations.is_empty() {
                        return Err(SynthError::Constraint {
                            constraint: constraint.text.clone(),
                            reason: format!(
                                "finds no combination that at least {min_count} rows share"
                            ),
                        });
                    }
                }
                Rule::OneHot { .. } | Rule::Range { .. } | Rule::Unique { .. } => {}
            }
        }
        Ok(())
    }

    /// Turns drawn rows back to the table's columns.
    pub(crate) fn restore(&self, block: &mut Block, encoding: &Encoding) {
        let rows = block.columns.first().map_or(0, Vec::len);
        for Constraint { rule, .. } in &self.list {
            match rule {
                Rule::Order { low, high, strict } => {
                    let decimals = encoding.decimals(*high);
                    let least =
                        if *strict { 10_f64.powi(-i32::from(decimals.min(15))) } else { 0.0 };
                    for row in 0..rows {
                        let gap = block.columns[*high][row].max(least);
                        let is_missing = block.columns[*high][row].is_nan();
                        let value = block.columns[*low][row] + gap;
                        block.columns[*high][row] =
                            if is_missing { f64::NAN } else { round(value, decimals) };
                    }
                }
                Rule::Formula { column, expression } => {
                    evaluate(block, (*column, expression), encoding);
                }
                Rule::Fixed { columns, combinations } => {
                    let Some(first) = columns.first() else { continue };
                    for row in 0..rows {
                        let code = block.columns[*first][row].max(0.0) as usize;
                        let Some(cells) = combinations.get(code) else { continue };
                        for (column, cell) in columns.iter().zip(cells) {
                            block.columns[*column][row] = cell.unwrap_or(f64::NAN);
                        }
                    }
                }
                Rule::OneHot { .. } | Rule::Range { .. } | Rule::Unique { .. } => {}
            }
        }
    }

    /// Gives columns what their formulas say, where the formulas came after learning.
    pub(crate) fn restore_formulas(&self, block: &mut Block, encoding: &Encoding) {
        for Constraint { rule, .. } in &self.list {
            if let Rule::Formula { column, expression } = rule {
                evaluate(block, (*column, expression), encoding);
            }
        }
    }

    /// The columns that turning back gives new values.
    pub(crate) fn list_rebuilt(&self) -> Vec<usize> {
        self.list.iter().flat_map(|constraint| constraint.rule.find_rebuilt()).collect()
    }

    /// Moves a row's cells to the nearest values that keep a rule.
    pub(crate) fn repair(rule: &Rule, row: &mut [f64], encoding: &Encoding) {
        match rule {
            Rule::Order { low, high, strict } => {
                let step = 10_f64.powi(-i32::from(encoding.decimals(*high).min(15)));
                row[*high] = row[*low] + if *strict { step } else { 0.0 };
            }
            Rule::Formula { column, expression } => {
                let value = expression.evaluate(&|other| row[other]);
                row[*column] = round(value, encoding.decimals(*column));
            }
            Rule::Range { column, low, high } => row[*column] = row[*column].clamp(*low, *high),
            Rule::OneHot { columns } => {
                let hot = columns.iter().find(|column| encoding.is_one(**column, row[**column]));
                let hot = hot.or_else(|| columns.first()).copied();
                for column in columns {
                    row[*column] = encoding.derive_one(*column, hot == Some(*column));
                }
            }
            Rule::Fixed { .. } | Rule::Unique { .. } => {}
        }
    }

    /// What conditions on ruled columns mean for what was learned. Those that only the rebuilt row
    /// can tell are given back with their columns.
    pub(crate) fn translate(&self, allowed: &mut [Option<Allowed>]) -> Vec<(usize, Allowed)> {
        let mut later = Vec::new();
        for Constraint { rule, .. } in &self.list {
            match rule {
                Rule::Order { high: column, .. } | Rule::Formula { column, .. } => {
                    later.extend(allowed[*column].take().map(|allowed| (*column, allowed)));
                }
                Rule::Fixed { columns, combinations } => {
                    let asked: Vec<(usize, Allowed)> = columns
                        .iter()
                        .enumerate()
                        .filter_map(|(place, column)| Some((place, allowed[*column].take()?)))
                        .collect();
                    if asked.is_empty() || combinations.is_empty() {
                        continue;
                    }
                    let fits = |cells: &Vec<Option<f64>>| {
                        asked.iter().all(|(place, allowed)| {
                            allowed.admits(cells.get(*place).copied().flatten())
                        })
                    };
                    if let Some(first) = columns.first() {
                        let codes = combinations.iter().map(fits).collect();
                        allowed[*first] = Some(Allowed::Levels(codes));
                    }
                }
                Rule::Range { column, low, high } => {
                    let range = Allowed::Numbers { low: *low, high: *high };
                    let merged = match allowed[*column].take() {
                        Some(before) => before.intersect(range),
                        None => continue,
                    };
                    allowed[*column] = Some(merged);
                }
                Rule::OneHot { .. } | Rule::Unique { .. } => {}
            }
        }
        later
    }
}

fn evaluate(block: &mut Block, (column, formula): (usize, &Expression), encoding: &Encoding) {
    let decimals = encoding.decimals(column);
    for row in 0..block.columns.first().map_or(0, Vec::len) {
        let value = formula.evaluate(&|other| block.columns[other][row]);
        block.columns[column][row] = round(value, decimals);
    }
}

/// Nothing is left to learn of a column.
fn silence(table: &mut EncodedTable, column: usize) {
    table.columns[column].kind = EncodedKind::Number;
    table.columns[column].values.fill(0.0);
}

/// Makes one column of known codes of several.
fn apply(
    table: &mut EncodedTable,
    (original, columns): (&EncodedTable, &[usize]),
    combinations: &[Vec<Option<f64>>],
) {
    let bits = |cell: Option<f64>| cell.map_or(1, |cell| (cell + 0.0).to_bits());
    let codes: HashMap<Vec<u64>, usize> = combinations
        .iter()
        .enumerate()
        .map(|(code, cells)| (cells.iter().map(|cell| bits(*cell)).collect(), code))
        .collect();
    let cell = |column: &usize, row: usize| original.columns[*column].values[row];
    let key = |row: usize| -> Vec<u64> {
        let cells = columns.iter().map(|column| Some(cell(column, row)).filter(|v| !v.is_nan()));
        cells.map(bits).collect()
    };
    let values =
        (0..table.rows).map(|row| codes.get(&key(row)).map_or(-1.0, |code| *code as f64)).collect();
    columns.iter().skip(1).for_each(|column| silence(table, *column));
    if let Some(first) = columns.first() {
        table.columns[*first].values = values;
        table.columns[*first].kind = EncodedKind::Levels(combinations.len() as u32);
    }
}

/// Makes one column of codes of several; gives what each code stands for.
fn join(
    table: &mut EncodedTable,
    (original, columns): (&EncodedTable, &[usize]),
    min_count: usize,
) -> Vec<Vec<Option<f64>>> {
    let key = |row: usize| -> Vec<u64> {
        let cell = |column: &usize| original.columns[*column].values[row];
        columns
            .iter()
            .map(|column| if cell(column).is_nan() { 1 } else { (cell(column) + 0.0).to_bits() })
            .collect()
    };
    let is_masked =
        |row: usize| columns.iter().any(|column| original.columns[*column].is_masked(row));
    let mut counts: HashMap<Vec<u64>, usize> = HashMap::new();
    for row in (0..table.rows).filter(|row| !is_masked(*row)) {
        *counts.entry(key(row)).or_default() += 1;
    }
    let mut codes: HashMap<Vec<u64>, u32> = HashMap::new();
    let mut combinations = Vec::new();
    let values = (0..table.rows)
        .map(|row| {
            let key = key(row);
            if is_masked(row) || counts.get(&key).copied().unwrap_or(0) < min_count {
                return -1.0;
            }
            let next = combinations.len() as u32;
            let code = *codes.entry(key).or_insert(next);
            if code == next {
                let cell = |column: &usize| Some(original.columns[*column].values[row]);
                let cells = columns.iter().map(|column| cell(column).filter(|cell| !cell.is_nan()));
                combinations.push(cells.collect());
            }
            f64::from(code)
        })
        .collect();
    for column in columns.iter().skip(1) {
        silence(table, *column);
    }
    if let Some(first) = columns.first() {
        table.columns[*first].values = values;
        table.columns[*first].kind = EncodedKind::Levels(combinations.len() as u32);
    }
    combinations
}
