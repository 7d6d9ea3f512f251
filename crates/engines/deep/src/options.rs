//! What the caller of a training asks for, and what he is told.

use serde::{Deserialize, Serialize};

/// Visits of rows that a free choice of epochs comes to, at most, for autoencoder and diffusion.
const AUTOENCODER_VISITS: u64 = 400_000;
const DIFFUSION_VISITS: u64 = 6_000_000;
/// Epochs of a free choice, at most.
const MOST_EPOCHS: u64 = 300;
const FREE_GRAPH_EPOCHS: u32 = 60;

/// Epochs of each stage; none for a free choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epochs {
    /// Of the autoencoder.
    pub autoencoder: Option<u32>,
    /// Of the network on the graph; 0 leaves the graph out.
    pub graph: Option<u32>,
    /// Of the diffusion.
    pub diffusion: Option<u32>,
}

impl Epochs {
    /// Epochs of a stage, at most, where so many rows are learned.
    #[must_use]
    pub fn count(self, stage: Stage, rows: u64) -> u32 {
        let free = |visits: u64| (visits / rows.max(1)).clamp(4, MOST_EPOCHS) as u32;
        match stage {
            Stage::Autoencoder => self.autoencoder.unwrap_or_else(|| free(AUTOENCODER_VISITS)),
            Stage::Graph => self.graph.unwrap_or(FREE_GRAPH_EPOCHS),
            Stage::Diffusion => self.diffusion.unwrap_or_else(|| free(DIFFUSION_VISITS)),
        }
    }

    /// Epochs of all stages together, at most. A free choice is of no more epochs for more rows.
    #[must_use]
    pub fn count_all(self, rows: u64) -> u64 {
        Stage::ALL.iter().map(|stage| u64::from(self.count(*stage, rows))).sum()
    }
}

/// How a table is learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeepOptions {
    /// Epochs of the stages.
    pub epochs: Epochs,
    /// Where all random numbers come from.
    pub seed: u64,
}

/// A stage of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// Cells become numbers.
    Autoencoder,
    /// Groups get what the graph of rows says.
    Graph,
    /// The way back from noise.
    Diffusion,
}

impl Stage {
    /// All in their order.
    pub const ALL: [Self; 3] = [Self::Autoencoder, Self::Graph, Self::Diffusion];
}

/// An epoch that was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Of which stage.
    pub stage: Stage,
    /// Epochs of the stage that are done.
    pub done: u32,
    /// Epochs of the stage, at most.
    pub of: u32,
}

/// How training asks whether to go on.
pub struct Watch<'a> {
    /// Whether to end at once.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}
