//! k nearest neighbours by Euclidean distance, exactly. Scale the columns first.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns, require_complete_row};
use crate::numeric::boxes::Boxes;
use crate::numeric::made_once::MadeOnce;
use crate::{Classifier, Control, LearnError, Matrix, Regressor, TrainingSet};

/// Pairs of rows from which several threads are faster than one.
const PARALLEL_FROM: usize = 1 << 20;

/// Rows to predict from which the boxes are made for them alone: they are as large as the table, and
/// a model that was only scored need not hold them.
const MANY_ROWS: usize = 100;

/// How much each neighbour counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vote {
    /// All alike.
    #[default]
    Uniform,
    /// By the inverse of the distance; neighbours at distance 0 alone if there are any.
    Distance,
}

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeighborsParams {
    /// Number of neighbours, from 1 to the number of rows.
    pub count: usize,
    /// How much each counts.
    pub vote: Vote,
}

impl Default for NeighborsParams {
    fn default() -> Self {
        Self { count: 5, vote: Vote::Uniform }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Neighbors {
    version: FormatVersion<1>,
    params: NeighborsParams,
    x: Matrix,
    targets: Vec<f64>,
    weights: Vec<f64>,
    #[serde(skip)]
    boxes: MadeOnce<Boxes>,
}

/// The rows of a table of classes, to be looked up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeighborsClassifier {
    neighbors: Neighbors,
    classes: usize,
}

/// The rows of a table of numbers, to be looked up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeighborsRegressor {
    neighbors: Neighbors,
}

/// The rows that a model looks up, laid open.
#[derive(Debug, Clone, Copy)]
pub struct NeighborsView<'a> {
    /// How many of them vote, and how.
    pub params: &'a NeighborsParams,
    /// The rows.
    pub x: &'a Matrix,
    /// Class or number of each.
    pub targets: &'a [f64],
    /// Weight of each.
    pub weights: &'a [f64],
}

impl NeighborsClassifier {
    /// The rows.
    #[must_use]
    pub fn view(&self) -> NeighborsView<'_> {
        self.neighbors.view()
    }
}

impl NeighborsRegressor {
    /// The rows.
    #[must_use]
    pub fn view(&self) -> NeighborsView<'_> {
        self.neighbors.view()
    }
}

impl NeighborsParams {
    /// Keeps the rows with their classes; the columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::WrongTarget`] for numbers, a
    /// count out of range, and what [`Control`] says.
    pub fn fit_classifier(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<NeighborsClassifier, LearnError> {
        let (codes, classes) = data.require_classes("nearest neighbours for classes")?;
        let targets = codes.iter().map(|c| f64::from(*c)).collect();
        Ok(NeighborsClassifier { neighbors: self.keep(data, targets, control)?, classes })
    }

    /// Keeps the rows with their numbers; the columns must be complete.
    ///
    /// # Errors
    /// [`LearnError::WrongTarget`] for classes, and as [`Self::fit_classifier`].
    pub fn fit_regressor(
        &self,
        data: &TrainingSet<'_>,
        control: &Control<'_>,
    ) -> Result<NeighborsRegressor, LearnError> {
        let targets = data.require_values("nearest neighbours for numbers")?.to_vec();
        Ok(NeighborsRegressor { neighbors: self.keep(data, targets, control)? })
    }

    fn keep(
        &self,
        data: &TrainingSet<'_>,
        targets: Vec<f64>,
        control: &Control<'_>,
    ) -> Result<Neighbors, LearnError> {
        let x = data.x();
        if self.count == 0 || self.count > x.rows() {
            let reason = "must be between 1 and the number of rows";
            return Err(LearnError::Parameter { name: "count", reason });
        }
        x.require_complete()?;
        control.begin((x.rows() * x.width()) as u64)?;
        Ok(Neighbors {
            version: FormatVersion,
            params: self.clone(),
            x: x.clone(),
            targets,
            weights: (0..x.rows()).map(|row| data.weights().get(row)).collect(),
            boxes: MadeOnce::default(),
        })
    }
}

impl Neighbors {
    fn view(&self) -> NeighborsView<'_> {
        let Self { params, x, targets, weights, .. } = self;
        NeighborsView { params, x, targets, weights }
    }

    /// What `vote` makes of the nearest (weight, target) pairs of each row.
    fn each_row<R: Send>(
        &self,
        x: &Matrix,
        vote: impl Fn(&[(f64, f64)]) -> R + Sync,
    ) -> Result<Vec<R>, LearnError> {
        require_columns(x, self.x.width())?;
        x.require_complete()?;
        let own = match self.boxes.find() {
            None if x.rows() >= MANY_ROWS => Some(Boxes::new(&self.x, &Control::unlimited())?),
            None | Some(_) => None,
        };
        let boxes = match &own {
            Some(own) => own,
            None => self.get_boxes()?,
        };
        let one = |row: usize| vote(&self.votes(&self.nearest(boxes, &x.row(row))));
        if x.rows() * self.x.rows() < PARALLEL_FROM {
            return Ok((0..x.rows()).map(one).collect());
        }
        Ok((0..x.rows()).into_par_iter().map(one).collect())
    }

    /// The nearest (weight, target) pairs of one row.
    fn votes_of_row(&self, row: &[f64]) -> Result<Vec<(f64, f64)>, LearnError> {
        require_complete_row(row, self.x.width())?;
        Ok(self.votes(&self.nearest(self.get_boxes()?, row)))
    }

    /// The boxes, which are made once and kept.
    fn get_boxes(&self) -> Result<&Boxes, LearnError> {
        self.boxes.get_or_try_make(|| Boxes::new(&self.x, &Control::unlimited()))
    }

    /// Squared distance and row of the nearest, rising; the earlier row wins a tie.
    fn nearest(&self, boxes: &Boxes, point: &[f64]) -> Vec<(f64, usize)> {
        let count = self.params.count;
        let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(count + 1);
        boxes.each_near(point, f64::INFINITY, |distance, row| {
            let place = nearest.partition_point(|known| *known < (distance, row));
            if place < count {
                nearest.insert(place, (distance, row));
                nearest.truncate(count);
            }
            if nearest.len() < count { f64::INFINITY } else { nearest[count - 1].0 }
        });
        nearest
    }

    fn votes(&self, nearest: &[(f64, usize)]) -> Vec<(f64, f64)> {
        let touches = nearest.iter().any(|(distance, _)| *distance == 0.0);
        let weight = |distance: f64| match self.params.vote {
            Vote::Uniform => 1.0,
            Vote::Distance if touches => f64::from(u8::from(distance == 0.0)),
            Vote::Distance => 1.0 / distance.sqrt(),
        };
        nearest
            .iter()
            .map(|(distance, row)| (weight(*distance) * self.weights[*row], self.targets[*row]))
            .collect()
    }
}

impl Classifier for NeighborsClassifier {
    fn classes(&self) -> usize {
        self.classes
    }

    fn features(&self) -> usize {
        self.neighbors.x.width()
    }

    fn predict_proba(&self, x: &Matrix) -> Result<Matrix, LearnError> {
        let classes = self.classes;
        let rows = self.neighbors.each_row(x, |votes| derive_shares(votes, classes))?;
        let column = |class: usize| rows.iter().map(|shares| shares[class]).collect();
        Ok(Matrix::from_columns((0..classes).map(column).collect()))
    }

    fn predict_proba_row(&self, row: &[f64]) -> Result<Vec<f64>, LearnError> {
        Ok(derive_shares(&self.neighbors.votes_of_row(row)?, self.classes))
    }
}

/// Share of each class in the votes.
fn derive_shares(votes: &[(f64, f64)], classes: usize) -> Vec<f64> {
    let mut shares = vec![0.0; classes];
    votes.iter().for_each(|(weight, class)| shares[*class as usize] += weight);
    let total: f64 = shares.iter().sum();
    // Neighbours without weight say nothing.
    let even = 1.0 / classes as f64;
    shares.iter_mut().for_each(|s| *s = if total > 0.0 { *s / total } else { even });
    shares
}

/// What the votes say on average.
fn derive_mean(votes: &[(f64, f64)]) -> f64 {
    let total: f64 = votes.iter().map(|(weight, _)| weight).sum();
    let plain = votes.iter().map(|(_, y)| y).sum::<f64>() / votes.len() as f64;
    let sum: f64 = votes.iter().map(|(weight, y)| weight * y).sum();
    if total > 0.0 { sum / total } else { plain }
}

impl Regressor for NeighborsRegressor {
    fn features(&self) -> usize {
        self.neighbors.x.width()
    }

    fn predict(&self, x: &Matrix) -> Result<Vec<f64>, LearnError> {
        self.neighbors.each_row(x, derive_mean)
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64, LearnError> {
        Ok(derive_mean(&self.neighbors.votes_of_row(row)?))
    }
}
