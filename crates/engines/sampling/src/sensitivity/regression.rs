//! Linear regression of an output on its inputs, in standard deviations.

use super::{standardise, take, usable_rows};
use crate::Result;

/// Below this share of its variance, an input counts as a combination of those before it.
const SINGULAR: f64 = 1e-10;

/// A fitted linear model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Regression {
    /// By how many of its standard deviations the output moves when an input moves by one of its
    /// own; 0 for an input that does not vary or repeats others.
    pub coefficients: Vec<f64>,
    /// Share of the output's variance that the model explains.
    pub r_squared: f64,
}

/// Regresses the output on all inputs together.
///
/// # Errors
/// Columns of different lengths, or not more iterations without an error than inputs and two.
pub fn regression(inputs: &[&[f64]], output: &[f64]) -> Result<Regression> {
    let rows = usable_rows(inputs, output, inputs.len() + 3)?;
    let mut coefficients = vec![0.0; inputs.len()];
    let Some(target) = standardise(&take(output, &rows)) else {
        return Ok(Regression { coefficients, r_squared: 0.0 });
    };
    let columns: Vec<(usize, Vec<f64>)> = inputs
        .iter()
        .enumerate()
        .filter_map(|(i, input)| standardise(&take(input, &rows)).map(|column| (i, column)))
        .collect();
    let basis = orthogonalise(&columns);
    let n = rows.len() as f64;
    let projections: Vec<f64> = basis.iter().map(|b| dot(&b.direction, &target) / n).collect();
    let r_squared = projections.iter().map(|p| p * p).sum::<f64>().min(1.0);
    // Back substitution through the triangle of the orthogonalisation.
    let mut solved = vec![0.0; basis.len()];
    for i in (0..basis.len()).rev() {
        let known: f64 = (i + 1..basis.len()).map(|j| basis[j].weights[i] * solved[j]).sum();
        solved[i] = (projections[i] - known) / basis[i].length;
        coefficients[basis[i].input] = solved[i];
    }
    Ok(Regression { coefficients, r_squared })
}

/// One direction of the inputs' space, of mean square 1.
struct Direction {
    input: usize,
    direction: Vec<f64>,
    length: f64,
    /// Parts of the input along the directions before this one.
    weights: Vec<f64>,
}

/// Gram–Schmidt, done twice for each column against rounding; repeated inputs are left out.
fn orthogonalise(columns: &[(usize, Vec<f64>)]) -> Vec<Direction> {
    let mut basis: Vec<Direction> = Vec::new();
    for (input, column) in columns {
        let n = column.len() as f64;
        let mut direction = column.clone();
        let mut weights = vec![0.0; basis.len()];
        for _ in 0..2 {
            for (weight, before) in weights.iter_mut().zip(&basis) {
                let part = dot(&direction, &before.direction) / n;
                *weight += part;
                for (d, b) in direction.iter_mut().zip(&before.direction) {
                    *d -= part * b;
                }
            }
        }
        let square = dot(&direction, &direction) / n;
        if square > SINGULAR {
            let length = square.sqrt();
            direction.iter_mut().for_each(|d| *d /= length);
            basis.push(Direction { input: *input, direction, length, weights });
        }
    }
    basis
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
