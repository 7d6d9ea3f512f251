//! DBSCAN: clusters are rows that are connected through dense places (Ester et al., 1996).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::numeric::distance::squared_distances;
use crate::{Control, LearnError, Matrix};

/// Most rows; every pair is looked at.
pub const MAX_DBSCAN_ROWS: usize = 100_000;

/// Settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DbscanParams {
    /// Largest distance of neighbours, above 0.
    pub radius: f64,
    /// Neighbours, the row itself included, that make a row a core of a cluster.
    pub min_neighbors: usize,
}

impl Default for DbscanParams {
    fn default() -> Self {
        Self { radius: 0.5, min_neighbors: 5 }
    }
}

impl DbscanParams {
    /// The cluster of each row, numbered in order of their first core row; none for noise.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, [`LearnError::TooLarge`], a radius out of
    /// range, and what [`Control`] says.
    pub fn fit(&self, x: &Matrix, control: &Control<'_>) -> Result<Vec<Option<u32>>, LearnError> {
        if self.radius.is_nan() || self.radius <= 0.0 {
            return Err(LearnError::Parameter { name: "radius", reason: "must be above 0" });
        }
        if x.rows() > MAX_DBSCAN_ROWS {
            let (what, found) = ("the number of rows", x.rows());
            return Err(LearnError::TooLarge { what, found, limit: MAX_DBSCAN_ROWS });
        }
        x.require_complete()?;
        control.begin((x.rows() * x.width()) as u64)?;
        let is_core = (0..x.rows())
            .into_par_iter()
            .map(|row| {
                control.check()?;
                Ok(self.neighbors(x, row).len() >= self.min_neighbors)
            })
            .collect::<Result<Vec<bool>, LearnError>>()?;
        control.count((x.rows() * x.rows() * x.width()) as u64);
        let mut labels: Vec<Option<u32>> = vec![None; x.rows()];
        let mut next = 0;
        for first in 0..x.rows() {
            if labels[first].is_some() || !is_core[first] {
                continue;
            }
            labels[first] = Some(next);
            let mut open = vec![first];
            while let Some(row) = open.pop() {
                control.check()?;
                for neighbor in self.neighbors(x, row) {
                    if labels[neighbor].is_none() {
                        labels[neighbor] = Some(next);
                        if is_core[neighbor] {
                            open.push(neighbor);
                        }
                    }
                }
            }
            next += 1;
        }
        Ok(labels)
    }

    fn neighbors(&self, x: &Matrix, row: usize) -> Vec<usize> {
        let mut distances = vec![0.0; x.rows()];
        squared_distances(x, 0..x.rows(), &x.row(row), &mut distances);
        let limit = self.radius * self.radius;
        distances.iter().enumerate().filter(|(_, d)| **d <= limit).map(|(i, _)| i).collect()
    }
}
