//! Fitted support vector machines.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns, require_complete_row};
use crate::numeric::made_once::MadeOnce;
use crate::{Classifier, LearnError, Matrix, Regressor};

use super::fourier::FourierMap;
use super::kernel::Settled;
use super::layout::Layout;
use super::machine::Machine;
use super::platt::{Sigmoid, couple};

/// Rows × coordinates below which one thread is faster than several.
const PARALLEL_FROM: usize = 100_000;

/// What machines weigh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Space {
    /// The columns.
    Linear { columns: usize },
    /// Gaussian kernel values with the support rows.
    Rbf {
        gamma: f64,
        support: Matrix,
        #[serde(skip)]
        layout: MadeOnce<Layout>,
    },
    /// Random features.
    Fourier(FourierMap),
}

/// Machines over one space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Svm {
    pub(super) version: FormatVersion<1>,
    pub(super) space: Space,
    pub(super) machines: Vec<Machine>,
}

impl Space {
    fn columns(&self) -> usize {
        match self {
            Self::Linear { columns } => *columns,
            Self::Rbf { support, .. } => support.width(),
            Self::Fourier(map) => map.width(),
        }
    }

    pub(super) fn coordinates(&self) -> usize {
        match self {
            Self::Linear { columns } => *columns,
            Self::Rbf { support, .. } => support.rows(),
            Self::Fourier(map) => map.features(),
        }
    }

    fn place(&self, point: &[f64]) -> Vec<f64> {
        match self {
            Self::Linear { .. } => point.to_vec(),
            Self::Rbf { gamma, support, layout } => {
                let layout = layout.get_or_make(|| Layout::new(support));
                let mut values = vec![0.0; support.rows()];
                Settled::Rbf(*gamma).of_point((support, layout), point, &mut values);
                values
            }
            Self::Fourier(map) => map.map(point),
        }
    }
}

impl Svm {
    /// What `judge` makes of the decisions of each row.
    fn each_row<R: Send>(
        &self,
        x: &Matrix,
        judge: impl Fn(&[f64]) -> R + Sync,
    ) -> Result<Vec<R>, LearnError> {
        require_columns(x, self.space.columns())?;
        x.require_complete()?;
        let one = |row: usize| judge(&self.decide(&x.row(row)));
        if x.rows() * self.space.coordinates() < PARALLEL_FROM {
            return Ok((0..x.rows()).map(one).collect());
        }
        Ok((0..x.rows()).into_par_iter().map(one).collect())
    }

    /// The decision of each machine for a row.
    fn decide(&self, row: &[f64]) -> Vec<f64> {
        let place = self.space.place(row);
        self.machines.iter().map(|machine| machine.decide(&place)).collect()
    }

    /// As [`Self::decide`] for a row that may not fit.
    fn decide_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        require_complete_row(row, self.space.columns())?;
        Ok(self.decide(row))
    }
}

/// Two classes and how their machine's decision becomes a probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct PairModel {
    pub(super) lower: u32,
    pub(super) upper: u32,
    pub(super) sigmoid: Sigmoid,
}

/// A support vector machine for classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SvmClassifier {
    pub(super) svm: Svm,
    pub(super) pairs: Vec<PairModel>,
    classes: usize,
}

impl SvmClassifier {
    pub(super) fn new(svm: Svm, pairs: Vec<PairModel>, classes: usize) -> Self {
        Self { svm, pairs, classes }
    }

    /// Decisions, rows × pairs of classes that had rows: (0, 1), (0, 2), (1, 2), (0, 3), ….
    /// Above 0 they are for the pair's upper class.
    ///
    /// # Errors
    /// As [`Classifier::predict_proba`].
    pub fn decisions(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        let rows = self.svm.each_row(x, <[f64]>::to_vec)?;
        let column = |pair: usize| rows.iter().map(|row| row[pair]).collect();
        Ok(Matrix::from_columns((0..self.pairs.len()).map(column).collect()))
    }

    /// Number of rows that the decisions rest on; 0 where weights of columns replace them.
    pub fn support(&self) -> usize {
        support(&self.svm)
    }

    /// Weights of the columns, one list a pair, with the bias; none unless the machine is linear.
    pub fn find_weights(&self) -> Option<Vec<(Vec<f64>, f64)>> {
        find_weights(&self.svm)
    }

    fn probabilities(&self, decisions: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.classes];
        if let ([pair], [decision]) = (self.pairs.as_slice(), decisions) {
            let p = pair.sigmoid.probability(*decision);
            (out[pair.lower as usize], out[pair.upper as usize]) = (1.0 - p, p);
            return out;
        }
        let mut present: Vec<u32> = self.pairs.iter().flat_map(|p| [p.lower, p.upper]).collect();
        present.sort_unstable();
        present.dedup();
        let at = |class: u32| present.partition_point(|c| *c < class);
        let mut shares = vec![vec![0.5; present.len()]; present.len()];
        for (pair, decision) in self.pairs.iter().zip(decisions) {
            let p = pair.sigmoid.probability(*decision);
            let (lower, upper) = (at(pair.lower), at(pair.upper));
            (shares[upper][lower], shares[lower][upper]) = (p, 1.0 - p);
        }
        for (class, p) in present.iter().zip(couple(&shares)) {
            out[*class as usize] = p;
        }
        out
    }
}

fn support(svm: &Svm) -> usize {
    match &svm.space {
        Space::Rbf { support, .. } => support.rows(),
        Space::Linear { .. } | Space::Fourier(_) => 0,
    }
}

fn find_weights(svm: &Svm) -> Option<Vec<(Vec<f64>, f64)>> {
    match svm.space {
        Space::Linear { .. } => {
            let of = |m: &Machine| (m.terms.iter().map(|(_, weight)| *weight).collect(), m.bias);
            Some(svm.machines.iter().map(of).collect())
        }
        Space::Rbf { .. } | Space::Fourier(_) => None,
    }
}

impl Classifier for SvmClassifier {
    fn classes(&self) -> usize {
        self.classes
    }

    fn features(&self) -> usize {
        self.svm.space.columns()
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        let rows = self.svm.each_row(x, |decisions| self.probabilities(decisions))?;
        let column = |class: usize| rows.iter().map(|row| row[class]).collect();
        Ok(Matrix::from_columns((0..self.classes).map(column).collect()))
    }

    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        Ok(self.probabilities(&self.svm.decide_row(row)?))
    }
}

/// A support vector machine for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SvmRegressor {
    pub(super) svm: Svm,
}

impl SvmRegressor {
    pub(super) fn new(svm: Svm) -> Self {
        Self { svm }
    }

    /// Number of rows that the predictions rest on; 0 where weights of columns replace them.
    pub fn support(&self) -> usize {
        support(&self.svm)
    }

    /// Weights of the columns with the bias; none unless the machine is linear.
    pub fn find_weights(&self) -> Option<(Vec<f64>, f64)> {
        find_weights(&self.svm)?.pop()
    }
}

impl Regressor for SvmRegressor {
    fn features(&self) -> usize {
        self.svm.space.columns()
    }

    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        self.svm.each_row(x, |decisions| decisions.iter().sum())
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        Ok(self.svm.decide_row(row)?.iter().sum())
    }
}
