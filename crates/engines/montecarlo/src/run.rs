//! Runs a program over many draws on several threads.
//!
//! Invariant: draws and results are a function of the plan and the iteration alone, and arrive in
//! order, so that the number of threads changes nothing.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use gantry_engine_api::EngineError;
use gantry_workbook::Workbook;
use gantry_workbook::live::STACK;

use crate::column::WIDTH;
use crate::draws::Source;
use crate::error::MonteCarloError;
use crate::gpu::{DeviceWorker, Gpu, Processor, UNIT_BLOCKS};
use crate::machine::Machine;
use crate::program::Program;

/// Chunks that one thread takes at a time.
const BLOCK: u64 = 16;
/// Draws of a block; only a run's last may have fewer.
pub const BLOCK_DRAWS: u64 = BLOCK * WIDTH as u64;
/// Blocks per thread that may wait for those before them.
const AHEAD: u64 = 8;
/// The same where a device computes many blocks at once.
const AHEAD_ON_DEVICE: u64 = 2;
/// How long a thread waits before it looks whether the run was cancelled.
const PATIENCE: Duration = Duration::from_millis(50);
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
    pub plan: &'a dyn Source,
    /// The serial number of now.
    pub now: Option<f64>,
    /// Threads, at least 1.
    pub threads: usize,
    /// The program on a graphics processor.
    pub gpu: Option<&'a Gpu>,
}

impl Runner<'_> {
    /// Computes iterations from `first`, a multiple of the chunk, to before `end`, and hands them
    /// to `take` in order.
    ///
    /// # Errors
    /// What `take` answers, `Cancelled`, and what sampling answers.
    pub fn run(
        &self,
        range: (u64, u64),
        is_cancelled: &(dyn Fn() -> bool + Sync),
        take: &mut dyn FnMut(Block) -> Result<(), MonteCarloError>,
    ) -> Result<(), MonteCarloError> {
        self.run_through(range, is_cancelled, &|_, block| Ok(block), take)
    }

    /// As [`Self::run`], where `map` makes something else of every block before it is handed on,
    /// on the thread that computed it; it is given the block's first iteration too.
    ///
    /// # Errors
    /// What `map` and `take` answer, `Cancelled`, and what sampling answers.
    pub fn run_through<T: Send>(
        &self,
        (first, end): (u64, u64),
        is_cancelled: &(dyn Fn() -> bool + Sync),
        map: &(dyn Fn(u64, Block) -> Result<T, MonteCarloError> + Sync),
        take: &mut dyn FnMut(T) -> Result<(), MonteCarloError>,
    ) -> Result<(), MonteCarloError> {
        let chunks = (first / WIDTH as u64, end.div_ceil(WIDTH as u64));
        // A device is handed many blocks at a time, which are large enough to be few.
        let (unit, ahead) = match self.gpu {
            None => (BLOCK, AHEAD),
            Some(_) => (BLOCK * UNIT_BLOCKS, AHEAD_ON_DEVICE),
        };
        let units = (chunks.1 - chunks.0).div_ceil(unit);
        let threads = self.threads.clamp(1, units.max(1) as usize);
        let queue = Queue::new(units, threads as u64 * ahead);
        let stack = if self.program.needs_workbook() { STACK } else { SMALL_STACK };
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            for _ in 0..threads {
                let (send, queue) = (send.clone(), &queue);
                let work = move || {
                    let _guard = StopOnPanic(queue);
                    let mut worker = Worker::new(self);
                    while let Some(place) = queue.find_next(is_cancelled) {
                        let from = chunks.0 + place * unit;
                        let range = (from, chunks.1.min(from + unit));
                        let result = worker.blocks(range, end).and_then(|blocks| {
                            let firsts = (from * WIDTH as u64..).step_by(BLOCK_DRAWS as usize);
                            blocks.into_iter().zip(firsts).map(|(b, first)| map(first, b)).collect()
                        });
                        if send.send((place, result)).is_err() {
                            return;
                        }
                    }
                };
                std::thread::Builder::new()
                    .name("draws".into())
                    .stack_size(stack)
                    .spawn_scoped(scope, work)
                    .map_err(|error| {
                        queue.stop();
                        EngineError::from(error)
                    })?;
            }
            drop(send);
            let result = in_order(&queue, &receive, take);
            queue.stop();
            if is_cancelled() {
                return Err(EngineError::cancelled().into());
            }
            result
        })
    }

    /// The results of the iterations before `end`, output by output.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn collect(
        &self,
        end: u64,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<Vec<f64>>, MonteCarloError> {
        let mut columns = vec![Vec::with_capacity(end as usize); self.program.output_count()];
        self.run((0, end), is_cancelled, &mut |block| {
            for (all, part) in columns.iter_mut().zip(&block) {
                all.extend_from_slice(part);
            }
            Ok(())
        })?;
        Ok(columns)
    }
}

/// Blocks that threads take in order, never far ahead of the one that is handed on next.
struct Queue {
    blocks: u64,
    ahead: u64,
    state: Mutex<Progress>,
    moved: Condvar,
}

#[derive(Default)]
struct Progress {
    next: u64,
    taken: u64,
    stopped: bool,
}

impl Queue {
    fn new(blocks: u64, ahead: u64) -> Self {
        Self { blocks, ahead, state: Mutex::default(), moved: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next block to compute; nothing when all are taken, or the run ends.
    fn find_next(&self, is_cancelled: &dyn Fn() -> bool) -> Option<u64> {
        let mut state = self.lock();
        loop {
            if state.next >= self.blocks || state.stopped || is_cancelled() {
                return None;
            }
            if state.next < state.taken + self.ahead {
                state.next += 1;
                return Some(state.next - 1);
            }
            let waited = self.moved.wait_timeout(state, PATIENCE);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn hand_on(&self) {
        self.lock().taken += 1;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.moved.notify_all();
    }
}

/// Lets the other threads go when one panics: what it had taken will never be handed on.
struct StopOnPanic<'a>(&'a Queue);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

type Sent<T> = (u64, Result<Vec<T>, MonteCarloError>);

fn in_order<T>(
    queue: &Queue,
    receive: &mpsc::Receiver<Sent<T>>,
    take: &mut dyn FnMut(T) -> Result<(), MonteCarloError>,
) -> Result<(), MonteCarloError> {
    let mut early: BTreeMap<u64, Vec<T>> = BTreeMap::new();
    let mut wanted = 0;
    while wanted < queue.blocks {
        let Ok((place, blocks)) = receive.recv() else { break };
        early.insert(place, blocks?);
        while let Some(blocks) = early.remove(&wanted) {
            blocks.into_iter().try_for_each(&mut *take)?;
            wanted += 1;
            queue.hand_on();
        }
    }
    Ok(())
}

/// What one thread works with.
struct Worker<'a> {
    plan: &'a dyn Source,
    machine: Machine<'a, 'a>,
    outputs: usize,
    device: Option<DeviceWorker<'a>>,
}

impl<'a> Worker<'a> {
    fn new(runner: &Runner<'a>) -> Self {
        Self {
            plan: runner.plan,
            machine: Machine::new(runner.program, runner.book, runner.now),
            outputs: runner.program.output_count(),
            device: runner.gpu.and_then(|gpu| DeviceWorker::find(gpu, runner.program)),
        }
    }

    /// The blocks of some chunks: by the device, as long as there is one.
    fn blocks(&mut self, (from, to): (u64, u64), end: u64) -> Result<Vec<Block>, MonteCarloError> {
        if let Some(device) = &mut self.device {
            let mut processor = Processor { source: self.plan, machine: &mut self.machine };
            if let Some(blocks) = device.find_blocks((from, to), end, &mut processor)? {
                return Ok(blocks);
            }
            self.device = None;
        }
        let firsts = (from..to).step_by(BLOCK as usize);
        firsts.map(|first| self.block((first, to.min(first + BLOCK)), end)).collect()
    }

    fn block(&mut self, (from, to): (u64, u64), end: u64) -> Result<Block, MonteCarloError> {
        let room = ((to - from) as usize) * WIDTH;
        let mut block: Block = (0..self.outputs).map(|_| Vec::with_capacity(room)).collect();
        for chunk in from..to {
            let count = (end - chunk * WIDTH as u64).min(WIDTH as u64) as usize;
            self.plan
                .fill(chunk, self.machine.inputs_mut())
                .map_err(|source| MonteCarloError::Sampling { name: "draws".into(), source })?;
            self.machine.compute(count);
            for (output, all) in block.iter_mut().enumerate() {
                let values = &self.machine.output(output)[..count];
                // Mostly there are numbers alone, which are copied at once.
                if values.iter().fold(false, |any, x| any | x.is_nan()) {
                    all.extend(values.iter().map(|x| self.machine.number(*x)));
                } else {
                    all.extend_from_slice(values);
                }
            }
        }
        Ok(block)
    }
}
