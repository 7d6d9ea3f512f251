//! Rows out of noise: the way back, step by step, with Heun's method.
//!
//! Invariant: a range of rows is computed in whole blocks that begin at multiples of their size, so
//! that a row's numbers do not depend on which rows are asked for together; a list of wishes is
//! computed as it is.

use std::ops::Range;

use burn_tensor::Tensor;
use burn_tensor::backend::Backend;
use gantry_learn::{Rng, math};

use crate::autoencoder::TOKEN;
use crate::batch::soften;
use crate::denoiser::{Denoiser, LEAST_NOISE, MOST_NOISE, Noisy, Space, forward};
use crate::device::{Device, Machine, Work};
use crate::error::DeepError;
use crate::net::{lend, read};

/// Steps from the most noise to the least.
const STEPS: usize = 18;
/// How much denser steps are where there is little noise.
const BEND: f64 = 7.0;
const STREAM: u64 = 0x6465_6570;

/// What is asked of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The group that it is drawn from.
    pub group: u32,
    /// Columns of which the code is known.
    pub known: Vec<(usize, u8)>,
}

/// Rows on their way.
struct Block {
    wishes: Vec<Wish>,
    noisy: Noisy,
}

/// Rows that are asked for.
struct Drawing<'a> {
    denoiser: &'a Denoiser,
    rows: Range<u64>,
    seed: u64,
    wish: &'a dyn Fn(u64) -> Wish,
}

impl Work for Drawing<'_> {
    type Done = Vec<f32>;

    fn run<B: Machine>(self, device: &B::Device) -> Result<Vec<f32>, DeepError> {
        let weights = lend::<B::InnerBackend>(&self.denoiser.weights, device);
        let width = self.denoiser.space.prior.width();
        let mut shares = Vec::new();
        let mut first = self.rows.start - self.rows.start % B::BLOCK;
        while first < self.rows.end {
            let numbers = first..first.saturating_add(B::BLOCK);
            let about = (numbers.clone(), self.seed);
            let block = self.denoiser.draw_block(&weights, about, self.wish)?;
            for (number, line) in numbers.zip(block.chunks_exact(width)) {
                if self.rows.contains(&number) {
                    shares.extend_from_slice(line);
                }
            }
            first = first.saturating_add(B::BLOCK);
        }
        Ok(shares)
    }
}

/// Rows that are asked for one by one.
struct Listing<'a> {
    denoiser: &'a Denoiser,
    wishes: &'a [Wish],
    seed: u64,
}

impl Work for Listing<'_> {
    type Done = Vec<f32>;

    fn run<B: Machine>(self, device: &B::Device) -> Result<Vec<f32>, DeepError> {
        let weights = lend::<B::InnerBackend>(&self.denoiser.weights, device);
        let mut shares = Vec::new();
        let mut first = 0;
        for wishes in self.wishes.chunks(B::BLOCK as usize) {
            let rows = first..first + wishes.len() as u64;
            let wish = |row: u64| wishes[(row - first) as usize].clone();
            let about = (rows.clone(), self.seed);
            shares.extend(self.denoiser.draw_block(&weights, about, &wish)?);
            first = rows.end;
        }
        Ok(shares)
    }
}

impl Denoiser {
    /// The shares of codes of one row for each wish; otherwise like [`Denoiser::sample`].
    ///
    /// # Errors
    /// As [`Denoiser::sample`].
    pub fn draw(
        &self,
        wishes: &[Wish],
        (seed, device): (u64, Device),
    ) -> Result<Vec<f32>, DeepError> {
        device.run(Listing { denoiser: self, wishes, seed })
    }

    /// The shares of codes of these rows, row by row, all columns in a line. Codes are to be drawn from
    /// them; nearly always one has nearly all.
    ///
    /// `wish` tells what is asked of any row, whether it is among these or not.
    ///
    /// # Errors
    /// [`DeepError::Numbers`] when a tensor cannot be read back, and [`DeepError::Device`] when a
    /// graphics processor was asked for and cannot be used.
    pub fn sample(
        &self,
        rows: Range<u64>,
        (seed, device): (u64, Device),
        wish: &dyn Fn(u64) -> Wish,
    ) -> Result<Vec<f32>, DeepError> {
        device.run(Drawing { denoiser: self, rows, seed, wish })
    }

    /// Codes of all columns together.
    #[must_use]
    pub fn states(&self) -> &[usize] {
        &self.space.prior.states
    }

    fn draw_block<B: Backend>(
        &self,
        weights: &[Tensor<B, 2>],
        (rows, seed): (Range<u64>, u64),
        wish: &dyn Fn(u64) -> Wish,
    ) -> Result<Vec<f32>, DeepError> {
        let wishes: Vec<Wish> = rows.clone().map(wish).collect();
        let mut block = self.begin_block(wishes, (rows, seed));
        for pair in derive_noises().windows(2) {
            let [now, next] = [pair[0], pair[1]];
            let step = (next - now) as f32;
            let slope = self.derive_slope(weights, &mut block, now)?;
            let start = block.noisy.numbers.clone();
            advance(&mut block.noisy.numbers, (&start, &slope), step);
            let ahead = self.derive_slope(weights, &mut block, next)?;
            let both: Vec<f32> = slope.iter().zip(&ahead).map(|(a, b)| 0.5 * (a + b)).collect();
            advance(&mut block.noisy.numbers, (&start, &both), step);
        }
        self.derive_shares(weights, &mut block, LEAST_NOISE)
    }

    /// Noise alone, but for cells that are known.
    fn begin_block(&self, wishes: Vec<Wish>, (rows, seed): (Range<u64>, u64)) -> Block {
        let starts = self.space.prior.starts();
        let mut numbers = Vec::with_capacity(wishes.len() * starts.len() * TOKEN);
        let mut known = vec![false; wishes.len() * starts.len()];
        for (place, (row, wish)) in rows.zip(&wishes).enumerate() {
            let mut rng = Rng::stream(seed ^ STREAM, row);
            let first = numbers.len();
            let cells = starts.len() * TOKEN;
            numbers.extend((0..cells).map(|_| (MOST_NOISE * rng.normal()) as f32));
            for (column, code) in &wish.known {
                known[place * starts.len() + column] = true;
                let from = (starts[*column] + usize::from(*code)) * TOKEN;
                let at = first + column * TOKEN;
                numbers[at..at + TOKEN].copy_from_slice(&self.space.book[from..from + TOKEN]);
            }
        }
        let groups = wishes.iter().map(|wish| wish.group).collect();
        let noise = vec![MOST_NOISE; wishes.len()];
        Block { wishes, noisy: Noisy { numbers, groups, noise, known } }
    }

    /// The shares of codes at this much noise.
    fn derive_shares<B: Backend>(
        &self,
        weights: &[Tensor<B, 2>],
        block: &mut Block,
        noise: f64,
    ) -> Result<Vec<f32>, DeepError> {
        let space = &self.space;
        block.noisy.noise.fill(noise);
        let shown = space.show(&block.noisy);
        let mut logits = read(forward::<B>(&|place| weights[place].clone(), &shown))?;
        space.add_known(&mut logits, &block.noisy);
        let starts = space.prior.starts();
        for (line, wish) in logits.chunks_exact_mut(space.prior.width()).zip(&block.wishes) {
            soften(line, &starts);
            for (column, code) in &wish.known {
                let start = starts[*column];
                line[start..start + space.prior.states[*column]].fill(0.0);
                line[start + usize::from(*code)] = 1.0;
            }
        }
        Ok(logits)
    }

    /// Where the numbers go for each unit of noise; those of known cells stay.
    fn derive_slope<B: Backend>(
        &self,
        weights: &[Tensor<B, 2>],
        block: &mut Block,
        noise: f64,
    ) -> Result<Vec<f32>, DeepError> {
        let shares = self.derive_shares(weights, block, noise)?;
        let mut slope = self.space.derive_mean(&shares);
        let share = (1.0 / noise) as f32;
        for (clean, noisy) in slope.iter_mut().zip(&block.noisy.numbers) {
            *clean = (noisy - *clean) * share;
        }
        Ok(slope)
    }
}

impl Space {
    /// The mean numbers of each cell under these shares.
    fn derive_mean(&self, shares: &[f32]) -> Vec<f32> {
        let mut means = Vec::new();
        for line in shares.chunks_exact(self.prior.width()) {
            let mut codes = line.iter().zip(self.book.chunks_exact(TOKEN));
            for states in &self.prior.states {
                let mut mean = [0.0_f32; TOKEN];
                for (share, code) in codes.by_ref().take(*states) {
                    mean.iter_mut().zip(code).for_each(|(sum, number)| *sum += share * number);
                }
                means.extend_from_slice(&mean);
            }
        }
        means
    }
}

fn advance(numbers: &mut [f32], (start, slope): (&[f32], &[f32]), step: f32) {
    for ((number, start), slope) in numbers.iter_mut().zip(start).zip(slope) {
        *number = start + step * slope;
    }
}

/// From the most noise to the least.
fn derive_noises() -> Vec<f64> {
    let root = |noise: f64| math::exp(math::ln(noise) / BEND);
    let (most, least) = (root(MOST_NOISE), root(LEAST_NOISE));
    (0..=STEPS)
        .map(|step| {
            let share = step as f64 / STEPS as f64;
            (most + share * (least - most)).powi(7)
        })
        .collect()
}
