//! The table and target that learners take.

mod matrix;
mod target;

pub use matrix::{Column, FeatureKind, Matrix};
pub(crate) use target::Weights;
pub use target::{Target, TrainingSet};
