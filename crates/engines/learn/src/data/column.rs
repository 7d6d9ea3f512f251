//! One feature of a table: numbers, codes of categories, or flags, which take a byte each.
//!
//! Invariant: flags are 0 and 1 wherever numbers are asked for, and are written as such.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::LearnError;
use crate::numeric::reduce::add_scaled;

/// Largest category code that a column may hold.
const MAX_CODE: f64 = 16_777_216.0;

/// How a column's numbers are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Ordered numbers.
    Numeric,
    /// Codes without order. Trees split them into subsets; other learners take them as numbers,
    /// so one-hot encode first for those.
    Category,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    kind: FeatureKind,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Numbers(Vec<f64>),
    Flags {
        flags: Vec<bool>,
        /// The same as numbers, once somebody has asked for all of them.
        numbers: OnceLock<Vec<f64>>,
    },
}

impl Values {
    fn numbers(&self) -> &[f64] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Flags { flags, numbers } => numbers.get_or_init(|| derive_numbers(flags)),
        }
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        self.numbers() == other.numbers()
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.numbers().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::Numbers)
    }
}

fn derive_numbers(flags: &[bool]) -> Vec<f64> {
    flags.iter().map(|flag| f64::from(*flag)).collect()
}

impl Column {
    /// Ordered numbers; NaN is missing.
    pub fn numeric(values: Vec<f64>) -> Self {
        Self { kind: FeatureKind::Numeric, values: Values::Numbers(values) }
    }

    /// Category codes; NaN is missing.
    pub fn category(codes: Vec<f64>) -> Self {
        Self { kind: FeatureKind::Category, values: Values::Numbers(codes) }
    }

    /// Numbers 0 (false) and 1, held in an eighth of the room; none is missing.
    pub fn flags(flags: Vec<bool>) -> Self {
        let values = Values::Flags { flags, numbers: OnceLock::new() };
        Self { kind: FeatureKind::Numeric, values }
    }

    /// How the numbers are meant.
    pub fn kind(&self) -> FeatureKind {
        self.kind
    }

    /// One value a row.
    pub fn values(&self) -> &[f64] {
        self.values.numbers()
    }

    pub(crate) fn rows(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Flags { flags, .. } => flags.len(),
        }
    }

    pub(crate) fn get(&self, row: usize) -> Option<f64> {
        match &self.values {
            Values::Numbers(numbers) => numbers.get(row).copied(),
            Values::Flags { flags, .. } => flags.get(row).map(|flag| f64::from(*flag)),
        }
    }

    /// The values of rows that follow each other, which a chunk of work may hold for itself.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Cow<'_, [f64]> {
        match &self.values {
            Values::Numbers(numbers) => Cow::Borrowed(&numbers[rows]),
            Values::Flags { flags, .. } => Cow::Owned(derive_numbers(&flags[rows])),
        }
    }

    /// Adds `factor` times the values of these rows to `out`.
    pub(crate) fn add_scaled_to(&self, rows: Range<usize>, factor: f64, out: &mut [f64]) {
        match &self.values {
            Values::Numbers(numbers) => add_scaled(out, factor, &numbers[rows]),
            Values::Flags { flags, .. } => {
                let added = flags[rows].iter().map(|flag| factor * f64::from(*flag));
                out.iter_mut().zip(added).for_each(|(out, added)| *out += added);
            }
        }
    }

    /// Hands the values of these rows on, one after the other, in single precision.
    pub(crate) fn gather(&self, rows: &[usize], mut take: impl FnMut(f32)) {
        match &self.values {
            Values::Numbers(numbers) => rows.iter().for_each(|row| take(numbers[*row] as f32)),
            Values::Flags { flags, .. } => {
                rows.iter().for_each(|row| take(f32::from(u8::from(flags[*row]))));
            }
        }
    }

    pub(super) fn values_mut(&mut self) -> &mut [f64] {
        if let Values::Flags { flags, .. } = &self.values {
            self.values = Values::Numbers(derive_numbers(flags));
        }
        match &mut self.values {
            Values::Numbers(numbers) => numbers,
            Values::Flags { .. } => &mut [],
        }
    }

    pub(super) fn take(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Numbers(numbers) => {
                Values::Numbers(rows.iter().map(|row| numbers[*row]).collect())
            }
            Values::Flags { flags, .. } => {
                let flags = rows.iter().map(|row| flags[*row]).collect();
                Values::Flags { flags, numbers: OnceLock::new() }
            }
        };
        Self { kind: self.kind, values }
    }

    /// Whether any value is missing.
    pub(super) fn has_gaps(&self) -> bool {
        match &self.values {
            Values::Numbers(numbers) => numbers.iter().any(|value| value.is_nan()),
            Values::Flags { .. } => false,
        }
    }

    /// Error unless the column, the one at `index`, has so many rows and values of its kind.
    pub(super) fn require_valid(&self, rows: usize, index: usize) -> Result<(), LearnError> {
        let found = self.rows();
        if found != rows {
            return Err(LearnError::Shape { what: "a column", expected: rows, found });
        }
        let numbers = match &self.values {
            Values::Numbers(numbers) => numbers,
            Values::Flags { .. } => return Ok(()),
        };
        if numbers.iter().any(|value| value.is_infinite()) {
            return Err(LearnError::NotFinite { what: "column", index });
        }
        let is_code = |v: &f64| v.is_nan() || (*v >= 0.0 && *v <= MAX_CODE && v.fract() == 0.0);
        if self.kind == FeatureKind::Category && !numbers.iter().all(is_code) {
            return Err(LearnError::Parameter {
                name: "category",
                reason: "columns must hold codes 0, 1, 2, … below 16,777,216, or missing",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn flags_are_numbers_to_whoever_asks() {
        let bits = [true, false, false, true, true];
        let (flags, numbers) =
            (Column::flags(bits.to_vec()), Column::numeric(derive_numbers(&bits)));
        assert_eq!(flags.slice(1..4), numbers.slice(1..4));
        assert_eq!((flags.get(3), flags.get(5), flags.rows()), (Some(1.0), None, 5));
        let scaled = |column: &Column| {
            let mut out = vec![0.1, 0.2, 0.3];
            column.add_scaled_to(2..5, -0.7, &mut out);
            out
        };
        assert_eq!(scaled(&flags), scaled(&numbers));
        let gathered = |column: &Column| {
            let mut out = Vec::new();
            column.gather(&[4, 1, 0], |value| out.push(value));
            out
        };
        assert_eq!(gathered(&flags), [1.0, 0.0, 1.0]);
        assert_eq!(gathered(&flags), gathered(&numbers));
        assert_eq!(flags.take(&[0, 0, 2]).values(), [1.0, 1.0, 0.0]);
        assert_eq!(flags, numbers);
        assert_eq!(flags.values(), numbers.values());
    }

    #[test]
    fn flags_are_written_as_numbers_and_changed_as_numbers() {
        let mut flags = Column::flags(vec![true, false]);
        let text = serde_json::to_string(&flags).unwrap();
        assert_eq!(text, r#"{"kind":"numeric","values":[1.0,0.0]}"#);
        let read: Column = serde_json::from_str(&text).unwrap();
        assert_eq!(read, flags);
        flags.values_mut()[1] = 5.0;
        assert_eq!(flags.values(), [1.0, 5.0]);
        assert!(Matrix::new(vec![Column::flags(vec![true]), Column::numeric(vec![])]).is_err());
    }
}
