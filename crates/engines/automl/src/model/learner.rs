//! Fitted learners of every kind.

use gantry_learn::bayes::BayesModel;
use gantry_learn::boosting::{BoostingClassifier, BoostingRegressor};
use gantry_learn::forest::{ForestClassifier, ForestRegressor};
use gantry_learn::linear::{LogisticModel, RidgeModel};
use gantry_learn::neighbors::{NeighborsClassifier, NeighborsRegressor};
use gantry_learn::network::{NetworkClassifier, NetworkRegressor};
use gantry_learn::svm::{SvmClassifier, SvmRegressor};
use gantry_learn::{Classifier, LearnError, Matrix, Regressor, TreesView, math};
use serde::{Deserialize, Serialize};

use super::Predictions;

/// Nanoseconds of a step down a large tree, which waits for memory; read from models of 30 MB.
const OF_STEP: f64 = 30.0;
/// Nanoseconds of a leaf of small trees, of which all are looked at together.
const OF_LEAF: f64 = 0.7;

/// A fitted learner of any kind. The order of the variants is part of the model file's format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum FittedLearner {
    Logistic(LogisticModel),
    Ridge(RidgeModel),
    ForestClassifier(ForestClassifier),
    ForestRegressor(ForestRegressor),
    BoostingClassifier(BoostingClassifier),
    BoostingRegressor(BoostingRegressor),
    SvmClassifier(SvmClassifier),
    SvmRegressor(SvmRegressor),
    NetworkClassifier(NetworkClassifier),
    NetworkRegressor(NetworkRegressor),
    NeighborsClassifier(NeighborsClassifier),
    NeighborsRegressor(NeighborsRegressor),
    Bayes(BayesModel),
}

/// How a row finds its leaves.
enum RowPath {
    /// Down each tree.
    Down,
    /// Across the leaves of all trees, where that is shorter.
    Across,
}

/// The two faces of a learner.
enum Face<'a> {
    Classes(&'a dyn Classifier),
    Numbers(&'a dyn Regressor),
}

impl FittedLearner {
    fn face(&self) -> Face<'_> {
        match self {
            Self::Logistic(model) => Face::Classes(model),
            Self::ForestClassifier(model) => Face::Classes(model),
            Self::BoostingClassifier(model) => Face::Classes(model),
            Self::SvmClassifier(model) => Face::Classes(model),
            Self::NetworkClassifier(model) => Face::Classes(model),
            Self::NeighborsClassifier(model) => Face::Classes(model),
            Self::Bayes(model) => Face::Classes(model),
            Self::Ridge(model) => Face::Numbers(model),
            Self::ForestRegressor(model) => Face::Numbers(model),
            Self::BoostingRegressor(model) => Face::Numbers(model),
            Self::SvmRegressor(model) => Face::Numbers(model),
            Self::NetworkRegressor(model) => Face::Numbers(model),
            Self::NeighborsRegressor(model) => Face::Numbers(model),
        }
    }

    pub(crate) fn predict(&self, x: &Matrix) -> Result<Predictions, LearnError> {
        Ok(match self.face() {
            Face::Classes(model) => Predictions::Probabilities(model.predict_proba(x)?),
            Face::Numbers(model) => Predictions::Numbers(model.predict(x)?),
        })
    }

    /// As [`Self::predict`] for one row: a number for each class, or one.
    pub(crate) fn predict_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        Ok(match self.face() {
            Face::Classes(model) => model.predict_proba_row(row)?,
            Face::Numbers(model) => vec![model.predict_row(row)?],
        })
    }

    /// Whether it tells classes apart.
    pub(crate) fn is_classifier(&self) -> bool {
        matches!(self.face(), Face::Classes(_))
    }

    /// Features that the fit saw.
    pub(crate) fn features(&self) -> usize {
        match self.face() {
            Face::Classes(model) => model.features(),
            Face::Numbers(model) => model.features(),
        }
    }

    /// Leaves out every round of boosting after the first `rounds`.
    pub(crate) fn keep_rounds(&mut self, rounds: usize) {
        match self {
            Self::BoostingClassifier(model) => model.keep_rounds(rounds),
            Self::BoostingRegressor(model) => model.keep_rounds(rounds),
            Self::Logistic(_)
            | Self::Ridge(_)
            | Self::ForestClassifier(_)
            | Self::ForestRegressor(_)
            | Self::SvmClassifier(_)
            | Self::SvmRegressor(_)
            | Self::NetworkClassifier(_)
            | Self::NetworkRegressor(_)
            | Self::NeighborsClassifier(_)
            | Self::NeighborsRegressor(_)
            | Self::Bayes(_) => {}
        }
    }

    /// Leaves out so many of a forest's trees that those of this many fits together are twice as many
    /// as each had.
    pub(crate) fn thin_forest(&mut self, fits: usize) {
        let kept = |trees: usize| (2 * trees).div_ceil(fits.max(2));
        match self {
            Self::ForestClassifier(model) => model.keep_trees(kept(model.trees())),
            Self::ForestRegressor(model) => model.keep_trees(kept(model.trees())),
            Self::BoostingClassifier(_)
            | Self::BoostingRegressor(_)
            | Self::Logistic(_)
            | Self::Ridge(_)
            | Self::SvmClassifier(_)
            | Self::SvmRegressor(_)
            | Self::NetworkClassifier(_)
            | Self::NetworkRegressor(_)
            | Self::NeighborsClassifier(_)
            | Self::NeighborsRegressor(_)
            | Self::Bayes(_) => {}
        }
    }

    /// Leaves of its trees; none for other learners.
    pub(crate) fn find_leaves(&self) -> Option<usize> {
        self.find_trees().map(|(view, _)| view.leaves())
    }

    /// Nanoseconds in which its trees predict one row, about; none for other learners.
    pub(crate) fn find_row_work(&self) -> Option<u64> {
        let (view, path) = self.find_trees()?;
        let (trees, leaves) = (view.count().max(1) as f64, view.leaves() as f64);
        // As if trees were balanced.
        let walk = OF_STEP * trees * (1.0 + math::log2((leaves / trees).max(1.0)));
        Some(match path {
            RowPath::Down => walk,
            RowPath::Across => walk.min(OF_LEAF * leaves),
        } as u64)
    }

    fn find_trees(&self) -> Option<(TreesView<'_>, RowPath)> {
        match self {
            Self::ForestClassifier(model) => Some((model.view(), RowPath::Down)),
            Self::ForestRegressor(model) => Some((model.view(), RowPath::Down)),
            Self::BoostingClassifier(model) => Some((model.view(), RowPath::Across)),
            Self::BoostingRegressor(model) => Some((model.view(), RowPath::Across)),
            Self::Logistic(_)
            | Self::Ridge(_)
            | Self::SvmClassifier(_)
            | Self::SvmRegressor(_)
            | Self::NetworkClassifier(_)
            | Self::NetworkRegressor(_)
            | Self::NeighborsClassifier(_)
            | Self::NeighborsRegressor(_)
            | Self::Bayes(_) => None,
        }
    }

    /// Bytes in memory, about; learners that keep the training rows say those, small ones 0.
    pub(crate) fn bytes(&self, rows: usize) -> usize {
        let table = rows * self.features() * size_of::<f64>();
        match self {
            Self::ForestClassifier(model) => model.bytes(),
            Self::ForestRegressor(model) => model.bytes(),
            Self::BoostingClassifier(model) => model.bytes(),
            Self::BoostingRegressor(model) => model.bytes(),
            Self::SvmClassifier(_)
            | Self::SvmRegressor(_)
            | Self::NeighborsClassifier(_)
            | Self::NeighborsRegressor(_) => table,
            Self::Logistic(_)
            | Self::Ridge(_)
            | Self::NetworkClassifier(_)
            | Self::NetworkRegressor(_)
            | Self::Bayes(_) => 0,
        }
    }
}
