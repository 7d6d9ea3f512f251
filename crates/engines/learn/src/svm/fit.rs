//! From a table to machines, and from their terms to a model that stands alone.

use crate::model::FormatVersion;
use crate::numeric::made_once::MadeOnce;
use crate::numeric::reduce::add_scaled;
use crate::{Control, LearnError, Matrix, TrainingSet};

use super::descent::{self, RowMajor};
use super::fourier::{self, FourierMap};
use super::kernel::{KernelRows, Settled};
use super::machine::{Effort, Machine, Problem};
use super::model::{PairModel, Space, Svm, SvmClassifier, SvmRegressor};
use super::pairs::{fit_pairs, pairs_of};
use super::params::{SvmKernel, SvmParams};
use super::smo;

/// What machines are fitted on.
pub(super) enum Ground<'a> {
    /// The kernel itself; terms name rows.
    Exact(KernelRows<'a>),
    /// Coordinates whose scalar product is the kernel, or nearly; terms name coordinates.
    Mapped(RowMajor, Option<FourierMap>),
}

impl SvmParams {
    /// Fits to classes; the columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::WrongTarget`] for numbers,
    /// parameters out of range, and what [`Control`] says.
    pub fn fit_classifier(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<SvmClassifier, LearnError> {
        let (codes, classes) = data.require_classes("a support vector machine for classes")?;
        self.begin(data, control)?;
        let pairs = pairs_of(codes, data.weights(), self.cost);
        if pairs.is_empty() {
            return Err(LearnError::OneClass);
        }
        let ground = self.prepare(data.x());
        let decided = fit_pairs(&pairs, &ground, data.weights(), self.effort(control))?;
        let (machines, sigmoids): (Vec<_>, Vec<_>) =
            decided.into_iter().map(|d| (d.machine, d.sigmoid)).unzip();
        let svm = finish(data.x(), ground, machines);
        let pairs = pairs
            .iter()
            .zip(sigmoids)
            .map(|(pair, sigmoid)| PairModel { lower: pair.lower, upper: pair.upper, sigmoid })
            .collect();
        Ok(SvmClassifier::new(svm, pairs, classes))
    }

    /// Fits to numbers; the columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for classes, and as [`Self::fit_classifier`].
    pub fn fit_regressor(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<SvmRegressor, LearnError> {
        let y = data.require_values("a support vector machine for numbers")?;
        self.begin(data, control)?;
        let weights = data.weights();
        let rows: Vec<u32> =
            (0..y.len() as u32).filter(|row| weights.get(*row as usize) > 0.0).collect();
        let targets = rows.iter().map(|row| y[*row as usize]).collect();
        let price = |row: u32| self.cost * weights.get(row as usize);
        let problem = Problem::numbers(rows, targets, self.epsilon, price);
        let ground = self.prepare(data.x());
        let machine = match problem.only_target() {
            Some(target) => Machine::constant(target),
            None => ground.solve(&problem, self.effort(control))?,
        };
        Ok(SvmRegressor::new(finish(data.x(), ground, vec![machine])))
    }

    fn begin(&self, data: &TrainingSet<'_>, control: &Control<'_>) -> Result<(), LearnError> {
        self.require_valid()?;
        data.x().require_complete()?;
        control.begin((data.x().rows() * data.x().width()) as u64)
    }

    fn effort<'a>(&self, control: &'a Control<'a>) -> Effort<'a> {
        let (allowance, used) = (control.left(), 0);
        Effort { control, allowance, used, tolerance: self.tolerance, seed: self.seed }
    }

    fn prepare<'a>(&self, x: &'a Matrix) -> Ground<'a> {
        let kernel = match self.kernel {
            SvmKernel::Linear => Settled::Linear,
            SvmKernel::Rbf(gamma) => Settled::Rbf(gamma.of(x)),
        };
        if x.rows() <= self.exact_rows {
            return Ground::Exact(KernelRows::new(x, kernel));
        }
        match kernel {
            Settled::Linear => Ground::Mapped(fourier::plain(x), None),
            Settled::Rbf(gamma) => {
                let size = (x.rows(), x.width());
                let map = FourierMap::new(gamma, size, self.fourier_features, self.seed);
                Ground::Mapped(map.map_all(x), Some(map))
            }
        }
    }
}

impl Ground<'_> {
    pub(super) fn solve(
        &self,
        problem: &Problem,
        effort: Effort<'_>,
    ) -> Result<Machine, LearnError> {
        match self {
            Self::Exact(kernel) => smo::solve(problem, kernel, effort),
            Self::Mapped(table, _) => descent::solve(problem, table, effort),
        }
    }

    /// Decisions of a machine for rows of the table.
    pub(super) fn decide(&self, machine: &Machine, rows: &[u32]) -> Vec<f64> {
        match self {
            Self::Exact(kernel) => {
                // The kernel is symmetric: the support rows' values are there already.
                let mut decisions = vec![machine.bias; rows.len()];
                for (support, weight) in &machine.terms {
                    let values = kernel.row(*support);
                    for (decision, row) in decisions.iter_mut().zip(rows) {
                        *decision += weight * f64::from(values[*row as usize]);
                    }
                }
                decisions
            }
            Self::Mapped(table, _) => {
                rows.iter().map(|row| machine.decide(table.row(*row))).collect()
            }
        }
    }
}

fn finish(x: &Matrix, ground: Ground<'_>, mut machines: Vec<Machine>) -> Svm {
    let space = match ground {
        Ground::Mapped(table, None) => Space::Linear { columns: table.width },
        Ground::Mapped(_, Some(map)) => Space::Fourier(map),
        Ground::Exact(kernel) => match kernel.kernel() {
            Settled::Linear => {
                machines.iter_mut().for_each(|machine| flatten(x, machine));
                Space::Linear { columns: x.width() }
            }
            Settled::Rbf(gamma) => {
                let support = keep_support(x, &mut machines);
                Space::Rbf { gamma, support, layout: MadeOnce::default() }
            }
        },
    };
    Svm { version: FormatVersion, space, machines }
}

/// Turns weights of rows into weights of columns.
fn flatten(x: &Matrix, machine: &mut Machine) {
    let mut weights = vec![0.0; x.width()];
    for (row, weight) in &machine.terms {
        add_scaled(&mut weights, *weight, &x.row(*row as usize));
    }
    machine.terms = (0..).zip(weights).collect();
}

/// The rows that any machine names, which then name their place in this table.
fn keep_support(x: &Matrix, machines: &mut [Machine]) -> Matrix {
    let mut rows: Vec<u32> =
        machines.iter().flat_map(|m| m.terms.iter().map(|(row, _)| *row)).collect();
    rows.sort_unstable();
    rows.dedup();
    for (row, _) in machines.iter_mut().flat_map(|m| &mut m.terms) {
        *row = rows.partition_point(|r| *r < *row) as u32;
    }
    x.take_rows(&rows.iter().map(|row| *row as usize).collect::<Vec<_>>())
}
