//! Random Fourier features, whose scalar products approximate the Gaussian kernel: the sine and
//! cosine of the row along random directions, which are at right angles as far as there is room
//! (Yu et al., "Orthogonal random features", 2016).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::numeric::math;
use crate::numeric::reduce::dot;
use crate::{Matrix, Rng};

use super::descent::RowMajor;

/// Most numbers of the mapped table: 32 MiB.
const MAX_VALUES: usize = 8 << 20;
/// Features that even a larger table gets.
const LEAST_FEATURES: usize = 64;
/// Rows that one task maps.
const CHUNK: usize = 256;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FourierMap {
    /// Each gives two features.
    directions: Vec<Vec<f64>>,
}

impl FourierMap {
    /// At most `wanted` features, and at least two, for a table of this size.
    pub(super) fn new(gamma: f64, (rows, width): (usize, usize), wanted: u32, seed: u64) -> Self {
        let most = (MAX_VALUES / rows.max(1)).max(LEAST_FEATURES);
        let count = (wanted as usize).min(most).div_ceil(2);
        let mut rng = Rng::stream(seed, u64::MAX);
        let mut directions: Vec<Vec<f64>> = Vec::with_capacity(count);
        while directions.len() < count {
            let block = directions.len() / width * width;
            let drawn: Vec<f64> = (0..width).map(|_| rng.normal()).collect();
            directions.push(at_right_angles(drawn, &directions[block..]));
        }
        // The lengths are those of random normal vectors, independent of the directions.
        for direction in &mut directions {
            let length = (0..width).map(|_| rng.normal().powi(2)).sum::<f64>().sqrt();
            direction.iter_mut().for_each(|v| *v *= length * (2.0 * gamma).sqrt());
        }
        Self { directions }
    }

    pub(super) fn directions(&self) -> &[Vec<f64>] {
        &self.directions
    }

    pub(super) fn width(&self) -> usize {
        self.directions.first().map_or(0, Vec::len)
    }

    pub(super) fn features(&self) -> usize {
        2 * self.directions.len()
    }

    pub(super) fn map(&self, point: &[f64]) -> Vec<f64> {
        let scale = (1.0 / self.directions.len() as f64).sqrt();
        let mut features = Vec::with_capacity(self.features());
        for direction in &self.directions {
            let angle = dot(direction, point);
            features.push(scale * math::cos(angle));
            features.push(scale * math::cos(angle - std::f64::consts::FRAC_PI_2));
        }
        features
    }

    pub(super) fn map_all(&self, x: &Matrix) -> RowMajor {
        row_major(x, self.features(), |point| self.map(point))
    }
}

/// A unit vector: what is left of `drawn` without its parts along `others`, which are units.
fn at_right_angles(mut drawn: Vec<f64>, others: &[Vec<f64>]) -> Vec<f64> {
    for other in others {
        let along = dot(&drawn, other);
        drawn.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
    }
    let length = dot(&drawn, &drawn).sqrt().max(f64::MIN_POSITIVE);
    drawn.iter_mut().for_each(|v| *v /= length);
    drawn
}

/// The table as it is.
pub(super) fn plain(x: &Matrix) -> RowMajor {
    row_major(x, x.width(), <[f64]>::to_vec)
}

fn row_major(x: &Matrix, width: usize, map: impl Fn(&[f64]) -> Vec<f64> + Sync) -> RowMajor {
    let mut values = vec![0.0; x.rows() * width];
    values.par_chunks_mut(CHUNK * width).enumerate().for_each(|(chunk, out)| {
        for (row, out) in (chunk * CHUNK..).zip(out.chunks_mut(width)) {
            let mapped = map(&x.row(row));
            out.iter_mut().zip(mapped).for_each(|(slot, v)| *slot = v as f32);
        }
    });
    RowMajor { width, values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_features_are_near_the_kernel_and_nearer_with_more() {
        let (width, gamma) = (7, 0.1);
        let mut rng = Rng::new(8);
        let points: Vec<Vec<f64>> =
            (0..30).map(|_| (0..width).map(|_| rng.normal()).collect()).collect();
        let worst = |features: u32| {
            let map = FourierMap::new(gamma, (30, width), features, 1);
            let mapped: Vec<Vec<f64>> = points.iter().map(|p| map.map(p)).collect();
            let mut worst = 0.0_f64;
            for (a, za) in points.iter().zip(&mapped) {
                for (b, zb) in points.iter().zip(&mapped) {
                    let square: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
                    worst = worst.max((dot(za, zb) - (-gamma * square).exp()).abs());
                }
            }
            worst
        };
        let (few, many) = (worst(128), worst(4_096));
        // A feature pair's product has a variance of at most 1/2: four standard deviations.
        let limit = |features: f64| 4.0 / features.sqrt();
        assert!(many < limit(4_096.0) && few < limit(128.0) && many < few / 2.0, "{few} {many}");
        assert_eq!(FourierMap::new(gamma, (30, width), 1, 1).features(), 2);
    }
}
