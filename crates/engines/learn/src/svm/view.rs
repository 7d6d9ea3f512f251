//! Fitted machines laid open, for programs that write them in another format.

use crate::Matrix;

use super::machine::Machine;
use super::model::{Space, Svm, SvmClassifier, SvmRegressor};
use super::platt::{LEAST_SHARE, MAX_STEPS, WORST};

/// The coordinates of a row that machines weigh.
#[derive(Debug, Clone, Copy)]
pub enum SpaceView<'a> {
    /// The columns as they are.
    Linear {
        /// How many there are.
        columns: usize,
    },
    /// `exp(−gamma · squared distance)` to each row of `support`.
    Rbf {
        /// Above 0.
        gamma: f64,
        /// The rows.
        support: &'a Matrix,
    },
    /// Cosine and sine of the product with each direction, one after the other, divided by the
    /// root of the number of directions.
    Fourier {
        /// Each has one number a column.
        directions: &'a [Vec<f64>],
    },
}

/// One decision: the sum of weighted coordinates and the bias.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineView {
    /// One a coordinate.
    pub weights: Vec<f64>,
    /// Added to the sum.
    pub bias: f64,
}

/// Two classes: the upper one's probability among the two is
/// `1 / (1 + exp(−(slope · decision + offset)))`, kept [`PairView::LEAST_SHARE`] from 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairView {
    /// Class of negative decisions.
    pub lower: usize,
    /// Class of positive decisions.
    pub upper: usize,
    /// Factor of the decision.
    pub slope: f64,
    /// Added to it.
    pub offset: f64,
}

impl PairView {
    /// No pair is more certain than this.
    pub const LEAST_SHARE: f64 = LEAST_SHARE;

    /// Most steps that couple pairs of `classes` classes, and the largest difference between
    /// gradients below which they end.
    #[must_use]
    pub fn derive_coupling(classes: usize) -> (usize, f64) {
        ((MAX_STEPS as usize).max(classes), WORST / classes as f64)
    }
}

impl Svm {
    fn machine_views(&self) -> Vec<MachineView> {
        let view = |machine: &Machine| {
            let mut weights = vec![0.0; self.space.coordinates()];
            for (at, weight) in &machine.terms {
                if let Some(slot) = weights.get_mut(*at as usize) {
                    *slot += weight;
                }
            }
            MachineView { weights, bias: machine.bias }
        };
        self.machines.iter().map(view).collect()
    }

    fn space_view(&self) -> SpaceView<'_> {
        match &self.space {
            Space::Linear { columns } => SpaceView::Linear { columns: *columns },
            Space::Rbf { gamma, support, .. } => SpaceView::Rbf { gamma: *gamma, support },
            Space::Fourier(map) => SpaceView::Fourier { directions: map.directions() },
        }
    }
}

impl SvmClassifier {
    /// What the machines weigh, the machines, and the pair of classes of each.
    #[must_use]
    pub fn view(&self) -> (SpaceView<'_>, Vec<MachineView>, Vec<PairView>) {
        let pair = |pair: &super::model::PairModel| {
            let (slope, offset) = pair.sigmoid.line();
            let (lower, upper) = (pair.lower as usize, pair.upper as usize);
            PairView { lower, upper, slope, offset }
        };
        let pairs = self.pairs.iter().map(pair).collect();
        (self.svm.space_view(), self.svm.machine_views(), pairs)
    }
}

impl SvmRegressor {
    /// What the machines weigh, and the machines, whose decisions are added up.
    #[must_use]
    pub fn view(&self) -> (SpaceView<'_>, Vec<MachineView>) {
        (self.svm.space_view(), self.svm.machine_views())
    }
}
