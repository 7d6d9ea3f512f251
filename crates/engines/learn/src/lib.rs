//! Learners and metrics on dense tables, shared by the engines: pure functions of data, parameters
//! and seed. Nothing here reads a clock, a file or the network.
//!
//! Invariants:
//! - A fit is bit-identical for every number of threads and on every x86-64 machine: reductions
//!   run over fixed chunks in a fixed order, `exp` and `ln` are our own, random numbers come from
//!   [`Rng`].
//! - Learners run on the rayon pool that they are called from (`pool.install(|| …)`).
//! - Bad input is a [`LearnError`], never a panic.
//! - Fitted models are plain serde values that carry a format version.
//!
//! ```
//! use gantry_learn::forest::ForestParams;
//! use gantry_learn::linear::LogisticParams;
//! use gantry_learn::{Classifier, Column, Control, Matrix, Target, TrainingSet, metrics, split};
//!
//! # fn main() -> Result<(), gantry_learn::LearnError> {
//! let age: Vec<f64> = (0..200).map(|i| f64::from(i % 50)).collect();
//! let codes: Vec<u32> = age.iter().map(|a| u32::from(*a > 25.0)).collect();
//! let x = Matrix::new(vec![Column::numeric(age)])?;
//!
//! for fold in split::stratified_k_fold(&codes, 5, 42)? {
//!     let (train, test) = (x.take_rows(&fold.train), x.take_rows(&fold.test));
//!     let y = split::take(&codes, &fold.train);
//!     let data = TrainingSet::new(&train, Target::Classes { codes: &y, count: 2 })?;
//!     let control = Control::unlimited();
//!     let linear = LogisticParams::default().fit(&data, &control)?;
//!     let forest = ForestParams::classifier().with_trees(50).with_seed(7);
//!     let forest = forest.fit_classifier(&data, &control)?;
//!     let truth = split::take(&codes, &fold.test);
//!     for model in [&linear as &dyn Classifier, &forest] {
//!         let probability = model.predict_proba(&test)?;   // rows × classes
//!         let auc = metrics::roc_auc(&truth, probability.column(1), None)?;
//!         assert!(auc > 0.99);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

pub mod bayes;
pub mod binning;
pub mod boosting;
pub mod calibration;
pub mod cluster;
mod control;
mod data;
mod error;
pub mod forest;
pub mod importance;
pub mod impute;
pub mod isolation;
pub mod linear;
pub mod metrics;
mod model;
pub mod neighbors;
pub mod network;
mod numeric;
pub mod pca;
pub mod split;
pub mod summary;
pub mod svm;
pub mod text;
mod tree;

pub use control::{Control, WorkMeter};
pub use data::{Column, FeatureKind, Matrix, Target, TrainingSet};
pub use error::LearnError;
pub use model::{Classifier, FormatVersion, Regressor, derive_labels};
pub use numeric::math;
pub use numeric::rng::Rng;
pub use tree::{TreeNode, TreesView};
