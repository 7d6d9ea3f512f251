//! The graph of rows, and what a network reads from it.
//!
//! Rows are joined with those that are nearest in the autoencoder's numbers, and with those that name
//! the same row of another table. A network of two rounds of gathering, which weighs each kind of
//! edges by itself (Schlichtkrull and others, 2018), tells each row's numbers from its neighbours
//! alone; what it says just before is the row's embedding. Of the embeddings only the means over groups
//! are kept.

mod edges;

use burn_tensor::Tensor;
use burn_tensor::activation::relu;
use burn_tensor::backend::AutodiffBackend;
use gantry_learn::Rng;

use self::edges::{Edges, choose_nodes};
use crate::autoencoder::TOKEN;
use crate::batch::derive_lines;
use crate::error::DeepError;
use crate::net::{Learner, Pass, Weights, read};
use crate::table::{CodedTable, Prior};

/// Numbers of an embedding.
pub(crate) const EMBEDDING: usize = 16;
const HIDDEN: usize = 64;
/// Rows that are joined, at most: distances are between all of them.
const MOST_NODES: usize = 3_000;
/// The fewest nodes of a group that has a mean of its own.
const FEWEST_NODES: usize = 5;
const SPEED: f32 = 8e-3;

/// Where parameters stand: of a row's own numbers, a bias, a bias of the embedding, the way back to
/// numbers and its bias, then two for each kind of edges.
const OWN: usize = 0;
const BIAS: usize = 1;
const EMBEDDING_BIAS: usize = 2;
const BACK: usize = 3;
const BACK_BIAS: usize = 4;
const OF_EDGES: usize = 5;

/// Rows, their numbers, and who tells them something.
pub(crate) struct Graph {
    nodes: Vec<usize>,
    /// Node by node.
    features: Vec<f32>,
    /// The nearest first, then each foreign key.
    edges: Vec<Edges>,
    width: usize,
}

impl Graph {
    /// Joins rows, chosen where there are many.
    pub(crate) fn build((table, prior): (&CodedTable, &Prior), book: &[f32], seed: u64) -> Self {
        let mut order: Vec<usize> = (0..table.rows()).collect();
        Rng::stream(seed, 0x0067_7261_7068).shuffle(&mut order);
        let nodes = choose_nodes(&order, table.kin.first(), MOST_NODES);
        let width = table.columns.len() * TOKEN;
        let lines = derive_lines(table, &prior.starts(), &nodes);
        let features: Vec<f32> = lines
            .iter()
            .flat_map(|line| &book[*line as usize * TOKEN..(*line as usize + 1) * TOKEN])
            .copied()
            .collect();
        let mut edges = vec![Edges::join_near(&features, width)];
        for keys in &table.kin {
            let keys: Vec<Option<u32>> = nodes.iter().map(|row| keys[*row]).collect();
            edges.push(Edges::join_kin(&keys, (&features, width)));
        }
        Self { nodes, features, edges, width }
    }

    /// The parameters at first.
    pub(crate) fn begin(&self, rng: &mut Rng) -> Learner {
        let mut weights = vec![
            Weights::random(self.width, HIDDEN, rng),
            Weights::zeros(1, HIDDEN),
            Weights::zeros(1, EMBEDDING),
            Weights::random(EMBEDDING, self.width, rng),
            Weights::zeros(1, self.width),
        ];
        for _ in &self.edges {
            weights.push(Weights::random(self.width, HIDDEN, rng));
            weights.push(Weights::random(HIDDEN, EMBEDDING, rng));
        }
        Learner::new(weights)
    }

    /// One step on the whole graph; gives the mean squared error.
    pub(crate) fn learn<B: AutodiffBackend>(
        &self,
        learner: &mut Learner,
        device: &B::Device,
    ) -> Result<f64, DeepError> {
        let pass = Pass::<B>::new(&learner.weights, device);
        let told = relu(self.embed(&pass)).matmul(pass.parameter(BACK)) + pass.parameter(BACK_BIAS);
        let off = told - pass.matrix(self.features.clone(), self.width);
        let loss = off.powf_scalar(2.0).mean();
        let gradients = pass.backward(&loss)?;
        learner.step(gradients, SPEED);
        Ok(read(loss.inner())?.first().copied().map_or(0.0, f64::from))
    }

    /// What the neighbours of each node tell of it.
    fn embed<B: AutodiffBackend>(&self, pass: &Pass<B>) -> Tensor<B, 2> {
        let own = pass.matrix(self.features.clone(), self.width);
        let mut first = own.matmul(pass.parameter(OWN)) + pass.parameter(BIAS);
        for (kind, edges) in self.edges.iter().enumerate() {
            let near = pass.matrix(edges.gathered.clone(), self.width);
            first = first + near.matmul(pass.parameter(OF_EDGES + 2 * kind));
        }
        // The place behind the last node says nothing.
        let nothing = pass.matrix(vec![0.0; HIDDEN], HIDDEN);
        let first = Tensor::cat(vec![relu(first), nothing], 0);
        let mut embedded = pass.parameter(EMBEDDING_BIAS).repeat_dim(0, self.nodes.len());
        for (kind, edges) in self.edges.iter().enumerate() {
            let shape = [self.nodes.len(), edges.each, HIDDEN];
            let around = first.clone().select(0, pass.places(&edges.places)).reshape(shape);
            let sums = around.sum_dim(1).reshape([self.nodes.len(), HIDDEN]);
            let means = sums * pass.matrix(edges.shares.clone(), 1);
            embedded = embedded + means.matmul(pass.parameter(OF_EDGES + 2 * kind + 1));
        }
        embedded
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
