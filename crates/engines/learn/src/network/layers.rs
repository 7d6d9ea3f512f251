//! Weights, and the two directions in which values and gradients pass through them.
//!
//! Invariant: sums run in row order on one thread, so that equal seeds give equal weights.

use serde::{Deserialize, Serialize};

use crate::Rng;

/// One layer's weights (outputs × inputs) and then its biases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Layer {
    inputs: usize,
    outputs: usize,
    weights: Vec<f32>,
    biases: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Layers {
    layers: Vec<Layer>,
}

/// One layer of a fitted network, for programs that write it in another format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerView<'a> {
    /// Numbers that it takes.
    pub inputs: usize,
    /// Outputs × inputs, row-major.
    pub weights: &'a [f32],
    /// One an output.
    pub biases: &'a [f32],
}

/// Values of each layer for the rows of a batch, row-major; the first are the inputs.
pub(super) struct Pass {
    values: Vec<Vec<f32>>,
}

impl Pass {
    pub(super) fn output(&self) -> &[f32] {
        self.values.last().map_or(&[], Vec::as_slice)
    }
}

impl Layers {
    /// Random weights, even within ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010).
    pub(super) fn new(sizes: &[usize], rng: &mut Rng) -> Self {
        let layer = |pair: &[usize], rng: &mut Rng| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let bound = (6.0 / (inputs + outputs) as f64).sqrt();
            let mut draw = || ((2.0 * rng.uniform() - 1.0) * bound) as f32;
            Layer {
                inputs,
                outputs,
                weights: (0..inputs * outputs).map(|_| draw()).collect(),
                biases: vec![0.0; outputs],
            }
        };
        Self { layers: sizes.windows(2).map(|pair| layer(pair, rng)).collect() }
    }

    pub(super) fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |l| l.inputs)
    }

    pub(super) fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |l| l.outputs)
    }

    pub(super) fn views(&self) -> Vec<LayerView<'_>> {
        fn view(layer: &Layer) -> LayerView<'_> {
            LayerView { inputs: layer.inputs, weights: &layer.weights, biases: &layer.biases }
        }
        self.layers.iter().map(view).collect()
    }

    pub(super) fn pass(&self) -> Pass {
        Pass { values: vec![Vec::new(); self.layers.len() + 1] }
    }

    /// Number of weights and biases.
    pub(super) fn size(&self) -> usize {
        self.layers.iter().map(|l| l.weights.len() + l.biases.len()).sum()
    }

    /// All weights and biases in one order, with whether they are weights.
    pub(super) fn parameters_mut(&mut self) -> impl Iterator<Item = (&mut f32, bool)> {
        self.layers.iter_mut().flat_map(|layer| {
            let weights = layer.weights.iter_mut().map(|w| (w, true));
            weights.chain(layer.biases.iter_mut().map(|b| (b, false)))
        })
    }

    pub(super) fn forward(&self, inputs: &[f32], pass: &mut Pass) {
        pass.values[0].clear();
        pass.values[0].extend_from_slice(inputs);
        for (place, layer) in self.layers.iter().enumerate() {
            let (before, after) = pass.values.split_at_mut(place + 1);
            let out = &mut after[0];
            out.clear();
            for row in before[place].chunks_exact(layer.inputs) {
                for (weights, bias) in layer.weights.chunks_exact(layer.inputs).zip(&layer.biases) {
                    out.push(bias + dot(weights, row));
                }
            }
            if place + 1 < self.layers.len() {
                out.iter_mut().for_each(|v| *v = v.max(0.0));
            }
        }
    }

    /// Adds the gradient of all parameters, in the order of [`Self::parameters_mut`], given that
    /// of the outputs.
    pub(super) fn backward(&self, pass: &Pass, mut above: Vec<f32>, gradient: &mut [f32]) {
        let mut end = gradient.len();
        for (place, layer) in self.layers.iter().enumerate().rev() {
            let start = end - layer.weights.len() - layer.biases.len();
            let (weights, biases) = gradient[start..end].split_at_mut(layer.weights.len());
            end = start;
            let inputs = &pass.values[place];
            let mut below = vec![0.0; inputs.len()];
            let rows = inputs
                .chunks_exact(layer.inputs)
                .zip(below.chunks_exact_mut(layer.inputs))
                .zip(above.chunks_exact(layer.outputs));
            for ((input, below), above) in rows {
                for (unit, slope) in above.iter().enumerate() {
                    if *slope == 0.0 {
                        continue;
                    }
                    biases[unit] += slope;
                    let range = unit * layer.inputs..(unit + 1) * layer.inputs;
                    add_scaled(&mut weights[range.clone()], *slope, input);
                    add_scaled(below, *slope, &layer.weights[range]);
                }
            }
            // The slope of a rectified unit is 0 where it gave nothing.
            for (slope, value) in below.iter_mut().zip(inputs) {
                if place > 0 && *value <= 0.0 {
                    *slope = 0.0;
                }
            }
            above = below;
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

fn add_scaled(y: &mut [f32], a: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_equal_differences() {
        let mut layers = Layers::new(&[3, 5, 2], &mut Rng::new(1));
        let inputs = [0.5, -1.0, 2.0, 1.5, 0.25, -0.75];
        // Sum of squared outputs.
        let loss = |layers: &Layers| {
            let mut pass = layers.pass();
            layers.forward(&inputs, &mut pass);
            pass.output().iter().map(|v| f64::from(v * v)).sum::<f64>()
        };
        let mut pass = layers.pass();
        layers.forward(&inputs, &mut pass);
        let above = pass.output().iter().map(|v| 2.0 * v).collect();
        let mut gradient = vec![0.0; layers.size()];
        layers.backward(&pass, above, &mut gradient);
        for (i, slope) in gradient.iter().enumerate() {
            let mut moved = |by: f32| {
                layers.parameters_mut().nth(i).into_iter().for_each(|(p, _)| *p += by);
                loss(&layers)
            };
            let (up, down) = (moved(1e-3), moved(-2e-3));
            moved(1e-3);
            let expected = (up - down) / 2e-3;
            assert!((f64::from(*slope) - expected).abs() < 1e-2, "{i}: {slope}, not {expected}");
        }
    }
}
