//! Computes expressions. One [`Eval`] computes one cell; it reads other cells through the
//! [`Model`], which computes them first where that is still to be done.
//!
//! Rules of references where one value is wanted: an ordinary formula takes the cell in its own
//! row or column (implicit intersection), an array formula takes all and works element by element.

use std::sync::Arc;

use crate::cell::{Area, CellRef, MAX_COLS, MAX_ROWS};
use crate::coerce::{to_bool, to_number, to_text};
use crate::value::{Array, ErrorKind, MAX_ARRAY, Text, Value};

mod apply;
mod expr;
mod model;
mod operand;

pub(crate) use model::Model;
pub(crate) use operand::{Lambda, Operand, Outcome};

/// The deepest nesting of calls, LAMBDAs included.
const MAX_DEPTH: u32 = 220;

/// The computation of one cell.
pub(crate) struct Eval<'m, 'b> {
    pub(crate) model: &'m mut Model<'b>,
    /// The cell whose formula this is.
    pub(crate) at: CellRef,
    /// Whether references yield arrays where values are wanted.
    pub(crate) array: bool,
    /// Variables of LET and LAMBDA, inner last.
    pub(crate) scope: Vec<(Text, Operand)>,
    pub(crate) depth: u32,
}

impl<'m, 'b> Eval<'m, 'b> {
    pub(crate) fn new(model: &'m mut Model<'b>, at: CellRef, array: bool) -> Self {
        Self { model, at, array, scope: Vec::new(), depth: 0 }
    }

    /// The value of a cell.
    pub(crate) fn cell(&mut self, cell: CellRef) -> Value {
        self.model.read(cell)
    }

    /// One cell of an area by implicit intersection.
    pub(crate) fn intersect(&mut self, area: &Area) -> Value {
        let at = self.at;
        let cell = if area.is_cell() {
            area.first()
        } else if area.left == area.right && (area.top..=area.bottom).contains(&at.row) {
            CellRef::new(area.sheet, at.row, area.left)
        } else if area.top == area.bottom && (area.left..=area.right).contains(&at.col) {
            CellRef::new(area.sheet, area.top, at.col)
        } else {
            return Value::Error(ErrorKind::Value);
        };
        self.cell(cell)
    }

    /// One value of an operand: of a reference by intersection, of an array its first.
    pub(crate) fn single(&mut self, operand: &Operand) -> Value {
        match operand {
            Operand::Value(v) => v.clone(),
            Operand::Array(a) => a.at(0, 0).clone(),
            Operand::Area(area) => self.intersect(area),
            Operand::Areas(areas) => match areas.as_ref() {
                [area] => self.intersect(area),
                _ => Value::Error(ErrorKind::Value),
            },
            Operand::Lambda(_) => Value::Error(ErrorKind::Calc),
            Operand::Omitted => Value::Empty,
        }
    }

    /// An area cut to the rows and columns that any sheet uses, so that whole columns stay small.
    pub(crate) fn clip(&self, area: &Area) -> Area {
        let (rows, cols) = self.model.extent();
        let mut area = *area;
        if area.rows() == MAX_ROWS as usize || area.rows() * area.cols() > MAX_ARRAY {
            area.bottom = area.bottom.min(rows.max(area.top + 1) - 1);
        }
        if area.cols() == MAX_COLS as usize || area.rows() * area.cols() > MAX_ARRAY {
            area.right = area.right.min(cols.max(area.left + 1) - 1);
        }
        area
    }

    /// All values of an area.
    pub(crate) fn area_array(&mut self, area: &Area) -> Result<Array, ErrorKind> {
        let area = self.clip(area);
        if area.rows() * area.cols() > MAX_ARRAY {
            return Err(ErrorKind::Num);
        }
        let mut values = vec![Value::Empty; area.rows() * area.cols()];
        let cols = area.cols();
        self.model.for_each(&area, &mut |cell, value| {
            let place = (cell.0 - area.top) as usize * cols + (cell.1 - area.left) as usize;
            values[place] = value.clone();
        });
        Array::new(area.rows(), cols, values)
    }

    /// All values of an operand.
    pub(crate) fn array_of(&mut self, operand: &Operand) -> Result<Arc<Array>, ErrorKind> {
        Ok(match operand {
            Operand::Value(v) => Arc::new(Array::single(v.clone())),
            Operand::Array(a) => Arc::clone(a),
            Operand::Area(area) => Arc::new(self.area_array(area)?),
            Operand::Areas(areas) => match areas.as_ref() {
                [area] => Arc::new(self.area_array(area)?),
                _ => return Err(ErrorKind::Value),
            },
            Operand::Lambda(_) => return Err(ErrorKind::Calc),
            Operand::Omitted => Arc::new(Array::single(Value::Empty)),
        })
    }

    /// Shows every value that is not empty to `visit`; the flag says whether it is of a reference
    /// or an array, where text and truth values do not count as numbers.
    pub(crate) fn each(&mut self, operand: &Operand, visit: &mut dyn FnMut(&Value, bool)) {
        match operand {
            Operand::Value(v) => visit(v, false),
            Operand::Array(a) => a.values().iter().for_each(|v| visit(v, true)),
            Operand::Area(area) => self.model.for_each(area, &mut |_, v| visit(v, true)),
            Operand::Areas(areas) => {
                for area in areas.iter() {
                    self.model.for_each(area, &mut |_, v| visit(v, true));
                }
            }
            Operand::Lambda(_) => visit(&Value::Error(ErrorKind::Calc), false),
            Operand::Omitted => visit(&Value::Empty, false),
        }
    }

    /// The numbers of arguments as SUM sees them: in references and arrays numbers alone, and of
    /// values given directly whatever reads as one.
    pub(crate) fn numbers(&mut self, args: &[Operand]) -> Result<Vec<f64>, ErrorKind> {
        let mut numbers = Vec::new();
        let mut error = None;
        for arg in args {
            self.each(arg, &mut |value, referred| match value {
                Value::Number(x) => numbers.push(*x),
                Value::Error(e) => error = error.or(Some(*e)),
                _ if referred => {}
                other => match to_number(other) {
                    Ok(x) => numbers.push(x),
                    Err(e) => error = error.or(Some(e)),
                },
            });
            if let Some(e) = error {
                return Err(e);
            }
        }
        Ok(numbers)
    }

    /// An argument as a number; `default` when it is absent.
    pub(crate) fn number_or(
        &mut self,
        args: &[Operand],
        i: usize,
        default: f64,
    ) -> Result<f64, ErrorKind> {
        match args.get(i) {
            None | Some(Operand::Omitted) => Ok(default),
            Some(arg) => {
                let value = self.single(arg);
                to_number(&value)
            }
        }
    }

    /// An argument as a number.
    pub(crate) fn number(&mut self, args: &[Operand], i: usize) -> Result<f64, ErrorKind> {
        self.number_or(args, i, 0.0)
    }

    /// An argument as a whole number, cut off towards zero.
    pub(crate) fn integer_or(
        &mut self,
        args: &[Operand],
        i: usize,
        default: i64,
    ) -> Result<i64, ErrorKind> {
        Ok(self.number_or(args, i, default as f64)?.trunc() as i64)
    }

    /// An argument as a truth value; `default` when it is absent.
    pub(crate) fn bool_or(
        &mut self,
        args: &[Operand],
        i: usize,
        default: bool,
    ) -> Result<bool, ErrorKind> {
        match args.get(i) {
            None | Some(Operand::Omitted) => Ok(default),
            Some(arg) => {
                let value = self.single(arg);
                to_bool(&value)
            }
        }
    }

    /// An argument as text.
    pub(crate) fn text(&mut self, args: &[Operand], i: usize) -> Result<Text, ErrorKind> {
        match args.get(i) {
            None => Ok(Text::from("")),
            Some(arg) => {
                let value = self.single(arg);
                to_text(&value)
            }
        }
    }

    /// An argument as one value, or an error.
    pub(crate) fn value(&mut self, args: &[Operand], i: usize) -> Value {
        args.get(i).map_or(Value::Empty, |arg| self.single(arg))
    }
}
