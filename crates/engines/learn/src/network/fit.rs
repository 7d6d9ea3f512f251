//! Training of networks.

use crate::model::FormatVersion;
use crate::numeric::math;
use crate::{Control, LearnError, Matrix, Rng, TrainingSet};

use super::layers::Layers;
use super::{NetworkClassifier, NetworkParams, NetworkRegressor, row_major};

const MOMENTUM: f32 = 0.9;
const SQUARE_MOMENTUM: f32 = 0.999;
/// Share of the rows that is held back for early stopping, and the fewest worth it.
const HELD_BACK: f64 = 0.1;
const MIN_HELD_BACK: usize = 10;

/// What a network is trained to do; targets are standardised numbers or class codes.
struct Task<'a> {
    x: &'a Matrix,
    targets: Vec<f64>,
    weights: Vec<f64>,
    classes: Option<usize>,
}

impl NetworkParams {
    /// Fits to classes.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::WrongTarget`] for numbers,
    /// parameters out of range, and what [`Control`] says.
    pub fn fit_classifier(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<NetworkClassifier, LearnError> {
        let (codes, classes) = data.require_classes("a network for classes")?;
        let targets = codes.iter().map(|c| f64::from(*c)).collect();
        let task = Task { x: data.x(), targets, weights: weights(data), classes: Some(classes) };
        Ok(NetworkClassifier { version: FormatVersion, layers: self.train(&task, control)? })
    }

    /// Fits to numbers by squared error.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for classes, and as [`Self::fit_classifier`].
    pub fn fit_regressor(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<NetworkRegressor, LearnError> {
        let y = data.require_values("a network for numbers")?;
        let weights = weights(data);
        let total: f64 = weights.iter().sum();
        let mean = y.iter().zip(&weights).map(|(y, w)| w * y).sum::<f64>() / total;
        let spread = y.iter().zip(&weights).map(|(y, w)| w * (y - mean).powi(2)).sum::<f64>();
        let scale = if spread > 0.0 { (spread / total).sqrt() } else { 1.0 };
        let targets = y.iter().map(|y| (y - mean) / scale).collect();
        let task = Task { x: data.x(), targets, weights, classes: None };
        let layers = self.train(&task, control)?;
        Ok(NetworkRegressor { version: FormatVersion, layers, mean, scale })
    }

    fn train(&self, task: &Task<'_>, control: &Control<'_>) -> Result<Layers, LearnError> {
        let require = |holds: bool, name, reason| {
            if holds { Ok(()) } else { Err(LearnError::Parameter { name, reason }) }
        };
        require(self.learning_rate > 0.0, "learning_rate", "must be above 0")?;
        require(self.l2 >= 0.0, "l2", "must be 0 or more")?;
        require(self.batch >= 1, "batch", "must be 1 or more")?;
        require(!self.hidden.contains(&0), "hidden", "must name layers of 1 unit or more")?;
        task.x.require_complete()?;
        control.begin((task.x.rows() * task.x.width()) as u64)?;
        let mut rng = Rng::new(self.seed);
        let mut sizes = vec![task.x.width()];
        sizes.extend(&self.hidden);
        sizes.push(task.classes.unwrap_or(1));
        let mut trainer = Trainer::new(self, Layers::new(&sizes, &mut rng));
        let mut order: Vec<usize> =
            (0..task.x.rows()).filter(|row| task.weights[*row] > 0.0).collect();
        rng.shuffle(&mut order);
        let held = (order.len() as f64 * HELD_BACK) as usize;
        let held = order.split_off(order.len() - if held < MIN_HELD_BACK { 0 } else { held });
        let mut best = (f64::INFINITY, trainer.layers.clone());
        let mut since_best = 0;
        for epoch in 0..self.epochs.max(1) {
            if epoch > 0 && control.must_wrap_up() {
                break;
            }
            rng.shuffle(&mut order);
            for rows in order.chunks(self.batch) {
                control.check()?;
                trainer.step(task, rows);
            }
            control.count((order.len() * trainer.layers.size()) as u64);
            let watched = if held.is_empty() { &order } else { &held };
            let loss = trainer.loss(task, watched);
            since_best += 1;
            if loss < best.0 - 1e-6 {
                (best, since_best) = ((loss, trainer.layers.clone()), 0);
            }
            if since_best >= self.patience.max(1) {
                break;
            }
        }
        Ok(best.1)
    }
}

fn weights(data: &TrainingSet<'_>) -> Vec<f64> {
    (0..data.x().rows()).map(|row| data.weights().get(row)).collect()
}

struct Trainer<'a> {
    params: &'a NetworkParams,
    layers: Layers,
    means: Vec<f32>,
    squares: Vec<f32>,
    /// Powers of the momenta, which correct for their start at 0.
    decay: (f32, f32),
}

impl<'a> Trainer<'a> {
    fn new(params: &'a NetworkParams, layers: Layers) -> Self {
        let size = layers.size();
        let (means, squares) = (vec![0.0; size], vec![0.0; size]);
        Self { params, layers, means, squares, decay: (1.0, 1.0) }
    }

    /// One step of Adam on these rows.
    fn step(&mut self, task: &Task<'_>, rows: &[usize]) {
        let mut pass = self.layers.pass();
        self.layers.forward(&row_major(task.x, rows), &mut pass);
        let outputs = self.layers.outputs();
        let total: f64 = rows.iter().map(|row| task.weights[*row]).sum();
        let mut above = Vec::with_capacity(rows.len() * outputs);
        for (row, values) in rows.iter().zip(pass.output().chunks_exact(outputs)) {
            let (_, slopes) = task.loss(*row, values);
            let share = task.weights[*row] / total;
            above.extend(slopes.into_iter().map(|s| (s * share) as f32));
        }
        let mut gradient = vec![0.0; self.layers.size()];
        self.layers.backward(&pass, above, &mut gradient);
        self.decay.0 *= MOMENTUM;
        self.decay.1 *= SQUARE_MOMENTUM;
        let rate =
            self.params.learning_rate as f32 * (1.0 - self.decay.1).sqrt() / (1.0 - self.decay.0);
        let l2 = (self.params.l2 / rows.len() as f64) as f32;
        let moments = self.means.iter_mut().zip(&mut self.squares);
        let all = self.layers.parameters_mut().zip(moments).zip(gradient);
        for (((parameter, is_weight), (mean, square)), slope) in all {
            let slope = if is_weight { slope + l2 * *parameter } else { slope };
            *mean = MOMENTUM * *mean + (1.0 - MOMENTUM) * slope;
            *square = SQUARE_MOMENTUM * *square + (1.0 - SQUARE_MOMENTUM) * slope * slope;
            *parameter -= rate * *mean / (square.sqrt() + 1e-8);
        }
    }

    fn loss(&self, task: &Task<'_>, rows: &[usize]) -> f64 {
        let outputs = self.layers.outputs();
        let mut pass = self.layers.pass();
        let (mut sum, mut total) = (0.0, 0.0);
        for rows in rows.chunks(super::CHUNK) {
            self.layers.forward(&row_major(task.x, rows), &mut pass);
            for (row, values) in rows.iter().zip(pass.output().chunks_exact(outputs)) {
                sum += task.weights[*row] * task.loss(*row, values).0;
                total += task.weights[*row];
            }
        }
        sum / total
    }
}

impl Task<'_> {
    /// Loss of a row and its slope by output.
    fn loss(&self, row: usize, outputs: &[f32]) -> (f64, Vec<f64>) {
        let target = self.targets[row];
        let mut values: Vec<f64> = outputs.iter().map(|v| f64::from(*v)).collect();
        if self.classes.is_none() {
            let error = values[0] - target;
            return (0.5 * error * error, vec![error]);
        }
        let class = target as usize;
        let loss = math::log_sum_exp(&values) - values[class];
        math::softmax(&mut values);
        values[class] -= 1.0;
        (loss, values)
    }
}
