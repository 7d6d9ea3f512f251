//! A workbook that stays open after its recalculation: single formulas are computed again after
//! cells were set, expressions are evaluated, and functions called with values. Simulation uses
//! it for what does not depend on chance, and for what it cannot compute in columns, so that
//! there is one meaning of every function.
//!
//! Invariant: an answer is the one that [`crate::recalculate()`] would give. Formulas nest, so the
//! caller's thread needs a large stack ([`STACK`] bytes).

use std::sync::Arc;

use crate::book::{Content, Workbook};
use crate::cell::{Area, CellRef, SheetId};
use crate::eval::{Eval, Model, Operand};
use crate::formula::Expr;
use crate::functions::FunctionId;
use crate::graph::FormulaAt;
use crate::recalculate::{Options, Plan};
use crate::value::{Array, ErrorKind, Value};

pub use crate::recalculate::STACK;

/// An argument of a call.
#[derive(Debug, Clone)]
pub enum Argument {
    /// One value.
    Value(Value),
    /// What a range or an array holds.
    Array(Arc<Array>),
    /// Left out between two commas.
    Omitted,
}

/// What an expression yields.
#[derive(Debug, Clone)]
pub enum Yield {
    /// One value.
    Value(Value),
    /// An array.
    Array(Arc<Array>),
    /// References.
    Areas(Vec<Area>),
    /// A function value, which has no place in a column.
    Function,
    /// Nothing: an argument left out.
    Omitted,
}

/// A recalculated workbook that stays open.
#[derive(Clone)]
pub struct Live<'b> {
    model: Model<'b>,
    plan: Arc<Plan>,
}

impl<'b> Live<'b> {
    /// Computes all formulas of a workbook.
    #[must_use]
    pub fn new(book: &'b Workbook, options: &Options) -> Self {
        let plan = Arc::new(Plan::new(book, options));
        let (model, _) = plan.compute(book, options);
        Self { model, plan }
    }

    /// Whether some cells depend on themselves.
    #[must_use]
    pub fn is_circular(&self) -> bool {
        self.model.circular
    }

    /// Whether a formula is computed; others keep the value that Excel saved.
    #[must_use]
    pub fn computes(&self, at: FormulaAt) -> bool {
        self.plan.computes(at)
    }

    /// The formulas that are computed, each behind those that it reads.
    #[must_use]
    pub fn order(&self) -> &[FormulaAt] {
        &self.plan.computed
    }

    /// The value of a cell; a formula that is still to be computed is computed now.
    pub fn read(&mut self, cell: CellRef) -> Value {
        self.model.read(cell)
    }

    /// Puts a value into a cell of the file; a formula there is not computed any more.
    pub fn set(&mut self, cell: CellRef, value: Value) {
        let sheet = self.model.book.sheets().get(cell.sheet.index());
        if let Some(index) = sheet.and_then(|s| s.find_index(cell.row, cell.col)) {
            self.model.set(cell.sheet, index, value);
        }
    }

    /// Lets formulas be computed again when they are read.
    pub fn forget(&mut self, formulas: &[FormulaAt]) {
        for at in formulas {
            self.model.forget(at.sheet, at.index as usize);
        }
    }

    /// Lets all formulas be computed again when they are read.
    pub fn forget_all(&mut self) {
        for at in &self.plan.computed {
            self.model.forget(at.sheet, at.index as usize);
        }
    }

    /// Computes everything again from the values that Excel saved, with other inputs.
    pub fn recalculate(&mut self, options: &Options) {
        let plan = Arc::clone(&self.plan);
        (self.model, _) = plan.compute(self.model.book, options);
    }

    /// Computes the formula of a cell, or the one whose array covers it, and gives the cell's value.
    pub fn compute(&mut self, cell: CellRef) -> Value {
        let sheet = self.model.book.sheets().get(cell.sheet.index());
        let content = sheet.and_then(|s| s.find_cell(cell.row, cell.col)).map(|c| c.content);
        if let Some(Content::Formula(index) | Content::Spilled(index)) = content {
            self.model.forget(cell.sheet, index as usize);
        }
        self.model.read(cell)
    }

    /// An area cut to the rows and columns that the workbook uses, as functions read it.
    pub fn clip(&mut self, area: &Area) -> Area {
        Eval::new(&mut self.model, CellRef::new(SheetId(0), 0, 0), false).clip(area)
    }

    /// What an expression yields in a cell; `array` says whether as in an array formula.
    pub fn evaluate(&mut self, expr: &Expr, at: CellRef, array: bool) -> Yield {
        match Eval::new(&mut self.model, at, array).expr(expr) {
            Operand::Value(value) => Yield::Value(value),
            Operand::Array(array) => Yield::Array(array),
            Operand::Area(area) => Yield::Areas(vec![area]),
            Operand::Areas(areas) => Yield::Areas(areas.to_vec()),
            Operand::Lambda(_) => Yield::Function,
            Operand::Omitted => Yield::Omitted,
        }
    }

    /// Calls a function of the registry with values, as a formula in a cell would; of an array
    /// the first element is given.
    pub fn call(&mut self, id: FunctionId, at: CellRef, arguments: Vec<Argument>) -> Value {
        let function = crate::functions::get(id);
        if arguments.len() < function.min || arguments.len() > function.max {
            return Value::Error(ErrorKind::Value);
        }
        let operands = arguments.into_iter().map(|argument| match argument {
            Argument::Value(value) => Operand::Value(value),
            Argument::Array(array) => Operand::Array(array),
            Argument::Omitted => Operand::Omitted,
        });
        let operands = operands.collect();
        let mut eval = Eval::new(&mut self.model, at, false);
        let result = eval.call_with(id, operands);
        eval.single(&result)
    }
}
