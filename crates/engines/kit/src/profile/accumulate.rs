//! Running summaries of one column, by kind.

use std::borrow::Cow;
use std::collections::HashMap;

use super::digest::Digest;
use super::distinct::DistinctCounter;
use super::histogram::Bins;
use super::{
    Count, DateSummary, LevelCount, LevelSummary, NumberSummary, Quantiles, SHOWN_CHARS, Summary,
    TextSummary, derive_shown,
};
use crate::frame::ColumnKind;
use crate::read::{ColumnPlan, stable_hash};
use crate::value::{
    DateFormat, DateLayout, NumberFormat, parse_boolean, parse_date, parse_number, write_date,
};

const SHARES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];
const TOP_LEVELS: usize = 20;

/// The summary of one column while its cells come.
pub(crate) struct Accumulator {
    distinct: DistinctCounter,
    values: Values,
}

enum Values {
    Numbers(Box<Numbers>, NumberFormat),
    Levels(Levels),
    Dates { layout: DateLayout, time: bool, bins: Bins, range: Option<(i64, i64)> },
    Texts { count: u64, chars: u64, range: Option<(u64, u64)> },
}

struct Numbers {
    count: u64,
    mean: f64,
    /// Sum of squared differences from the mean (Welford's method).
    squares: f64,
    min: f64,
    max: f64,
    zeros: u64,
    negatives: u64,
    digest: Digest,
    bins: Bins,
}

struct Levels {
    counts: HashMap<String, u64>,
    limit: usize,
    total: u64,
    full: bool,
    /// Of a Boolean column, the first spelling of each side, which counts for all others.
    words: Option<[Option<String>; 2]>,
}

impl Accumulator {
    /// A summary of a column of `rows` rows that counts up to `exact` different values exactly.
    pub(crate) fn new(plan: &ColumnPlan, rows: u64, exact: usize) -> Self {
        let range = plan.range.unwrap_or_default();
        let spec = &plan.spec;
        let values = match spec.kind {
            ColumnKind::Number | ColumnKind::Integer => {
                let whole = spec.kind == ColumnKind::Integer;
                let numbers = Numbers {
                    count: 0,
                    mean: 0.0,
                    squares: 0.0,
                    min: f64::INFINITY,
                    max: f64::NEG_INFINITY,
                    zeros: 0,
                    negatives: 0,
                    digest: Digest::new(exact),
                    bins: Bins::new(range, rows, whole),
                };
                Values::Numbers(Box::new(numbers), spec.number_format)
            }
            ColumnKind::Category | ColumnKind::Boolean => Values::Levels(Levels {
                counts: HashMap::new(),
                limit: exact,
                total: 0,
                full: false,
                words: (spec.kind == ColumnKind::Boolean).then(Default::default),
            }),
            ColumnKind::Date => Values::Dates {
                layout: spec.date_format.layout,
                time: spec.date_format.time,
                bins: Bins::new(range, rows, false),
                range: None,
            },
            ColumnKind::Text | ColumnKind::Id => Values::Texts { count: 0, chars: 0, range: None },
        };
        Self { distinct: DistinctCounter::new(exact), values }
    }

    /// Takes a present cell into account; false when it does not fit the kind.
    pub(crate) fn push(&mut self, cell: &str) -> bool {
        let hash = match &mut self.values {
            Values::Numbers(numbers, format) => {
                let Some(value) = parse_number(cell, *format) else { return false };
                numbers.push(value);
                stable_hash(&(value + 0.0).to_bits().to_le_bytes())
            }
            Values::Levels(levels) => {
                let Some(label) = levels.find_label(cell) else { return false };
                levels.push(&label);
                stable_hash(label.as_bytes())
            }
            Values::Dates { layout, bins, range, .. } => {
                let Some(parsed) = parse_date(cell, *layout) else { return false };
                bins.push(parsed.micros as f64);
                let (first, last) = range.unwrap_or((parsed.micros, parsed.micros));
                *range = Some((first.min(parsed.micros), last.max(parsed.micros)));
                stable_hash(&parsed.micros.to_le_bytes())
            }
            Values::Texts { count, chars, range } => {
                let length = cell.chars().count() as u64;
                *count += 1;
                *chars += length;
                let (shortest, longest) = range.unwrap_or((length, length));
                *range = Some((shortest.min(length), longest.max(length)));
                stable_hash(cell.as_bytes())
            }
        };
        self.distinct.insert(hash);
        true
    }

    /// Number of different values, and the summary.
    pub(crate) fn finish(self) -> (Count, Summary) {
        let summary = match self.values {
            Values::Numbers(numbers, _) => Summary::Numbers(numbers.finish()),
            Values::Levels(levels) => Summary::Levels(levels.finish()),
            Values::Dates { time, bins, range, .. } => {
                let format = DateFormat { layout: DateLayout::Iso, time, zone: time };
                let show = |micros| write_date(micros, format);
                Summary::Dates(DateSummary {
                    min: range.map(|(first, _)| show(first)),
                    max: range.map(|(_, last)| show(last)),
                    histogram: bins.finish(|edge| show(edge.round() as i64)),
                })
            }
            Values::Texts { count, chars, range } => Summary::Texts(TextSummary {
                min_chars: range.map(|(shortest, _)| shortest),
                mean_chars: (count > 0).then(|| chars as f64 / count as f64),
                max_chars: range.map(|(_, longest)| longest),
            }),
        };
        (self.distinct.count(), summary)
    }
}

impl Numbers {
    fn push(&mut self, value: f64) {
        self.count += 1;
        let difference = value - self.mean;
        self.mean += difference / self.count as f64;
        self.squares += difference * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.zeros += u64::from(value == 0.0);
        self.negatives += u64::from(value < 0.0);
        self.digest.push(value);
        self.bins.push(value);
    }

    fn finish(self) -> NumberSummary {
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        let variance = (self.count > 1).then(|| self.squares / (self.count - 1) as f64);
        let (points, approximate) = self.digest.quantiles(&SHARES);
        NumberSummary {
            min: finite(self.min),
            max: finite(self.max),
            mean: (self.count > 0).then_some(self.mean).and_then(finite),
            std: variance.map(f64::sqrt).and_then(finite),
            zeros: self.zeros,
            negatives: self.negatives,
            quantiles: Quantiles { points, approximate },
            histogram: self.bins.finish(|edge| edge),
        }
    }
}

impl Levels {
    /// The label that a cell counts as; `None` when it does not fit.
    fn find_label<'c>(&mut self, cell: &'c str) -> Option<Cow<'c, str>> {
        match &mut self.words {
            None => Some(Cow::Borrowed(cell)),
            Some(words) => {
                let word = words.get_mut(usize::from(parse_boolean(cell)?))?;
                Some(Cow::Owned(word.get_or_insert_with(|| cell.to_owned()).clone()))
            }
        }
    }

    fn push(&mut self, label: &str) {
        self.total += 1;
        let shown;
        let label = if label.len() > SHOWN_CHARS {
            shown = derive_shown(label);
            shown.as_str()
        } else {
            label
        };
        if let Some(count) = self.counts.get_mut(label) {
            *count += 1;
        } else if self.counts.len() < self.limit {
            self.counts.insert(label.to_owned(), 1);
        } else {
            self.full = true;
        }
    }

    fn finish(self) -> LevelSummary {
        let mut top: Vec<_> =
            self.counts.into_iter().map(|(label, count)| LevelCount { label, count }).collect();
        top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
        top.truncate(TOP_LEVELS);
        let shown: u64 = top.iter().map(|level| level.count).sum();
        LevelSummary { top, other: self.total - shown, approximate: self.full }
    }
}
