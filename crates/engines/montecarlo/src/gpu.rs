//! The engine `enhanced`: a program compiled for a graphics processor, which computes whole draws.
//!
//! Invariants: what the processor would give, the device gives; a lane that its code cannot decide
//! is computed again by [`Machine`](crate::Machine). A device that is missing or fails takes nothing
//! away: the processor goes on from there, and the reason is kept.

use std::sync::{Mutex, PoisonError};

use gantry_cuda::{Device, Kernel, Lanes, Shape};

use crate::column::{Column, WIDTH};
use crate::draws::Source;
use crate::error::MonteCarloError;
use crate::program::Program;
use crate::run::BLOCK_DRAWS;

mod chain;
mod emit;
mod worker;

pub use emit::{Code, Unspoken, emit};
pub(crate) use worker::{DeviceWorker, Processor};

/// Blocks that a thread has the device compute at a time.
pub(crate) const UNIT_BLOCKS: u64 = 32;
/// Draws of them.
const UNIT: usize = (UNIT_BLOCKS * BLOCK_DRAWS) as usize;

/// A program on a device.
pub struct Gpu {
    name: String,
    kernel: Kernel,
    given: Vec<usize>,
    /// The seed and the number of iterations.
    numbers: (u64, u64),
    outputs: usize,
    /// Why the device is not asked any more.
    trouble: Mutex<Option<String>>,
}

impl Gpu {
    /// Finds a device and compiles a program for it.
    ///
    /// # Errors
    /// Why there is none, or what the program has that no device computes, as the end of a sentence.
    pub fn prepare(program: &Program, source: &dyn Source) -> Result<Self, String> {
        let code = emit(program, &source.spell()).map_err(|reason| reason.to_string())?;
        let device = Device::find().map_err(|error| error.to_string())?;
        let kernel = device.compile(&code.text, emit::ENTRY).map_err(|error| error.to_string())?;
        let name = device.name().to_owned();
        let outputs = program.output_count();
        let numbers = source.numbers();
        Ok(Self { name, kernel, given: code.given, numbers, outputs, trouble: Mutex::new(None) })
    }

    /// The device's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Registers of a draw, and bytes of it that did not fit into registers.
    ///
    /// # Errors
    /// What the driver says.
    pub fn registers(&self) -> Result<(i32, i32), String> {
        self.kernel.registers().map_err(|error| error.to_string())
    }

    /// Why the device was given up, if it was.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn give_up(&self, reason: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    /// Room for one thread's runs; none once the device is given up.
    pub(crate) fn find_lanes(&self) -> Option<Lanes> {
        if self.trouble().is_some() {
            return None;
        }
        let shape = Shape { lanes: UNIT, given: self.given.len(), results: self.outputs };
        match Lanes::new(&self.kernel, shape) {
            Ok(lanes) => Some(lanes),
            Err(error) => {
                self.give_up(error.to_string());
                None
            }
        }
    }

    /// Fills the columns that the device reads, for the chunks of a unit.
    fn fill(
        &self,
        source: &dyn Source,
        (from, to): (u64, u64),
        (inputs, columns): (&mut [Column], &mut [f64]),
    ) -> Result<(), MonteCarloError> {
        if self.given.is_empty() {
            return Ok(());
        }
        for chunk in from..to {
            source
                .fill(chunk, inputs)
                .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })?;
            let first = (chunk - from) as usize * WIDTH;
            for (column, input) in columns.chunks_mut(UNIT).zip(&self.given) {
                column[first..first + WIDTH].copy_from_slice(&inputs[*input].0);
            }
        }
        Ok(())
    }
}
