//! Formulas back as text, for FORMULATEXT and for reports. Spaces and needless parentheses of the
//! original are gone.

use super::{AreaExpr, Axis, BinaryOp, Expr, UnaryOp};
use crate::book::Workbook;
use crate::cell::{CellRef, MAX_COLS, MAX_ROWS, column_name};
use crate::functions;
use crate::general::number_to_text;

/// The text of a formula as it stands in a cell, without its `=`.
#[must_use]
pub fn spell(book: &Workbook, expr: &Expr, at: CellRef) -> String {
    Speller { book, at }.spell(expr, 0)
}

struct Speller<'a> {
    book: &'a Workbook,
    at: CellRef,
}

/// How strongly an operator binds; unary operators bind at 6 and 7.
fn strength(op: BinaryOp) -> (u8, &'static str) {
    match op {
        BinaryOp::Equal => (1, "="),
        BinaryOp::NotEqual => (1, "<>"),
        BinaryOp::Less => (1, "<"),
        BinaryOp::Greater => (1, ">"),
        BinaryOp::LessEqual => (1, "<="),
        BinaryOp::GreaterEqual => (1, ">="),
        BinaryOp::Concat => (2, "&"),
        BinaryOp::Add => (3, "+"),
        BinaryOp::Subtract => (3, "-"),
        BinaryOp::Multiply => (4, "*"),
        BinaryOp::Divide => (4, "/"),
        BinaryOp::Power => (5, "^"),
        BinaryOp::Union => (8, ","),
        BinaryOp::Intersection => (9, " "),
        BinaryOp::Range => (10, ":"),
    }
}

impl Speller<'_> {
    fn spell(&self, expr: &Expr, outer: u8) -> String {
        match expr {
            Expr::Number(n) => number_to_text(n.0),
            Expr::Text(t) => format!("\"{}\"", t.replace('"', "\"\"")),
            Expr::Bool(b) => if *b { "TRUE" } else { "FALSE" }.into(),
            Expr::Error(e) => e.to_string(),
            Expr::Omitted => String::new(),
            Expr::Area(area) => self.area(area),
            Expr::Name(name) | Expr::External(name) => name.to_string(),
            Expr::Unary(op, a) => match op {
                UnaryOp::Plus => format!("+{}", self.spell(a, 6)),
                UnaryOp::Minus => format!("-{}", self.spell(a, 6)),
                UnaryOp::Percent => format!("{}%", self.spell(a, 7)),
                UnaryOp::Spill => format!("{}#", self.spell(a, 7)),
                UnaryOp::Intersect => format!("@{}", self.spell(a, 7)),
            },
            Expr::Binary(op, a, b) => {
                let (own, sign) = strength(*op);
                let text = format!("{}{sign}{}", self.spell(a, own), self.spell(b, own + 1));
                if own < outer { format!("({text})") } else { text }
            }
            Expr::Call(id, args) => format!("{}({})", functions::get(*id).name, self.list(args)),
            Expr::Invoke(name, args) => format!("{}({})", name.to_uppercase(), self.list(args)),
            Expr::Apply(f, args) => format!("{}({})", self.spell(f, 7), self.list(args)),
            Expr::Array(_, cols, items) => {
                let rows: Vec<String> = items.chunks(*cols).map(|row| self.list(row)).collect();
                format!("{{{}}}", rows.join(";"))
            }
        }
    }

    fn list(&self, args: &[Expr]) -> String {
        args.iter().map(|a| self.spell(a, 0)).collect::<Vec<_>>().join(",")
    }

    fn area(&self, area: &AreaExpr) -> String {
        let place = area.resolve(self.at);
        let sign = |axis: Axis| if axis.absolute { "$" } else { "" };
        let row = |axis: Axis, row: u32| format!("{}{}", sign(axis), row + 1);
        let col = |axis: Axis, col: u32| format!("{}{}", sign(axis), column_name(col));
        let whole_cols = place.top == 0 && place.bottom == MAX_ROWS - 1;
        let whole_rows = place.left == 0 && place.right == MAX_COLS - 1;
        let text = if whole_cols {
            format!("{}:{}", col(area.left, place.left), col(area.right, place.right))
        } else if whole_rows {
            format!("{}:{}", row(area.top, place.top), row(area.bottom, place.bottom))
        } else {
            let first = format!("{}{}", col(area.left, place.left), row(area.top, place.top));
            if place.is_cell() {
                first
            } else {
                format!(
                    "{first}:{}{}",
                    col(area.right, place.right),
                    row(area.bottom, place.bottom)
                )
            }
        };
        let Some((first, last)) = area.sheets else { return text };
        let name = |id| self.book.sheet(id).name.as_str();
        let sheets = if first == last {
            name(first).to_owned()
        } else {
            format!("{}:{}", name(first), name(last))
        };
        let plain = sheets.chars().all(|c| c.is_alphanumeric() || "_.:".contains(c))
            && !sheets.starts_with(|c: char| c.is_ascii_digit());
        if plain {
            format!("{sheets}!{text}")
        } else {
            format!("'{}'!{text}", sheets.replace('\'', "''"))
        }
    }
}
