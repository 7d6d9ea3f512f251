//! Random forests, extra trees and single decision trees for classes and numbers.
//!
//! Columns are cut into bins first (up to 1,024 by default, so that small tables lose nothing);
//! categories are split into subsets, and missing values go to whichever side serves better.
//! Gini impurity for classes, squared error for numbers. Defaults are scikit-learn's.

mod bootstrap;
mod fit;
mod grower;
mod histogram;
mod model;
mod params;
mod random;
mod split;
mod task;

pub use model::{ForestClassifier, ForestRegressor};
pub use params::{ForestParams, MaxFeatures, Splitter};
