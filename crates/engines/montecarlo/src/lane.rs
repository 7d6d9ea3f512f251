//! Any value of a cell in one `f64`: numbers are themselves; errors, truth values, text and empty
//! cells are NaN with a payload. Text is a number in a table, [`Texts`].
//!
//! Invariant: a column whose [`Kinds`] are numbers alone, or truth values alone (as 0 and 1), needs
//! no payload but for errors and goes through kernels as it is; all others are unpacked first.

use std::collections::HashMap;

use gantry_workbook::coerce::{to_bool, to_number};
use gantry_workbook::kernels::{fail, find_error};
use gantry_workbook::{Text, Value};

const TEXT: u64 = 0x7FF8_5458_0000_0000;
const BOOL: u64 = 0x7FF8_424F_0000_0000;
const EMPTY: u64 = 0x7FF8_454D_0000_0000;
const TAG: u64 = 0xFFFF_FFFF_0000_0000;

/// The tags of what is no number, by the names that code for devices has for them.
pub const TAGS: [(&str, u64); 3] = [("TAG_TEXT", TEXT), ("TAG_BOOL", BOOL), ("TAG_EMPTY", EMPTY)];

/// What a value may be, beside an error, which every value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// Nothing but an error.
    pub const NONE: Self = Self(0);
    /// Numbers.
    pub const NUMBER: Self = Self(1);
    /// Truth values.
    pub const BOOL: Self = Self(2);
    /// Text.
    pub const TEXT: Self = Self(4);
    /// Nothing.
    pub const EMPTY: Self = Self(8);
    /// Anything.
    pub const ANY: Self = Self(15);

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether all of this is in the other.
    #[must_use]
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether it may be empty.
    #[must_use]
    pub const fn may_be(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the values are numbers or errors.
    #[must_use]
    pub const fn is_number(self) -> bool {
        self.within(Self::NUMBER)
    }

    /// Whether the values are truth values, kept as 0 and 1, or errors.
    #[must_use]
    pub const fn is_bool(self) -> bool {
        self.0 == Self::BOOL.0
    }
}

/// The texts that lanes speak of by number.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    list: Vec<Text>,
    places: HashMap<Text, u32>,
}

impl Texts {
    /// The number of a text.
    pub fn intern(&mut self, text: &Text) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.list.len() as u32;
        self.list.push(text.clone());
        self.places.insert(text.clone(), place);
        place
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Forgets all but the first ones.
    pub fn truncate(&mut self, len: usize) {
        for text in self.list.drain(len.min(self.list.len())..) {
            self.places.remove(&text);
        }
    }
}

/// A value as a lane.
pub fn pack(value: &Value, texts: &mut Texts) -> f64 {
    match value {
        Value::Number(x) => *x,
        Value::Error(e) => fail(*e),
        Value::Bool(b) => pack_bool(*b),
        Value::Empty => pack_empty(),
        Value::Text(t) => f64::from_bits(TEXT | u64::from(texts.intern(t))),
    }
}

/// A truth value as a lane of any kind.
pub fn pack_bool(b: bool) -> f64 {
    f64::from_bits(BOOL | u64::from(b))
}

/// An empty cell as a lane.
pub fn pack_empty() -> f64 {
    f64::from_bits(EMPTY)
}

/// A lane as a value; `is_bool` says that it is a truth value kept as 0 or 1.
pub fn unpack(lane: f64, is_bool: bool, texts: &Texts) -> Value {
    if !lane.is_nan() {
        return if is_bool { Value::Bool(lane != 0.0) } else { Value::number(lane) };
    }
    let bits = lane.to_bits();
    match bits & TAG {
        BOOL => Value::Bool(bits & 1 == 1),
        EMPTY => Value::Empty,
        TEXT => match texts.list.get((bits & !TAG) as usize) {
            Some(text) => Value::Text(text.clone()),
            None => Value::Empty,
        },
        _ => find_error(lane).map_or(Value::Empty, Value::Error),
    }
}

/// The kinds of one value.
pub fn kinds_of(value: &Value) -> Kinds {
    match value {
        Value::Number(_) => Kinds::NUMBER,
        Value::Bool(_) => Kinds::BOOL,
        Value::Text(_) => Kinds::TEXT,
        Value::Empty => Kinds::EMPTY,
        Value::Error(_) => Kinds::NONE,
    }
}

/// Whether a lane of any kind is an error.
pub fn is_error(lane: f64) -> bool {
    lane.is_nan() && !matches!(lane.to_bits() & TAG, BOOL | EMPTY | TEXT)
}

/// A lane of any kind as a number.
pub fn lane_to_number(lane: f64, texts: &Texts) -> f64 {
    if !lane.is_nan() || is_error(lane) {
        return lane;
    }
    to_number(&unpack(lane, false, texts)).unwrap_or_else(fail)
}

/// A lane of any kind as a truth value, 0 or 1.
pub fn lane_to_bool(lane: f64, texts: &Texts) -> f64 {
    if is_error(lane) {
        return lane;
    }
    to_bool(&unpack(lane, false, texts)).map_or_else(fail, |b| f64::from(u8::from(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_workbook::ErrorKind;

    #[test]
    fn every_value_comes_back() {
        let mut texts = Texts::default();
        let values = [
            Value::Number(-0.5),
            Value::Bool(true),
            Value::Bool(false),
            Value::Empty,
            Value::text("12"),
            Value::text(""),
            Value::Error(ErrorKind::Na),
        ];
        for value in &values {
            let lane = pack(value, &mut texts);
            assert_eq!(unpack(lane, false, &texts), *value);
            assert_eq!(is_error(lane), value.find_error().is_some());
        }
        let twelve = pack(&values[4], &mut texts);
        assert_eq!(lane_to_number(twelve, &texts), 12.0);
        assert_eq!(lane_to_bool(pack_empty(), &texts), 0.0);
        texts.truncate(1);
        assert_eq!(texts.len(), 1);
        assert_eq!(texts.intern(&Text::from("new")), 1);
    }
}
