//! Parallel sums whose result does not depend on the number of threads: rows are cut into chunks
//! by their number alone, and partial results are added in chunk order.

use std::ops::Range;

use rayon::prelude::*;

/// Fewest rows that are worth a task.
const MIN_CHUNK: usize = 2_048;
/// Most chunks, which bounds the memory of partial results.
const MAX_CHUNKS: usize = 64;

fn chunk_len(rows: usize) -> usize {
    MIN_CHUNK.max(rows.div_ceil(MAX_CHUNKS))
}

/// Fixed chunks of `0..rows`.
pub(crate) fn chunks(rows: usize) -> Vec<Range<usize>> {
    let len = chunk_len(rows);
    (0..rows).step_by(len).map(|start| start..(start + len).min(rows)).collect()
}

/// Adds up the vectors of `width` numbers that `part` fills in for each chunk.
pub(crate) fn sum_vectors<F>(rows: usize, width: usize, part: F) -> Vec<f64>
where
    F: Fn(Range<usize>, &mut [f64]) + Sync,
{
    let parts: Vec<Vec<f64>> = chunks(rows)
        .into_par_iter()
        .map(|range| {
            let mut sums = vec![0.0; width];
            part(range, &mut sums);
            sums
        })
        .collect();
    let mut total = vec![0.0; width];
    for part in parts {
        for (t, p) in total.iter_mut().zip(part) {
            *t += p;
        }
    }
    total
}

/// Dot product with eight running sums, which lets the compiler use vector instructions and
/// keeps the order of additions fixed.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest
}

/// `y += a · x`.
pub(crate) fn add_scaled(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}
