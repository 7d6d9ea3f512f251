//! Where the columns of a program's inputs come from: a plan alone, a plan with some cells held at
//! values, or two plans of which some inputs change places.
//!
//! Invariant: a column is a function of the source and the chunk alone.

use gantry_sampling::math::c::number;
use gantry_sampling::{Plan, SamplingError, Spelled};

use crate::column::{Column, WIDTH};

/// What fills the inputs of a program.
pub trait Source: Sync {
    /// Fills the columns of all inputs with the draws of a chunk.
    ///
    /// # Errors
    /// Another number of columns than inputs.
    fn fill(&self, chunk: u64, columns: &mut [Column]) -> Result<(), SamplingError>;

    /// The draws of each input in C, where there is such code.
    fn spell(&self) -> Vec<Option<Spelled>>;

    /// The seed and the number of iterations, for which that code asks.
    fn numbers(&self) -> (u64, u64);
}

impl Source for Plan {
    fn fill(&self, chunk: u64, columns: &mut [Column]) -> Result<(), SamplingError> {
        self.fill_chunk(chunk, columns)
    }

    fn spell(&self) -> Vec<Option<Spelled>> {
        (0..self.len()).map(|input| Self::spell(self, input)).collect()
    }

    fn numbers(&self) -> (u64, u64) {
        Self::numbers(self)
    }
}

/// Draws of a plan, with held cells between the given inputs and those of formulas.
#[derive(Debug, Clone)]
pub struct Holding<'a> {
    /// The drawn inputs.
    pub plan: &'a Plan,
    /// Drawn inputs before the held cells.
    pub given: usize,
    /// Values of the held cells.
    pub held: Vec<f64>,
    /// Drawn inputs that are held too, by their place among the drawn.
    pub fixed: Vec<(usize, f64)>,
}

impl Source for Holding<'_> {
    fn fill(&self, chunk: u64, columns: &mut [Column]) -> Result<(), SamplingError> {
        let drawn = self.plan.len();
        let (expected, found) = (drawn + self.held.len(), columns.len());
        if expected != found {
            return Err(SamplingError::Shape { what: "the list of columns", expected, found });
        }
        self.plan.fill_chunk(chunk, &mut columns[..drawn])?;
        for (place, value) in &self.fixed {
            columns[*place].0 = [*value; WIDTH];
        }
        columns[self.given..].rotate_right(self.held.len());
        for (column, value) in columns[self.given..].iter_mut().zip(&self.held) {
            column.0 = [*value; WIDTH];
        }
        Ok(())
    }

    fn spell(&self) -> Vec<Option<Spelled>> {
        let held = |x: f64| Some(Spelled { before: String::new(), call: number(x) });
        let mut all = Source::spell(self.plan);
        for (place, value) in &self.fixed {
            all[*place] = held(*value);
        }
        all.splice(self.given..self.given, self.held.iter().map(|x| held(*x)));
        all
    }

    fn numbers(&self) -> (u64, u64) {
        self.plan.numbers()
    }
}

/// Draws from a plan that has every input twice: the first set, the second, or the first with one
/// input of the second.
#[derive(Debug, Clone, Copy)]
pub struct Exchanged<'a> {
    /// All inputs, and all inputs once more.
    pub plan: &'a Plan,
    /// What is taken.
    pub set: Set,
}

/// What is taken of two sets of draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// The first.
    First,
    /// The second.
    Second,
    /// The first, with one input of the second.
    FirstWith(usize),
}

impl Source for Exchanged<'_> {
    fn fill(&self, chunk: u64, columns: &mut [Column]) -> Result<(), SamplingError> {
        let count = columns.len();
        let mut both = vec![Column::default(); 2 * count];
        self.plan.fill_chunk(chunk, &mut both)?;
        let (first, second) = both.split_at(count);
        match self.set {
            Set::First => columns.copy_from_slice(first),
            Set::Second => columns.copy_from_slice(second),
            Set::FirstWith(input) => {
                columns.copy_from_slice(first);
                columns[input] = second[input];
            }
        }
        Ok(())
    }

    fn spell(&self) -> Vec<Option<Spelled>> {
        let mut first = Source::spell(self.plan);
        let second = first.split_off(first.len() / 2);
        match self.set {
            Set::First => first,
            Set::Second => second,
            Set::FirstWith(input) => {
                first[input].clone_from(&second[input]);
                first
            }
        }
    }

    fn numbers(&self) -> (u64, u64) {
        self.plan.numbers()
    }
}

#[cfg(test)]
mod tests {
    use gantry_sampling::{Distribution, Settings};

    use super::*;

    #[test]
    fn held_cells_stand_between_given_inputs_and_those_of_formulas() {
        let all = ["uniform(0, 1)", "uniform(10, 11)", "uniform(20, 21)"];
        let all: Vec<Distribution> =
            all.iter().map(|text| Distribution::parse(text).unwrap()).collect();
        let plan = Plan::new(&all, &Settings::new(1, 512)).unwrap();
        let mut drawn = vec![Column::default(); 3];
        plan.fill_chunk(1, &mut drawn).unwrap();
        let source =
            Holding { plan: &plan, given: 2, held: vec![7.0, 8.0], fixed: vec![(1, 10.5)] };
        let mut columns = vec![Column::default(); 5];
        source.fill(1, &mut columns).unwrap();
        let held = [10.5, 7.0, 8.0].map(Column::splat);
        assert_eq!(columns, [drawn[0], held[0], held[1], held[2], drawn[2]]);
        assert!(source.fill(1, &mut columns[..4]).is_err());
    }
}
