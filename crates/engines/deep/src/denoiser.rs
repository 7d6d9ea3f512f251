//! Diffusion on the numbers of cells: what a row's noisy numbers say of its codes.
//!
//! The answer is a share for each code of each column. It is the exact answer for a group whose columns
//! do not depend on each other, times what a network has learned of how they do: so before any
//! training, rows are those of the prior, and training can only tell what it lacks. The mean of the
//! codes' numbers under these shares is the denoised row (Karras and others, 2022, in the space of
//! the autoencoder).
//!
//! Parameters of the network: numbers of the row, condition, group, two hidden layers, codes.

use burn_tensor::Tensor;
use burn_tensor::activation::silu;
use burn_tensor::backend::Backend;
use gantry_learn::{Rng, math};
use serde::{Deserialize, Serialize};

use crate::autoencoder::{TOKEN, derive_lines, slope_of_codes, soften};
use crate::error::DeepError;
use crate::graph::EMBEDDING;
use crate::net::{Learner, Pass, Weights, matrix, places, read};
use crate::table::{CodedTable, Prior};

const HIDDEN: usize = 256;
/// What the network is told of the noise.
const NOISE: usize = 9;
const CONDITION: usize = EMBEDDING + NOISE;
/// Logarithm of the noise in training: mean and spread.
const NOISE_MEAN: f64 = -0.2;
const NOISE_SPREAD: f64 = 1.2;
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
        Weights::random(CONDITION, HIDDEN, rng),
        Weights::zeros(prior.groups, HIDDEN),
        Weights::random(HIDDEN, HIDDEN, rng),
        Weights::zeros(1, HIDDEN),
        Weights::random(HIDDEN, HIDDEN, rng),
        Weights::zeros(1, HIDDEN),
        Weights::zeros(HIDDEN, width),
        Weights::zeros(1, width),
    ])
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
    let numbers = matrix::<B>(&shown.numbers, shown.numbers.len() / shown.groups.len().max(1));
    let condition = matrix::<B>(&shown.condition, CONDITION);
    let group = parameter(2).select(0, places(&shown.groups));
    let first = numbers.matmul(parameter(0)) + condition.matmul(parameter(1)) + group;
    let first = silu(first);
    let second = silu(first.clone().matmul(parameter(3)) + parameter(4)) + first;
    let third = silu(second.clone().matmul(parameter(5)) + parameter(6)) + second;
    third.matmul(parameter(7)) + parameter(8)
}

impl Space {
    /// What the network is shown of noisy rows; noise by row.
    pub(crate) fn show(&self, noisy: &[f32], groups: &[u32], noise: &[f64]) -> Shown {
        let width = self.prior.states.len() * TOKEN;
        let mut numbers = Vec::with_capacity(noisy.len());
        let mut condition = Vec::with_capacity(groups.len() * CONDITION);
        for ((row, group), noise) in noisy.chunks_exact(width).zip(groups).zip(noise) {
            let scale = (1.0 / (1.0 + noise * noise).sqrt()) as f32;
            numbers.extend(row.iter().map(|number| number * scale));
            let at = *group as usize * EMBEDDING;
            condition.extend_from_slice(&self.means[at..at + EMBEDDING]);
            condition.extend_from_slice(&derive_noise_features(*noise));
        }
        let groups = groups.iter().map(|group| *group as i32).collect();
        Shown { numbers, condition, groups }
    }

    /// Adds to the network's answer what the prior and the noisy numbers themselves say.
    pub(crate) fn add_known(
        &self,
        logits: &mut [f32],
        noisy: &[f32],
        groups: &[u32],
        noise: &[f64],
    ) {
        let width = self.prior.width();
        let cells = self.prior.states.len() * TOKEN;
        let rows = logits.chunks_exact_mut(width).zip(noisy.chunks_exact(cells));
        for ((line, row), (group, noise)) in rows.zip(groups.iter().zip(noise)) {
            let sharp = (0.5 / (noise * noise)) as f32;
            let prior = self.prior.of_group(*group as usize);
            let mut codes = line.iter_mut().zip(prior).zip(self.book.chunks_exact(TOKEN));
            for (states, cell) in self.prior.states.iter().zip(row.chunks_exact(TOKEN)) {
                for ((logit, log), code) in codes.by_ref().take(*states) {
                    let far: f32 = cell.iter().zip(code).map(|(a, b)| (a - b) * (a - b)).sum();
                    *logit += log - sharp * far;
                }
            }
        }
    }

    /// Turns each column's logits into shares.
    pub(crate) fn soften_all(&self, logits: &mut [f32]) {
        for line in logits.chunks_exact_mut(self.prior.width()) {
            let mut rest = line;
            for states in &self.prior.states {
                let (part, left) = rest.split_at_mut(*states);
                soften(part);
                rest = left;
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
pub(crate) fn learn(
    learner: &mut Learner,
    (table, space): (&CodedTable, &Space),
    rows: &[usize],
    (rng, done): (&mut Rng, u64),
) -> Result<f64, DeepError> {
    let starts = space.prior.starts();
    let cells = starts.len() * TOKEN;
    let noise: Vec<f64> = rows
        .iter()
        .map(|_| {
            let log = NOISE_MEAN + NOISE_SPREAD * rng.normal();
            math::exp(log).clamp(LEAST_NOISE, MOST_NOISE)
        })
        .collect();
    let lines = derive_lines(table, &starts, rows);
    let mut noisy = Vec::with_capacity(rows.len() * cells);
    for (lines, noise) in lines.chunks_exact(starts.len()).zip(&noise) {
        for line in lines {
            let at = *line as usize * TOKEN;
            let code = &space.book[at..at + TOKEN];
            noisy.extend(code.iter().map(|number| number + (noise * rng.normal()) as f32));
        }
    }
    let groups: Vec<u32> = rows.iter().map(|row| table.groups[*row]).collect();
    let shown = space.show(&noisy, &groups, &noise);
    let pass = Pass::new(&learner.weights);
    let out = forward(&|place| pass.parameter(place), &shown);
    let mut slopes = read(out.clone().inner())?;
    space.add_known(&mut slopes, &noisy, &groups, &noise);
    let surprise = slope_of_codes(&mut slopes, (table, &starts), rows);
    let gradients = pass.backward(&(out * matrix(&slopes, space.prior.width())).sum())?;
    learner.step(gradients, derive_speed(done));
    Ok(surprise)
}

/// Faster at first, and slower with the root of the steps that were done.
fn derive_speed(done: u64) -> f32 {
    let done = done as f32;
    SPEED * (done / WARM_UP).min(1.0).max(0.01) / (1.0 + done / SLOWER_AFTER).sqrt()
}
