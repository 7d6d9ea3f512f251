//! What one thread does with a device: it has units computed, and computes again, 256 together, the
//! draws that the device could not decide.

use gantry_cuda::{Lanes, Results};

use super::{Gpu, UNIT};
use crate::column::{Column, WIDTH};
use crate::draws::Source;
use crate::error::MonteCarloError;
use crate::machine::Machine;
use crate::program::Program;
use crate::run::{BLOCK_DRAWS, Block};

/// The share of undecided draws, one in so many, at which the processor is faster alone.
const UNDECIDED: usize = 4;

/// A thread's part of a device.
pub(crate) struct DeviceWorker<'a> {
    gpu: &'a Gpu,
    lanes: Lanes,
    /// Columns that the device reads.
    given: Vec<f64>,
    /// The draws of one chunk.
    drawn: Vec<Column>,
}

/// The processor's part: the draws, and the machine for those that are undecided.
pub(crate) struct Processor<'w, 'a> {
    pub source: &'a dyn Source,
    pub machine: &'w mut Machine<'a, 'a>,
}

impl<'a> DeviceWorker<'a> {
    /// Makes room on the device; none once it is given up.
    pub(crate) fn find(gpu: &'a Gpu, program: &Program) -> Option<Self> {
        let lanes = gpu.find_lanes()?;
        let given = vec![0.0; gpu.given.len() * UNIT];
        Some(Self { gpu, lanes, given, drawn: vec![Column::default(); program.input_count()] })
    }

    /// The blocks of some chunks up to an iteration; nothing where the device was given up.
    ///
    /// # Errors
    /// What drawing answers.
    pub(crate) fn find_blocks(
        &mut self,
        (from, to): (u64, u64),
        end: u64,
        processor: &mut Processor<'_, 'a>,
    ) -> Result<Option<Vec<Block>>, MonteCarloError> {
        if self.gpu.trouble().is_some() {
            return Ok(None);
        }
        self.gpu.fill(processor.source, (from, to), (&mut self.drawn, &mut self.given))?;
        let first = from * WIDTH as u64;
        let count = (end - first).min((to - from) * WIDTH as u64) as usize;
        let results = match self.lanes.run((first, count), self.gpu.numbers, &self.given) {
            Ok(results) => results,
            Err(error) => {
                self.gpu.give_up(error.to_string());
                return Ok(None);
            }
        };
        let undecided: Vec<usize> = (0..count).filter(|lane| results.marks[*lane] != 0).collect();
        if undecided.len() * UNDECIDED > count {
            let share = undecided.len() * 100 / count;
            self.gpu.give_up(format!("{share} % of the draws need what only the processor has"));
            return Ok(None);
        }
        let mut blocks = cut(&results, (count, self.gpu.outputs), processor.machine);
        processor.decide((from, &undecided), &mut self.drawn, &mut blocks)?;
        Ok(Some(blocks))
    }
}

/// Results as blocks of numbers.
fn cut(
    results: &Results<'_>,
    (count, outputs): (usize, usize),
    machine: &Machine<'_, '_>,
) -> Vec<Block> {
    let block = BLOCK_DRAWS as usize;
    let number = |x: &f64| if x.is_nan() { machine.number(*x) } else { *x };
    let part = |from: usize| {
        let to = count.min(from + block);
        (0..outputs).map(|i| results.column(i)[from..to].iter().map(number).collect()).collect()
    };
    (0..count).step_by(block).map(part).collect()
}

impl Processor<'_, '_> {
    /// Computes draws again; their lanes are counted from the first chunk.
    fn decide(
        &mut self,
        (from, lanes): (u64, &[usize]),
        inputs: &mut [Column],
        blocks: &mut [Block],
    ) -> Result<(), MonteCarloError> {
        for group in lanes.chunks(WIDTH) {
            let mut drawn = None;
            for (slot, lane) in group.iter().enumerate() {
                let chunk = from + (lane / WIDTH) as u64;
                if drawn != Some(chunk) {
                    self.source.fill(chunk, inputs).map_err(|source| {
                        MonteCarloError::Sampling { name: "draws".into(), source }
                    })?;
                    drawn = Some(chunk);
                }
                for (gathered, input) in self.machine.inputs_mut().iter_mut().zip(inputs.iter()) {
                    gathered.0[slot] = input.0[lane % WIDTH];
                }
            }
            self.machine.compute(group.len());
            for (slot, lane) in group.iter().enumerate() {
                let (block, place) = (lane / BLOCK_DRAWS as usize, lane % BLOCK_DRAWS as usize);
                for (output, column) in blocks[block].iter_mut().enumerate() {
                    column[place] = self.machine.number(self.machine.output(output)[slot]);
                }
            }
        }
        Ok(())
    }
}
