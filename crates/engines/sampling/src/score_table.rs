//! Quantile functions that have no closed form, as polynomials of the normal score.
//!
//! `x = Q(Φ(z))` is smooth in z for beta, gamma and Student t, tails included. The range of scores
//! that a draw can have is cut into cells with a polynomial of degree 7 in each. A table is used
//! only where it agrees with the exact inverse between its nodes to 1e-11 of the value.

use crate::CHUNK;
use crate::distribution::shape::Shape;
use crate::math::{exp, ln, normal_cdf};

const CELLS: usize = 128;
const TERMS: usize = 8;
/// Beyond any score of a uniform draw of 52 bits.
const REACH: f64 = 8.25;
const ROUNDING: f64 = 6_755_399_441_055_744.0;
const TOLERANCE: f64 = 1e-11;

/// Coefficients by power, then by cell, so that lanes gather from one array.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScoreTable {
    powers: Box<[[f64; CELLS]; TERMS]>,
    /// Whether the polynomials give the logarithm of the value.
    logarithmic: bool,
}

impl ScoreTable {
    /// The table of a shape; `None` where it would not be accurate.
    pub(crate) fn find(shape: Shape) -> Option<Self> {
        let steep = match shape {
            Shape::Beta { a, .. } => a < 1.0,
            Shape::Gamma { k } => k < 1.0,
            Shape::StudentT { .. } => false,
        };
        let table = Self::new(shape, steep);
        table.is_accurate(shape).then_some(table)
    }

    fn new(shape: Shape, logarithmic: bool) -> Self {
        let inverse = inverse_vandermonde();
        let nodes = nodes();
        let mut powers = Box::new([[0.0; CELLS]; TERMS]);
        for cell in 0..CELLS {
            let values = nodes.map(|t| {
                let x = exact(shape, score(cell, t));
                if logarithmic { ln(x) } else { x }
            });
            for (power, row) in powers.iter_mut().zip(&inverse) {
                power[cell] = row.iter().zip(&values).map(|(a, b)| a * b).sum();
            }
        }
        Self { powers, logarithmic }
    }

    fn is_accurate(&self, shape: Shape) -> bool {
        (0..CELLS).step_by(3).all(|cell| {
            [-0.93, 0.4].iter().all(|t| {
                let z = score(cell, *t);
                let (expected, found) = (exact(shape, z), self.value(z));
                let scale = expected.abs().max(self.value(0.5).abs() * 1e-3).max(1e-300);
                (found - expected).abs() <= TOLERANCE * scale
            })
        })
    }

    /// All coefficients, power by power from the lowest; cells, terms, and the largest score.
    pub(crate) fn parts(&self) -> (impl Iterator<Item = f64>, usize, usize, f64) {
        (self.powers.iter().flatten().copied(), CELLS, TERMS, REACH)
    }

    /// Whether the polynomials give the logarithm of the value.
    pub(crate) const fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    /// The value at a normal score.
    fn value(&self, z: f64) -> f64 {
        if self.logarithmic { exp(self.at(z)) } else { self.at(z) }
    }

    /// What the polynomials give at a normal score: the value or its logarithm.
    #[inline(always)]
    fn at(&self, z: f64) -> f64 {
        let z = if z > REACH - 1e-9 { REACH - 1e-9 } else { z };
        let z = if z < -REACH { -REACH } else { z };
        let position = (z + REACH) * (CELLS as f64 / (2.0 * REACH));
        // The nearest whole number to position - ½ is the cell.
        let shifted = (position - 0.5) + ROUNDING;
        let cell = (shifted.to_bits() as usize) & (CELLS - 1);
        let t = 2.0 * (position - (shifted - ROUNDING)) - 1.0;
        let mut sum = self.powers[TERMS - 1][cell];
        for power in self.powers[..TERMS - 1].iter().rev() {
            sum = sum * t + power[cell];
        }
        sum
    }

    /// Replaces normal scores by values `location + scale · x`.
    #[inline(always)]
    pub(crate) fn apply(&self, values: &mut [f64; CHUNK], (location, scale): (f64, f64)) {
        for value in values.iter_mut() {
            *value = self.at(*value);
        }
        if self.logarithmic {
            for value in values.iter_mut() {
                *value = exp(*value);
            }
        }
        for value in values {
            *value = location + scale * *value;
        }
    }
}

fn exact(shape: Shape, z: f64) -> f64 {
    shape.inverse(normal_cdf(z), normal_cdf(-z))
}

/// The score at `-1 ≤ t ≤ 1` within a cell.
fn score(cell: usize, t: f64) -> f64 {
    (cell as f64 + 0.5 * (t + 1.0)) * (2.0 * REACH / CELLS as f64) - REACH
}

/// Chebyshev nodes: cosines of odd multiples of π/16.
fn nodes() -> [f64; TERMS] {
    const HALF: [f64; 4] = [
        0.980_785_280_403_230_4,
        0.831_469_612_302_545_2,
        0.555_570_233_019_602_2,
        0.195_090_322_016_128_27,
    ];
    [-HALF[0], -HALF[1], -HALF[2], -HALF[3], HALF[3], HALF[2], HALF[1], HALF[0]]
}

/// Turns values at the nodes into coefficients: column j holds the polynomial that is 1 at node j
/// and 0 at the others.
fn inverse_vandermonde() -> [[f64; TERMS]; TERMS] {
    let nodes = nodes();
    let mut rows = [[0.0; TERMS]; TERMS];
    for (j, node) in nodes.iter().enumerate() {
        let mut polynomial = [0.0; TERMS];
        polynomial[0] = 1.0;
        for (degree, other) in nodes.iter().filter(|n| *n != node).enumerate() {
            for k in (0..=degree + 1).rev() {
                let lower = if k == 0 { 0.0 } else { polynomial[k - 1] };
                polynomial[k] = (lower - other * polynomial[k]) / (node - other);
            }
        }
        for (row, value) in rows.iter_mut().zip(polynomial) {
            row[j] = value;
        }
    }
    rows
}
