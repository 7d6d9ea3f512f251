//! Logistic regression, binary and multinomial, with L2 and L1 penalties:
//! minimises `c·Σ wᵢ·loss(i) + ½·(1 − ratio)·‖b‖² + ratio·‖b‖₁` for the coefficients b, as scikit-learn's `LogisticRegression` does.

use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns, require_complete_row};
use crate::{Classifier, Control, LearnError, Matrix, TrainingSet};

use super::objective::{Objective, probabilities_from_scores};
use super::{design, lbfgs, newton, proximal};

/// Most parameters for which second derivatives are used.
const NEWTON_LIMIT: usize = 700;
/// Most parameters of a fit with an L1 penalty.
const PROXIMAL_LIMIT: usize = 3_000;

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticParams {
    /// Inverse strength of the penalty, above 0; infinity means none.
    pub c: f64,
    /// Share of the L1 penalty, from 0 (L2 only) to 1.
    pub l1_ratio: f64,
    /// Most steps of the solver.
    pub max_iterations: u32,
}

impl Default for LogisticParams {
    fn default() -> Self {
        Self { c: 1.0, l1_ratio: 0.0, max_iterations: 1_000 }
    }
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticModel {
    version: FormatVersion<1>,
    features: usize,
    classes: usize,
    /// Classes that had rows; the others get probability 0.
    present: Vec<usize>,
    /// Outputs × (features + 1), intercept last; one output if two classes were present.
    parameters: Vec<f64>,
    iterations: u32,
    converged: bool,
}

/// Where a solver ended.
pub(super) struct Solution {
    pub(super) parameters: Vec<f64>,
    pub(super) iterations: u32,
    pub(super) converged: bool,
}

impl LogisticParams {
    /// Fits to classes; the columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::WrongTarget`] for numbers,
    /// and what [`Control`] says.
    pub fn fit(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<LogisticModel, LearnError> {
        let (codes, classes) = data.require_classes("logistic regression")?;
        if self.c.is_nan() || self.c <= 0.0 {
            return Err(LearnError::Parameter { name: "c", reason: "must be above 0" });
        }
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            let reason = "must be between 0 and 1";
            return Err(LearnError::Parameter { name: "l1_ratio", reason });
        }
        let x = data.x();
        x.require_complete()?;
        control.begin((x.rows() * x.width()) as u64)?;
        let present: Vec<usize> =
            (0..classes).filter(|class| codes.iter().any(|c| *c as usize == *class)).collect();
        let position: Vec<usize> =
            (0..classes).map(|class| present.partition_point(|p| *p < class)).collect();
        let objective = Objective {
            x,
            classes: codes.iter().map(|c| position[*c as usize]).collect(),
            weights: data.weights(),
            outputs: if present.len() == 2 { 1 } else { present.len() },
            penalty: (1.0 - self.l1_ratio) / self.c,
        };
        let l1 = self.l1_ratio / self.c;
        let solution = if l1 > 0.0 {
            if objective.size() > PROXIMAL_LIMIT {
                let (what, found) = ("columns × classes for an L1 penalty", objective.size());
                return Err(LearnError::TooLarge { what, found, limit: PROXIMAL_LIMIT });
            }
            proximal::minimise(&objective, l1, self.max_iterations, control)?
        } else if objective.size() <= NEWTON_LIMIT {
            newton::minimise(&objective, self.max_iterations, control)?
        } else {
            lbfgs::minimise(&objective, self.max_iterations, control)?
        };
        Ok(LogisticModel {
            version: FormatVersion,
            features: x.width(),
            classes,
            present,
            parameters: solution.parameters,
            iterations: solution.iterations,
            converged: solution.converged,
        })
    }
}

impl LogisticModel {
    /// Coefficients of each output, one slice of `features` numbers. Two classes have a single
    /// output, for the second class.
    pub fn coefficients(&self) -> Vec<&[f64]> {
        self.outputs().map(|output| &output[..self.features]).collect()
    }

    /// Intercept of each output.
    pub fn intercepts(&self) -> Vec<f64> {
        self.outputs().map(|output| output[self.features]).collect()
    }

    /// Classes that had rows, rising; the others get probability 0.
    pub fn present_classes(&self) -> &[usize] {
        &self.present
    }

    /// Whether the solver reached its tolerance within its steps and budget.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Steps that the solver took.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    fn outputs(&self) -> impl Iterator<Item = &[f64]> {
        self.parameters.chunks_exact(self.features + 1)
    }

    /// Probabilities by class, from scores by output.
    fn derive_columns(&self, scores: &mut Vec<Vec<f64>>, rows: usize) -> Vec<Vec<f64>> {
        probabilities_from_scores(scores);
        if let [second] = scores.as_slice() {
            let first = second.iter().map(|p| 1.0 - p).collect();
            scores.insert(0, first);
        }
        let mut columns = vec![vec![0.0; rows]; self.classes];
        for (class, column) in self.present.iter().zip(scores.drain(..)) {
            columns[*class] = column;
        }
        columns
    }
}

impl Classifier for LogisticModel {
    fn classes(&self) -> usize {
        self.classes
    }

    fn features(&self) -> usize {
        self.features
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        require_columns(x, self.features)?;
        x.require_complete()?;
        let mut scores: Vec<Vec<f64>> = self
            .outputs()
            .map(|output| {
                let mut scores = vec![0.0; x.rows()];
                design::scores(x, 0..x.rows(), output, &mut scores);
                scores
            })
            .collect();
        Ok(Matrix::from_columns(self.derive_columns(&mut scores, x.rows())))
    }

    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        require_complete_row(row, self.features)?;
        let mut scores: Vec<Vec<f64>> =
            self.outputs().map(|output| vec![design::row_score(row, output)]).collect();
        Ok(self.derive_columns(&mut scores, 1).into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Rng, Target, derive_labels};

    fn table(rows: usize, classes: u32) -> (Matrix, Vec<u32>) {
        let mut rng = Rng::new(3);
        let columns: Vec<Vec<f64>> =
            (0..4).map(|_| (0..rows).map(|_| rng.normal()).collect()).collect();
        let noise: Vec<f64> = (0..rows).map(|_| rng.normal()).collect();
        let class = |i: usize| {
            let score = 2.0 * columns[0][i] - columns[1][i] + 0.5 * noise[i] + 2.0;
            (score.max(0.0) as u32).min(classes - 1)
        };
        let codes = (0..rows).map(class).collect();
        (Matrix::new(columns.into_iter().map(Column::numeric).collect()).unwrap(), codes)
    }

    #[test]
    fn both_solvers_find_the_same_minimum() {
        for classes in [2, 4] {
            let (x, codes) = table(3_000, classes);
            let count = classes as usize;
            let data = TrainingSet::new(&x, Target::Classes { codes: &codes, count }).unwrap();
            let objective = Objective {
                x: &x,
                classes: codes.iter().map(|c| *c as usize).collect(),
                weights: data.weights(),
                outputs: if classes == 2 { 1 } else { count },
                penalty: 1.0,
            };
            let control = Control::unlimited();
            let newton = newton::minimise(&objective, 100, &control).unwrap();
            let lbfgs = lbfgs::minimise(&objective, 2_000, &control).unwrap();
            assert!(newton.converged && lbfgs.converged);
            for (a, b) in newton.parameters.iter().zip(&lbfgs.parameters) {
                assert!((a - b).abs() < 1e-4, "{a} and {b} with {classes} classes");
            }
            let slope = objective.slope(&newton.parameters);
            assert!(slope.gradient.iter().all(|g| g.abs() < 1e-4), "{:?}", slope.gradient);
        }
    }

    #[test]
    fn absent_classes_get_no_probability_and_separable_data_ends() {
        let x = Matrix::from_rows(&[0.0, 1.0, 2.0, 3.0], 1).unwrap();
        let target = Target::Classes { codes: &[0, 0, 2, 2], count: 4 };
        let data = TrainingSet::new(&x, target).unwrap();
        let params =
            LogisticParams { c: f64::INFINITY, max_iterations: 50, ..LogisticParams::default() };
        let model = params.fit(&data, &Control::unlimited()).unwrap();
        let p = model.predict_proba(&x).unwrap();
        assert_eq!(derive_labels(&p), vec![0, 0, 2, 2]);
        assert_eq!((p.column(1), p.column(3)), ([0.0; 4].as_slice(), [0.0; 4].as_slice()));
        let gap = Matrix::from_rows(&[f64::NAN], 1).unwrap();
        let error = model.predict_proba(&gap).unwrap_err();
        assert_eq!(error, LearnError::NotFinite { what: "column", index: 0 });
    }
}
