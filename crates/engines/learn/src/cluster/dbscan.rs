//! DBSCAN: clusters are rows that are connected through dense places (Ester et al., 1996).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::numeric::boxes::Boxes;
use crate::{Control, LearnError, Matrix};

/// Most rows; every pair is looked at.
pub const MAX_DBSCAN_ROWS: usize = 100_000;

/// Neighbours that are kept rather than looked up again, over all rows, and of one row at least.
const MAX_KEPT: usize = 16 << 20;
const MIN_KEPT: usize = 16;

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
        let boxes = Boxes::new(x, control)?;
        let neighbors = |row: usize| self.neighbors(&boxes, &x.row(row));
        let most_kept = (MAX_KEPT / x.rows().max(1)).max(MIN_KEPT);
        // Whether a row is a core, and its neighbours where those are few enough to be kept.
        let known: Vec<(bool, Option<Vec<u32>>)> = (0..x.rows())
            .into_par_iter()
            .map(|row| {
                control.check()?;
                let found = neighbors(row);
                let is_core = found.len() >= self.min_neighbors;
                Ok((is_core, (is_core && found.len() <= most_kept).then_some(found)))
            })
            .collect::<Result<_, LearnError>>()?;
        control.count((x.rows() * x.rows() * x.width()) as u64);
        let mut labels: Vec<Option<u32>> = vec![None; x.rows()];
        let mut next = 0;
        for first in 0..x.rows() {
            if labels[first].is_some() || !known[first].0 {
                continue;
            }
            labels[first] = Some(next);
            let mut open = vec![first];
            while let Some(row) = open.pop() {
                control.check()?;
                let again = if known[row].1.is_none() { neighbors(row) } else { Vec::new() };
                for neighbor in known[row].1.as_ref().unwrap_or(&again) {
                    let neighbor = *neighbor as usize;
                    if labels[neighbor].is_none() {
                        labels[neighbor] = Some(next);
                        if known[neighbor].0 {
                            open.push(neighbor);
                        }
                    }
                }
            }
            next += 1;
        }
        Ok(labels)
    }

    fn neighbors(&self, boxes: &Boxes, point: &[f64]) -> Vec<u32> {
        let limit = self.radius * self.radius;
        let mut found = Vec::new();
        boxes.each_near(point, limit, |_, row| {
            found.push(row as u32);
            limit
        });
        found
    }
}
