//! What every fitted model offers, whichever learner made it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{LearnError, Matrix};

/// A fitted model that tells classes apart.
pub trait Classifier: Send + Sync {
    /// Number of classes.
    fn classes(&self) -> usize;

    /// Number of columns that the model was fitted on.
    fn features(&self) -> usize;

    /// Probabilities, rows × classes; each row sums to 1.
    ///
    /// # Errors
    /// If the columns differ in number from those of the fit, or hold values that the learner
    /// does not accept.
    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError>;

    /// As [`Self::predict_proba`] for one row with a value for each column: the same numbers, sooner.
    ///
    /// # Errors
    /// As [`Self::predict_proba`].
    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        Ok(self.predict_proba(&Matrix::from_rows(row, row.len())?)?.row(0))
    }
}

/// A fitted model that predicts a number.
pub trait Regressor: Send + Sync {
    /// Number of columns that the model was fitted on.
    fn features(&self) -> usize;

    /// One number a row.
    ///
    /// # Errors
    /// As [`Classifier::predict_proba`].
    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError>;

    /// As [`Self::predict`] for one row with a value for each column: the same number, sooner.
    ///
    /// # Errors
    /// As [`Self::predict`].
    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        let predicted = self.predict(&Matrix::from_rows(row, row.len())?)?;
        predicted.first().copied().ok_or(LearnError::Empty { what: "the table" })
    }
}

/// The most probable class of each row; the lower code wins a tie.
pub fn derive_labels(probability: &Matrix) -> Vec<u32> {
    let mut best = vec![(f64::NEG_INFINITY, 0_u32); probability.rows()];
    for (code, column) in (0_u32..).zip(probability.columns()) {
        for (slot, p) in best.iter_mut().zip(column.values()) {
            if *p > slot.0 {
                *slot = (*p, code);
            }
        }
    }
    best.into_iter().map(|(_, code)| code).collect()
}

pub(crate) fn require_columns(x: &Matrix, expected: usize) -> Result<(), LearnError> {
    require_width(x.width(), expected)
}

fn require_width(found: usize, expected: usize) -> Result<(), LearnError> {
    if found == expected {
        return Ok(());
    }
    Err(LearnError::Shape { what: "the table's list of columns", expected, found })
}

/// As [`require_columns`] for one row.
pub(crate) fn require_row(row: &[f64], expected: usize) -> Result<(), LearnError> {
    require_width(row.len(), expected)
}

/// As [`require_row`], where no value may be missing.
pub(crate) fn require_complete_row(row: &[f64], expected: usize) -> Result<(), LearnError> {
    require_row(row, expected)?;
    match row.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(LearnError::NotFinite { what: "column", index }),
        None => Ok(()),
    }
}

/// Written with every model as the number `N`; reading another number is an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormatVersion<const N: u32>;

impl<const N: u32> Serialize for FormatVersion<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for FormatVersion<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = u32::deserialize(deserializer)?;
        if found == N {
            return Ok(Self);
        }
        Err(de::Error::custom(format!(
            "this model has format {found}, but this version of Gantry reads format {N}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bayes::BayesParams;
    use crate::boosting::BoostingParams;
    use crate::forest::ForestParams;
    use crate::linear::{LogisticParams, RidgeParams};
    use crate::neighbors::NeighborsParams;
    use crate::network::NetworkParams;
    use crate::svm::{SvmKernel, SvmParams};
    use crate::{Column, Control, Rng, Target, TrainingSet};

    const ROWS: usize = 240;

    /// Two columns of numbers, one of codes and one of flags; `gaps` leaves some out.
    fn table(gaps: bool) -> (Matrix, Vec<f64>) {
        let mut rng = Rng::new(12);
        let mut numbers = || (0..ROWS).map(|_| rng.normal()).collect::<Vec<f64>>();
        let (mut a, b) = (numbers(), numbers());
        let y = a.iter().zip(&b).map(|(a, b)| a * b + 0.3 * a).collect();
        if gaps {
            a.iter_mut().step_by(9).for_each(|value| *value = f64::NAN);
        }
        let codes = (0..ROWS).map(|row| (row * row % 7) as f64).collect();
        let flags = (0..ROWS).map(|row| f64::from(u8::from(row % 3 == 0))).collect();
        let columns = vec![
            Column::numeric(a),
            Column::numeric(b),
            Column::category(codes),
            Column::numeric(flags),
        ];
        (Matrix::new(columns).unwrap(), y)
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    fn require_same_classes(name: &str, model: &dyn Classifier, x: &Matrix) {
        let all = model.predict_proba(x).unwrap();
        for row in 0..x.rows() {
            let alone = model.predict_proba_row(&x.row(row)).unwrap();
            assert_eq!(bits(&alone), bits(&all.row(row)), "{name}, row {row}");
        }
        assert!(model.predict_proba_row(&[1.0]).is_err(), "{name}");
    }

    fn require_same_numbers(name: &str, model: &dyn Regressor, x: &Matrix) {
        let all = model.predict(x).unwrap();
        for (row, expected) in all.iter().enumerate() {
            let alone = model.predict_row(&x.row(row)).unwrap();
            assert_eq!(alone.to_bits(), expected.to_bits(), "{name}, row {row}");
        }
        assert!(model.predict_row(&[1.0]).is_err(), "{name}");
    }

    #[test]
    fn a_row_alone_is_predicted_as_among_others() {
        let control = Control::unlimited();
        let boosting = BoostingParams { rounds: 37, ..BoostingParams::default() };
        let fourier = SvmParams { exact_rows: 10, ..SvmParams::default() };
        let linear = SvmParams { kernel: SvmKernel::Linear, ..SvmParams::default() };
        let network = NetworkParams { epochs: 3, ..NetworkParams::default() };
        let neighbors = NeighborsParams::default();
        for (gaps, classes) in [(false, 2_u32), (false, 3), (true, 2), (true, 3)] {
            let (x, y) = table(gaps);
            let codes: Vec<u32> =
                y.iter().map(|y| ((*y + 1.0).max(0.0) as u32).min(classes - 1)).collect();
            let target = Target::Classes { codes: &codes, count: classes as usize };
            let data = TrainingSet::new(&x, target).unwrap();
            let forest = ForestParams::classifier().with_trees(21);
            let mut models: Vec<(&str, Box<dyn Classifier>)> = vec![
                ("forest", Box::new(forest.fit_classifier(&data, &control).unwrap())),
                ("boosting", Box::new(boosting.fit_classifier(&data, None, &control).unwrap())),
            ];
            if !gaps {
                let logistic = LogisticParams::default();
                models.extend([
                    (
                        "linear",
                        Box::new(logistic.fit(&data, &control).unwrap()) as Box<dyn Classifier>,
                    ),
                    ("bayes", Box::new(BayesParams::Gaussian.fit(&data, &control).unwrap())),
                    ("svm", {
                        let svm = SvmParams::default();
                        Box::new(svm.fit_classifier(&data, &control).unwrap())
                    }),
                    ("fourier", Box::new(fourier.fit_classifier(&data, &control).unwrap())),
                    ("linear svm", Box::new(linear.fit_classifier(&data, &control).unwrap())),
                    ("network", Box::new(network.fit_classifier(&data, &control).unwrap())),
                    ("neighbors", Box::new(neighbors.fit_classifier(&data, &control).unwrap())),
                ]);
            }
            for (name, model) in models {
                require_same_classes(name, model.as_ref(), &x);
            }
        }
    }

    #[test]
    fn a_row_alone_gets_the_number_that_it_gets_among_others() {
        let control = Control::unlimited();
        for gaps in [false, true] {
            let (x, y) = table(gaps);
            let data = TrainingSet::new(&x, Target::Values(&y)).unwrap();
            let forest = ForestParams::extra_regressor().with_trees(21);
            let boosting = BoostingParams { rounds: 37, ..BoostingParams::default() };
            let mut models: Vec<(&str, Box<dyn Regressor>)> = vec![
                ("forest", Box::new(forest.fit_regressor(&data, &control).unwrap())),
                ("boosting", Box::new(boosting.fit_regressor(&data, None, &control).unwrap())),
            ];
            if !gaps {
                let network = NetworkParams { epochs: 3, ..NetworkParams::default() };
                let (svm, near) = (SvmParams::default(), NeighborsParams::default());
                models.extend([
                    ("ridge", {
                        let ridge = RidgeParams::default();
                        Box::new(ridge.fit(&data, &control).unwrap()) as Box<dyn Regressor>
                    }),
                    ("svm", Box::new(svm.fit_regressor(&data, &control).unwrap())),
                    ("network", Box::new(network.fit_regressor(&data, &control).unwrap())),
                    ("neighbors", Box::new(near.fit_regressor(&data, &control).unwrap())),
                ]);
            }
            for (name, model) in models {
                require_same_numbers(name, model.as_ref(), &x);
            }
        }
    }
}
