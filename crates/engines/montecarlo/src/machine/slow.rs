//! What is done lane by lane: operations whose column has an error or text in it, functions that
//! have no column form, and cells that the workbook itself computes.

use std::sync::Arc;

use gantry_workbook::functions::FunctionId;
use gantry_workbook::live::{Argument, Live};
use gantry_workbook::{Array, CellRef, Options, Value};

use super::Rest;
use crate::column::{Column, WIDTH};
use crate::lane::{Texts, pack, unpack};
use crate::program::{Program, Reads};
use crate::semantics;
use crate::ssa::{Op, Shape};

/// The columns of a group, computed when the first of them is asked for.
pub(super) struct Results {
    pub(super) done: bool,
    columns: Vec<Column>,
}

impl Results {
    pub(super) fn new(cells: usize) -> Self {
        Self { done: false, columns: vec![Column::default(); cells] }
    }
}

/// Applies an operation lane by lane.
pub(super) fn apply(op: &Op, columns: &[&[f64; WIDTH]], texts: &mut Texts, out: &mut [f64; WIDTH]) {
    let mut args = vec![0.0; columns.len()];
    for (lane, result) in out.iter_mut().enumerate() {
        for (arg, column) in args.iter_mut().zip(columns) {
            *arg = column[lane];
        }
        *result = semantics::apply(op, &args, texts);
    }
}

impl Rest<'_> {
    /// Calls a function with the values of each lane.
    pub(super) fn call(
        &mut self,
        (id, at, shapes): (FunctionId, CellRef, &[Shape]),
        columns: &[&[f64; WIDTH]],
        lanes: usize,
        out: &mut [f64; WIDTH],
    ) {
        let Some(live) = self.live.as_mut() else { return };
        for (lane, result) in out.iter_mut().enumerate().take(lanes) {
            let mut next = columns.iter();
            let mut value = |is_bool: bool| {
                next.next().map_or(Value::Empty, |c| unpack(c[lane], is_bool, &self.texts))
            };
            let arguments = shapes.iter().map(|shape| match shape {
                Shape::Omitted => Argument::Omitted,
                Shape::One(is_bool) => Argument::Value(value(*is_bool)),
                Shape::Array(rows, cols) => {
                    let values = (0..rows * cols).map(|_| value(false)).collect();
                    match Array::new(*rows as usize, *cols as usize, values) {
                        Ok(array) => Argument::Array(Arc::new(array)),
                        Err(e) => Argument::Value(Value::Error(e)),
                    }
                }
            });
            let arguments = arguments.collect();
            let value = live.call(id, at, arguments);
            *result = pack(&value, &mut self.texts);
        }
    }

    /// The column of a cell that the workbook computes.
    pub(super) fn fall_back(
        &mut self,
        (program, inputs): (&Program, &[Column]),
        (group, place): (u32, u32),
        (columns, lanes): (&[&[f64; WIDTH]], usize),
        out: &mut [f64; WIDTH],
    ) {
        if !self.results[group as usize].done {
            self.compute_group(program, group as usize, (inputs, columns), lanes);
        }
        *out = self.results[group as usize].columns[place as usize].0;
    }

    fn compute_group(
        &mut self,
        program: &Program,
        group: usize,
        (inputs, columns): (&[Column], &[&[f64; WIDTH]]),
        lanes: usize,
    ) {
        let Some(live) = self.live.as_mut() else { return };
        let definition = &program.groups[group];
        for lane in 0..lanes {
            match &definition.reads {
                Reads::Cells(cells) => {
                    for (cell, column) in cells.iter().zip(columns) {
                        live.set(*cell, unpack(column[lane], false, &self.texts));
                    }
                    live.forget(&[definition.formula]);
                }
                Reads::OnDemand => {
                    live.forget_all();
                    set_inputs(live, program, (inputs, lane));
                }
                Reads::Everything => {
                    let inputs = program.inputs.iter().zip(inputs).filter_map(|(cell, column)| {
                        cell.map(|c| (c, Value::number(column.0[lane])))
                    });
                    live.recalculate(&Options { inputs: inputs.collect(), now: self.now });
                }
            }
            for (place, cell) in definition.cells.iter().enumerate() {
                let value = live.read(*cell);
                let value = if value.is_empty() { Value::Number(0.0) } else { value };
                self.results[group].columns[place].0[lane] = pack(&value, &mut self.texts);
            }
        }
        self.results[group].done = true;
    }
}

fn set_inputs(live: &mut Live<'_>, program: &Program, (inputs, lane): (&[Column], usize)) {
    for (cell, column) in program.inputs.iter().zip(inputs) {
        if let Some(cell) = cell {
            live.set(*cell, Value::number(column.0[lane]));
        }
    }
}
