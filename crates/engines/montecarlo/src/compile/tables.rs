//! Look-ups: where the keys are certain, a search for the place and a pick of the value there.

use std::sync::Arc;

use gantry_workbook::coerce::compare_numbers;
use gantry_workbook::{Area, CellRef, ErrorKind, Value};

use super::expr::MAX_CELLS;
use super::symbol::Grid;
use super::{Compiler, Reason, Symbol};
use crate::lane::Kinds;
use crate::ssa::{Keys, NodeId, Op};

impl Compiler<'_> {
    /// A constant argument as a number.
    fn known_number(&mut self, symbol: Option<&Symbol>, absent: f64) -> Option<f64> {
        match symbol {
            None => Some(absent),
            Some(Symbol::One(node)) => {
                let node = self.number(*node);
                self.graph.find_constant(node).filter(|x| !x.is_nan())
            }
            Some(_) => None,
        }
    }

    /// INDEX with an index that depends on chance, into one row or column.
    pub(super) fn index(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        if self.array || operands.len() > 3 {
            return Err(Reason::Function("INDEX"));
        }
        let grid = match &operands[0] {
            Symbol::Area(area) => {
                if area.rows() * area.cols() > MAX_CELLS {
                    return Err(Reason::Large);
                }
                *area
            }
            _ => return Err(Reason::Function("INDEX")),
        };
        let (rows, cols) = (grid.rows(), grid.cols());
        let row = operands.get(1).cloned().unwrap_or(Symbol::Omitted);
        let col = operands.get(2).cloned();
        // With one index into one row, it counts columns.
        let (row, col) = match (operands.len(), rows) {
            (2, 1) if cols > 1 => (Symbol::One(self.constant(&Value::Number(0.0))), Some(row)),
            _ => (row, col),
        };
        let known_row = self.known_number(Some(&row), 0.0).map(f64::trunc);
        let known_col = self.known_number(col.as_ref(), 0.0).map(f64::trunc);
        match (known_row, known_col) {
            (None, Some(c)) => self.index_line(&grid, &row, (c, cols, true)),
            (Some(r), None) => match col {
                Some(col) => self.index_line(&grid, &col, (r, rows, false)),
                None => Err(Reason::Function("INDEX")),
            },
            (Some(r), Some(c)) => self.index_known(&grid, (r, c)),
            (None, None) => Err(Reason::Function("INDEX")),
        }
    }

    /// INDEX of places that are certain: a reference.
    fn index_known(
        &mut self,
        area: &Area,
        (row, col): (f64, f64),
    ) -> Result<Option<Symbol>, Reason> {
        if row < 0.0 || col < 0.0 {
            return Ok(Some(self.error(ErrorKind::Value).into()));
        }
        if row > area.rows() as f64 || col > area.cols() as f64 {
            return Ok(Some(self.error(ErrorKind::Ref).into()));
        }
        let run = |first: u32, last: u32, nth: u32| {
            if nth == 0 { (first, last) } else { (first + nth - 1, first + nth - 1) }
        };
        let (top, bottom) = run(area.top, area.bottom, row as u32);
        let (left, right) = run(area.left, area.right, col as u32);
        Ok(Some(Symbol::Area(Area { sheet: area.sheet, top, left, bottom, right })))
    }

    /// INDEX along a line: the other coordinate is certain. An index of 0 is the whole line.
    fn index_line(
        &mut self,
        area: &Area,
        index: &Symbol,
        (other, others, down): (f64, usize, bool),
    ) -> Result<Option<Symbol>, Reason> {
        let Symbol::One(index) = index else { return Err(Reason::Shape) };
        let index = self.number(*index);
        if other < 0.0 {
            return Ok(Some(self.error(ErrorKind::Value).into()));
        }
        if other > others as f64 {
            return Ok(Some(self.error(ErrorKind::Ref).into()));
        }
        if other == 0.0 && others > 1 {
            return Err(Reason::Shape);
        }
        let nth = (other as u32).max(1) - 1;
        let line = if down {
            Area { left: area.left + nth, right: area.left + nth, ..*area }
        } else {
            Area { top: area.top + nth, bottom: area.top + nth, ..*area }
        };
        let mut values = vec![self.intersect(&line)?];
        for row in line.top..=line.bottom {
            for col in line.left..=line.right {
                values.push(self.cell(CellRef::new(line.sheet, row, col))?);
            }
        }
        Ok(Some(self.pick(index, values, (0, ErrorKind::Value, ErrorKind::Ref)).into()))
    }

    /// MATCH of a key that depends on chance among numbers that do not.
    pub(super) fn match_(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let Some(kind) = self.known_number(operands.get(2), 1.0) else { return Ok(None) };
        if kind < 0.0 || matches!(operands[1], Symbol::Areas(_) | Symbol::Omitted) {
            return Ok(None);
        }
        let grid = self.grid_of(&operands[1])?;
        if grid.rows != 1 && grid.cols != 1 {
            return Ok(None);
        }
        Ok(self.place(&operands[0], &grid.nodes, kind == 0.0).map(Symbol::One))
    }

    /// The place of a key, where the keys are numbers, ascending and clearly apart.
    fn place(&mut self, key: &Symbol, keys: &[NodeId], exact: bool) -> Option<NodeId> {
        let Symbol::One(key) = key else { return None };
        let kinds = self.graph.kinds(*key);
        if !kinds.is_number() {
            return None;
        }
        let keys = self.known_keys(keys)?;
        let op = if exact { Op::FindEqual(keys) } else { Op::FindBelow(keys) };
        Some(self.add(op, &[*key], Kinds::NUMBER))
    }

    fn known_keys(&self, nodes: &[NodeId]) -> Option<Keys> {
        let mut keys = Vec::with_capacity(nodes.len());
        for node in nodes {
            let lane = self.graph.find_constant(*node).filter(|x| x.is_finite())?;
            if !self.graph.kinds(*node).is_number() {
                return None;
            }
            keys.push(lane);
        }
        let apart = keys.windows(2).all(|k| k[0] < k[1] && compare_numbers(k[0], k[1]).is_lt());
        apart.then(|| keys.iter().map(|k| k.to_bits()).collect())
    }

    /// VLOOKUP and HLOOKUP of a key that depends on chance in a table with certain keys.
    pub(super) fn table_lookup(
        &mut self,
        operands: &[Symbol],
        vertical: bool,
    ) -> Result<Option<Symbol>, Reason> {
        let Symbol::Area(area) = &operands[1] else { return Ok(None) };
        let area = self.live.clip(area);
        let Some(nth) = self.known_number(operands.get(2), 0.0).map(f64::trunc) else {
            return Ok(None);
        };
        let width = if vertical { area.cols() } else { area.rows() };
        let sorted = match operands.get(3) {
            Some(Symbol::Omitted) => Some(0.0),
            other => self.known_number(other, 1.0),
        };
        let Some(sorted) = sorted.filter(|_| nth >= 1.0 && nth <= width as f64) else {
            return Ok(None);
        };
        let keys = self.line(&area, 0, vertical)?;
        let Some(place) = self.place(&operands[0], &keys.nodes, sorted == 0.0) else {
            return Ok(None);
        };
        let values = self.line(&area, nth as u32 - 1, vertical)?;
        let picked = self.pick(place, values.nodes.clone(), (1, ErrorKind::Na, ErrorKind::Ref));
        Ok(Some(picked.into()))
    }

    /// One row or column of an area.
    fn line(&mut self, area: &Area, nth: u32, down: bool) -> Result<Arc<Grid>, Reason> {
        let line = if down {
            Area { left: area.left + nth, right: area.left + nth, ..*area }
        } else {
            Area { top: area.top + nth, bottom: area.top + nth, ..*area }
        };
        Ok(Arc::new(self.area_grid(&line)?))
    }

    /// LOOKUP of a key that depends on chance in a vector with certain keys.
    pub(super) fn vector_lookup(&mut self, operands: &[Symbol]) -> Result<Option<Symbol>, Reason> {
        let Symbol::Area(area) = &operands[1] else { return self.lookup_otherwise() };
        let clipped = self.live.clip(area);
        let (rows, cols) = (area.rows(), area.cols());
        let down = rows >= cols;
        let keys = self.line(&clipped, 0, down)?;
        let Some(place) = self.place(&operands[0], &keys.nodes, false) else {
            return self.lookup_otherwise();
        };
        let count = keys.nodes.len() as u32;
        let results = match operands.get(2) {
            None if down => Area { left: area.left + cols as u32 - 1, ..clipped },
            None => Area { top: area.top + rows as u32 - 1, ..clipped },
            Some(Symbol::Area(results)) => *results,
            Some(_) => return self.lookup_otherwise(),
        };
        let down = match operands.get(2) {
            None => down,
            Some(_) => results.rows() >= results.cols() && results.cols() == 1,
        };
        let mut values = Vec::with_capacity(count as usize);
        for i in 0..count {
            let (row, col) = if down { (i, 0) } else { (0, i) };
            let cell = CellRef::new(results.sheet, results.top + row, results.left + col);
            values.push(self.cell(cell)?);
        }
        Ok(Some(self.pick(place, values, (1, ErrorKind::Na, ErrorKind::Ref)).into()))
    }

    fn lookup_otherwise(&self) -> Result<Option<Symbol>, Reason> {
        Err(Reason::Function("LOOKUP"))
    }
}
