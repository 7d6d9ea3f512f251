//! How well rows lie in their clusters.

use rayon::prelude::*;

use crate::numeric::distance::squared_distances;
use crate::{Control, LearnError, Matrix};

/// Mean silhouette of all rows, between −1 and 1 (Rousseeuw, 1987): for each row, how much
/// nearer its own cluster is than the next one. Rows alone in their cluster count 0. Takes every
/// pair of rows: draw a sample of large tables first.
///
/// # Errors
/// If lengths differ, values are missing, or there are fewer than two clusters.
pub fn silhouette(x: &Matrix, labels: &[u32], control: &Control<'_>) -> Result<f64, LearnError> {
    if labels.len() != x.rows() {
        let what = "the list of clusters";
        return Err(LearnError::Shape { what, expected: x.rows(), found: labels.len() });
    }
    x.require_complete()?;
    let clusters = labels.iter().max().map_or(0, |l| *l as usize + 1);
    let mut sizes = vec![0.0; clusters];
    labels.iter().for_each(|label| sizes[*label as usize] += 1.0);
    if sizes.iter().filter(|size| **size > 0.0).count() < 2 {
        return Err(LearnError::OneClass);
    }
    control.begin((x.rows() * x.rows() * x.width()) as u64)?;
    let values = (0..x.rows())
        .into_par_iter()
        .map(|row| {
            control.check()?;
            Ok(of_row(x, labels, &sizes, row))
        })
        .collect::<Result<Vec<f64>, LearnError>>()?;
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}

fn of_row(x: &Matrix, labels: &[u32], sizes: &[f64], row: usize) -> f64 {
    let mut distances = vec![0.0; x.rows()];
    squared_distances(x, 0..x.rows(), &x.row(row), &mut distances);
    let mut sums = vec![0.0; sizes.len()];
    for (label, distance) in labels.iter().zip(distances) {
        sums[*label as usize] += distance.sqrt();
    }
    let own = labels[row] as usize;
    if sizes[own] < 2.0 {
        return 0.0;
    }
    let inside = sums[own] / (sizes[own] - 1.0);
    let outside = (0..sizes.len())
        .filter(|k| *k != own && sizes[*k] > 0.0)
        .map(|k| sums[k] / sizes[k])
        .fold(f64::INFINITY, f64::min);
    let larger = inside.max(outside);
    if larger > 0.0 { (outside - inside) / larger } else { 0.0 }
}
