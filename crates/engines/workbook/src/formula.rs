//! Formulas as a small tree. References are relative to the cell that holds the formula, so that
//! one tree serves every cell of a filled range.
//!
//! Invariant: two formulas that are filled copies of one another are equal and hash equally.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::cell::{Area, CellRef, MAX_COLS, MAX_ROWS, SheetId};
use crate::functions::FunctionId;
use crate::value::{ErrorKind, Text};

mod convert;
mod external;
mod operators;
mod spell;

pub use convert::{Names, ParseError, parse};
pub use spell::spell;

/// A number literal; compared and hashed by its bits.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub f64);

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// One coordinate: absolute from 0, or an offset from the formula's own cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Axis {
    /// The coordinate or offset.
    pub value: i32,
    /// Whether it is absolute.
    pub absolute: bool,
}

impl Axis {
    fn resolve(self, own: u32, size: u32) -> u32 {
        let place = i64::from(self.value) + if self.absolute { 0 } else { i64::from(own) };
        place.rem_euclid(i64::from(size)) as u32
    }
}

/// A reference to a cell or an area, on one sheet or on a run of sheets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AreaExpr {
    /// First and last sheet; nothing means the formula's own sheet.
    pub sheets: Option<(SheetId, SheetId)>,
    /// First row.
    pub top: Axis,
    /// First column.
    pub left: Axis,
    /// Last row.
    pub bottom: Axis,
    /// Last column.
    pub right: Axis,
}

impl AreaExpr {
    /// The area on its first sheet, as seen from a cell. Offsets wrap around the sheet's edge.
    #[must_use]
    pub fn resolve(&self, at: CellRef) -> Area {
        let (r1, r2) = (self.top.resolve(at.row, MAX_ROWS), self.bottom.resolve(at.row, MAX_ROWS));
        let (c1, c2) = (self.left.resolve(at.col, MAX_COLS), self.right.resolve(at.col, MAX_COLS));
        Area {
            sheet: self.sheets.map_or(at.sheet, |s| s.0),
            top: r1.min(r2),
            left: c1.min(c2),
            bottom: r1.max(r2),
            right: c1.max(c2),
        }
    }

    /// The areas on all its sheets.
    pub fn resolve_all(&self, at: CellRef) -> impl Iterator<Item = Area> + use<> {
        let area = self.resolve(at);
        let last = self.sheets.map_or(area.sheet, |s| s.1);
        (area.sheet.0..=last.0).map(move |s| Area { sheet: SheetId(s), ..area })
    }
}

/// An operator before or behind its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `+x`: leaves everything as it is.
    Plus,
    /// `-x`
    Minus,
    /// `x%`
    Percent,
    /// `A1#`: the whole spilled array of a cell.
    Spill,
    /// `@x`: one value of a range.
    Intersect,
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `a+b`
    Add,
    /// `a-b`
    Subtract,
    /// `a*b`
    Multiply,
    /// `a/b`
    Divide,
    /// `a^b`
    Power,
    /// `a&b`
    Concat,
    /// `a=b`
    Equal,
    /// `a<>b`
    NotEqual,
    /// `a<b`
    Less,
    /// `a>b`
    Greater,
    /// `a<=b`
    LessEqual,
    /// `a>=b`
    GreaterEqual,
    /// `a:b`: the hull of two references.
    Range,
    /// `a,b`: both references.
    Union,
    /// `a b`: what both references share.
    Intersection,
}

/// A formula or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A number.
    Number(Number),
    /// Text.
    Text(Text),
    /// TRUE or FALSE.
    Bool(bool),
    /// An error, also a reference to a sheet that is gone.
    Error(ErrorKind),
    /// An argument left out between two commas.
    Omitted,
    /// A cell or an area.
    Area(AreaExpr),
    /// A name in lower case: a defined name, or a variable of LET or LAMBDA.
    Name(Text),
    /// A reference into another workbook, as written.
    External(Text),
    /// One operand.
    Unary(UnaryOp, Box<Expr>),
    /// Two operands.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// A function that we know.
    Call(FunctionId, Vec<Expr>),
    /// A function that we do not know, in lower case: perhaps a name that stands for a LAMBDA.
    Invoke(Text, Vec<Expr>),
    /// A call of what an expression yields.
    Apply(Box<Expr>, Vec<Expr>),
    /// `{1,2;3,4}`: rows and columns of constants.
    Array(usize, usize, Vec<Expr>),
}

impl Expr {
    /// Calls `visit` for this expression and everything in it, outer before inner.
    pub fn visit(&self, visit: &mut impl FnMut(&Expr)) {
        visit(self);
        match self {
            Self::Number(_)
            | Self::Text(_)
            | Self::Bool(_)
            | Self::Error(_)
            | Self::Omitted
            | Self::Area(_)
            | Self::Name(_)
            | Self::External(_) => {}
            Self::Unary(_, a) => a.visit(visit),
            Self::Binary(_, a, b) => {
                a.visit(visit);
                b.visit(visit);
            }
            Self::Call(_, args) | Self::Invoke(_, args) | Self::Array(_, _, args) => {
                args.iter().for_each(|a| a.visit(visit));
            }
            Self::Apply(f, args) => {
                f.visit(visit);
                args.iter().for_each(|a| a.visit(visit));
            }
        }
    }

    /// Whether some part of the formula fulfils a condition.
    pub fn any(&self, mut test: impl FnMut(&Expr) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |e| found = found || test(e));
        found
    }
}

/// A formula shared by many cells.
pub type Formula = Arc<Expr>;
