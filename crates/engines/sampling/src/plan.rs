//! A plan: the inputs of a simulation, how they are drawn and how they hang together.
//!
//! Invariant: what a plan draws depends on its inputs, settings and the iteration alone.

use std::borrow::BorrowMut;

use crate::correlation::{Correlation, Group};
use crate::design::{Source, check_iterations};
use crate::{CHUNK, Design, Distribution, Lanes, Result, Sampler, SamplingError};

/// Seed, size and design of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    seed: u64,
    iterations: u64,
    design: Design,
    correlations: Vec<Correlation>,
    lanes: Lanes,
}

impl Settings {
    /// Monte Carlo without correlation. `iterations` is the whole simulation's number, also where
    /// a shard draws a part of it.
    #[must_use]
    pub fn new(seed: u64, iterations: u64) -> Self {
        let lanes = Lanes::widest();
        Self { seed, iterations, design: Design::MonteCarlo, correlations: Vec::new(), lanes }
    }

    /// The same with another design.
    #[must_use]
    pub fn with_design(mut self, design: Design) -> Self {
        self.design = design;
        self
    }

    /// The same with groups of correlated inputs. No input may be in two of them. Latin hypercube
    /// keeps its strata for the first input of a group alone.
    #[must_use]
    pub fn with_correlations(mut self, correlations: Vec<Correlation>) -> Self {
        self.correlations = correlations;
        self
    }

    /// The same on other vector instructions: other speed, same draws.
    #[must_use]
    pub fn with_lanes(mut self, lanes: Lanes) -> Self {
        self.lanes = lanes;
        self
    }
}

/// The draws of an input in C.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelled {
    /// What stands before its use: tables and a function.
    pub before: String,
    /// The draw of iteration `n` of a simulation of `draws` iterations with the seed `seed`; the
    /// code is the same for all of them.
    pub call: String,
}

/// Inputs that are ready to be drawn.
#[derive(Debug, Clone)]
pub struct Plan {
    inputs: Vec<(Source, Sampler)>,
    groups: Vec<Group>,
    /// The group of each input.
    group_of: Vec<Option<usize>>,
    lanes: Lanes,
    seed: u64,
    iterations: u64,
}

impl Plan {
    /// Prepares all inputs; some ten milliseconds for each beta, PERT, gamma or Student t.
    ///
    /// # Errors
    /// A number of iterations that the design cannot draw, more than 2³¹ inputs, or correlations
    /// that name a wrong input or cannot hold together.
    pub fn new(inputs: &[Distribution], settings: &Settings) -> Result<Self> {
        check_iterations(settings.iterations)?;
        let count = inputs.len();
        let mut groups = Vec::new();
        let mut group_of = vec![None; count];
        for correlation in &settings.correlations {
            let group = Group::new(correlation, count, settings.seed)?;
            for input in &group.inputs {
                if group_of[*input].replace(groups.len()).is_some() {
                    let problem = format!("name input {input} in two groups; join them into one");
                    return Err(SamplingError::Correlation { problem });
                }
            }
            groups.push(group);
        }
        let inputs = inputs.iter().enumerate().map(|(index, distribution)| {
            let index = input_index(index)?;
            let source = Source::new(settings.design, settings.seed, index, settings.iterations)?;
            Ok((source, Sampler::new(distribution)?))
        });
        let inputs = inputs.collect::<Result<_>>()?;
        let Settings { seed, iterations, lanes, .. } = *settings;
        Ok(Self { inputs, groups, group_of, lanes, seed, iterations })
    }

    /// Number of inputs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no input.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The seed and the number of iterations, which the draws in C ask for.
    #[must_use]
    pub const fn numbers(&self) -> (u64, u64) {
        (self.seed, self.iterations)
    }

    /// The draws of one input in C, for code that is compiled where it runs: the same bits as
    /// [`fill_chunk`](Self::fill_chunk) gives, with [`math::c::functions`](crate::math::c::functions)
    /// before it and nothing contracted. Nothing for an input of a correlated group, and for the few
    /// distributions that are inverted by search.
    #[must_use]
    pub fn spell(&self, input: usize) -> Option<Spelled> {
        let (source, sampler) = self.inputs.get(input)?;
        if self.group_of[input].is_some() {
            return None;
        }
        let name = format!("input{input}");
        let (mut before, uniform) = source.spell(&name, input as u64);
        let (tables, body) = sampler.spell(&name)?;
        before.push_str(&tables);
        let code = format!(
            "APART double {name}(u64 n, u64 seed, u64 draws) {{\ndouble u = {uniform};\n{body}return u;\n}}\n"
        );
        before.push_str(&code);
        Some(Spelled { before, call: format!("{name}(n, seed, draws)") })
    }

    /// Draws the iterations `256 · chunk` to `256 · chunk + 255` of all inputs, one column each:
    /// arrays, or what holds one.
    ///
    /// # Errors
    /// Another number of columns than inputs.
    pub fn fill_chunk<C: BorrowMut<[f64; CHUNK]>>(
        &self,
        chunk: u64,
        columns: &mut [C],
    ) -> Result<()> {
        if columns.len() != self.inputs.len() {
            return Err(SamplingError::Shape {
                what: "the list of columns",
                expected: self.inputs.len(),
                found: columns.len(),
            });
        }
        for ((source, _), column) in self.inputs.iter().zip(columns.iter_mut()) {
            source.fill(self.lanes, chunk, column.borrow_mut());
        }
        for group in &self.groups {
            let drawn = |input: &usize| *columns[*input].borrow();
            let mut together: Vec<[f64; CHUNK]> = group.inputs.iter().map(drawn).collect();
            group.apply(self.lanes, chunk, &mut together);
            for (input, column) in group.inputs.iter().zip(together) {
                *columns[*input].borrow_mut() = column;
            }
        }
        for ((_, sampler), column) in self.inputs.iter().zip(columns) {
            sampler.apply(self.lanes, column.borrow_mut());
        }
        Ok(())
    }

    /// Draws the iterations from `first_iteration` on of one input: the same bits, whatever the
    /// borders. Quickest where the first is a multiple of 256. An input of a correlated group costs
    /// as much as the group; [`fill_chunk`](Self::fill_chunk) draws each group once.
    ///
    /// # Errors
    /// An input that the plan does not have.
    pub fn fill(&self, input: usize, first_iteration: u64, out: &mut [f64]) -> Result<()> {
        if input >= self.inputs.len() {
            return Err(SamplingError::Shape {
                what: "the plan",
                expected: input.saturating_add(1),
                found: self.inputs.len(),
            });
        }
        let mut column = [0.0; CHUNK];
        let mut chunk = first_iteration / CHUNK as u64;
        let mut skip = (first_iteration % CHUNK as u64) as usize;
        let mut out = out;
        while !out.is_empty() {
            self.column(input, chunk, &mut column);
            let length = (CHUNK - skip).min(out.len());
            let (now, later) = out.split_at_mut(length);
            now.copy_from_slice(&column[skip..skip + length]);
            out = later;
            chunk += 1;
            skip = 0;
        }
        Ok(())
    }

    fn column(&self, input: usize, chunk: u64, column: &mut [f64; CHUNK]) {
        let (source, sampler) = &self.inputs[input];
        match self.group_of[input] {
            None => source.fill(self.lanes, chunk, column),
            Some(group) => self.correlated(&self.groups[group], input, chunk, column),
        }
        sampler.apply(self.lanes, column);
    }

    /// The dependent uniform numbers of one input of a group.
    fn correlated(&self, group: &Group, input: usize, chunk: u64, column: &mut [f64; CHUNK]) {
        let mut together = vec![[0.0; CHUNK]; group.inputs.len()];
        for (member, column) in group.inputs.iter().zip(&mut together) {
            self.inputs[*member].0.fill(self.lanes, chunk, column);
        }
        group.apply(self.lanes, chunk, &mut together);
        for (member, drawn) in group.inputs.iter().zip(&together) {
            if *member == input {
                *column = *drawn;
            }
        }
    }
}

fn input_index(index: usize) -> Result<u32> {
    let rule = "must be fewer than 2^31";
    u32::try_from(index)
        .ok()
        .filter(|index| *index < 1 << 31)
        .ok_or(SamplingError::Setting { setting: "the number of inputs", rule })
}
