//! Diffusion on the numbers of cells: what a row's noisy numbers say of its codes.
//!
//! The answer is a share for each code of each column. It is the exact answer for a group whose columns
//! do not depend on each other, times what a network has learned of how they do: so before any
//! training, rows are those of the prior, and training can only tell what it lacks. The mean of the
//! codes' numbers under these shares is the denoised row (Karras and others, 2022, in the space of
//! the autoencoder). In training some cells of some rows are shown without noise, so that rows can be
//! drawn of which some cells are known.
//!
//! Parameters of the network: numbers of the row, condition, group, two hidden layers, codes.

use burn_tensor::Tensor;
use burn_tensor::activation::silu;
use burn_tensor::backend::Backend;
use gantry_learn::{Rng, math};
use serde::{Deserialize, Serialize};

use crate::autoencoder::TOKEN;
use crate::batch::Batch;
use crate::device::Machine;
use crate::error::DeepError;
use crate::graph::EMBEDDING;
use crate::net::{Learner, Pass, Weights, learn_parts, list_places, matrix, read};
use crate::table::{CodedTable, Prior};

const HIDDEN: usize = 256;
/// What the network is told of the noise.
const NOISE: usize = 9;
/// Share of the rows of which some cells are shown without noise.
const PARTLY_KNOWN: f64 = 0.5;
/// Logarithm of the noise in training: mean and spread.
const NOISE_MEAN: f64 = 0.0;
const NOISE_SPREAD: f64 = 1.4;
/// The least and the most noise.
pub(crate) const LEAST_NOISE: f64 = 0.03;
pub(crate) const MOST_NOISE: f64 = 20.0;
const SPEED: f32 = 2e-3;
const WARM_UP: f32 = 100.0;
const SLOWER_AFTER: f32 = 2_000.0;

/// A trained network with its prior, from which rows are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Denoiser {
    pub(crate) weights: Vec<Weights>,
    pub(crate) space: Space,
}

/// In what the diffusion happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Space {
    pub(crate) prior: Prior,
    /// The numbers of each code.
    pub(crate) book: Vec<f32>,
    /// What the graph says of each group.
    pub(crate) means: Vec<f32>,
}

/// The parameters at first: the last layer says nothing.
pub(crate) fn begin(prior: &Prior, rng: &mut Rng) -> Learner {
    let width = prior.width();
    Learner::new(vec![
        Weights::random(prior.states.len() * TOKEN, HIDDEN, rng),
        Weights::random(EMBEDDING + NOISE + prior.states.len(), HIDDEN, rng),
        Weights::zeros(prior.groups, HIDDEN),
        Weights::random(HIDDEN, HIDDEN, rng),
        Weights::zeros(1, HIDDEN),
        Weights::random(HIDDEN, HIDDEN, rng),
        Weights::zeros(1, HIDDEN),
        Weights::zeros(HIDDEN, width),
        Weights::zeros(1, width),
    ])
}

/// Rows on their way from noise, and what is known of them.
pub(crate) struct Noisy {
    /// The numbers of cells, row by row.
    pub(crate) numbers: Vec<f32>,
    pub(crate) groups: Vec<u32>,
    /// By row.
    pub(crate) noise: Vec<f64>,
    /// Whether a cell is known, row by row.
    pub(crate) known: Vec<bool>,
}

impl Noisy {
    /// Each row: its group, its cells, the noise of each of them, and its own noise.
    fn rows(&self) -> impl Iterator<Item = (u32, &[f32], &[bool], f64)> {
        let cells = self.known.len() / self.groups.len().max(1);
        let numbers = self.numbers.chunks_exact(cells * TOKEN).zip(self.known.chunks_exact(cells));
        let about = self.groups.iter().zip(&self.noise);
        numbers
            .zip(about)
            .map(|((numbers, known), (group, noise))| (*group, numbers, known, *noise))
    }
}

const fn noise_of(known: bool, noise: f64) -> f64 {
    if known { LEAST_NOISE } else { noise }
}

/// What a network is shown of some rows.
pub(crate) struct Shown {
    numbers: Vec<f32>,
    condition: Vec<f32>,
    groups: Vec<i32>,
}

/// The network.
pub(crate) fn forward<B: Backend>(
    parameter: &dyn Fn(usize) -> Tensor<B, 2>,
    shown: &Shown,
) -> Tensor<B, 2> {
    let device = parameter(0).device();
    let lay = |values: &[f32]| {
        matrix::<B>(values.to_vec(), values.len() / shown.groups.len().max(1), &device)
    };
    let (numbers, condition) = (lay(&shown.numbers), lay(&shown.condition));
    let group = parameter(2).select(0, list_places::<B>(&shown.groups, &device));
    let first = numbers.matmul(parameter(0)) + condition.matmul(parameter(1)) + group;
    let first = silu(first);
    let second = silu(first.clone().matmul(parameter(3)) + parameter(4)) + first;
    let third = silu(second.clone().matmul(parameter(5)) + parameter(6)) + second;
    third.matmul(parameter(7)) + parameter(8)
}

impl Space {
    /// What the network is shown.
    pub(crate) fn show(&self, noisy: &Noisy) -> Shown {
        let mut numbers = Vec::with_capacity(noisy.numbers.len());
        let mut condition = Vec::new();
        for (group, row, known, noise) in noisy.rows() {
            for (cell, known) in row.chunks_exact(TOKEN).zip(known) {
                let noise = noise_of(*known, noise);
                let scale = (1.0 / (1.0 + noise * noise).sqrt()) as f32;
                numbers.extend(cell.iter().map(|number| number * scale));
            }
            let at = group as usize * EMBEDDING;
            condition.extend_from_slice(&self.means[at..at + EMBEDDING]);
            condition.extend_from_slice(&derive_noise_features(noise));
            condition.extend(known.iter().map(|known| f32::from(u8::from(*known))));
        }
        let groups = noisy.groups.iter().map(|group| *group as i32).collect();
        Shown { numbers, condition, groups }
    }

    /// Adds to the network's answer what the prior and the noisy numbers themselves say.
    pub(crate) fn add_known(&self, logits: &mut [f32], noisy: &Noisy) {
        let lines = logits.chunks_exact_mut(self.prior.width());
        for (line, (group, row, known, noise)) in lines.zip(noisy.rows()) {
            let prior = self.prior.of_group(group as usize);
            let mut codes = line.iter_mut().zip(prior).zip(self.book.chunks_exact(TOKEN));
            let cells = row.chunks_exact(TOKEN).zip(known);
            for (states, (cell, known)) in self.prior.states.iter().zip(cells) {
                let noise = noise_of(*known, noise);
                let sharp = (0.5 / (noise * noise)) as f32;
                for ((logit, log), code) in codes.by_ref().take(*states) {
                    let far: f32 = cell.iter().zip(code).map(|(a, b)| (a - b) * (a - b)).sum();
                    *logit += log - sharp * far;
                }
            }
        }
    }
}

fn derive_noise_features(noise: f64) -> [f32; NOISE] {
    let log = math::ln(noise.max(1e-6));
    let mut features = [(log / 3.0) as f32; NOISE];
    for (place, feature) in features.iter_mut().enumerate().skip(1) {
        // Bumps along the range of the noise.
        let centre = -3.5 + f64::from(place as u8) * 0.75;
        *feature = math::exp(-(log - centre) * (log - centre)) as f32;
    }
    features
}

/// One step on these rows; gives the mean surprise at a row's codes.
pub(crate) fn learn<B: Machine>(
    (learner, device): (&mut Learner, &B::Device),
    (table, space): (&CodedTable, &Space),
    rows: &[usize],
    (rng, done): (&mut Rng, u64),
) -> Result<f64, DeepError> {
    let starts = space.prior.starts();
    let (gradients, surprise) = learn_parts::<B>(rows, rng, |part, rng| {
        let batch = Batch { table, starts: &starts, rows: part, of: rows.len() };
        let noisy = space.make_noisy(&batch, rng);
        let shown = space.show(&noisy);
        let pass = Pass::<B>::new(&learner.weights, device);
        let out = forward(&|place| pass.parameter(place), &shown);
        let mut slopes = read(out.clone().inner())?;
        space.add_known(&mut slopes, &noisy);
        let surprise = batch.slope_of_codes(&mut slopes);
        let loss = (out * pass.matrix(slopes, space.prior.width())).sum();
        Ok((pass.backward(&loss)?, surprise))
    })?;
    learner.step(gradients, derive_speed(done));
    Ok(surprise)
}

impl Space {
    /// Rows with noise, of which some cells are known.
    fn make_noisy(&self, batch: &Batch<'_>, rng: &mut Rng) -> Noisy {
        let (rows, lines) = (batch.rows, batch.derive_lines());
        let mut noisy = Noisy {
            numbers: Vec::with_capacity(lines.len() * TOKEN),
            groups: rows.iter().map(|row| batch.table.groups[*row]).collect(),
            noise: Vec::with_capacity(rows.len()),
            known: Vec::with_capacity(lines.len()),
        };
        for lines in lines.chunks_exact(batch.starts.len()) {
            let log = NOISE_MEAN + NOISE_SPREAD * rng.normal();
            let noise = math::exp(log).clamp(LEAST_NOISE, MOST_NOISE);
            let share = if rng.uniform() < PARTLY_KNOWN { rng.uniform() } else { 0.0 };
            noisy.noise.push(noise);
            for line in lines {
                let known = rng.uniform() < share;
                let noise = noise_of(known, noise);
                let at = *line as usize * TOKEN;
                let code = &self.book[at..at + TOKEN];
                noisy.known.push(known);
                noisy
                    .numbers
                    .extend(code.iter().map(|number| number + (noise * rng.normal()) as f32));
            }
        }
        noisy
    }
}

/// Faster at first, and slower with the root of the steps that were done.
fn derive_speed(done: u64) -> f32 {
    let done = done as f32;
    SPEED * (done / WARM_UP).clamp(0.01, 1.0) / (1.0 + done / SLOWER_AFTER).sqrt()
}
