//! Copulas: from independent uniform numbers of a group of inputs to dependent ones.

use super::{Correlation, cholesky};
use crate::design::random_chunk;
use crate::distribution::shape::Shape;
use crate::lanes::{Lanes, dispatched};
use crate::math::{inverse_normal_all, normal_cdf_all};
use crate::philox::{Philox, StreamId};
use crate::{CHUNK, Distribution, Family, Result, Sampler, SamplingError};

/// Purpose of the draws of a t copula's common factor.
const FACTOR: u32 = 3;

/// The form of dependence.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Copula {
    /// As of jointly normal variables: extremes are nearly independent.
    #[default]
    Gaussian,
    /// As of jointly t-distributed variables: extremes come together, more so the lower `df` is.
    /// Rank correlations come out a little nearer to zero than they are given: 0.5 becomes 0.495
    /// at 10 degrees of freedom, and 0.47 at 2.
    StudentT {
        /// Degrees of freedom, from 1 to 1000.
        df: f64,
    },
}

/// A correlated group of a plan, ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) inputs: Vec<usize>,
    factor: Vec<f64>,
    heavy: Option<Heavy>,
}

/// What a t copula has beside a Gaussian one.
#[derive(Debug, Clone)]
struct Heavy {
    df: f64,
    chi_squared: Sampler,
    philox: Philox,
    stream: StreamId,
}

impl Group {
    /// Checks a correlation of a plan with `count` inputs.
    pub(crate) fn new(correlation: &Correlation, count: usize, seed: u64) -> Result<Self> {
        let Correlation { inputs, matrix, copula } = correlation;
        if inputs.len() != matrix.size() {
            let (found, size) = (inputs.len(), matrix.size());
            return Err(refuse(format!("name {found} inputs but have a matrix of {size}")));
        }
        for (at, input) in inputs.iter().enumerate() {
            if *input >= count {
                return Err(refuse(format!(
                    "name input {input}, but there are only {count}, from 0"
                )));
            }
            if inputs[..at].contains(input) {
                return Err(refuse(format!("name input {input} twice")));
            }
        }
        matrix.check()?;
        let Some(factor) = cholesky::find_factor(&matrix.to_normal_scores()) else {
            return Err(refuse("cannot hold together".to_owned()));
        };
        let heavy = match copula {
            Copula::Gaussian => None,
            Copula::StudentT { df } => Some(Heavy::new(*df, seed, inputs[0])?),
        };
        Ok(Self { inputs: inputs.clone(), factor, heavy })
    }

    /// Makes the columns, one for each input of the group in its order, depend on each other.
    pub(crate) fn apply(&self, lanes: Lanes, chunk: u64, columns: &mut [[f64; CHUNK]]) {
        for column in columns.iter_mut() {
            to_scores(lanes, column);
        }
        let n = columns.len();
        // From the last row up, a row needs only columns that are still independent.
        for i in (0..n).rev() {
            let mut sum = [0.0; CHUNK];
            for (j, column) in columns[..=i].iter().enumerate() {
                let weight = self.factor[i * n + j];
                for (sum, z) in sum.iter_mut().zip(column) {
                    *sum += weight * z;
                }
            }
            columns[i] = sum;
        }
        match &self.heavy {
            None => columns.iter_mut().for_each(|column| to_uniforms(lanes, column)),
            Some(heavy) => heavy.apply(lanes, chunk, columns),
        }
    }
}

impl Heavy {
    fn new(df: f64, seed: u64, first_input: usize) -> Result<Self> {
        if !(1.0..=1000.0).contains(&df) {
            return Err(refuse(format!(
                "have a t copula with df {df}; it must lie between 1 and 1000"
            )));
        }
        let chi_squared = Sampler::new(&Distribution::new(Family::ChiSquared { df })?)?;
        let philox = Philox::new(seed);
        let stream = StreamId::new(first_input as u32, FACTOR);
        Ok(Self { df, chi_squared, philox, stream })
    }

    fn apply(&self, lanes: Lanes, chunk: u64, columns: &mut [[f64; CHUNK]]) {
        let mut common = [0.0; CHUNK];
        random_chunk(&self.philox, self.stream, chunk, &mut common);
        self.chi_squared.apply(lanes, &mut common);
        let shape = Shape::StudentT { df: self.df };
        for column in columns {
            for (value, w) in column.iter_mut().zip(&common) {
                let t = *value / (w / self.df).sqrt();
                let least = f64::EPSILON / 2.0;
                *value = shape.parts(t).0.clamp(least, 1.0 - least);
            }
        }
    }
}

dispatched! {
    fn to_scores(column: &mut [f64; CHUNK]) = inverse_normal_all
}

dispatched! {
    fn to_uniforms(column: &mut [f64; CHUNK]) = normal_cdf_all
}

fn refuse(problem: String) -> SamplingError {
    SamplingError::Correlation { problem }
}
