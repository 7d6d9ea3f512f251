//! What the cells of one column have in common, gathered in constant memory.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::value::{
    BooleanGuess, DateLayout, EXACT_INTEGER, NumberFormat, is_integer, parse_date, parse_number,
};

/// Different values of a column that are told apart at most; with more, a column of words is no category.
pub(crate) const DISTINCT_CAP: usize = 65_536;
/// Cells of an example in a message.
const EXAMPLE_CHARS: usize = 40;

/// A 64-bit hash that is the same on every machine and in every run.
pub(crate) fn stable_hash(bytes: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = bytes.len() as u64 ^ MULTIPLIER;
    for chunk in bytes.chunks(8) {
        let word = chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        hash = (hash ^ word).wrapping_mul(MULTIPLIER);
        hash ^= hash >> 29;
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ hash >> 32
}

/// Passes a number through that is a hash already.
#[derive(Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = stable_hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A set of hashes.
pub(crate) type HashedSet = HashSet<u64, BuildHasherDefault<Hashed>>;

/// The first characters of a cell, for a message.
pub(crate) fn derive_example(cell: &str) -> String {
    let mut example: String = cell.chars().take(EXAMPLE_CHARS).collect();
    if example.len() < cell.len() {
        example.push('…');
    }
    example
}

/// Smallest and largest value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Default for Range {
    fn default() -> Self {
        Self { min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Range {
    fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
}

/// One spelling of numbers on trial.
#[derive(Clone, Debug)]
pub(crate) struct NumberTrial {
    pub(crate) format: NumberFormat,
    /// Cells that are no number in this spelling.
    pub(crate) bad: u64,
    pub(crate) first_bad: Option<(u64, String)>,
    /// All numbers are written without fraction.
    pub(crate) whole: bool,
    pub(crate) range: Range,
}

/// One layout of dates that all cells fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DateTrial {
    pub(crate) layout: DateLayout,
    pub(crate) range: Range,
}

/// Everything gathered about a column.
pub(crate) struct ColumnGuess {
    pub(crate) present: u64,
    pub(crate) numbers: Vec<NumberTrial>,
    /// Too many cells are no number; the counts of bad cells are no longer complete.
    pub(crate) numbers_given_up: bool,
    pub(crate) dates: Vec<DateTrial>,
    pub(crate) date_time: bool,
    pub(crate) date_zone: bool,
    pub(crate) booleans: BooleanGuess,
    /// Some number is written with a leading zero, as codes are.
    pub(crate) zero_led: bool,
    distinct: HashedSet,
    distinct_cap: usize,
    pub(crate) repeated: bool,
    pub(crate) chars: u64,
    pub(crate) longest: usize,
    pub(crate) any_blank: bool,
    pub(crate) all_have_digit: bool,
    /// The next value if the column counts up by one from its first value.
    counting: Option<f64>,
}

impl ColumnGuess {
    pub(crate) fn new(formats: &[NumberFormat], distinct_cap: usize) -> Self {
        let trial = |format: &NumberFormat| NumberTrial {
            format: *format,
            bad: 0,
            first_bad: None,
            whole: true,
            range: Range::default(),
        };
        let date = |layout| DateTrial { layout, range: Range::default() };
        Self {
            present: 0,
            numbers: formats.iter().map(trial).collect(),
            numbers_given_up: false,
            dates: DateLayout::ALL.into_iter().map(date).collect(),
            date_time: false,
            date_zone: false,
            booleans: BooleanGuess::default(),
            zero_led: false,
            distinct: HashedSet::default(),
            distinct_cap,
            repeated: false,
            chars: 0,
            longest: 0,
            any_blank: false,
            all_have_digit: true,
            counting: None,
        }
    }

    /// Takes one present cell without surrounding blanks into account.
    pub(crate) fn observe(&mut self, text: &str, line: u64) {
        self.present += 1;
        self.observe_number(text, line);
        self.observe_date(text);
        self.booleans.observe(text);
        if self.distinct.len() < self.distinct_cap
            && !self.distinct.insert(stable_hash(text.as_bytes()))
        {
            self.repeated = true;
        }
        self.chars += text.len() as u64;
        self.longest = self.longest.max(text.len());
        if self.numbers_given_up {
            self.any_blank = self.any_blank || text.bytes().any(|b| b == b' ');
            self.all_have_digit = self.all_have_digit && text.bytes().any(|b| b.is_ascii_digit());
        }
    }

    fn observe_number(&mut self, text: &str, line: u64) {
        if self.numbers_given_up {
            return;
        }
        if let [b'0', b'0'..=b'9', ..] = text.as_bytes() {
            self.zero_led = true;
        }
        let plain = parse_number(text, NumberFormat::Plain);
        let (comma, point) = (text.contains(','), text.contains('.'));
        for trial in &mut self.numbers {
            let (value, whole) = match trial.format {
                NumberFormat::Plain => (plain, is_integer(text)),
                NumberFormat::GroupedComma if !comma => (plain, is_integer(text)),
                NumberFormat::GroupedComma => (parse_number(text, trial.format), !point),
                NumberFormat::DecimalComma if !comma && !point => (plain, is_integer(text)),
                NumberFormat::DecimalComma => (parse_number(text, trial.format), !comma),
            };
            match value {
                Some(value) => {
                    trial.range.add(value);
                    trial.whole = trial.whole && whole;
                }
                None => {
                    trial.bad += 1;
                    if trial.first_bad.is_none() {
                        trial.first_bad = Some((line, derive_example(text)));
                    }
                }
            }
        }
        self.observe_counting(plain);
        let bad = self.numbers.iter().map(|trial| trial.bad).min().unwrap_or(0);
        self.any_blank = self.any_blank || (plain.is_none() && text.contains(' '));
        self.all_have_digit = self.all_have_digit && text.bytes().any(|b| b.is_ascii_digit());
        self.numbers_given_up = bad > 16 && bad * 20 > self.present;
    }

    fn observe_counting(&mut self, value: Option<f64>) {
        let next = value.map(|value| value + 1.0);
        self.counting = match (self.present, self.counting) {
            (1, _) => next,
            (_, Some(expected)) if value == Some(expected) => next,
            _ => None,
        };
    }

    fn observe_date(&mut self, text: &str) {
        if self.dates.is_empty() {
            return;
        }
        let (mut time, mut zone) = (self.date_time, self.date_zone);
        self.dates.retain_mut(|trial| match parse_date(text, trial.layout) {
            Some(parsed) => {
                trial.range.add(parsed.micros as f64);
                time |= parsed.time;
                zone |= parsed.zone;
                true
            }
            None => false,
        });
        (self.date_time, self.date_zone) = (time, zone);
    }

    /// Number of different values, or the cap when there are at least as many.
    pub(crate) fn distinct(&self) -> usize {
        self.distinct.len()
    }

    /// Whether there are more different values than were told apart.
    pub(crate) fn too_many_values(&self) -> bool {
        self.distinct.len() >= self.distinct_cap
    }

    /// Whether the values count up by one.
    pub(crate) fn counts_up(&self) -> bool {
        self.counting.is_some() && self.present > 1
    }

    /// Whether whole numbers are too large to be kept exactly.
    pub(crate) fn is_inexact(trial: &NumberTrial) -> bool {
        trial.whole && trial.range.min.abs().max(trial.range.max.abs()) > EXACT_INTEGER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_the_same_everywhere() {
        assert_eq!(stable_hash(b""), stable_hash(b""));
        let hashes: HashSet<u64> =
            (0..100_000_u32).map(|i| stable_hash(i.to_string().as_bytes())).collect();
        assert_eq!(hashes.len(), 100_000);
        assert_ne!(stable_hash(b"a"), stable_hash(b"a\0"));
    }

    #[test]
    fn examples_are_short() {
        assert_eq!(derive_example("short"), "short");
        assert_eq!(derive_example(&"é".repeat(100)).chars().count(), EXAMPLE_CHARS + 1);
    }
}
