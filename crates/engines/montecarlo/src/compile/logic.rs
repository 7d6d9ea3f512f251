//! Choices: IF and its relatives compute all branches and pick one per draw.

use gantry_workbook::{ErrorKind, Expr, Value};

use super::{Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::ssa::{Comparison, NodeId, Op};

impl Compiler<'_> {
    /// A function that computes its arguments itself.
    pub(super) fn lazy(&mut self, name: &'static str, args: &[Expr]) -> Result<Symbol, Reason> {
        match name {
            "IF" => self.if_(args),
            "IFS" => self.ifs(args),
            "SWITCH" => self.switch(args),
            "CHOOSE" => self.choose(args),
            "IFERROR" => self.if_error(args, &Op::IfError),
            "IFNA" => self.if_error(args, &Op::IfNa),
            "LET" => self.let_(args),
            other => Err(Reason::Function(other)),
        }
    }

    /// A branch; one left out between commas is 0.
    fn branch(&mut self, args: &[Expr], i: usize, absent: &Value) -> Result<Symbol, Reason> {
        match args.get(i) {
            None => Ok(self.constant(absent).into()),
            Some(Expr::Omitted) => Ok(self.constant(&Value::Number(0.0)).into()),
            Some(arg) => self.expr(arg),
        }
    }

    /// A branch as one value; a reference to more than a cell would be a choice of references.
    fn branch_value(&mut self, symbol: &Symbol) -> Result<NodeId, Reason> {
        match symbol {
            Symbol::Area(area) if !area.is_cell() => Err(Reason::Reference),
            Symbol::Areas(_) => Err(Reason::Reference),
            Symbol::Grid(_) => Err(Reason::Shape),
            Symbol::Area(_) | Symbol::One(_) | Symbol::Omitted => self.single(symbol),
        }
    }

    fn select(&mut self, test: NodeId, yes: NodeId, no: NodeId) -> NodeId {
        let test = self.truth(test);
        let mut branches = [yes, no];
        let kinds = self.unify(&mut branches);
        self.add(Op::Select, &[test, branches[0], branches[1]], kinds)
    }

    fn if_(&mut self, args: &[Expr]) -> Result<Symbol, Reason> {
        let condition = self.expr(&args[0])?;
        let (yes, no) = (Value::Bool(true), Value::Bool(false));
        match self.plain(&condition)? {
            Symbol::Grid(tests) => {
                let yes = self.branch(args, 1, &yes)?;
                let no = self.branch(args, 2, &no)?;
                let (yes, no) = (self.plain(&yes)?, self.plain(&no)?);
                let (yes, no) = (self.grid_of(&yes)?, self.grid_of(&no)?);
                let rows = tests.rows.max(yes.rows).max(no.rows);
                let cols = tests.cols.max(yes.cols).max(no.cols);
                self.build(rows, cols, &mut |c, row, col| {
                    let test = c.element(&tests, row, col);
                    let (yes, no) = (c.element(&yes, row, col), c.element(&no, row, col));
                    c.select(test, yes, no)
                })
            }
            other => {
                let test = self.single(&other)?;
                let test = self.truth(test);
                if let Some(known) = self.graph.find_constant(test) {
                    if known.is_nan() {
                        return Ok(test.into());
                    }
                    let (i, absent) = if known == 0.0 { (2, no) } else { (1, yes) };
                    return self.branch(args, i, &absent);
                }
                let yes = self.branch(args, 1, &yes)?;
                let no = self.branch(args, 2, &no)?;
                let (yes, no) = (self.branch_value(&yes)?, self.branch_value(&no)?);
                Ok(self.select(test, yes, no).into())
            }
        }
    }

    /// A single value of an argument.
    fn single_expr(&mut self, arg: &Expr) -> Result<NodeId, Reason> {
        let symbol = self.expr(arg)?;
        let symbol = self.plain(&symbol)?;
        self.single(&symbol)
    }

    fn ifs(&mut self, args: &[Expr]) -> Result<Symbol, Reason> {
        if self.array {
            return Err(Reason::Shape);
        }
        let mut result = self.error(ErrorKind::Na);
        for pair in args.chunks(2).rev() {
            let test = self.single_expr(&pair[0])?;
            let value = match pair.get(1) {
                Some(arg) => {
                    let value = self.expr(arg)?;
                    self.branch_value(&value)?
                }
                None => self.error(ErrorKind::Na),
            };
            result = self.select(test, value, result);
        }
        Ok(result.into())
    }

    fn switch(&mut self, args: &[Expr]) -> Result<Symbol, Reason> {
        let wanted = self.single_expr(&args[0])?;
        let pairs = &args[1..];
        let mut result = self.error(ErrorKind::Na);
        for pair in pairs.chunks(2).rev() {
            match pair {
                [case, value] => {
                    let case = self.single_expr(case)?;
                    let value = self.expr(value)?;
                    let value = self.branch_value(&value)?;
                    let equal = self.comparison(Comparison::Equal, wanted, case);
                    result = self.select(equal, value, result);
                }
                [otherwise, ..] => {
                    let value = self.expr(otherwise)?;
                    result = self.branch_value(&value)?;
                }
                [] => {}
            }
        }
        // An error as the wanted value is the result, even where only the default is left.
        Ok(result.into())
    }

    fn choose(&mut self, args: &[Expr]) -> Result<Symbol, Reason> {
        let index = self.expr(&args[0])?;
        let Symbol::One(index) = self.plain(&index)? else { return Err(Reason::Shape) };
        let index = self.number(index);
        if let Some(known) = self.graph.find_constant(index).filter(|i| !i.is_nan()) {
            let i = known.trunc();
            if i < 1.0 || i >= args.len() as f64 {
                return Ok(self.error(ErrorKind::Value).into());
            }
            return self.branch(args, i as usize, &Value::Empty);
        }
        let mut values = Vec::with_capacity(args.len());
        for i in 1..args.len() {
            let value = self.branch(args, i, &Value::Empty)?;
            values.push(self.branch_value(&value)?);
        }
        Ok(self.pick(index, values, (1, ErrorKind::Value, ErrorKind::Value)).into())
    }

    /// One of several values by an index; the index of the first, and the errors before it and
    /// behind the last.
    pub(super) fn pick(
        &mut self,
        index: NodeId,
        mut values: Vec<NodeId>,
        (base, before, behind): (i32, ErrorKind, ErrorKind),
    ) -> NodeId {
        let kinds = self.unify(&mut values);
        let mut args = vec![index];
        args.append(&mut values);
        self.add(Op::Pick { base, before, behind }, &args, kinds)
    }

    fn if_error(&mut self, args: &[Expr], op: &Op) -> Result<Symbol, Reason> {
        let value = self.expr(&args[0])?;
        match self.plain(&value)? {
            Symbol::Grid(grid) => {
                let other = self.expr(&args[1])?;
                let other = self.plain(&other)?;
                let other = self.grid_of(&other)?;
                let (rows, cols) = (grid.rows.max(other.rows), grid.cols.max(other.cols));
                self.build(rows, cols, &mut |c, row, col| {
                    let pair = [c.element(&grid, row, col), c.element(&other, row, col)];
                    c.caught(op, pair)
                })
            }
            single => {
                let node = self.single(&single)?;
                let other = self.branch(args, 1, &Value::Empty)?;
                let other = self.branch_value(&other)?;
                Ok(self.caught(op, [node, other]).into())
            }
        }
    }

    fn caught(&mut self, op: &Op, mut pair: [NodeId; 2]) -> NodeId {
        let kinds = self.unify(&mut pair);
        self.add(op.clone(), &pair, kinds)
    }

    fn let_(&mut self, args: &[Expr]) -> Result<Symbol, Reason> {
        let [pairs @ .., body] = args else { return Err(Reason::Function("LET")) };
        if pairs.len() % 2 != 0 {
            return Err(Reason::Function("LET"));
        }
        let outer = self.scope.len();
        for pair in pairs.chunks(2) {
            let [Expr::Name(name), value] = pair else { return Err(Reason::Function("LET")) };
            let value = self.expr(value)?;
            self.scope.push((name.clone(), value));
        }
        let result = self.expr(body);
        self.scope.truncate(outer);
        result
    }

    /// A truth value turned around.
    pub(super) fn not(&mut self, node: NodeId) -> NodeId {
        let node = self.truth(node);
        self.add(Op::Not, &[node], Kinds::BOOL)
    }

    /// Nodes that one place may hold, made alike, and what that place may be.
    pub(super) fn unify(&mut self, nodes: &mut [NodeId]) -> Kinds {
        let kinds: Vec<Kinds> = nodes.iter().map(|n| self.graph.kinds(*n)).collect();
        if kinds.iter().all(|k| k.is_number()) {
            return Kinds::NUMBER;
        }
        if kinds.iter().all(|k| k.is_bool() || *k == Kinds::NONE) {
            return Kinds::BOOL;
        }
        let mut all = Kinds::NONE;
        for node in nodes.iter_mut() {
            *node = self.boxed(*node);
            all = all.or(self.graph.kinds(*node));
        }
        all
    }
}
