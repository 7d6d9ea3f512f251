//! Cells that are made anew, with no look at who was in the table: keys, patterns, personal data
//! and texts.
//!
//! Invariants: a cell is a function of the row's number and the seed; keys differ in every row.

mod pattern;
mod permute;
mod person;

use std::collections::HashMap;

use gantry_kit::Column;
use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

pub(crate) use pattern::Pattern;

use crate::metadata::Role;
use permute::permute;

/// Characters that join words.
const BLANKS: &[char] = &[' ', '\t', '\n', '\r'];
/// Words that are kept of free text.
const MAX_WORDS: usize = 2_000;

/// How cells are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Regenerator {
    /// Counting on from a number.
    Sequence { start: i64 },
    /// Numbers of a range in no order.
    Numbers {
        low: i64,
        span: u64,
        /// How many different ones; `None`: another in each row.
        distinct: Option<u64>,
    },
    /// Texts of a pattern.
    Pattern { pattern: Pattern, distinct: Option<u64> },
    /// Personal data.
    Person { role: Role, pattern: Option<Pattern> },
    /// Words that many rows share, as many as in texts of the table.
    Words { words: Vec<String>, lengths: Vec<u32> },
}

impl Regenerator {
    /// Learns what cells look like, but no cell.
    pub(crate) fn learn(column: &Column, role: Role, min_count: usize) -> Self {
        let cells = || (0..column.len()).filter_map(|row| column.find_cell(row));
        match role {
            Role::Id | Role::Pattern => Self::learn_key(column, None),
            Role::ForeignKey => Self::learn_key(column, Some(column.count_distinct() as u64)),
            Role::FirstName
            | Role::LastName
            | Role::Name
            | Role::Email
            | Role::Phone
            | Role::Address
            | Role::Company
            | Role::Iban
            | Role::CardNumber
            | Role::Ip
            | Role::Url
            | Role::Uuid => Self::Person { role, pattern: Pattern::learn(cells()) },
            Role::Number
            | Role::Integer
            | Role::Category
            | Role::Ordinal
            | Role::Boolean
            | Role::Date
            | Role::Text => Self::learn_words(column, min_count),
        }
    }

    fn learn_key(column: &Column, distinct: Option<u64>) -> Self {
        let cells = || (0..column.len()).filter_map(|row| column.find_cell(row));
        let numbers: Option<Vec<i64>> = cells()
            .map(|cell| cell.parse::<i64>().ok().filter(|value| value.to_string() == *cell))
            .collect();
        if let Some(values) = numbers.filter(|values| !values.is_empty()) {
            let low = values.iter().copied().min().unwrap_or(1);
            let high = values.iter().copied().max().unwrap_or(low);
            let span = high.abs_diff(low).saturating_add(1);
            // Nearly gapless numbers are counters.
            if distinct.is_none() && span <= (values.len() as u64).saturating_mul(2) {
                return Self::Sequence { start: low };
            }
            return Self::Numbers { low, span, distinct };
        }
        match Pattern::learn(cells()) {
            Some(pattern) => Self::Pattern { pattern, distinct },
            None => Self::Pattern { pattern: Pattern::fallback(cells()), distinct },
        }
    }

    fn learn_words(column: &Column, min_count: usize) -> Self {
        let mut rows_with: HashMap<String, (usize, usize)> = HashMap::new();
        let mut lengths = Vec::new();
        for row in 0..column.len() {
            let Some(cell) = column.find_cell(row) else { continue };
            let mut length = 0;
            for word in cell.split(BLANKS).filter(|word| !word.is_empty()) {
                length += 1;
                let seen = rows_with.entry(word.to_owned()).or_insert((0, usize::MAX));
                if seen.1 != row {
                    *seen = (seen.0 + 1, row);
                }
            }
            lengths.push(length);
        }
        let mut words: Vec<(usize, String)> = rows_with
            .into_iter()
            .filter(|(_, (rows, _))| *rows >= min_count)
            .map(|(word, (rows, _))| (rows, word))
            .collect();
        words.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        words.truncate(MAX_WORDS);
        lengths.sort_unstable();
        let step = lengths.len().div_ceil(101).max(1);
        let lengths = lengths.into_iter().step_by(step).collect();
        Self::Words { words: words.into_iter().map(|(_, word)| word).collect(), lengths }
    }

    /// Forgets all that was learned of cells: how often words and shapes occur, and ranges.
    pub(crate) fn redact(&mut self) {
        match self {
            Self::Sequence { start } => *start = 1,
            Self::Numbers { low, span, distinct } => {
                *low = 1;
                *span = 1 << 40;
                *distinct = distinct.map(|_| 1_000);
            }
            Self::Pattern { pattern, distinct } => {
                *pattern = Pattern::fallback(std::iter::empty());
                *distinct = distinct.map(|_| 1_000);
            }
            Self::Person { pattern, .. } => *pattern = None,
            Self::Words { words, lengths } => {
                words.clear();
                *lengths = vec![3];
            }
        }
    }

    /// Whether all cells are whole numbers.
    pub(crate) const fn is_numeric(&self) -> bool {
        match self {
            Self::Sequence { .. } | Self::Numbers { .. } => true,
            Self::Pattern { .. } | Self::Person { .. } | Self::Words { .. } => false,
        }
    }

    /// The cell of a row.
    pub(crate) fn make(&self, row: u64, seed: u64, rng: &mut Rng) -> String {
        let index = |distinct: &Option<u64>, rng: &mut Rng| match distinct {
            Some(distinct) => rng.below(usize::try_from(*distinct).unwrap_or(usize::MAX)) as u64,
            None => row,
        };
        match self {
            Self::Sequence { start } => start.saturating_add_unsigned(row).to_string(),
            Self::Numbers { low, span, distinct } => {
                let index = index(distinct, rng);
                // More rows than numbers go on behind the range.
                let (round, place) = (index / span, index % span);
                let drawn = permute(place, *span, seed).saturating_add(round.saturating_mul(*span));
                low.saturating_add_unsigned(drawn).to_string()
            }
            Self::Pattern { pattern, distinct } => {
                let index = index(distinct, rng);
                pattern.make_unique(index, seed)
            }
            Self::Person { role, pattern } => person::make(*role, pattern.as_ref(), rng),
            Self::Words { words, lengths } => {
                let length = lengths.get(rng.below(lengths.len())).copied().unwrap_or(1);
                let word = |_| {
                    // The commoner words, which stand first, are drawn more often.
                    let place = (rng.uniform() * rng.uniform() * words.len() as f64) as usize;
                    words.get(place).map_or("text", String::as_str).to_owned()
                };
                (0..length.max(1)).map(word).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn make(column: &Column, role: Role, rows: u64) -> Vec<String> {
        let with = Regenerator::learn(column, role, 3);
        (0..rows).map(|row| with.make(row, 7, &mut Rng::stream(9, row))).collect()
    }

    #[test]
    fn keys_differ_in_every_row_and_keep_their_look() {
        let texts: Vec<String> = (0..50).map(|i| format!("K{:03}-x", i * 17)).collect();
        let column = Column::id("key", texts.iter().map(|text| Some(text.as_str())));
        let made = make(&column, Role::Id, 1_000);
        assert_eq!(made.iter().collect::<HashSet<_>>().len(), 1_000);
        assert!(made.iter().all(|key| key.starts_with('K') && key.ends_with("-x")), "{made:?}");
        let counted = make(&Column::integer("n", vec![5.0, 6.0, 7.0]), Role::Id, 4);
        assert_eq!(counted, ["5", "6", "7", "8"]);
        let sparse = make(&Column::integer("n", vec![100.0, 900.0, 555.0]), Role::Id, 801);
        assert_eq!(sparse.iter().collect::<HashSet<_>>().len(), 801);
    }

    #[test]
    fn texts_hold_shared_words_alone() {
        let texts: Vec<String> = (0..30).map(|i| format!("paid on time secret{i}")).collect();
        let column = Column::text("note", texts.iter().map(|text| Some(text.as_str())));
        let made = make(&column, Role::Text, 40).join(" ");
        assert!(made.contains("paid") && !made.contains("secret"), "{made}");
    }

    #[test]
    fn people_are_invented() {
        let texts: Vec<String> =
            (0..30).map(|i| format!("+47 22 33 {:02} {i:02}", i * 3)).collect();
        let column = Column::text("phone", texts.iter().map(|text| Some(text.as_str())));
        let made = make(&column, Role::Phone, 20);
        assert!(made.iter().all(|phone| phone.len() == 15 && phone.starts_with('+')), "{made:?}");
        let mails = make(&column, Role::Email, 20);
        assert!(mails.iter().all(|mail| mail.contains('@')), "{mails:?}");
    }
}
