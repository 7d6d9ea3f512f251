//! Sums and counts of what fulfils conditions. Where a condition or a cell that it looks at depends on
//! chance, the sum asks in every draw.
//!
//! Invariant: what depends on chance here is a number or an error, and no error meets another.

use gantry_workbook::functions;
use gantry_workbook::live::Yield;
use gantry_workbook::{Area, CellRef, Expr, Value};

use super::expr::MAX_CELLS;
use super::{Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::ssa::{Comparison, NodeId, Op};

/// Whether a cell fulfils conditions.
#[derive(Clone, Copy)]
enum Hit {
    Yes,
    No,
    /// By the truth value of a node.
    PerDraw(NodeId),
}

impl Compiler<'_> {
    /// SUMIF.
    pub(super) fn sum_if(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let Symbol::Area(range) = &operands[0] else { return Ok(None) };
        let range = self.live.clip(range);
        let to = match operands.get(2) {
            Some(Symbol::Area(to)) => Area {
                bottom: to.top.saturating_add(range.bottom - range.top),
                right: to.left.saturating_add(range.right - range.left),
                ..*to
            },
            None => range,
            Some(_) => return Ok(None),
        };
        let Some(hits) = self.hits(&range, &operands[1])? else { return Ok(None) };
        self.sum_hits(&to, &hits)
    }

    /// SUMIFS.
    pub(super) fn sum_ifs(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let [Symbol::Area(to), pairs @ ..] = operands else { return Ok(None) };
        let to = self.live.clip(to);
        let Some((shape, hits)) = self.all_hits(pairs)? else { return Ok(None) };
        if shape != (to.rows(), to.cols()) {
            return Ok(None);
        }
        self.sum_hits(&to, &hits)
    }

    /// COUNTIF and COUNTIFS.
    pub(super) fn count_ifs(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        for range in operands.iter().step_by(2) {
            let Symbol::Area(range) = range else { return Ok(None) };
            let clipped = self.live.clip(range);
            // Empty cells beyond those in use may count.
            if (clipped.rows(), clipped.cols()) != (range.rows(), range.cols()) {
                return Ok(None);
            }
        }
        let Some((_, hits)) = self.all_hits(operands)? else { return Ok(None) };
        let mut list = vec![self.constant(&Value::Number(0.0))];
        for hit in hits {
            match hit {
                Hit::Yes => list.push(self.constant(&Value::Number(1.0))),
                Hit::No => {}
                Hit::PerDraw(test) => list.push(self.number(test)),
            }
        }
        Ok(Some(self.add(Op::Sum, &list, Kinds::NUMBER).into()))
    }

    /// The cells that fulfil all conditions of pairs of range and condition, and the ranges' shape.
    #[expect(clippy::type_complexity, reason = "a shape and its cells")]
    fn all_hits(&mut self, pairs: &[Symbol]) -> Result<Option<((usize, usize), Vec<Hit>)>, Reason> {
        let mut all: Option<((usize, usize), Vec<Hit>)> = None;
        for pair in pairs.chunks(2) {
            let [Symbol::Area(range), condition] = pair else { return Ok(None) };
            let range = self.live.clip(range);
            let shape = (range.rows(), range.cols());
            let Some(hits) = self.hits(&range, condition)? else { return Ok(None) };
            all = Some(match all {
                None => (shape, hits),
                Some((first, _)) if first != shape => return Ok(None),
                Some((_, before)) => {
                    let pairs = before.into_iter().zip(hits);
                    (shape, pairs.map(|(a, b)| self.both(a, b)).collect())
                }
            });
        }
        Ok(all)
    }

    fn both(&mut self, a: Hit, b: Hit) -> Hit {
        match (a, b) {
            (Hit::No, _) | (_, Hit::No) => Hit::No,
            (Hit::Yes, other) | (other, Hit::Yes) => other,
            (Hit::PerDraw(a), Hit::PerDraw(b)) => {
                Hit::PerDraw(self.add(Op::And, &[a, b], Kinds::BOOL))
            }
        }
    }

    /// Which cells of a range fulfil a condition.
    fn hits(&mut self, range: &Area, condition: &Symbol) -> Result<Option<Vec<Hit>>, Reason> {
        let Symbol::One(condition) = condition else { return Ok(None) };
        if range.rows() * range.cols() > MAX_CELLS {
            return Err(Reason::Large);
        }
        let mut hits = Vec::with_capacity(range.rows() * range.cols());
        for row in range.top..=range.bottom {
            for col in range.left..=range.right {
                let cell = CellRef::new(range.sheet, row, col);
                let Some(hit) = self.hit(cell, *condition)? else { return Ok(None) };
                hits.push(hit);
            }
        }
        Ok(Some(hits))
    }

    fn hit(&mut self, cell: CellRef, condition: NodeId) -> Result<Option<Hit>, Reason> {
        let certain = !self.slice.is_uncertain_cell(self.book, cell);
        let Some(lane) = self.graph.find_constant(condition) else {
            return self.equal_hit(cell, condition);
        };
        let is_bool = self.graph.kinds(condition).is_bool();
        let value = crate::lane::unpack(lane, is_bool, &self.texts);
        if certain {
            return Ok(self.certain_hit(cell, value));
        }
        let node = self.cell(cell)?;
        let Some((how, bound)) = find_test(&value).filter(|_| self.graph.kinds(node).is_number())
        else {
            return Ok(None);
        };
        let bound = self.constant(&Value::Number(bound));
        Ok(Some(self.test(how, node, bound)))
    }

    /// Whether a cell equals a condition that depends on chance.
    fn equal_hit(&mut self, cell: CellRef, condition: NodeId) -> Result<Option<Hit>, Reason> {
        let node = self.cell(cell)?;
        if !self.graph.kinds(condition).is_number() {
            return Ok(None);
        }
        if let Some(lane) = self.graph.find_constant(node) {
            let is_bool = self.graph.kinds(node).is_bool();
            match crate::lane::unpack(lane, is_bool, &self.texts) {
                Value::Number(_) => {}
                Value::Empty | Value::Bool(_) => return Ok(Some(Hit::No)),
                Value::Text(text) if !text.contains(|c: char| c.is_ascii_digit()) => {
                    return Ok(Some(Hit::No));
                }
                // Text may read as a number, and errors equal themselves.
                Value::Text(_) | Value::Error(_) => return Ok(None),
            }
        } else if !self.graph.kinds(node).is_number()
            || !(self.graph.is_input(node) || self.graph.is_input(condition))
        {
            return Ok(None);
        }
        Ok(Some(self.test(Comparison::Equal, node, condition)))
    }

    fn certain_hit(&mut self, cell: CellRef, condition: Value) -> Option<Hit> {
        let condition = match condition {
            Value::Number(x) => Expr::Number(gantry_workbook::formula::Number(x)),
            Value::Text(t) => Expr::Text(t),
            Value::Bool(b) => Expr::Bool(b),
            Value::Empty | Value::Error(_) => return None,
        };
        let call = Expr::Call(functions::find("COUNTIF")?, vec![cell_expr(cell), condition]);
        let counted = self.live.evaluate(&call, self.at, false);
        let is_hit = matches!(counted, Yield::Value(Value::Number(n)) if n > 0.0);
        Some(if is_hit { Hit::Yes } else { Hit::No })
    }

    /// Whether a number fulfils a test; an error does not.
    fn test(&mut self, how: Comparison, node: NodeId, bound: NodeId) -> Hit {
        let holds = self.comparison(how, node, bound);
        let not = self.constant(&Value::Bool(false));
        Hit::PerDraw(self.add(Op::IfError, &[holds, not], Kinds::BOOL))
    }

    fn sum_hits(&mut self, to: &Area, hits: &[Hit]) -> Result<Option<Symbol>, Reason> {
        let zero = self.constant(&Value::Number(0.0));
        let mut list = vec![zero];
        let cols = to.cols();
        for (i, hit) in hits.iter().enumerate() {
            let (row, col) = (to.top + (i / cols) as u32, to.left + (i % cols) as u32);
            let before = list.len();
            if matches!(hit, Hit::No) {
                continue;
            }
            let node = self.cell(CellRef::new(to.sheet, row, col))?;
            if !self.list_referred(node, &mut list) {
                return Ok(None);
            }
            if let (Hit::PerDraw(test), true) = (hit, list.len() > before) {
                list.truncate(before);
                list.push(self.add(Op::Select, &[*test, node, zero], Kinds::NUMBER));
            }
        }
        Ok(Some(self.add(Op::Sum, &list, Kinds::NUMBER).into()))
    }
}

/// The comparison with a number that a condition stands for; nothing for other conditions, nor for
/// inequality, which holds for errors.
fn find_test(condition: &Value) -> Option<(Comparison, f64)> {
    const SIGNS: [(&str, Comparison); 5] = [
        ("<=", Comparison::LessEqual),
        (">=", Comparison::GreaterEqual),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
        ("=", Comparison::Equal),
    ];
    match condition {
        Value::Number(x) => Some((Comparison::Equal, *x)),
        Value::Text(text) => {
            if text.starts_with("<>") {
                return None;
            }
            let signed = |(sign, how): &(&str, Comparison)| Some((*how, text.strip_prefix(sign)?));
            let (how, digits) = SIGNS.iter().find_map(signed)?;
            let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
            let number = digits.chars().all(is_plain).then(|| digits.parse().ok())??;
            Some((how, number))
        }
        Value::Empty | Value::Bool(_) | Value::Error(_) => None,
    }
}

/// A reference to one cell.
fn cell_expr(cell: CellRef) -> Expr {
    let axis = |value: u32| gantry_workbook::formula::Axis { value: value as i32, absolute: true };
    Expr::Area(gantry_workbook::AreaExpr {
        sheets: Some((cell.sheet, cell.sheet)),
        top: axis(cell.row),
        left: axis(cell.col),
        bottom: axis(cell.row),
        right: axis(cell.col),
    })
}
