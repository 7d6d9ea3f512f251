//! A table in few bytes, which tells most rows beyond a distance from the others: columns of zeros
//! and ones as bits, the others in single precision.
//!
//! Invariant: no row within the distance is sieved out, however much was rounded.

use std::ops::Range;

use crate::Matrix;

/// Rows that are looked at together.
pub(crate) const GROUP: usize = 64;
/// Columns of zeros and ones in a word.
const BITS: usize = 64;
/// Larger numbers have squares that single precision may not hold.
const LARGEST: f64 = 1e15;
/// Twice what rounding to single precision, or an addition, takes or gives, relatively.
const ROUNDING: f64 = 1.0 / (1_u32 << 23) as f64;

/// The table, column after column.
#[derive(Debug)]
pub(crate) struct Sieve {
    rows: usize,
    flag_places: Vec<usize>,
    flags: Vec<u64>,
    dense_places: Vec<usize>,
    dense: Vec<f32>,
    /// Size of the largest number in each dense column.
    largest: Vec<f64>,
}

/// A point as the sieve compares it.
pub(crate) struct Aim {
    /// Bits and those of them that count, by word.
    flags: Vec<(u64, u64)>,
    dense: Vec<f32>,
    /// How far rounding moves a row towards the point or away from it, at most.
    shift: f64,
    /// By how much, relatively, squares are added up too large, at most.
    excess: f64,
}

impl Sieve {
    /// The rows of `x` in the order of `numbers`.
    pub(crate) fn new(x: &Matrix, numbers: &[usize]) -> Self {
        let is_flag = |at: &usize| x.column(*at).iter().all(|v| *v == 0.0 || *v == 1.0);
        let (flag_places, dense_places): (Vec<usize>, Vec<usize>) =
            (0..x.width()).partition(is_flag);
        let rows = numbers.len();
        let mut flags = vec![0_u64; flag_places.len().div_ceil(BITS) * rows];
        for (place, at) in flag_places.iter().enumerate() {
            let words = &mut flags[place / BITS * rows..][..rows];
            for (word, number) in words.iter_mut().zip(numbers) {
                *word |= u64::from(x.column(*at)[*number] != 0.0) << (place % BITS);
            }
        }
        let values = |at: &usize| {
            let column = x.column(*at);
            numbers.iter().map(move |number| column[*number] as f32)
        };
        let size = |at: &usize| x.column(*at).iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        Self {
            rows,
            flags,
            dense: dense_places.iter().flat_map(values).collect(),
            largest: dense_places.iter().map(size).collect(),
            flag_places,
            dense_places,
        }
    }

    pub(crate) fn aim(&self, point: &[f64]) -> Aim {
        let word = |places: &[usize]| {
            let bits = places.iter().enumerate().map(|(bit, at)| match point[*at] {
                0.0 => (0, 1 << bit),
                1.0 => (1 << bit, 1 << bit),
                // What is neither adds something, which may be left out.
                _ => (0, 0),
            });
            bits.fold((0, 0), |(flags, mask), (flag, counts)| (flags | flag, mask | counts))
        };
        let mut square = 0.0;
        for (at, largest) in self.dense_places.iter().zip(&self.largest) {
            let most = largest + point[*at].abs();
            square += if most < LARGEST { most * most } else { f64::INFINITY };
        }
        let terms = self.dense_places.len() + self.flag_places.len() + 4;
        Aim {
            flags: self.flag_places.chunks(BITS).map(word).collect(),
            dense: self.dense_places.iter().map(|at| point[*at] as f32).collect(),
            shift: square.sqrt() * ROUNDING,
            excess: 1.0 + terms as f64 * ROUNDING,
        }
    }

    /// Tells `take` of rows of `range`, at most [`GROUP`] of them: all whose squared distance is
    /// not beyond `limit`, and maybe others.
    pub(crate) fn each_within(
        &self,
        range: Range<usize>,
        (aim, limit): (&Aim, f64),
        mut take: impl FnMut(usize),
    ) {
        let mut sums = [0.0_f32; GROUP];
        let sums = &mut sums[..range.len()];
        for (word, (flags, counts)) in aim.flags.iter().enumerate() {
            let words = &self.flags[word * self.rows..][range.clone()];
            for (sum, word) in sums.iter_mut().zip(words) {
                *sum += ((word ^ flags) & counts).count_ones() as f32;
            }
        }
        for (place, center) in aim.dense.iter().enumerate() {
            let values = &self.dense[place * self.rows..][range.clone()];
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += (value - center) * (value - center);
            }
        }
        let reach = limit.sqrt() + aim.shift;
        let most = reach * reach * aim.excess;
        for (sum, row) in sums.iter().zip(range) {
            // What is not a number is not beyond.
            let is_beyond = f64::from(*sum) > most;
            if !is_beyond {
                take(row);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::numeric::distance::squared_distance;

    /// Columns of zeros and ones, and others of this size.
    fn table(rng: &mut Rng, flags: usize, size: f64) -> Matrix {
        let mut columns: Vec<Vec<f64>> = (0..flags)
            .map(|_| (0..GROUP).map(|_| f64::from(rng.below(3) == 0)).collect())
            .collect();
        columns.extend((0..5).map(|_| (0..GROUP).map(|_| size * rng.normal()).collect()));
        Matrix::from_columns(columns)
    }

    #[test]
    fn rows_within_the_limit_pass_whatever_is_rounded() {
        let mut rng = Rng::new(6);
        for (flags, size) in [(0, 1.0), (3, 1e6), (64, 1e-3), (130, 1.0), (2, 1e200), (1, 1e14)] {
            let x = table(&mut rng, flags, size);
            let numbers: Vec<usize> = (0..GROUP).rev().collect();
            let sieve = Sieve::new(&x, &numbers);
            for row in 0..GROUP {
                let mut point = x.row(row);
                if row % 4 == 0 {
                    point[0] += 1e-9;
                }
                let aim = sieve.aim(&point);
                let distance = |number: &usize| squared_distance(&x.row(*number), &point);
                let distances: Vec<f64> = numbers.iter().map(distance).collect();
                // Limits that are exactly what a row has are the hardest.
                for limit in &distances {
                    let mut passed = Vec::new();
                    sieve.each_within(0..GROUP, (&aim, *limit), |at| passed.push(at));
                    let within = (0..GROUP).filter(|at| distances[*at] <= *limit);
                    assert!(within.clone().all(|at| passed.contains(&at)), "{size} {row} {limit}");
                    if (1.0..=1e6).contains(&size) && row % 4 > 0 {
                        assert!(passed.len() <= within.count() + 12, "{size} {row} {limit}");
                    }
                }
            }
        }
    }
}
