//! Naive Bayes: classes whose columns are taken as independent. Definitions and defaults are
//! scikit-learn's `GaussianNB`, `MultinomialNB` and `BernoulliNB`.

use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns};
use crate::numeric::math;
use crate::{Classifier, Control, LearnError, Matrix, TrainingSet};

/// Share of the largest variance that is added to all, so that none is 0.
const VARIANCE_SMOOTHING: f64 = 1e-9;

/// How the values of a column are distributed within a class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BayesParams {
    /// Normally.
    Gaussian,
    /// As counts or frequencies from 0, such as of words.
    Multinomial {
        /// Added to every count, 0 or more.
        alpha: f64,
    },
    /// As two values: above 0 or not.
    Bernoulli {
        /// Added to both counts, 0 or more.
        alpha: f64,
    },
}

/// A fitted naive Bayes model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BayesModel {
    version: FormatVersion<1>,
    features: usize,
    /// Logarithm of each class's share; none for classes without rows.
    log_shares: Vec<Option<f64>>,
    likelihood: Likelihood,
}

/// Parameters by class and column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Likelihood {
    Gaussian {
        means: Vec<Vec<f64>>,
        variances: Vec<Vec<f64>>,
    },
    /// Log-probability of a unit of each column.
    Multinomial {
        logs: Vec<Vec<f64>>,
    },
    /// Log-probabilities of above 0 and not.
    Bernoulli {
        yes: Vec<Vec<f64>>,
        no: Vec<Vec<f64>>,
    },
}

/// Normal distributions of each column in each class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianView<'a> {
    /// Logarithm of each class's share; none for classes without rows.
    pub log_shares: &'a [Option<f64>],
    /// Means by class and column.
    pub means: &'a [Vec<f64>],
    /// Variances by class and column.
    pub variances: &'a [Vec<f64>],
}

impl BayesModel {
    /// The distributions; none for counts and for marks.
    pub fn find_gaussian(&self) -> Option<GaussianView<'_>> {
        match &self.likelihood {
            Likelihood::Gaussian { means, variances } => {
                Some(GaussianView { log_shares: &self.log_shares, means, variances })
            }
            Likelihood::Multinomial { .. } | Likelihood::Bernoulli { .. } => None,
        }
    }
}

impl BayesParams {
    /// Fits to classes; the columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::Negative`] for counts below
    /// 0, [`LearnError::WrongTarget`] for numbers, and what [`Control`] says.
    pub fn fit(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<BayesModel, LearnError> {
        let (codes, classes) = data.require_classes("naive Bayes")?;
        let x = data.x();
        x.require_complete()?;
        control.begin((x.rows() * x.width()) as u64)?;
        let ones = |_: usize, _: f64| 1.0;
        let sums = Sums { data, codes, classes };
        let totals = sums.of_column(&vec![0.0; x.rows()], ones);
        let all: f64 = totals.iter().sum();
        let likelihood = match *self {
            Self::Gaussian => sums.gaussian(&totals),
            Self::Multinomial { alpha } => sums.multinomial(require_alpha(alpha)?)?,
            Self::Bernoulli { alpha } => sums.bernoulli(require_alpha(alpha)?, &totals),
        };
        let share = |total: &f64| (*total > 0.0).then(|| math::ln(total / all));
        Ok(BayesModel {
            version: FormatVersion,
            features: x.width(),
            log_shares: totals.iter().map(share).collect(),
            likelihood,
        })
    }
}

fn require_alpha(alpha: f64) -> Result<f64, LearnError> {
    if alpha >= 0.0 && alpha.is_finite() {
        // A count of exactly 0 would exclude a class for good.
        return Ok(alpha.max(1e-10));
    }
    Err(LearnError::Parameter { name: "alpha", reason: "must be 0 or more" })
}

/// Weighted sums by class.
struct Sums<'a> {
    data: &'a TrainingSet<'a>,
    codes: &'a [u32],
    classes: usize,
}

impl Sums<'_> {
    fn of_column(&self, values: &[f64], term: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes];
        for (row, (value, code)) in values.iter().zip(self.codes).enumerate() {
            let class = *code as usize;
            sums[class] += self.data.weights().get(row) * term(class, *value);
        }
        sums
    }

    /// Sums by class and column.
    fn of_all(&self, term: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
        let by_column: Vec<Vec<f64>> = self
            .data
            .x()
            .columns()
            .iter()
            .map(|column| self.of_column(column.values(), |_, v| term(v)))
            .collect();
        (0..self.classes).map(|k| by_column.iter().map(|sums| sums[k]).collect()).collect()
    }

    fn gaussian(&self, totals: &[f64]) -> Likelihood {
        let x = self.data.x();
        let mut means = vec![Vec::with_capacity(x.width()); self.classes];
        let mut variances = means.clone();
        let mut largest = 0.0_f64;
        for column in x.columns() {
            let values = column.values();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let spread = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
            largest = largest.max(spread / values.len() as f64);
            let sums = self.of_column(values, |_, v| v);
            let centers: Vec<f64> =
                sums.iter().zip(totals).map(|(s, t)| s / t.max(1e-300)).collect();
            let squares = self.of_column(values, |class, v| (v - centers[class]).powi(2));
            for class in 0..self.classes {
                means[class].push(centers[class]);
                variances[class].push(squares[class] / totals[class].max(1e-300));
            }
        }
        let floor = (VARIANCE_SMOOTHING * largest).max(f64::MIN_POSITIVE);
        variances.iter_mut().flatten().for_each(|v| *v += floor);
        Likelihood::Gaussian { means, variances }
    }

    fn multinomial(&self, alpha: f64) -> Result<Likelihood, LearnError> {
        for (index, column) in self.data.x().columns().iter().enumerate() {
            if column.values().iter().any(|v| *v < 0.0) {
                return Err(LearnError::Negative { what: "column", index });
            }
        }
        let logs = self
            .of_all(|v| v)
            .into_iter()
            .map(|counts| {
                let total = counts.iter().map(|c| c + alpha).sum::<f64>();
                counts.iter().map(|c| math::ln((c + alpha) / total)).collect()
            })
            .collect();
        Ok(Likelihood::Multinomial { logs })
    }

    fn bernoulli(&self, alpha: f64, totals: &[f64]) -> Likelihood {
        let counts = self.of_all(|v| f64::from(u8::from(v > 0.0)));
        let logs = |count_of: &dyn Fn(f64, f64) -> f64| {
            let of_class = |(counts, total): (&Vec<f64>, &f64)| {
                let log =
                    |c: &f64| math::ln((count_of(*c, *total) + alpha) / (total + 2.0 * alpha));
                counts.iter().map(log).collect()
            };
            counts.iter().zip(totals).map(of_class).collect()
        };
        Likelihood::Bernoulli { yes: logs(&|c, _| c), no: logs(&|c, total| total - c) }
    }
}

impl Likelihood {
    /// Adds one column's log-likelihood under a class.
    fn add_column(&self, class: usize, column: usize, values: &[f64], out: &mut [f64]) {
        match self {
            Self::Gaussian { means, variances } => {
                let (mean, variance) = (means[class][column], variances[class][column]);
                let constant = 0.5 * math::ln(std::f64::consts::TAU * variance);
                for (slot, v) in out.iter_mut().zip(values) {
                    *slot -= constant + 0.5 * (v - mean) * (v - mean) / variance;
                }
            }
            Self::Multinomial { logs } => {
                let log = logs[class][column];
                out.iter_mut().zip(values).for_each(|(slot, v)| *slot += log * v);
            }
            Self::Bernoulli { yes, no } => {
                let (yes, no) = (yes[class][column], no[class][column]);
                for (slot, v) in out.iter_mut().zip(values) {
                    *slot += if *v > 0.0 { yes } else { no };
                }
            }
        }
    }
}

impl Classifier for BayesModel {
    fn classes(&self) -> usize {
        self.log_shares.len()
    }

    fn features(&self) -> usize {
        self.features
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        require_columns(x, self.features)?;
        x.require_complete()?;
        let mut scores: Vec<Vec<f64>> = Vec::with_capacity(self.log_shares.len());
        for (class, share) in self.log_shares.iter().enumerate() {
            let mut score = vec![share.unwrap_or(f64::NEG_INFINITY); x.rows()];
            if share.is_some() {
                for (column, values) in x.columns().iter().enumerate() {
                    self.likelihood.add_column(class, column, values.values(), &mut score);
                }
            }
            scores.push(score);
        }
        let mut row_scores = vec![0.0; scores.len()];
        for row in 0..x.rows() {
            row_scores.iter_mut().zip(&scores).for_each(|(slot, column)| *slot = column[row]);
            math::softmax(&mut row_scores);
            scores.iter_mut().zip(&row_scores).for_each(|(column, p)| column[row] = *p);
        }
        Ok(Matrix::from_columns(scores))
    }
}
