//! Gives the same label the same code in every table, however each of them stores it.
//!
//! A label column may be read as text in one file and as numbers in another ("1", 1 and 1.0); what
//! reads as the same number is then the same label. Two Boolean columns agree by meaning, not by
//! the words that spell it.

use std::collections::HashMap;

use gantry_kit::value::write_date;
use gantry_kit::{Column, ColumnData, ColumnKind};

use super::MISSING;

pub(super) struct Labels {
    names: Vec<String>,
    known: HashMap<String, u32>,
    by_meaning: Option<[String; 2]>,
    as_numbers: bool,
}

impl Labels {
    /// Labels of these columns, which have no codes yet.
    pub(super) fn new(columns: &[&Column]) -> Self {
        let all_boolean = columns.iter().all(|column| column.kind() == ColumnKind::Boolean);
        let words = columns.first().and_then(|column| column.find_levels());
        let by_meaning = match words {
            Some((_, [no, yes])) if all_boolean => Some([no.clone(), yes.clone()]),
            Some(_) | None => None,
        };
        let is_number = |column: &&Column| column.find_numbers().is_some();
        Self {
            names: Vec::new(),
            known: HashMap::new(),
            by_meaning,
            as_numbers: columns.iter().any(is_number),
        }
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// One code a row.
    pub(super) fn codes(&mut self, column: &Column) -> Vec<u32> {
        let rows = 0..column.len();
        match column.data() {
            ColumnData::Category { codes, levels } => {
                let mut found = vec![MISSING; levels.len()];
                rows.map(|row| {
                    let level = codes.get(row).map_or(0, |code| *code as usize);
                    match found.get(level) {
                        Some(&code) if !column.is_missing(row) => {
                            if code != MISSING {
                                return code;
                            }
                            let code = self.code_of_level(level, levels);
                            if let Some(slot) = found.get_mut(level) {
                                *slot = code;
                            }
                            code
                        }
                        Some(_) | None => MISSING,
                    }
                })
                .collect()
            }
            ColumnData::Number(values) => {
                let mut found: HashMap<u64, u32> = HashMap::new();
                values
                    .iter()
                    .map(|value| match value.is_nan() {
                        true => MISSING,
                        false => *found
                            .entry((value + 0.0).to_bits())
                            .or_insert_with(|| self.code(&write_plain(*value))),
                    })
                    .collect()
            }
            ColumnData::Date { micros, format } => rows
                .zip(micros)
                .map(|(row, micros)| match column.is_missing(row) {
                    true => MISSING,
                    false => self.code(&write_date(*micros, *format)),
                })
                .collect(),
            ColumnData::Text(texts) => rows
                .map(|row| match column.is_missing(row) {
                    true => MISSING,
                    false => self.code(texts.get(row)),
                })
                .collect(),
        }
    }

    fn code_of_level(&mut self, level: usize, levels: &[String]) -> u32 {
        let word = self.by_meaning.as_ref().and_then(|words| words.get(level)).cloned();
        match (word, levels.get(level)) {
            (Some(word), _) => self.code(&word),
            (None, Some(label)) => self.code(label),
            (None, None) => MISSING,
        }
    }

    fn code(&mut self, label: &str) -> u32 {
        let number = if self.as_numbers { label.trim().parse::<f64>().ok() } else { None };
        let label = number.map_or_else(|| label.to_owned(), write_plain);
        if let Some(code) = self.known.get(&label) {
            return *code;
        }
        let code = u32::try_from(self.names.len()).unwrap_or(MISSING);
        self.names.push(label.clone());
        self.known.insert(label, code);
        code
    }
}

/// A number without a needless fraction, so that 1 and 1.0 are the same label.
fn write_plain(value: f64) -> String {
    format!("{}", value + 0.0)
}
