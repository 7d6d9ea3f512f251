//! Expressions: constants, references, names and operators.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::cell::{Area, CellRef};
use crate::coerce::{compare, to_number, to_text};
use crate::eval::{Eval, Lambda, MAX_DEPTH, Operand};
use crate::formula::{BinaryOp, Expr, UnaryOp};
use crate::kernels;
use crate::value::{Array, ErrorKind, Value};

impl Eval<'_, '_> {
    /// Computes an expression.
    pub(crate) fn expr(&mut self, expr: &Expr) -> Operand {
        if self.depth >= MAX_DEPTH {
            return ErrorKind::Num.into();
        }
        self.depth += 1;
        let result = self.step(expr);
        self.depth -= 1;
        result
    }

    fn step(&mut self, expr: &Expr) -> Operand {
        match expr {
            Expr::Number(n) => n.0.into(),
            Expr::Text(t) => Operand::Value(Value::Text(t.clone())),
            Expr::Bool(b) => (*b).into(),
            Expr::Error(e) => (*e).into(),
            Expr::Omitted => Operand::Omitted,
            Expr::Area(area) => match area.sheets {
                Some((a, b)) if a != b => Operand::Areas(area.resolve_all(self.at).collect()),
                _ => Operand::Area(area.resolve(self.at)),
            },
            Expr::Name(name) => self.name(name),
            Expr::External(_) => ErrorKind::Ref.into(),
            Expr::Unary(op, a) => self.unary(*op, a),
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                self.binary(*op, &a, &b)
            }
            Expr::Call(id, args) => self.call(*id, args),
            Expr::Invoke(name, args) => match self.name(name) {
                Operand::Lambda(f) => self.apply_exprs(&f, args),
                Operand::Value(Value::Error(e)) => e.into(),
                _ => ErrorKind::Name.into(),
            },
            Expr::Apply(f, args) => match self.expr(f) {
                Operand::Lambda(f) => self.apply_exprs(&f, args),
                Operand::Value(Value::Error(e)) => e.into(),
                _ => ErrorKind::Value.into(),
            },
            Expr::Array(rows, cols, items) => {
                let values = items.iter().map(|e| {
                    let item = self.expr(e);
                    self.single(&item)
                });
                match Array::new(*rows, *cols, values.collect()) {
                    Ok(array) => Operand::Array(Arc::new(array)),
                    Err(e) => e.into(),
                }
            }
        }
    }

    /// A variable, a defined name, or a function passed by its name.
    fn name(&mut self, name: &str) -> Operand {
        if let Some((_, value)) = self.scope.iter().rev().find(|(n, _)| n.as_ref() == name) {
            return value.clone();
        }
        if let Some(function) = name.strip_prefix("_xleta.") {
            return match crate::functions::find(function) {
                Some(id) => Operand::Lambda(Arc::new(Lambda::BuiltIn(id))),
                None => ErrorKind::Name.into(),
            };
        }
        let Some(defined) = self.model.book.find_name(self.at.sheet, name) else {
            return ErrorKind::Name.into();
        };
        let expr = Arc::clone(&defined.expr);
        let scope = std::mem::take(&mut self.scope);
        let mode = std::mem::replace(&mut self.array, true);
        let result = self.expr(&expr);
        self.scope = scope;
        self.array = mode;
        result
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Operand {
        let a = self.expr(operand);
        match op {
            UnaryOp::Plus => a,
            UnaryOp::Minus => self.map(&a, &|v| to_number(&v).map(|x| Value::Number(-x))),
            UnaryOp::Percent => self.map(&a, &|v| to_number(&v).map(|x| Value::number(x / 100.0))),
            UnaryOp::Intersect => Operand::Value(self.single(&a)),
            UnaryOp::Spill => self.spilled(&a),
        }
    }

    /// The whole array of the cell that a reference names.
    fn spilled(&mut self, anchor: &Operand) -> Operand {
        let Operand::Area(area) = anchor else { return ErrorKind::Ref.into() };
        let sheet = self.model.book.sheet(area.sheet);
        let cell = sheet.find_index(area.top, area.left);
        let formula = cell.and_then(|c| sheet.formulas.iter().find(|f| f.cell as usize == c));
        match formula.and_then(|f| f.array) {
            Some(whole) => Operand::Area(whole),
            None => ErrorKind::Ref.into(),
        }
    }

    /// An operand as a value or an array, by the rules of references.
    pub(crate) fn plain(&mut self, operand: &Operand) -> Operand {
        match operand {
            Operand::Area(area) if !self.array || area.is_cell() => {
                Operand::Value(self.intersect(area))
            }
            Operand::Area(area) => match self.area_array(area) {
                Ok(array) => array.into(),
                Err(e) => e.into(),
            },
            Operand::Areas(_) | Operand::Lambda(_) => Operand::Value(self.single(operand)),
            Operand::Omitted => Operand::Value(Value::Empty),
            Operand::Value(_) | Operand::Array(_) => operand.clone(),
        }
    }

    /// Applies a function of one value, element by element.
    pub(crate) fn map(
        &mut self,
        a: &Operand,
        f: &dyn Fn(Value) -> Result<Value, ErrorKind>,
    ) -> Operand {
        let apply = |v: Value| f(v).unwrap_or_else(Value::Error);
        match self.plain(a) {
            Operand::Array(array) => {
                let values = array.values().iter().map(|v| apply(v.clone())).collect();
                match Array::new(array.rows(), array.cols(), values) {
                    Ok(array) => Operand::Array(Arc::new(array)),
                    Err(e) => e.into(),
                }
            }
            other => Operand::Value(apply(self.single(&other))),
        }
    }

    /// Applies a function of two values, element by element.
    pub(crate) fn zip(
        &mut self,
        a: &Operand,
        b: &Operand,
        f: &dyn Fn(&Value, &Value) -> Result<Value, ErrorKind>,
    ) -> Operand {
        let apply = |a: &Value, b: &Value| f(a, b).unwrap_or_else(Value::Error);
        match (self.plain(a), self.plain(b)) {
            (Operand::Value(a), Operand::Value(b)) => Operand::Value(apply(&a, &b)),
            (a, b) => {
                let (a, b) = match (self.array_of(&a), self.array_of(&b)) {
                    (Ok(a), Ok(b)) => (a, b),
                    (Err(e), _) | (_, Err(e)) => return e.into(),
                };
                let (rows, cols) = (a.rows().max(b.rows()), a.cols().max(b.cols()));
                let array =
                    Array::build(rows, cols, |r, c| apply(&a.broadcast(r, c), &b.broadcast(r, c)));
                array.map_or_else(Operand::from, |a| Operand::Array(Arc::new(a)))
            }
        }
    }

    /// An operator between two operands.
    pub(crate) fn binary(&mut self, op: BinaryOp, a: &Operand, b: &Operand) -> Operand {
        match op {
            BinaryOp::Add => self.arithmetic(a, b, kernels::add),
            BinaryOp::Subtract => self.arithmetic(a, b, kernels::subtract),
            BinaryOp::Multiply => self.arithmetic(a, b, kernels::multiply),
            BinaryOp::Divide => self.arithmetic(a, b, kernels::divide),
            BinaryOp::Power => self.arithmetic(a, b, kernels::power),
            BinaryOp::Concat => {
                self.zip(a, b, &|a, b| Ok(Value::from(format!("{}{}", to_text(a)?, to_text(b)?))))
            }
            BinaryOp::Equal => self.compared(a, b, Ordering::is_eq),
            BinaryOp::NotEqual => self.compared(a, b, Ordering::is_ne),
            BinaryOp::Less => self.compared(a, b, Ordering::is_lt),
            BinaryOp::Greater => self.compared(a, b, Ordering::is_gt),
            BinaryOp::LessEqual => self.compared(a, b, Ordering::is_le),
            BinaryOp::GreaterEqual => self.compared(a, b, Ordering::is_ge),
            BinaryOp::Range => joined(a, b, |a, b| Some(a.hull(b)), ErrorKind::Ref),
            BinaryOp::Intersection => joined(a, b, Area::find_intersection, ErrorKind::Null),
            BinaryOp::Union => {
                let areas: Vec<Area> = [areas_of(a), areas_of(b)].concat();
                if areas.is_empty() {
                    ErrorKind::Value.into()
                } else {
                    Operand::Areas(areas.into())
                }
            }
        }
    }

    /// As [`Self::binary`] for sums, where a result near zero is zero.
    pub(crate) fn binary_snapped(&mut self, op: BinaryOp, a: &Operand, b: &Operand) -> Operand {
        match op {
            BinaryOp::Add => self.arithmetic(a, b, kernels::add_snapped),
            BinaryOp::Subtract => self.arithmetic(a, b, kernels::subtract_snapped),
            other => self.binary(other, a, b),
        }
    }

    fn arithmetic(&mut self, a: &Operand, b: &Operand, f: fn(f64, f64) -> f64) -> Operand {
        self.zip(a, b, &|a, b| Ok(kernels::to_value(f(to_number(a)?, to_number(b)?))))
    }

    fn compared(&mut self, a: &Operand, b: &Operand, holds: fn(Ordering) -> bool) -> Operand {
        self.zip(a, b, &|a, b| {
            if let Some(e) = a.find_error().or(b.find_error()) {
                return Err(e);
            }
            Ok(Value::Bool(holds(compare(a, b))))
        })
    }

    /// A reference that the text of an address names, on the formula's sheet unless it says other.
    pub(crate) fn find_reference(&mut self, text: &str, at: CellRef) -> Option<Operand> {
        let lookup = crate::load::Lookup { book: self.model.book };
        let expr = crate::formula::parse(text, at, &lookup).ok()?;
        let result = self.expr(&expr);
        result.is_reference().then_some(result)
    }
}

fn areas_of(operand: &Operand) -> Vec<Area> {
    match operand {
        Operand::Area(a) => vec![*a],
        Operand::Areas(a) => a.to_vec(),
        Operand::Value(_) | Operand::Array(_) | Operand::Lambda(_) | Operand::Omitted => Vec::new(),
    }
}

fn joined(
    a: &Operand,
    b: &Operand,
    join: impl Fn(&Area, &Area) -> Option<Area>,
    otherwise: ErrorKind,
) -> Operand {
    let (left, right) = (areas_of(a), areas_of(b));
    if left.is_empty() || right.is_empty() {
        for side in [a, b] {
            if let Operand::Value(Value::Error(e)) = side {
                return (*e).into();
            }
        }
        return ErrorKind::Value.into();
    }
    let mut areas: Vec<Area> = Vec::new();
    for x in &left {
        areas.extend(right.iter().filter_map(|y| join(x, y)));
    }
    match areas.as_slice() {
        [] => otherwise.into(),
        [one] => Operand::Area(*one),
        _ => Operand::Areas(areas.into()),
    }
}
