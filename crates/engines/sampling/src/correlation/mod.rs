//! Correlation between inputs: rank-correlation matrices, copulas and Iman–Conover.
//!
//! A [`Correlation`] names inputs and gives Spearman's rank correlations between them. A Gaussian
//! or t copula turns their independent normal scores into dependent ones, iteration by iteration,
//! so that shards need nothing from each other. Every input keeps its own distribution.

mod cholesky;
mod copula;
mod iman_conover;
mod matrix;
mod nearest;

pub use copula::Copula;
pub(crate) use copula::Group;
pub use iman_conover::reorder;
pub use matrix::Matrix;
pub use nearest::nearest;

/// Rank correlations between some inputs of a plan.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// Numbers of the inputs, in the order of the matrix.
    pub inputs: Vec<usize>,
    /// Spearman's rank correlations.
    pub matrix: Matrix,
    /// How they depend.
    #[serde(default)]
    pub copula: Copula,
}
