//! Runs a program over many draws on several threads.
//!
//! Invariant: draws and results are a function of the plan and the iteration alone, and arrive in
//! order, so that the number of threads changes nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use gantry_engine_api::EngineError;
use gantry_sampling::Plan;
use gantry_workbook::Workbook;
use gantry_workbook::live::STACK;

use crate::column::{Column, WIDTH};
use crate::error::MonteCarloError;
use crate::machine::Machine;
use crate::program::Program;

/// Chunks that one thread takes at a time.
const BLOCK: u64 = 16;
/// Stack of a thread that evaluates no formulas.
const SMALL_STACK: usize = 4 << 20;

/// Results of consecutive iterations, output by output.
pub type Block = Vec<Vec<f64>>;

/// A program with its draws.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// The workbook.
    pub book: &'a Workbook,
    /// The program.
    pub program: &'a Program,
    /// The draws.
    pub plan: &'a Plan,
    /// The serial number of now.
    pub now: Option<f64>,
    /// Threads, at least 1.
    pub threads: usize,
}

impl Runner<'_> {
    /// Computes iterations from `first`, a multiple of the chunk, to before `end`, and hands them
    /// to `take` in order.
    ///
    /// # Errors
    /// What `take` answers, `Cancelled`, and what sampling answers.
    pub fn run(
        &self,
        (first, end): (u64, u64),
        is_cancelled: &(dyn Fn() -> bool + Sync),
        take: &mut dyn FnMut(Block) -> Result<(), MonteCarloError>,
    ) -> Result<(), MonteCarloError> {
        let chunks = (first / WIDTH as u64, end.div_ceil(WIDTH as u64));
        let blocks = (chunks.1 - chunks.0).div_ceil(BLOCK);
        let next = AtomicU64::new(0);
        let stop = AtomicBool::new(false);
        let threads = self.threads.clamp(1, blocks.max(1) as usize);
        let stack = if self.program.needs_workbook() { STACK } else { SMALL_STACK };
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(threads * 4);
            for _ in 0..threads {
                let send = send.clone();
                let (next, stop) = (&next, &stop);
                let work = move || {
                    let mut worker = Worker::new(self);
                    loop {
                        let block = next.fetch_add(1, Ordering::Relaxed);
                        if block >= blocks || stop.load(Ordering::Relaxed) || is_cancelled() {
                            return;
                        }
                        let from = chunks.0 + block * BLOCK;
                        let result = worker.block((from, chunks.1.min(from + BLOCK)), end);
                        if send.send((block, result)).is_err() {
                            return;
                        }
                    }
                };
                std::thread::Builder::new()
                    .name("draws".into())
                    .stack_size(stack)
                    .spawn_scoped(scope, work)
                    .map_err(EngineError::from)?;
            }
            drop(send);
            let result = in_order(blocks, &receive, take);
            stop.store(true, Ordering::Relaxed);
            drop(receive);
            if is_cancelled() {
                return Err(EngineError::cancelled().into());
            }
            result
        })
    }
}

type Sent = (u64, Result<Block, MonteCarloError>);

fn in_order(
    blocks: u64,
    receive: &mpsc::Receiver<Sent>,
    take: &mut dyn FnMut(Block) -> Result<(), MonteCarloError>,
) -> Result<(), MonteCarloError> {
    let mut early: BTreeMap<u64, Block> = BTreeMap::new();
    let mut wanted = 0;
    while wanted < blocks {
        let Ok((place, block)) = receive.recv() else { break };
        early.insert(place, block?);
        while let Some(block) = early.remove(&wanted) {
            take(block)?;
            wanted += 1;
        }
    }
    Ok(())
}

/// What one thread works with.
struct Worker<'a> {
    plan: &'a Plan,
    machine: Machine<'a, 'a>,
    inputs: Vec<[f64; WIDTH]>,
    outputs: Vec<Column>,
}

impl<'a> Worker<'a> {
    fn new(runner: &Runner<'a>) -> Self {
        Self {
            plan: runner.plan,
            machine: Machine::new(runner.program, runner.book, runner.now),
            inputs: vec![[0.0; WIDTH]; runner.program.input_count()],
            outputs: vec![Column::default(); runner.program.output_count()],
        }
    }

    fn block(&mut self, (from, to): (u64, u64), end: u64) -> Result<Block, MonteCarloError> {
        let mut block: Block = vec![Vec::new(); self.outputs.len()];
        for chunk in from..to {
            let count = (end - chunk * WIDTH as u64).min(WIDTH as u64) as usize;
            self.plan
                .fill_chunk(chunk, &mut self.inputs)
                .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })?;
            self.machine.run(&self.inputs, count, &mut self.outputs);
            for (all, column) in block.iter_mut().zip(&self.outputs) {
                all.extend(column.0[..count].iter().map(|x| self.machine.number(*x)));
            }
        }
        Ok(block)
    }
}
