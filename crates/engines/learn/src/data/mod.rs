//! The table and target that learners take.

mod column;
mod matrix;
mod target;

pub use column::{Column, FeatureKind};
pub use matrix::Matrix;
pub(crate) use target::Weights;
pub use target::{Target, TrainingSet};
