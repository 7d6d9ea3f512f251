//! What a cell can hold. A value is small and cheap to copy: text is shared, never duplicated.
//!
//! Invariant: a [`Value::Number`] is finite. Whatever would be infinite or undefined is an error
//! value instead, as Excel has no infinities.

use std::fmt;
use std::sync::Arc;

/// Shared, immutable text of a cell.
pub type Text = Arc<str>;

/// Excel's error values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// `#NULL!`: two areas that do not meet.
    Null,
    /// `#DIV/0!`: division by zero.
    Div0,
    /// `#VALUE!`: an operand of the wrong type.
    Value,
    /// `#REF!`: a reference to nothing.
    Ref,
    /// `#NAME?`: an unknown function or name.
    Name,
    /// `#NUM!`: a number that cannot be computed.
    Num,
    /// `#N/A`: not available.
    Na,
    /// `#GETTING_DATA`: waiting for outside data.
    GettingData,
    /// `#SPILL!`: no room for an array.
    Spill,
    /// `#CALC!`: an array that cannot be made, such as an empty one.
    Calc,
}

/// Every error with its text and the number that `ERROR.TYPE` gives it.
const ERRORS: [(ErrorKind, &str, u8); 10] = [
    (ErrorKind::Null, "#NULL!", 1),
    (ErrorKind::Div0, "#DIV/0!", 2),
    (ErrorKind::Value, "#VALUE!", 3),
    (ErrorKind::Ref, "#REF!", 4),
    (ErrorKind::Name, "#NAME?", 5),
    (ErrorKind::Num, "#NUM!", 6),
    (ErrorKind::Na, "#N/A", 7),
    (ErrorKind::GettingData, "#GETTING_DATA", 8),
    (ErrorKind::Spill, "#SPILL!", 9),
    (ErrorKind::Calc, "#CALC!", 14),
];

impl ErrorKind {
    /// The text that Excel shows, such as `#DIV/0!`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ERRORS.iter().find(|e| e.0 == self).map_or("#VALUE!", |e| e.1)
    }

    /// The number that `ERROR.TYPE` gives this error.
    #[must_use]
    pub fn number(self) -> u8 {
        ERRORS.iter().find(|e| e.0 == self).map_or(3, |e| e.2)
    }

    /// The error with this number, the reverse of [`Self::number`].
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        ERRORS.iter().find(|e| e.2 == number).map(|e| e.0)
    }

    /// The error that this text names, in any case of letters.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        ERRORS.iter().find(|e| e.1.eq_ignore_ascii_case(text)).map(|e| e.0)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value of a cell or of an array's element.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing: reads as 0, as empty text or as FALSE.
    #[default]
    Empty,
    /// A finite number; dates are days since the workbook's epoch.
    Number(f64),
    /// Text.
    Text(Text),
    /// TRUE or FALSE.
    Bool(bool),
    /// An error.
    Error(ErrorKind),
}

impl Value {
    /// A number, or `#NUM!` where the result is not finite.
    #[must_use]
    pub fn number(x: f64) -> Self {
        if x.is_finite() { Self::Number(x) } else { Self::Error(ErrorKind::Num) }
    }

    /// Text of its own.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// Whether this is [`Value::Empty`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The error that this value is, if it is one.
    #[must_use]
    pub fn find_error(&self) -> Option<ErrorKind> {
        if let Self::Error(e) = self { Some(*e) } else { None }
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::number(x)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<ErrorKind> for Value {
    fn from(e: ErrorKind) -> Self {
        Self::Error(e)
    }
}

/// A rectangle of values, row by row; never without an element.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    rows: usize,
    cols: usize,
    values: Vec<Value>,
}

impl Array {
    /// An array of `rows` × `cols` values in row order.
    ///
    /// # Errors
    /// `#CALC!` when a side is zero, `#VALUE!` when the number of values does not fit.
    pub fn new(rows: usize, cols: usize, values: Vec<Value>) -> Result<Self, ErrorKind> {
        if rows == 0 || cols == 0 {
            return Err(ErrorKind::Calc);
        }
        if rows.checked_mul(cols) != Some(values.len()) {
            return Err(ErrorKind::Value);
        }
        Ok(Self { rows, cols, values })
    }

    /// An array whose element at (row, column) is `f(row, column)`.
    ///
    /// # Errors
    /// As [`Self::new`]; `#NUM!` beyond [`MAX_ARRAY`] elements.
    pub fn build(
        rows: usize,
        cols: usize,
        mut f: impl FnMut(usize, usize) -> Value,
    ) -> Result<Self, ErrorKind> {
        if rows.checked_mul(cols).is_none_or(|n| n > MAX_ARRAY) {
            return Err(ErrorKind::Num);
        }
        let values = (0..rows).flat_map(|r| (0..cols).map(move |c| (r, c)));
        Self::new(rows, cols, values.map(|(r, c)| f(r, c)).collect())
    }

    /// One value as an array.
    #[must_use]
    pub fn single(value: Value) -> Self {
        Self { rows: 1, cols: 1, values: vec![value] }
    }

    /// Number of rows, at least 1.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns, at least 1.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The values, row by row.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The element at a place; empty outside of the array.
    #[must_use]
    pub fn at(&self, row: usize, col: usize) -> &Value {
        const EMPTY: &Value = &Value::Empty;
        if row < self.rows && col < self.cols { &self.values[row * self.cols + col] } else { EMPTY }
    }

    /// The element at a place as a broadcast reads it: a side of length 1 repeats, and what lies
    /// beyond a longer side is `#N/A`.
    #[must_use]
    pub fn broadcast(&self, row: usize, col: usize) -> Value {
        let r = if self.rows == 1 { 0 } else { row };
        let c = if self.cols == 1 { 0 } else { col };
        if r < self.rows && c < self.cols {
            self.values[r * self.cols + c].clone()
        } else {
            Value::Error(ErrorKind::Na)
        }
    }

    /// Rows become columns.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for c in 0..self.cols {
            for r in 0..self.rows {
                values.push(self.at(r, c).clone());
            }
        }
        Self { rows: self.cols, cols: self.rows, values }
    }
}

/// The most elements that one array may have.
pub const MAX_ARRAY: usize = 1 << 24;
