//! Expressions: constants, references, names and operators, as the evaluator has them.

use std::sync::Arc;

use gantry_workbook::functions;
use gantry_workbook::kernels::{MAX_INTEGER_POWER, fail};
use gantry_workbook::live::Yield;
use gantry_workbook::{Area, BinaryOp, CellRef, ErrorKind, Expr, UnaryOp, Value};

use super::symbol::Grid;
use super::{Chance, Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::ssa::{Comparison, NodeId, Op, Snap};

/// The deepest nesting of calls.
const MAX_DEPTH: u32 = 200;
/// The most cells of an area that become nodes.
pub(super) const MAX_CELLS: usize = 1 << 17;

impl Compiler<'_> {
    /// Compiles an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Symbol, Reason> {
        if self.depth >= MAX_DEPTH {
            return Err(Reason::Large);
        }
        self.depth += 1;
        let result = self.step(expr);
        self.depth -= 1;
        result
    }

    fn step(&mut self, expr: &Expr) -> Result<Symbol, Reason> {
        match expr {
            Expr::Omitted => return Ok(Symbol::Omitted),
            Expr::Number(n) => return Ok(self.constant(&Value::Number(n.0)).into()),
            Expr::Area(area) => {
                return Ok(match area.sheets {
                    Some((a, b)) if a != b => Symbol::Areas(area.resolve_all(self.at).collect()),
                    _ => Symbol::Area(area.resolve(self.at)),
                });
            }
            _ => {}
        }
        if self.is_certain(expr) {
            return self.folded(expr);
        }
        match expr {
            Expr::Name(name) => self.name(name),
            Expr::Unary(op, a) => self.unary(*op, a),
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.binary(*op, &a, &b)
            }
            Expr::Call(id, args) => self.call(*id, args),
            Expr::Invoke(name, args) if self.chance.contains(name) => {
                let chance = self.chance_function(name, args)?;
                Ok(self.chance(chance).into())
            }
            Expr::Array(rows, cols, items) => {
                let mut nodes = Vec::with_capacity(items.len());
                for item in items {
                    let item = self.expr(item)?;
                    nodes.push(self.single(&item)?);
                }
                Ok(Grid { rows: *rows, cols: *cols, nodes }.into())
            }
            _ => Err(Reason::Lambda),
        }
    }

    /// What is the same in every draw, computed now.
    fn folded(&mut self, expr: &Expr) -> Result<Symbol, Reason> {
        Ok(match self.live.evaluate(expr, self.at, self.array) {
            Yield::Value(value) => self.constant(&value).into(),
            Yield::Array(array) => {
                if array.values().len() > MAX_CELLS {
                    return Err(Reason::Large);
                }
                let nodes = array.values().iter().map(|v| self.constant(v)).collect();
                Grid { rows: array.rows(), cols: array.cols(), nodes }.into()
            }
            Yield::Areas(areas) => match areas.as_slice() {
                [one] => Symbol::Area(*one),
                _ => Symbol::Areas(areas.into()),
            },
            Yield::Function => return Err(Reason::Lambda),
            Yield::Omitted => Symbol::Omitted,
        })
    }

    /// A variable of LET, or a defined name.
    fn name(&mut self, name: &str) -> Result<Symbol, Reason> {
        if let Some((_, value)) = self.scope.iter().rev().find(|(n, _)| n.as_ref() == name) {
            return Ok(value.clone());
        }
        let Some(defined) = self.book.find_name(self.at.sheet, name) else {
            return Err(Reason::Lambda);
        };
        let expr = Arc::clone(&defined.expr);
        let scope = std::mem::take(&mut self.scope);
        let mode = std::mem::replace(&mut self.array, true);
        let result = self.expr(&expr);
        self.scope = scope;
        self.array = mode;
        result
    }

    /// A function of chance with its arguments.
    fn chance_function(&mut self, name: &str, args: &[Expr]) -> Result<Chance, Reason> {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(match arg {
                Expr::Invoke(name, args) if self.chance.contains(name) => {
                    self.chance_function(name, args)?
                }
                other => Chance::Values(self.certain_values(other)?),
            });
        }
        Ok(Chance::Function(name.into(), values))
    }

    fn certain_values(&mut self, expr: &Expr) -> Result<Vec<Value>, Reason> {
        if !self.is_certain(expr) {
            return Err(Reason::Chance);
        }
        Ok(match self.live.evaluate(expr, self.at, true) {
            Yield::Value(value) => vec![value],
            Yield::Array(array) => array.values().to_vec(),
            Yield::Areas(areas) => {
                let mut values = Vec::new();
                for area in areas {
                    let area = self.live.clip(&area);
                    for row in area.top..=area.bottom {
                        for col in area.left..=area.right {
                            values.push(self.live.read(CellRef::new(area.sheet, row, col)));
                        }
                    }
                }
                values
            }
            Yield::Omitted => Vec::new(),
            Yield::Function => return Err(Reason::Lambda),
        })
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Result<Symbol, Reason> {
        let a = self.expr(operand)?;
        match op {
            UnaryOp::Plus => Ok(a),
            UnaryOp::Minus => self.map(&a, &Op::Negate),
            UnaryOp::Percent => self.map(&a, &Op::Percent),
            UnaryOp::Intersect => Ok(self.single(&a)?.into()),
            UnaryOp::Spill => Err(Reason::Reference),
        }
    }

    fn binary(&mut self, op: BinaryOp, a: &Symbol, b: &Symbol) -> Result<Symbol, Reason> {
        match op {
            BinaryOp::Add => self.arithmetic(&Op::Add(Snap::No), a, b),
            BinaryOp::Subtract => self.arithmetic(&Op::Subtract(Snap::No), a, b),
            BinaryOp::Multiply => self.arithmetic(&Op::Multiply, a, b),
            BinaryOp::Divide => self.arithmetic(&Op::Divide, a, b),
            BinaryOp::Power => self.arithmetic(&Op::Power, a, b),
            BinaryOp::Concat => self.zip(a, b, &mut |c, a, b| {
                let (a, b) = (c.boxed(a), c.boxed(b));
                c.add(Op::Join, &[a, b], Kinds::TEXT)
            }),
            BinaryOp::Equal => self.compared(Comparison::Equal, a, b),
            BinaryOp::NotEqual => self.compared(Comparison::NotEqual, a, b),
            BinaryOp::Less => self.compared(Comparison::Less, a, b),
            BinaryOp::Greater => self.compared(Comparison::Greater, a, b),
            BinaryOp::LessEqual => self.compared(Comparison::LessEqual, a, b),
            BinaryOp::GreaterEqual => self.compared(Comparison::GreaterEqual, a, b),
            BinaryOp::Range | BinaryOp::Union | BinaryOp::Intersection => Err(Reason::Reference),
        }
    }

    fn compared(&mut self, how: Comparison, a: &Symbol, b: &Symbol) -> Result<Symbol, Reason> {
        self.zip(a, b, &mut |c, a, b| c.comparison(how, a, b))
    }

    /// Two values compared: as numbers where both are.
    pub(super) fn comparison(&mut self, how: Comparison, a: NodeId, b: NodeId) -> NodeId {
        let (ka, kb) = (self.graph.kinds(a), self.graph.kinds(b));
        let zero = |kinds: Kinds| kinds == Kinds::EMPTY;
        let numbers = (ka.is_number() || zero(ka)) && (kb.is_number() || zero(kb));
        if numbers || (ka.is_bool() && kb.is_bool()) {
            let (a, b) = (self.number(a), self.number(b));
            return self.add(Op::Compare(how), &[a, b], Kinds::BOOL);
        }
        let (a, b) = (self.boxed(a), self.boxed(b));
        self.add(Op::CompareAny(how), &[a, b], Kinds::BOOL)
    }

    /// An operator between numbers, element by element.
    pub(super) fn arithmetic(&mut self, op: &Op, a: &Symbol, b: &Symbol) -> Result<Symbol, Reason> {
        self.zip(a, b, &mut |c, a, b| {
            let (a, b) = (c.number(a), c.number(b));
            c.operation(op, a, b)
        })
    }

    /// An operation on two numbers; whole powers are multiplications, and digits mostly known.
    pub(super) fn operation(&mut self, op: &Op, a: NodeId, b: NodeId) -> NodeId {
        if *op == Op::Power
            && let Some(n) = self.graph.find_constant(b)
            && n.fract() == 0.0
            && n.abs() <= MAX_INTEGER_POWER
        {
            return self.whole_power(a, n as i32);
        }
        if matches!(op, Op::Kernel2(id) if functions::get(*id).name == "ROUND")
            && let Some(n) = self.graph.find_constant(b)
            && n.fract() == 0.0
            && (0.0..=12.0).contains(&n)
        {
            return self.add(Op::Round(n as i32), &[a], Kinds::NUMBER);
        }
        self.add(op.clone(), &[a, b], Kinds::NUMBER)
    }

    fn map(&mut self, a: &Symbol, op: &Op) -> Result<Symbol, Reason> {
        let apply = |c: &mut Self, node: NodeId| {
            let node = c.number(node);
            c.add(op.clone(), &[node], Kinds::NUMBER)
        };
        Ok(match self.plain(a)? {
            Symbol::Grid(grid) => {
                let nodes = grid.nodes.iter().map(|n| apply(self, *n)).collect();
                Grid { rows: grid.rows, cols: grid.cols, nodes }.into()
            }
            other => {
                let node = self.single(&other)?;
                apply(self, node).into()
            }
        })
    }

    /// Applies a function of two values, element by element.
    fn zip(
        &mut self,
        a: &Symbol,
        b: &Symbol,
        f: &mut dyn FnMut(&mut Self, NodeId, NodeId) -> NodeId,
    ) -> Result<Symbol, Reason> {
        match (self.plain(a)?, self.plain(b)?) {
            (Symbol::One(a), Symbol::One(b)) => Ok(f(self, a, b).into()),
            (a, b) => {
                let (a, b) = (self.grid_of(&a)?, self.grid_of(&b)?);
                let (rows, cols) = (a.rows.max(b.rows), a.cols.max(b.cols));
                self.build(rows, cols, &mut |c, row, col| {
                    let (a, b) = (c.element(&a, row, col), c.element(&b, row, col));
                    f(c, a, b)
                })
            }
        }
    }

    /// A grid made element by element.
    pub(super) fn build(
        &mut self,
        rows: usize,
        cols: usize,
        f: &mut dyn FnMut(&mut Self, usize, usize) -> NodeId,
    ) -> Result<Symbol, Reason> {
        if rows * cols > MAX_CELLS {
            return Err(Reason::Large);
        }
        let mut nodes = Vec::with_capacity(rows * cols);
        for row in 0..rows {
            for col in 0..cols {
                nodes.push(f(self, row, col));
            }
        }
        Ok(Grid { rows, cols, nodes }.into())
    }

    /// The element that a broadcast reads, `#N/A` beyond a longer side.
    pub(super) fn element(&mut self, grid: &Grid, row: usize, col: usize) -> NodeId {
        match grid.broadcast(row, col) {
            Some(node) => node,
            None => self.constant(&Value::Error(ErrorKind::Na)),
        }
    }

    /// One cell of an area by implicit intersection.
    pub(super) fn intersect(&mut self, area: &Area) -> Result<NodeId, Reason> {
        let at = self.at;
        let cell = if area.is_cell() {
            area.first()
        } else if area.left == area.right && (area.top..=area.bottom).contains(&at.row) {
            CellRef::new(area.sheet, at.row, area.left)
        } else if area.top == area.bottom && (area.left..=area.right).contains(&at.col) {
            CellRef::new(area.sheet, area.top, at.col)
        } else {
            return Ok(self.constant(&Value::Error(ErrorKind::Value)));
        };
        self.cell(cell)
    }

    /// One value of a symbol: of a reference by intersection, of an array its first.
    pub(super) fn single(&mut self, symbol: &Symbol) -> Result<NodeId, Reason> {
        match symbol {
            Symbol::One(node) => Ok(*node),
            Symbol::Grid(grid) => Ok(grid.nodes[0]),
            Symbol::Area(area) => self.intersect(area),
            Symbol::Areas(areas) => match areas.as_ref() {
                [area] => self.intersect(area),
                _ => Ok(self.constant(&Value::Error(ErrorKind::Value))),
            },
            Symbol::Omitted => Ok(self.constant(&Value::Empty)),
        }
    }

    /// A symbol as a value or an array, by the rules of references.
    pub(super) fn plain(&mut self, symbol: &Symbol) -> Result<Symbol, Reason> {
        match symbol {
            Symbol::Area(area) if !self.array || area.is_cell() => Ok(self.intersect(area)?.into()),
            Symbol::Area(area) => Ok(Symbol::from(self.area_grid(area)?)),
            Symbol::Areas(_) | Symbol::Omitted => Ok(self.single(symbol)?.into()),
            Symbol::One(_) | Symbol::Grid(_) => Ok(symbol.clone()),
        }
    }

    /// All values of an area.
    pub(super) fn area_grid(&mut self, area: &Area) -> Result<Grid, Reason> {
        let area = self.live.clip(area);
        if area.rows() * area.cols() > MAX_CELLS {
            return Err(Reason::Large);
        }
        let mut nodes = Vec::with_capacity(area.rows() * area.cols());
        for row in area.top..=area.bottom {
            for col in area.left..=area.right {
                nodes.push(self.cell(CellRef::new(area.sheet, row, col))?);
            }
        }
        Ok(Grid { rows: area.rows(), cols: area.cols(), nodes })
    }

    /// All values of a symbol.
    pub(super) fn grid_of(&mut self, symbol: &Symbol) -> Result<Arc<Grid>, Reason> {
        Ok(match symbol {
            Symbol::Grid(grid) => Arc::clone(grid),
            Symbol::Area(area) => Arc::new(self.area_grid(area)?),
            Symbol::Areas(areas) => match areas.as_ref() {
                [area] => Arc::new(self.area_grid(area)?),
                _ => return Err(Reason::Reference),
            },
            Symbol::One(_) | Symbol::Omitted => {
                let node = self.single(symbol)?;
                Arc::new(Grid { rows: 1, cols: 1, nodes: vec![node] })
            }
        })
    }

    /// A node as a number: truth values are 0 and 1 already.
    pub(super) fn number(&mut self, node: NodeId) -> NodeId {
        let kinds = self.graph.kinds(node);
        if kinds.is_number() || kinds.is_bool() {
            return node;
        }
        self.add(Op::ToNumber, &[node], Kinds::NUMBER)
    }

    /// A node as a truth value or a number, of which 0 is false.
    pub(super) fn truth(&mut self, node: NodeId) -> NodeId {
        let kinds = self.graph.kinds(node);
        if kinds.is_number() || kinds.is_bool() {
            return node;
        }
        self.add(Op::ToBool, &[node], Kinds::BOOL)
    }

    /// A node as a lane of any kind.
    pub(super) fn boxed(&mut self, node: NodeId) -> NodeId {
        if !self.graph.kinds(node).is_bool() {
            return node;
        }
        self.add(Op::Box, &[node], Kinds::BOOL.or(Kinds::EMPTY))
    }

    /// An error as a node.
    pub(super) fn error(&mut self, error: ErrorKind) -> NodeId {
        self.graph.constant(fail(error), Kinds::NONE)
    }
}
