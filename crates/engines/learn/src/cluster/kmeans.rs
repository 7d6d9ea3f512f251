//! k-means: Lloyd's iterations from k-means++ starts (Arthur and Vassilvitskii, 2007), the best
//! of several.

use serde::{Deserialize, Serialize};

use crate::model::{FormatVersion, require_columns};
use crate::numeric::distance::squared_distances;
use crate::numeric::reduce::{chunks, sum_vectors};
use crate::{Control, LearnError, Matrix, Rng};

/// Settings of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KMeansParams {
    /// Number of clusters, from 1 to the number of rows.
    pub clusters: usize,
    /// Starts of which the best is kept, at least 1.
    pub starts: u32,
    /// Most steps of each start.
    pub max_iterations: u32,
    /// Seed; each start has its own stream.
    pub seed: u64,
}

impl Default for KMeansParams {
    fn default() -> Self {
        Self { clusters: 8, starts: 10, max_iterations: 300, seed: 0 }
    }
}

/// Fitted centres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KMeansModel {
    version: FormatVersion<1>,
    centers: Vec<Vec<f64>>,
    inertia: f64,
}

impl KMeansParams {
    /// Fits to complete columns. A budget that ends early leaves the best start so far.
    ///
    /// # Errors
    /// [`LearnError::NotFinite`] for missing values, a number of clusters out of range, and what
    /// [`Control`] says.
    pub fn fit(&self, x: &Matrix, control: &Control<'_>) -> Result<KMeansModel, LearnError> {
        if self.clusters == 0 || self.clusters > x.rows() {
            let reason = "must be between 1 and the number of rows";
            return Err(LearnError::Parameter { name: "clusters", reason });
        }
        x.require_complete()?;
        control.begin((x.rows() * x.width()) as u64)?;
        let mut best: Option<KMeansModel> = None;
        for start in 0..u64::from(self.starts.max(1)) {
            if best.is_some() && control.must_wrap_up() {
                break;
            }
            let found = self.run(x, &mut Rng::stream(self.seed, start), control)?;
            if best.as_ref().is_none_or(|b| found.inertia < b.inertia) {
                best = Some(found);
            }
        }
        best.ok_or(LearnError::BudgetSpent)
    }

    fn run(
        &self,
        x: &Matrix,
        rng: &mut Rng,
        control: &Control<'_>,
    ) -> Result<KMeansModel, LearnError> {
        let mut centers = plus_plus(x, self.clusters, rng);
        let mut inertia = f64::INFINITY;
        for _ in 0..self.max_iterations.max(1) {
            control.check()?;
            control.count((x.rows() * x.width() * self.clusters) as u64);
            let step = step(x, &centers);
            let settled = step.inertia >= inertia * (1.0 - 1e-12);
            inertia = step.inertia;
            if settled {
                break;
            }
            centers = step.centers;
        }
        Ok(KMeansModel { version: FormatVersion, centers, inertia })
    }
}

/// Each further start is a row drawn by its squared distance to the nearest one so far; of
/// several candidates the one that helps most is taken.
fn plus_plus(x: &Matrix, clusters: usize, rng: &mut Rng) -> Vec<Vec<f64>> {
    let mut centers = vec![x.row(rng.below(x.rows()))];
    let mut nearest = vec![0.0; x.rows()];
    squared_distances(x, 0..x.rows(), &centers[0], &mut nearest);
    let tries = 2 + (clusters as f64).sqrt() as usize;
    while centers.len() < clusters {
        let total: f64 = nearest.iter().sum();
        let mut best: Option<(f64, usize, Vec<f64>)> = None;
        for _ in 0..tries {
            let row = draw_by(&nearest, total * rng.uniform());
            let mut updated = vec![0.0; x.rows()];
            squared_distances(x, 0..x.rows(), &x.row(row), &mut updated);
            updated.iter_mut().zip(&nearest).for_each(|(u, n)| *u = u.min(*n));
            let left: f64 = updated.iter().sum();
            if best.as_ref().is_none_or(|(b, _, _)| left < *b) {
                best = Some((left, row, updated));
            }
        }
        if let Some((_, row, updated)) = best {
            centers.push(x.row(row));
            nearest = updated;
        }
    }
    centers
}

fn draw_by(weights: &[f64], mut at: f64) -> usize {
    for (row, weight) in weights.iter().enumerate() {
        at -= weight;
        if at < 0.0 {
            return row;
        }
    }
    weights.len() - 1
}

struct Step {
    centers: Vec<Vec<f64>>,
    inertia: f64,
}

/// Assigns all rows and moves each centre to the mean of its rows; a centre without rows stays.
fn step(x: &Matrix, centers: &[Vec<f64>]) -> Step {
    let (k, width) = (centers.len(), x.width());
    let sums = sum_vectors(x.rows(), k * (width + 1) + 1, |range, out| {
        let (labels, distances) = assign(x, range.clone(), centers);
        for (j, column) in x.columns().iter().enumerate() {
            for (label, value) in labels.iter().zip(&column.values()[range.clone()]) {
                out[label * (width + 1) + j] += value;
            }
        }
        for (label, distance) in labels.iter().zip(distances) {
            out[label * (width + 1) + width] += 1.0;
            out[k * (width + 1)] += distance;
        }
    });
    let mean = |(center, old): (&[f64], &Vec<f64>)| match center.split_last() {
        Some((count, sums)) if *count > 0.0 => sums.iter().map(|s| s / count).collect(),
        _ => old.clone(),
    };
    let moved = sums.chunks_exact(width + 1).zip(centers).map(mean).collect();
    Step { centers: moved, inertia: sums[k * (width + 1)] }
}

/// Nearest centre and squared distance of each row; the earlier centre wins a tie.
fn assign(
    x: &Matrix,
    range: std::ops::Range<usize>,
    centers: &[Vec<f64>],
) -> (Vec<usize>, Vec<f64>) {
    let mut labels = vec![0; range.len()];
    let mut nearest = vec![f64::INFINITY; range.len()];
    let mut distances = vec![0.0; range.len()];
    for (k, center) in centers.iter().enumerate() {
        squared_distances(x, range.clone(), center, &mut distances);
        for ((label, near), distance) in labels.iter_mut().zip(&mut nearest).zip(&distances) {
            if *distance < *near {
                (*label, *near) = (k, *distance);
            }
        }
    }
    (labels, nearest)
}

impl KMeansModel {
    /// One centre a cluster.
    pub fn centers(&self) -> &[Vec<f64>] {
        &self.centers
    }

    /// Sum of squared distances of the rows to their centres; its fall with the number of
    /// clusters is the elbow curve.
    pub fn inertia(&self) -> f64 {
        self.inertia
    }

    /// Cluster of each row.
    ///
    /// # Errors
    /// If the columns differ in number from those of the fit or values are missing.
    pub fn predict(&self, x: &Matrix) -> Result<Vec<u32>, LearnError> {
        require_columns(x, self.centers.first().map_or(0, Vec::len))?;
        x.require_complete()?;
        let labels = chunks(x.rows()).into_iter().flat_map(|c| assign(x, c, &self.centers).0);
        Ok(labels.map(|label| label as u32).collect())
    }
}
