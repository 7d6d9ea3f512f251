//! Calls of functions: those with a column form of their own, kernels, and those that are called
//! draw by draw with the values of their arguments.

use gantry_workbook::functions::{self, FunctionId, Param};
use gantry_workbook::{ErrorKind, Expr, Value};

use super::listed::{is_of_values, kinds_of_result};
use super::{Chance, Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::semantics::MAX_SCALARS;
use crate::ssa::{Op, Shape, Snap};

impl Compiler<'_> {
    /// Calls a function of the registry.
    pub(super) fn call(&mut self, id: FunctionId, args: &[Expr]) -> Result<Symbol, Reason> {
        let function = functions::get(id);
        if args.len() < function.min || args.len() > function.max {
            return Ok(self.error(ErrorKind::Value).into());
        }
        if function.is_lazy() {
            return self.lazy(function.name, args);
        }
        let mut operands = Vec::with_capacity(args.len());
        for (i, arg) in args.iter().enumerate() {
            let operand = match function.param(i) {
                Param::Array => self.in_array_mode(arg)?,
                Param::Range => self.expr(arg)?,
                Param::Value | Param::Strict | Param::Any => match self.expr(arg)? {
                    Symbol::Omitted => Symbol::Omitted,
                    other => self.plain(&other)?,
                },
            };
            operands.push(operand);
        }
        match self.own_form(function.name, &operands)? {
            Some(result) => Ok(result),
            None => self.call_with(id, operands),
        }
    }

    fn in_array_mode(&mut self, arg: &Expr) -> Result<Symbol, Reason> {
        let mode = std::mem::replace(&mut self.array, true);
        let result = self.expr(arg);
        self.array = mode;
        result
    }

    /// Functions that columns compute in their own way.
    fn own_form(
        &mut self,
        name: &'static str,
        operands: &[Symbol],
    ) -> Result<Option<Symbol>, Reason> {
        match name {
            "RAND" => Ok(Some(self.chance(Chance::Uniform).into())),
            "RANDBETWEEN" => self.rand_between(operands),
            "SUM" => self.total(operands, &Op::Sum),
            "MIN" => self.total(operands, &Op::Min),
            "MAX" => self.total(operands, &Op::Max),
            "AVERAGE" => self.average(operands),
            "AND" => self.truths(operands, &Op::And),
            "OR" => self.truths(operands, &Op::Or),
            "NOT" => match &operands[0] {
                Symbol::One(node) => Ok(Some(self.not(*node).into())),
                _ => Ok(None),
            },
            "NPV" => self.net_present(operands),
            "IRR" => self.rate_of_return(operands),
            "SUMPRODUCT" => self.sum_product(operands),
            "SUMIF" => self.sum_if(operands),
            "SUMIFS" => self.sum_ifs(operands),
            "COUNTIF" | "COUNTIFS" => self.count_ifs(operands),
            "TREND" => self.trend(operands),
            "TRANSPOSE" => self.transposed(operands),
            "INDEX" => self.index(operands),
            "MATCH" => self.match_(operands),
            "VLOOKUP" => self.table_lookup(operands, true),
            "HLOOKUP" => self.table_lookup(operands, false),
            "LOOKUP" => self.vector_lookup(operands),
            _ => Ok(None),
        }
    }

    /// RANDBETWEEN: every whole number between two, with equal chances.
    fn rand_between(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let [Symbol::One(low), Symbol::One(high)] = operands else { return Err(Reason::Shape) };
        let (low, high) = (self.number(*low), self.number(*high));
        let chance = self.chance(Chance::Uniform);
        let kernel = |name: &str| functions::find(name).ok_or(Reason::Function("RANDBETWEEN"));
        let int = Op::Kernel1(kernel("INT")?);
        let low = self.add(Op::Negate, &[low], Kinds::NUMBER);
        let low = self.add(int.clone(), &[low], Kinds::NUMBER);
        let low = self.add(Op::Negate, &[low], Kinds::NUMBER);
        let high = self.add(int.clone(), &[high], Kinds::NUMBER);
        let one = self.constant(&Value::Number(1.0));
        let count = self.add(Op::Subtract(Snap::No), &[high, low], Kinds::NUMBER);
        let count = self.add(Op::Add(Snap::No), &[count, one], Kinds::NUMBER);
        let place = self.add(Op::Multiply, &[chance, count], Kinds::NUMBER);
        let place = self.add(int, &[place], Kinds::NUMBER);
        Ok(Some(self.add(Op::Add(Snap::No), &[low, place], Kinds::NUMBER).into()))
    }

    /// Calls a function with compiled arguments; one of single values repeats over arrays.
    fn call_with(&mut self, id: FunctionId, operands: Vec<Symbol>) -> Result<Symbol, Reason> {
        let function = functions::get(id);
        let mut shape: Option<(usize, usize)> = None;
        for (i, operand) in operands.iter().enumerate() {
            if let (Param::Value | Param::Strict | Param::Any, Symbol::Grid(grid)) =
                (function.param(i), operand)
            {
                let (rows, cols) = shape.unwrap_or((1, 1));
                shape = Some((rows.max(grid.rows), cols.max(grid.cols)));
            }
        }
        let Some((rows, cols)) = shape else { return self.once(id, &operands) };
        let mut failed = None;
        let result = self.build(rows, cols, &mut |c, row, col| {
            let mut args = operands.clone();
            for (i, arg) in args.iter_mut().enumerate() {
                if let (Param::Value | Param::Strict | Param::Any, Symbol::Grid(grid)) =
                    (function.param(i), &*arg)
                {
                    let grid = std::sync::Arc::clone(grid);
                    *arg = c.element(&grid, row, col).into();
                }
            }
            match c.once(id, &args).and_then(|s| c.single(&s)) {
                Ok(node) => node,
                Err(reason) => {
                    failed = Some(reason);
                    c.error(ErrorKind::Value)
                }
            }
        });
        failed.map_or(result, Err)
    }

    /// A function of single values, computed from their lanes.
    fn scalar(&mut self, id: FunctionId, operands: &[Symbol]) -> Option<Symbol> {
        let mut truths = 0;
        let mut args = Vec::with_capacity(operands.len());
        for (i, operand) in operands.iter().enumerate() {
            let Symbol::One(node) = operand else { return None };
            truths |= u32::from(self.graph.kinds(*node).is_bool()) << i;
            args.push(*node);
        }
        let kinds = kinds_of_result(functions::get(id).name);
        let (date1904, is_truth) = (self.book.date1904, kinds.is_bool());
        let op = Op::Scalar { id, truths, date1904, is_truth };
        (args.len() <= MAX_SCALARS && !args.is_empty()).then(|| self.add(op, &args, kinds).into())
    }

    fn once(&mut self, id: FunctionId, operands: &[Symbol]) -> Result<Symbol, Reason> {
        let function = functions::get(id);
        if function.find_kernel1().is_some() {
            let node = self.single(&operands[0])?;
            let node = self.number(node);
            return Ok(self.add(Op::Kernel1(id), &[node], Kinds::NUMBER).into());
        }
        if function.find_kernel2().is_some() {
            let (a, b) = (self.single(&operands[0])?, self.single(&operands[1])?);
            let (a, b) = (self.number(a), self.number(b));
            let op = if function.name == "POWER" { Op::Power } else { Op::Kernel2(id) };
            return Ok(self.operation(&op, a, b).into());
        }
        if function.is_scalar()
            && kinds_of_result(function.name) != Kinds::ANY
            && let Some(result) = self.scalar(id, operands)
        {
            return Ok(result);
        }
        if !function.is_scalar() && !is_of_values(function.name) {
            return Err(Reason::Function(function.name));
        }
        let mut shapes = Vec::with_capacity(operands.len());
        let mut args = Vec::new();
        for operand in operands {
            match operand {
                Symbol::Omitted => shapes.push(Shape::Omitted),
                Symbol::One(node) => {
                    shapes.push(Shape::One(self.graph.kinds(*node).is_bool()));
                    args.push(*node);
                }
                Symbol::Area(_) | Symbol::Grid(_) => {
                    let grid = self.grid_of(operand)?;
                    shapes.push(Shape::Array(grid.rows as u32, grid.cols as u32));
                    for node in &grid.nodes {
                        args.push(self.boxed(*node));
                    }
                }
                Symbol::Areas(_) => return Err(Reason::Reference),
            }
        }
        // A truth value of a call is kept as a lane of any kind.
        let kinds = match kinds_of_result(function.name) {
            kinds if kinds.is_bool() => Kinds::ANY,
            kinds => kinds,
        };
        let op = Op::Call { id, at: self.at, shapes: shapes.into() };
        Ok(self.add(op, &args, kinds).into())
    }
}
