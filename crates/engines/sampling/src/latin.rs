//! Latin hypercube: iteration `i` of an input lies in stratum `π(i)` of as many strata as there
//! are iterations. The permutation π is a Feistel network keyed by seed and input, so that any
//! iteration's stratum is found alone, without a list: shards need nothing from each other.

use crate::lanes::{Lanes, dispatched};
use crate::philox::{Philox, StreamId, unit};
use crate::{CHUNK, Result};

/// An even number, so that both halves end with the width that they began with.
const ROUNDS: usize = 8;
const MULTIPLIER: u64 = 0x9E37_79B1;
const LOW: u64 = 0xFFFF_FFFF;

/// The strata of one input.
#[derive(Debug, Clone)]
pub(crate) struct LatinHypercube {
    philox: Philox,
    stream: StreamId,
    permutation: Permutation,
}

impl LatinHypercube {
    pub(crate) fn new(seed: u64, input: u32, iterations: u64) -> Result<Self> {
        crate::design::check_iterations(iterations)?;
        let philox = Philox::new(seed);
        let permutation = Permutation::new(&philox, u64::from(input), iterations);
        Ok(Self { philox, stream: StreamId::new(input, 0), permutation })
    }

    /// The uniform number of iteration `n` in C.
    pub(crate) fn spell(&self) -> String {
        format!("latin(n, seed, draws, {}u)", self.stream.input())
    }

    pub(crate) fn fill(&self, lanes: Lanes, chunk: u64, out: &mut [f64; CHUNK]) {
        latin(lanes, self, chunk, out);
    }
}

dispatched! {
    fn latin(latin: &LatinHypercube, chunk: u64, out: &mut [f64; CHUNK]) = latin_chunk
}

#[inline(always)]
fn latin_chunk(latin: &LatinHypercube, chunk: u64, out: &mut [f64; CHUNK]) {
    const LEAST: f64 = f64::EPSILON / 2.0;
    let mut bits = [0; CHUNK];
    latin.philox.bits(chunk, latin.stream, &mut bits);
    let strata = latin.permutation.chunk(chunk);
    let count = latin.permutation.count as f64;
    for ((u, bits), stratum) in out.iter_mut().zip(bits).zip(strata) {
        let position = f64::from_bits(stratum | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
        let value = (position + unit(bits)) / count;
        let value = if value < LEAST { LEAST } else { value };
        *u = if value > 1.0 - LEAST { 1.0 - LEAST } else { value };
    }
}

/// A keyed permutation of `0..count`.
#[derive(Debug, Clone)]
pub(crate) struct Permutation {
    count: u64,
    low_bits: u64,
    high_bits: u64,
    keys: [u64; ROUNDS],
}

impl Permutation {
    fn new(philox: &Philox, input: u64, count: u64) -> Self {
        let bits = u64::from(64 - (count - 1).leading_zeros()).max(2);
        // Purpose 1 of the input: never a counter of its draws, which have purpose 0.
        let words = |part: u64| philox.block([part, 0, input, 1]);
        let (first, second) = (words(0), words(1));
        let keys = std::array::from_fn(|i| if i < 4 { first[i] } else { second[i - 4] });
        Self { count, low_bits: bits - bits / 2, high_bits: bits / 2, keys }
    }

    /// One pass through the network: a permutation of all numbers of that many bits.
    #[inline(always)]
    fn pass(&self, x: u64) -> u64 {
        let (mut low_bits, mut high_bits) = (self.low_bits, self.high_bits);
        let mut low = x & ((1 << low_bits) - 1);
        let mut high = x >> low_bits;
        for key in &self.keys {
            let product = ((low ^ key) & LOW) * MULTIPLIER;
            let mixed = high ^ ((product ^ (product >> 32)) & ((1 << high_bits) - 1));
            high = low;
            low = mixed;
            std::mem::swap(&mut low_bits, &mut high_bits);
        }
        (high << low_bits) | low
    }

    /// The strata of a chunk's iterations; those beyond the last begin again.
    #[inline(always)]
    fn chunk(&self, chunk: u64) -> [u64; CHUNK] {
        let first = chunk.wrapping_mul(CHUNK as u64);
        let mut x: [u64; CHUNK] = std::array::from_fn(|i| first.wrapping_add(i as u64));
        if first.saturating_add(CHUNK as u64) > self.count {
            x = x.map(|i| i % self.count);
        }
        for value in &mut x {
            *value = self.pass(*value);
        }
        // The network covers a power of two: numbers outside walk on until they are inside.
        for value in &mut x {
            while *value >= self.count {
                *value = self.pass(*value);
            }
        }
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutes_every_count() {
        for count in [1, 2, 3, 5, 16, 17, 255, 256, 257, 1_000, 4_099] {
            let permutation = Permutation::new(&Philox::new(11), 3, count);
            let chunks = count.div_ceil(CHUNK as u64);
            let mut all: Vec<u64> = (0..chunks).flat_map(|c| permutation.chunk(c)).collect();
            all.truncate(count as usize);
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>(), "{count}");
        }
    }

    #[test]
    fn strata_of_two_inputs_are_unrelated() {
        // Correlation of the ranks of two inputs: 4 standard errors of 1/√n.
        let [a, b] = [0, 1].map(|input| LatinHypercube::new(5, input, 4_096).unwrap());
        let mut sum = 0.0;
        for chunk in 0..16 {
            for (x, y) in a.permutation.chunk(chunk).iter().zip(b.permutation.chunk(chunk)) {
                sum += (*x as f64 - 2_047.5) * (y as f64 - 2_047.5);
            }
        }
        let correlation = sum / 4_096.0 / (4_096.0 * 4_096.0 / 12.0);
        assert!(correlation.abs() < 4.0 / 64.0, "{correlation}");
    }
}
