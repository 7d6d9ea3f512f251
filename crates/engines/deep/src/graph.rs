//! The graph of neighbouring rows, and what a network reads from it.
//!
//! Rows are joined with those that are nearest in the autoencoder's numbers. A network of two rounds
//! of gathering tells each row's numbers from its neighbours alone; what it says just before is the
//! row's embedding. Of the embeddings only the means over groups are kept.

use burn_tensor::Tensor;
use burn_tensor::activation::relu;
use burn_tensor::backend::AutodiffBackend;
use gantry_learn::Rng;

use crate::autoencoder::TOKEN;
use crate::batch::derive_lines;
use crate::error::DeepError;
use crate::net::{Learner, Pass, Weights, read};
use crate::table::{CodedTable, Prior};

/// Numbers of an embedding.
pub(crate) const EMBEDDING: usize = 16;
const HIDDEN: usize = 64;
const NEIGHBOURS: usize = 5;
/// Rows that are joined, at most: distances are between all of them.
const MOST_NODES: usize = 3_000;
/// The fewest nodes of a group that has a mean of its own.
const FEWEST_NODES: usize = 5;
const SPEED: f32 = 8e-3;

/// Rows, their numbers, and who is near them.
pub(crate) struct Graph {
    nodes: Vec<usize>,
    /// Node by node.
    features: Vec<f32>,
    /// The neighbours' means, node by node.
    gathered: Vec<f32>,
    /// Of each node.
    neighbours: Vec<i32>,
    width: usize,
}

impl Graph {
    /// Joins rows, chosen where there are many.
    pub(crate) fn build((table, prior): (&CodedTable, &Prior), book: &[f32], seed: u64) -> Self {
        let mut nodes: Vec<usize> = (0..table.rows()).collect();
        Rng::stream(seed, 0x0067_7261_7068).shuffle(&mut nodes);
        nodes.truncate(MOST_NODES);
        let width = table.columns.len() * TOKEN;
        let lines = derive_lines(table, &prior.starts(), &nodes);
        let features: Vec<f32> = lines
            .iter()
            .flat_map(|line| &book[*line as usize * TOKEN..(*line as usize + 1) * TOKEN])
            .copied()
            .collect();
        let neighbours = find_neighbours(&features, width);
        let near = neighbours.len() / nodes.len().max(1);
        let mut gathered = vec![0.0; features.len()];
        for (node, out) in gathered.chunks_exact_mut(width).enumerate() {
            for neighbour in &neighbours[node * near..(node + 1) * near] {
                let from = &features[*neighbour as usize * width..][..width];
                out.iter_mut().zip(from).for_each(|(sum, number)| *sum += number / near as f32);
            }
        }
        Self { nodes, features, gathered, neighbours, width }
    }

    /// The parameters at first.
    pub(crate) fn begin(&self, rng: &mut Rng) -> Learner {
        Learner::new(vec![
            Weights::random(self.width, HIDDEN, rng),
            Weights::random(self.width, HIDDEN, rng),
            Weights::zeros(1, HIDDEN),
            Weights::random(HIDDEN, EMBEDDING, rng),
            Weights::zeros(1, EMBEDDING),
            Weights::random(EMBEDDING, self.width, rng),
            Weights::zeros(1, self.width),
        ])
    }

    /// One step on the whole graph; gives the mean squared error.
    pub(crate) fn learn<B: AutodiffBackend>(
        &self,
        learner: &mut Learner,
        device: &B::Device,
    ) -> Result<f64, DeepError> {
        let pass = Pass::<B>::new(&learner.weights, device);
        let told = relu(self.embed(&pass)).matmul(pass.parameter(5)) + pass.parameter(6);
        let off = told - pass.matrix(self.features.clone(), self.width);
        let loss = off.powf_scalar(2.0).mean();
        let gradients = pass.backward(&loss)?;
        learner.step(gradients, SPEED);
        Ok(read(loss.inner())?.first().copied().map_or(0.0, f64::from))
    }

    /// What the neighbours of each node tell of it.
    fn embed<B: AutodiffBackend>(&self, pass: &Pass<B>) -> Tensor<B, 2> {
        let own = pass.matrix(self.features.clone(), self.width);
        let near = pass.matrix(self.gathered.clone(), self.width);
        let first = own.matmul(pass.parameter(0)) + near.matmul(pass.parameter(1));
        let first = relu(first + pass.parameter(2));
        let each = self.neighbours.len() / self.nodes.len().max(1);
        let shape = [self.nodes.len(), each, HIDDEN];
        let around = first.select(0, pass.places(&self.neighbours)).reshape(shape);
        let around = around.mean_dim(1).reshape([self.nodes.len(), HIDDEN]);
        around.matmul(pass.parameter(3)) + pass.parameter(4)
    }

    /// The mean embedding of each group, scaled to unit spread; zeros where a group has few nodes.
    pub(crate) fn derive_means<B: AutodiffBackend>(
        &self,
        (learner, device): (&Learner, &B::Device),
        (table, prior): (&CodedTable, &Prior),
    ) -> Result<Vec<f32>, DeepError> {
        let embedded = read(self.embed(&Pass::<B>::new(&learner.weights, device)).inner())?;
        let mut means = vec![0.0_f32; prior.groups * EMBEDDING];
        let mut counts = vec![0_usize; prior.groups];
        for (node, numbers) in self.nodes.iter().zip(embedded.chunks_exact(EMBEDDING)) {
            let group = table.groups[*node] as usize;
            counts[group] += 1;
            let sums = &mut means[group * EMBEDDING..(group + 1) * EMBEDDING];
            sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        }
        for (mean, count) in means.chunks_exact_mut(EMBEDDING).zip(&counts) {
            let share = if *count < FEWEST_NODES { 0.0 } else { 1.0 / *count as f32 };
            mean.iter_mut().for_each(|sum| *sum *= share);
        }
        let squares: f32 = means.iter().map(|number| number * number).sum();
        let spread = (squares / means.len().max(1) as f32).sqrt().max(1e-6);
        means.iter_mut().for_each(|number| *number /= spread);
        Ok(means)
    }
}

/// The nearest others of each node; as many as there are where these are few.
fn find_neighbours(features: &[f32], width: usize) -> Vec<i32> {
    let nodes = features.len() / width;
    let near = NEIGHBOURS.min(nodes.saturating_sub(1)).max(1);
    let mut found = Vec::with_capacity(nodes * near);
    for (node, own) in features.chunks_exact(width).enumerate() {
        let mut nearest: Vec<(f32, usize)> = Vec::with_capacity(near + 1);
        for (other, numbers) in features.chunks_exact(width).enumerate() {
            if other == node && nodes > 1 {
                continue;
            }
            let far: f32 = own.iter().zip(numbers).map(|(a, b)| (a - b) * (a - b)).sum();
            if nearest.len() < near || nearest.last().is_some_and(|last| far < last.0) {
                let at = nearest.partition_point(|known| known.0 <= far);
                nearest.insert(at, (far, other));
                nearest.truncate(near);
            }
        }
        found.extend(nearest.iter().map(|(_, other)| *other as i32));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_the_nearest_others() {
        let features: Vec<f32> = [0.0, 1.0, 2.5, 10.0, 11.0, 12.5, 14.0].to_vec();
        let found = find_neighbours(&features, 1);
        assert_eq!(found.len(), 7 * NEIGHBOURS);
        assert_eq!(&found[..3], &[1, 2, 3]);
        assert_eq!(&found[4 * NEIGHBOURS..][..2], &[3, 5]);
    }
}
