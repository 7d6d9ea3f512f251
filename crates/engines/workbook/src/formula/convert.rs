//! From the text of a formula to its tree. Syntax is the parser crate's; this module resolves
//! sheets, tables and functions, and makes references relative to the formula's own cell.

use formualizer_parse::parser::{
    Parser, ReferenceType, SpecialItem, TableReference, TableRowSpecifier, TableSpecifier,
};
use formualizer_parse::{ASTNode, ASTNodeType, LiteralValue, ParserLimits};

use super::external::find_remembered;
use super::operators::{binary_op, error_kind, unary_op};
use super::{AreaExpr, Axis, Expr, Number, UnaryOp};
use crate::book::Table;
use crate::cell::{CellRef, MAX_COLS, MAX_ROWS, SheetId};
use crate::functions;
use crate::value::{ErrorKind, Text};

/// A formula that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the formula: {0}")]
pub struct ParseError(pub String);

/// What a formula's names are looked up in.
pub trait Names {
    /// The sheet of a name.
    fn find_sheet(&self, name: &str) -> Option<SheetId>;
    /// The table of a name, or the one around a cell when the name is empty.
    fn find_table(&self, name: &str, at: CellRef) -> Option<&Table>;
}

/// Reads a formula (without its `=`) that stands in `at`.
///
/// # Errors
/// When the text is no formula, or longer or deeper than the parser allows.
pub fn parse(text: &str, at: CellRef, names: &dyn Names) -> Result<Expr, ParseError> {
    let limits = ParserLimits::default();
    let node = Parser::builder()
        .limits(limits)
        .parse(format!("={text}"))
        .map_err(|e| ParseError(e.to_string()))?;
    Converter { at, names }.expr(&node)
}

struct Converter<'a> {
    at: CellRef,
    names: &'a dyn Names,
}

type Result_<T> = Result<T, ParseError>;

impl Converter<'_> {
    fn expr(&self, node: &ASTNode) -> Result_<Expr> {
        Ok(match &node.node_type {
            ASTNodeType::Literal(value) => literal(value)?,
            ASTNodeType::Omitted => Expr::Omitted,
            ASTNodeType::Reference { original, reference } => self.reference(original, reference),
            ASTNodeType::UnaryOp { op, expr } => {
                Expr::Unary(unary_op(*op)?, Box::new(self.expr(expr)?))
            }
            ASTNodeType::BinaryOp { op, left, right } => Expr::Binary(
                binary_op(*op)?,
                Box::new(self.expr(left)?),
                Box::new(self.expr(right)?),
            ),
            ASTNodeType::Function { name, args } => self.call(name, args)?,
            ASTNodeType::Call { callee, args } => {
                Expr::Apply(Box::new(self.expr(callee)?), self.all(args)?)
            }
            ASTNodeType::Array(rows) => self.array(rows)?,
        })
    }

    fn all(&self, nodes: &[ASTNode]) -> Result_<Vec<Expr>> {
        nodes.iter().map(|n| self.expr(n)).collect()
    }

    fn array(&self, rows: &[Vec<ASTNode>]) -> Result_<Expr> {
        let cols = rows.first().map_or(0, Vec::len);
        if cols == 0 || rows.iter().any(|r| r.len() != cols) {
            return Err(ParseError("rows of an array constant differ in length".into()));
        }
        let cells: Result_<Vec<Expr>> = rows.iter().flatten().map(|n| self.expr(n)).collect();
        Ok(Expr::Array(rows.len(), cols, cells?))
    }

    fn call(&self, name: &str, args: &[ASTNode]) -> Result_<Expr> {
        let name = bare_name(name);
        let mut args = self.all(args)?;
        if name.eq_ignore_ascii_case("SINGLE") && args.len() == 1 {
            return Ok(Expr::Unary(UnaryOp::Intersect, Box::new(args.remove(0))));
        }
        if name.eq_ignore_ascii_case("ANCHORARRAY") && args.len() == 1 {
            return Ok(Expr::Unary(UnaryOp::Spill, Box::new(args.remove(0))));
        }
        Ok(match functions::find(name) {
            Some(id) => Expr::Call(id, args),
            None => Expr::Invoke(lower(name), args),
        })
    }

    fn reference(&self, original: &str, reference: &ReferenceType) -> Expr {
        match reference {
            ReferenceType::Cell { sheet, row, col, row_abs, col_abs } => {
                let row = self.row(*row, *row_abs);
                let col = self.col(*col, *col_abs);
                self.area(self.sheets(sheet.as_deref(), None), (row, col), (row, col))
            }
            ReferenceType::Range { sheet, .. } => {
                let (start, end) = self.corners(reference);
                self.area(self.sheets(sheet.as_deref(), None), start, end)
            }
            ReferenceType::Cell3D { sheet_first, sheet_last, row, col, row_abs, col_abs } => {
                let at = (self.row(*row, *row_abs), self.col(*col, *col_abs));
                self.area(self.sheets(Some(sheet_first), Some(sheet_last)), at, at)
            }
            ReferenceType::Range3D { sheet_first, sheet_last, .. } => {
                let (start, end) = self.corners(reference);
                self.area(self.sheets(Some(sheet_first), Some(sheet_last)), start, end)
            }
            ReferenceType::External(outside) => match find_remembered(outside, self.names) {
                Some(inside) => self.reference(original, &inside),
                None => Expr::External(Text::from(outside.raw.as_str())),
            },
            ReferenceType::Table(table) => self.table(table),
            ReferenceType::NamedRange(name) => named(name, original),
        }
    }

    fn row(&self, row: u32, absolute: bool) -> Axis {
        let value = row as i32 - 1 - if absolute { 0 } else { self.at.row as i32 };
        Axis { value, absolute }
    }

    fn col(&self, col: u32, absolute: bool) -> Axis {
        let value = col as i32 - 1 - if absolute { 0 } else { self.at.col as i32 };
        Axis { value, absolute }
    }

    fn corners(&self, reference: &ReferenceType) -> ((Axis, Axis), (Axis, Axis)) {
        let (ReferenceType::Range {
            start_row,
            start_col,
            end_row,
            end_col,
            start_row_abs,
            start_col_abs,
            end_row_abs,
            end_col_abs,
            ..
        }
        | ReferenceType::Range3D {
            start_row,
            start_col,
            end_row,
            end_col,
            start_row_abs,
            start_col_abs,
            end_row_abs,
            end_col_abs,
            ..
        }) = reference
        else {
            let own = (self.row(1, true), self.col(1, true));
            return (own, own);
        };
        let edge = |value: i32| Axis { value, absolute: true };
        (
            (
                start_row.map_or(edge(0), |r| self.row(r, *start_row_abs)),
                start_col.map_or(edge(0), |c| self.col(c, *start_col_abs)),
            ),
            (
                end_row.map_or(edge(MAX_ROWS as i32 - 1), |r| self.row(r, *end_row_abs)),
                end_col.map_or(edge(MAX_COLS as i32 - 1), |c| self.col(c, *end_col_abs)),
            ),
        )
    }

    /// The run of sheets; the inner nothing is the formula's own, the outer a sheet that is gone.
    fn sheets(
        &self,
        first: Option<&str>,
        last: Option<&str>,
    ) -> Option<Option<(SheetId, SheetId)>> {
        let Some(first) = first else { return Some(None) };
        let a = self.names.find_sheet(first)?;
        let b = last.map_or(Some(a), |l| self.names.find_sheet(l))?;
        Some(Some((a.min(b), a.max(b))))
    }

    fn area(
        &self,
        sheets: Option<Option<(SheetId, SheetId)>>,
        start: (Axis, Axis),
        end: (Axis, Axis),
    ) -> Expr {
        let Some(sheets) = sheets else { return Expr::Error(ErrorKind::Ref) };
        let (top, left) = start;
        let (bottom, right) = end;
        Expr::Area(AreaExpr { sheets, top, left, bottom, right })
    }

    fn table(&self, reference: &TableReference) -> Expr {
        let Some(table) = self.names.find_table(&reference.name, self.at) else {
            return Expr::Error(ErrorKind::Ref);
        };
        let mut part = TablePart { table, items: Vec::new(), columns: None };
        if let Some(specifier) = &reference.specifier
            && !part.take(specifier)
        {
            return Expr::Error(ErrorKind::Ref);
        }
        part.area(self.at)
    }
}

/// Rows and columns that a structured reference names.
struct TablePart<'a> {
    table: &'a Table,
    items: Vec<SpecialItem>,
    columns: Option<(u32, u32)>,
}

impl TablePart<'_> {
    /// Notes a specifier; false when it names a column that the table lacks.
    fn take(&mut self, specifier: &TableSpecifier) -> bool {
        match specifier {
            TableSpecifier::All => self.items.push(SpecialItem::All),
            TableSpecifier::Data => self.items.push(SpecialItem::Data),
            TableSpecifier::Headers => self.items.push(SpecialItem::Headers),
            TableSpecifier::Totals => self.items.push(SpecialItem::Totals),
            TableSpecifier::SpecialItem(item) => self.items.push(item.clone()),
            TableSpecifier::Row(row) => self.items.push(match row {
                TableRowSpecifier::All => SpecialItem::All,
                TableRowSpecifier::Data => SpecialItem::Data,
                TableRowSpecifier::Headers => SpecialItem::Headers,
                TableRowSpecifier::Totals => SpecialItem::Totals,
                TableRowSpecifier::Current | TableRowSpecifier::Index(_) => SpecialItem::ThisRow,
            }),
            TableSpecifier::Column(name) => return self.columns(name, name),
            TableSpecifier::ColumnRange(a, b) => return self.columns(a, b),
            TableSpecifier::Combination(parts) => return parts.iter().all(|p| self.take(p)),
        }
        true
    }

    fn columns(&mut self, first: &str, last: &str) -> bool {
        let find = |name: &str| {
            let name = name.trim_start_matches('@').replace('\'', "").to_lowercase();
            let columns = &self.table.columns;
            columns.iter().position(|c| c.replace('\'', "").to_lowercase() == name)
        };
        let (Some(a), Some(b)) = (find(first), find(last)) else { return false };
        if first.starts_with('@') {
            self.items.push(SpecialItem::ThisRow);
        }
        let (a, b) = (a.min(b) as u32, a.max(b) as u32);
        let (a0, b0) = self.columns.unwrap_or((a, b));
        self.columns = Some((a.min(a0), b.max(b0)));
        true
    }

    fn rows(&self, item: &SpecialItem, at: CellRef) -> Option<(u32, u32)> {
        let t = self.table;
        let data = (t.area.top + t.header_rows, t.area.bottom.checked_sub(t.totals_rows)?);
        match item {
            SpecialItem::All => Some((t.area.top, t.area.bottom)),
            SpecialItem::Data => Some(data),
            SpecialItem::Headers => (t.header_rows > 0).then_some((t.area.top, t.area.top)),
            SpecialItem::Totals => (t.totals_rows > 0).then_some((t.area.bottom, t.area.bottom)),
            SpecialItem::ThisRow => (data.0..=data.1).contains(&at.row).then_some((at.row, at.row)),
        }
    }

    fn area(&self, at: CellRef) -> Expr {
        let items = if self.items.is_empty() { &[SpecialItem::Data][..] } else { &self.items[..] };
        let this_row = items.contains(&SpecialItem::ThisRow);
        let rows: Option<Vec<(u32, u32)>> = items.iter().map(|i| self.rows(i, at)).collect();
        let Some(rows) = rows.filter(|r| !r.is_empty()) else {
            let kind = if this_row { ErrorKind::Value } else { ErrorKind::Ref };
            return Expr::Error(kind);
        };
        let top = rows.iter().map(|r| r.0).min().unwrap_or(0);
        let bottom = rows.iter().map(|r| r.1).max().unwrap_or(0);
        let left = self.table.area.left;
        let (c1, c2) =
            self.columns.map_or((left, self.table.area.right), |c| (left + c.0, left + c.1));
        let absolute = |value: u32| Axis { value: value as i32, absolute: true };
        let row = |value: u32| {
            if this_row { Axis { value: 0, absolute: false } } else { absolute(value) }
        };
        let sheet = self.table.area.sheet;
        Expr::Area(AreaExpr {
            sheets: Some((sheet, sheet)),
            top: row(top),
            left: absolute(c1),
            bottom: row(bottom),
            right: absolute(c2),
        })
    }
}

fn lower(name: &str) -> Text {
    Text::from(name.to_lowercase())
}

/// A name without the prefixes that Excel writes before newer functions and parameters.
fn bare_name(name: &str) -> &str {
    let mut name = name;
    while let Some(rest) =
        ["_xlfn.", "_xlws.", "_xlpm.", "_xlop.", "_xludf."].iter().find_map(|prefix| {
            let head = name.get(..prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then(|| &name[prefix.len()..])
        })
    {
        name = rest;
    }
    name
}

fn named(name: &str, original: &str) -> Expr {
    if let Some(error) = ErrorKind::from_text(name) {
        return Expr::Error(error);
    }
    if name.ends_with("#REF!") || original.ends_with("#REF!") {
        return Expr::Error(ErrorKind::Ref);
    }
    if name.starts_with('[') {
        return Expr::External(Text::from(original));
    }
    match bare_name(name) {
        n if n.eq_ignore_ascii_case("true") => Expr::Bool(true),
        n if n.eq_ignore_ascii_case("false") => Expr::Bool(false),
        n => Expr::Name(lower(n)),
    }
}

fn literal(value: &LiteralValue) -> Result_<Expr> {
    Ok(match value {
        LiteralValue::Int(i) => Expr::Number(Number(*i as f64)),
        LiteralValue::Number(x) => Expr::Number(Number(*x)),
        LiteralValue::Text(t) => Expr::Text(Text::from(t.as_str())),
        LiteralValue::Boolean(b) => Expr::Bool(*b),
        LiteralValue::Error(e) => Expr::Error(error_kind(e.kind)),
        LiteralValue::Empty | LiteralValue::Pending => Expr::Omitted,
        LiteralValue::Array(_)
        | LiteralValue::Date(_)
        | LiteralValue::DateTime(_)
        | LiteralValue::Time(_)
        | LiteralValue::Duration(_) => {
            return Err(ParseError("a literal of a kind that formulas cannot hold".into()));
        }
    })
}
