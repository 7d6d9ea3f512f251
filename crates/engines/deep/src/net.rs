//! Parameters as plain numbers, and how they learn.
//!
//! Parameters live outside the tensor library, so that they can be written, averaged and gone on from
//! without it; a step lends them to it. Losses whose gradient is known in closed form give it to
//! [`Pass::backward`] instead of being computed as tensors.
//!
//! Invariant: a step is a function of parameters, moments and gradient alone.

use burn_tensor::backend::{AutodiffBackend, Backend};
use burn_tensor::{Int, Tensor, TensorData};
use gantry_learn::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::device::Machine;
use crate::error::DeepError;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.99;
const EPSILON: f32 = 1e-8;
/// Share by which matrices shrink in a step at full speed.
const DECAY: f32 = 1e-4;
/// The gradient's length is cut to this.
const LONGEST: f32 = 1.0;

/// A matrix of parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weights {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Row by row.
    pub(crate) values: Vec<f32>,
}

impl Weights {
    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, values: vec![0.0; rows * columns] }
    }

    /// Normal numbers, as small as so many inputs ask for.
    pub(crate) fn random(rows: usize, columns: usize, rng: &mut Rng) -> Self {
        let scale = (1.0 / rows.max(1) as f64).sqrt();
        let values = (0..rows * columns).map(|_| (rng.normal() * scale) as f32).collect();
        Self { rows, columns, values }
    }
}

/// The parameters of a network with all that a step needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Learner {
    pub(crate) weights: Vec<Weights>,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    steps: i32,
}

impl Learner {
    pub(crate) fn new(weights: Vec<Weights>) -> Self {
        let empty: Vec<Vec<f32>> =
            weights.iter().map(|weights| vec![0.0; weights.values.len()]).collect();
        Self { weights, first: empty.clone(), second: empty, steps: 0 }
    }

    /// One step of Adam with decoupled decay.
    pub(crate) fn step(&mut self, mut gradients: Gradients, speed: f32) {
        cut(&mut gradients);
        self.steps += 1;
        let corrected_1 = 1.0 - BETA_1.powi(self.steps);
        let corrected_2 = 1.0 - BETA_2.powi(self.steps);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((weights, (first, second)), gradient) in
            self.weights.iter_mut().zip(moments).zip(&gradients)
        {
            let decay = if weights.rows > 1 { speed * DECAY } else { 0.0 };
            let cells = weights.values.iter_mut().zip(first).zip(second).zip(gradient);
            for (((value, first), second), gradient) in cells {
                *first = BETA_1 * *first + (1.0 - BETA_1) * gradient;
                *second = BETA_2 * *second + (1.0 - BETA_2) * gradient * gradient;
                let moved = (*first / corrected_1) / ((*second / corrected_2).sqrt() + EPSILON);
                *value -= speed * moved + decay * *value;
            }
        }
    }
}

/// Shortens a gradient that is too long.
fn cut(gradients: &mut [Vec<f32>]) {
    let squares: f64 = gradients
        .iter()
        .map(|part| part.iter().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>())
        .sum();
    let length = squares.sqrt() as f32;
    if length > LONGEST {
        let share = LONGEST / length;
        gradients.iter_mut().flatten().for_each(|gradient| *gradient *= share);
    }
}

/// Follows slowly what a learner does.
pub(crate) fn follow(slow: &mut [Weights], fast: &[Weights], keep: f32) {
    for (slow, fast) in slow.iter_mut().zip(fast) {
        for (slow, fast) in slow.values.iter_mut().zip(&fast.values) {
            *slow = keep * *slow + (1.0 - keep) * fast;
        }
    }
}

/// The gradient of each parameter.
pub(crate) type Gradients = Vec<Vec<f32>>;

/// The gradients of parts of a batch, found at once and summed in the order of the parts, with the
/// sums that belong to them. Where the parts are cut depends on the batch and the backend alone.
pub(crate) fn learn_parts<B: Machine>(
    rows: &[usize],
    rng: &mut Rng,
    learn: impl Fn(&[usize], &mut Rng) -> Result<(Gradients, f64), DeepError> + Sync,
) -> Result<(Gradients, f64), DeepError> {
    let parts: Vec<(&[usize], u64)> = rows
        .chunks(rows.len().div_ceil(B::PARTS).max(1))
        .map(|part| (part, rng.next_u64()))
        .collect();
    let found: Vec<_> =
        parts.par_iter().map(|(part, seed)| learn(part, &mut Rng::new(*seed))).collect();
    let mut found = found.into_iter();
    let (mut gradients, mut sum) = found.next().unwrap_or_else(|| Ok((Vec::new(), 0.0)))?;
    for part in found {
        let (further, share) = part?;
        sum += share;
        for (whole, part) in gradients.iter_mut().zip(further) {
            whole.iter_mut().zip(part).for_each(|(whole, part)| *whole += part);
        }
    }
    Ok((gradients, sum))
}

/// One way forward through a network that learns.
pub(crate) struct Pass<B: AutodiffBackend> {
    parameters: Vec<Tensor<B, 2>>,
    device: B::Device,
}

impl<B: AutodiffBackend> Pass<B> {
    pub(crate) fn new(weights: &[Weights], device: &B::Device) -> Self {
        let parameters = lend::<B>(weights, device);
        let parameters = parameters.into_iter().map(Tensor::require_grad).collect();
        Self { parameters, device: device.clone() }
    }

    pub(crate) fn parameter(&self, place: usize) -> Tensor<B, 2> {
        self.parameters[place].clone()
    }

    /// Numbers as a matrix of so many columns.
    pub(crate) fn matrix(&self, values: Vec<f32>, columns: usize) -> Tensor<B, 2> {
        matrix(values, columns, &self.device)
    }

    /// Places as a tensor.
    pub(crate) fn places(&self, places: &[i32]) -> Tensor<B, 1, Int> {
        list_places::<B>(places, &self.device)
    }

    /// The gradient of each parameter for a loss.
    pub(crate) fn backward(&self, loss: &Tensor<B, 1>) -> Result<Gradients, DeepError> {
        let gradients = loss.backward();
        self.parameters
            .iter()
            .map(|parameter| match parameter.grad(&gradients) {
                Some(gradient) => read(gradient),
                None => Ok(vec![0.0; parameter.dims().iter().product()]),
            })
            .collect()
    }
}

/// Parameters as tensors of a device.
pub(crate) fn lend<B: Backend>(weights: &[Weights], device: &B::Device) -> Vec<Tensor<B, 2>> {
    let one = |weights: &Weights| matrix(weights.values.clone(), weights.columns, device);
    weights.iter().map(one).collect()
}

/// Numbers as a matrix of so many columns.
pub(crate) fn matrix<B: Backend>(
    values: Vec<f32>,
    columns: usize,
    device: &B::Device,
) -> Tensor<B, 2> {
    let rows = values.len() / columns.max(1);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

/// Places as a tensor.
pub(crate) fn list_places<B: Backend>(places: &[i32], device: &B::Device) -> Tensor<B, 1, Int> {
    Tensor::from_data(TensorData::new(places.to_vec(), [places.len()]), device)
}

/// A tensor's numbers, row by row.
pub(crate) fn read<B: Backend, const D: usize>(
    tensor: Tensor<B, D>,
) -> Result<Vec<f32>, DeepError> {
    let broken = |reason: String| DeepError::Numbers { reason };
    let data = tensor.try_into_data().map_err(|error| broken(format!("{error:?}")))?;
    data.to_vec().map_err(|error| broken(format!("{error:?}")))
}
