//! Which rows a tree sees. Drawn again from the seed where it is needed, so that it need not be
//! kept.

use crate::Rng;

use super::params::ForestParams;

/// Stream of a tree's draws of rows; its splits use the odd one that follows.
fn stream(tree: u32) -> u64 {
    2 * u64::from(tree)
}

/// How often each row was drawn for a tree.
pub(super) fn draws(params: &ForestParams, tree: u32, rows: usize) -> Vec<u32> {
    if !params.bootstrap {
        return vec![1; rows];
    }
    let mut rng = Rng::stream(params.seed, stream(tree));
    let mut counts = vec![0; rows];
    for _ in 0..rows {
        counts[rng.below(rows)] += 1;
    }
    counts
}

/// Random numbers for the splits of a tree.
pub(super) fn split_rng(params: &ForestParams, tree: u32) -> Rng {
    Rng::stream(params.seed, stream(tree) + 1)
}
