//! A feed-forward network (multilayer perceptron) for classes and numbers: rectified linear
//! units, Adam (Kingma and Ba, 2015) on mini-batches, early stopping on held-back rows. Columns
//! must be complete; scale them first. Numbers as targets are standardised inside.

mod fit;
mod layers;

pub use layers::LayerView;

use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns, require_complete_row};
use crate::numeric::math;
use crate::{Classifier, LearnError, Matrix, Regressor};

use layers::Layers;

/// Rows that are predicted in one go.
const CHUNK: usize = 256;

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkParams {
    /// Units of each hidden layer; none makes a linear model.
    pub hidden: Vec<usize>,
    /// Step size, above 0.
    pub learning_rate: f64,
    /// L2 penalty on weights.
    pub l2: f64,
    /// Rows of a mini-batch, at least 1.
    pub batch: usize,
    /// Most passes over the rows.
    pub epochs: u32,
    /// Passes without a better score on the held-back tenth of the rows that end the fit; the
    /// best weights are kept.
    pub patience: u32,
    /// Seed of weights, order and held-back rows.
    pub seed: u64,
}

impl Default for NetworkParams {
    fn default() -> Self {
        Self {
            hidden: vec![64],
            learning_rate: 1e-3,
            l2: 1e-4,
            batch: 64,
            epochs: 200,
            patience: 10,
            seed: 0,
        }
    }
}

/// A network for classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkClassifier {
    version: FormatVersion<1>,
    layers: Layers,
}

/// A network for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkRegressor {
    version: FormatVersion<1>,
    layers: Layers,
    mean: f64,
    scale: f64,
}

impl NetworkClassifier {
    /// The layers in order: each but the last passes on what is above 0, and the last gives the
    /// logits of the classes. Values are of single precision.
    pub fn layers(&self) -> Vec<LayerView<'_>> {
        self.layers.views()
    }
}

impl NetworkRegressor {
    /// As [`NetworkClassifier::layers`]; the last gives one number.
    pub fn layers(&self) -> Vec<LayerView<'_>> {
        self.layers.views()
    }

    /// What the network's number becomes: that of 0, and that of one more for each unit.
    pub fn scaling(&self) -> (f64, f64) {
        (self.mean, self.scale)
    }
}

/// Outputs of all rows, rows × outputs, row-major.
fn outputs(layers: &Layers, x: &Matrix) -> Result<Vec<f32>, LearnError> {
    require_columns(x, layers.inputs())?;
    x.require_complete()?;
    let mut out = Vec::with_capacity(x.rows() * layers.outputs());
    let mut pass = layers.pass();
    for start in (0..x.rows()).step_by(CHUNK) {
        let rows: Vec<usize> = (start..(start + CHUNK).min(x.rows())).collect();
        layers.forward(&row_major(x, &rows), &mut pass);
        out.extend_from_slice(pass.output());
    }
    Ok(out)
}

/// Outputs of one row.
fn row_outputs(layers: &Layers, row: &[f64]) -> Result<Vec<f32>, LearnError> {
    require_complete_row(row, layers.inputs())?;
    let row: Vec<f32> = row.iter().map(|value| *value as f32).collect();
    let mut pass = layers.pass();
    layers.forward(&row, &mut pass);
    Ok(pass.output().to_vec())
}

/// These rows as single precision numbers, row-major.
fn row_major(x: &Matrix, rows: &[usize]) -> Vec<f32> {
    let width = x.width();
    let mut out = vec![0.0; rows.len() * width];
    for (j, column) in x.columns().iter().enumerate() {
        let mut slots = out.iter_mut().skip(j).step_by(width);
        column.gather(rows, |value| {
            if let Some(slot) = slots.next() {
                *slot = value;
            }
        });
    }
    out
}

impl Classifier for NetworkClassifier {
    fn classes(&self) -> usize {
        self.layers.outputs()
    }

    fn features(&self) -> usize {
        self.layers.inputs()
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        let classes = self.layers.outputs();
        let logits = outputs(&self.layers, x)?;
        let mut columns = vec![Vec::with_capacity(x.rows()); classes];
        for row in logits.chunks_exact(classes) {
            let mut p: Vec<f64> = row.iter().map(|v| f64::from(*v)).collect();
            math::softmax(&mut p);
            columns.iter_mut().zip(p).for_each(|(column, p)| column.push(p));
        }
        Ok(Matrix::from_columns(columns))
    }

    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        let mut p: Vec<f64> = row_outputs(&self.layers, row)?.into_iter().map(f64::from).collect();
        math::softmax(&mut p);
        Ok(p)
    }
}

impl Regressor for NetworkRegressor {
    fn features(&self) -> usize {
        self.layers.inputs()
    }

    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        let scaled = outputs(&self.layers, x)?;
        Ok(scaled.into_iter().map(|v| self.mean + self.scale * f64::from(v)).collect())
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        let scaled = row_outputs(&self.layers, row)?;
        let first = scaled.first().copied().unwrap_or_default();
        Ok(self.mean + self.scale * f64::from(first))
    }
}
