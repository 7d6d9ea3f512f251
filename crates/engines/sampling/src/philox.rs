//! Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011): random numbers as a pure function of key
//! and counter, so that any draw can be made alone, in any order, on any machine.
//!
//! Key = seed; counter = (iteration, input, draw). One counter gives two draws of 64 bits, so the
//! counter holds the iteration's block: in the group of 256 iterations that begins at a multiple
//! of 256, iteration `i` and `i + 128` share a block.

use crate::CHUNK;

const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;
const LOW: u64 = 0xFFFF_FFFF;
const HALF: usize = CHUNK / 2;
const QUARTER: usize = CHUNK / 4;

/// One key of Philox for each of its ten rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Philox {
    keys: [[u64; 2]; ROUNDS],
}

impl Philox {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = [seed as u32, (seed >> 32) as u32];
        let keys = std::array::from_fn(|_| {
            let round = [u64::from(key[0]), u64::from(key[1])];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
            round
        });
        Self { keys }
    }

    /// The four words of one counter; every word is below 2³².
    #[inline(always)]
    #[must_use]
    pub fn block(&self, counter: [u64; 4]) -> [u64; 4] {
        let [words] = self.rounds([counter]);
        words.map(|word| word & LOW)
    }

    /// The four words of each counter in the low halves of four numbers. A multiplication of vectors
    /// reads those alone, so what stands in the high halves need not be cleared between rounds.
    /// Counters go through a round side by side, because each waits for its last multiplication.
    #[inline(always)]
    fn rounds<const N: usize>(&self, mut counters: [[u64; 4]; N]) -> [[u64; 4]; N] {
        for key in &self.keys {
            for words in &mut counters {
                let [a, b, c, d] = *words;
                let left = (a & LOW) * MULTIPLIERS[0];
                let right = (c & LOW) * MULTIPLIERS[1];
                *words = [(right >> 32) ^ b ^ key[0], right, (left >> 32) ^ d ^ key[1], left];
            }
        }
        counters
    }

    /// 64 random bits for each iteration of the chunk `chunk` (iterations `256 · chunk` and on).
    #[inline(always)]
    pub(crate) fn bits(&self, chunk: u64, stream: StreamId, out: &mut [u64; CHUNK]) {
        self.draw(chunk, stream, out, |bits| bits);
    }

    /// A uniform number between 0 and 1 for each iteration of a chunk, as [`unit`] makes it of
    /// [`bits`](Self::bits).
    #[inline(always)]
    pub(crate) fn units(&self, chunk: u64, stream: StreamId, out: &mut [f64; CHUNK]) {
        self.draw(chunk, stream, out, unit);
    }

    #[inline(always)]
    fn draw<T>(&self, chunk: u64, stream: StreamId, out: &mut [T; CHUNK], make: impl Fn(u64) -> T) {
        let (low, high) = out.split_at_mut(HALF);
        let (low, second_low) = low.split_at_mut(QUARTER);
        let (high, second_high) = high.split_at_mut(QUARTER);
        let first = chunk.wrapping_mul(HALF as u64);
        // The blocks of a chunk differ in their low seven bits alone.
        let upper = first >> 32;
        let counter = |i: u64| [(first + i) & LOW, upper, stream.input, stream.draw];
        let near = low.iter_mut().zip(high);
        let far = second_low.iter_mut().zip(second_high);
        for (i, ((low, high), (second_low, second_high))) in near.zip(far).enumerate() {
            let i = i as u64;
            let [near, far] = self.rounds([counter(i), counter(i + QUARTER as u64)]);
            *low = make(join(near[0], near[1]));
            *high = make(join(near[2], near[3]));
            *second_low = make(join(far[0], far[1]));
            *second_high = make(join(far[2], far[3]));
        }
    }
}

/// 64 bits of the low halves of two numbers.
#[inline(always)]
fn join(low: u64, high: u64) -> u64 {
    (low & LOW) | (high << 32)
}

/// Which sequence of draws of a seed: the input, and the purpose within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamId {
    input: u64,
    draw: u64,
}

impl StreamId {
    /// The 64 random bits of iteration `n`, in C.
    pub(crate) fn spell(self) -> String {
        format!("random_bits(n, seed, {}u, {}u)", self.input, self.draw)
    }

    /// The number of the input.
    pub(crate) const fn input(self) -> u64 {
        self.input
    }

    /// The sequence `draw` of the input `input`.
    #[must_use]
    pub fn new(input: u32, draw: u32) -> Self {
        Self { input: u64::from(input), draw: u64::from(draw) }
    }
}

/// A uniform number between 0 and 1, both excluded, from the upper 52 of 64 bits: the middle of
/// one of 2⁵² equal intervals, so that `u` and `1 - u` are equally likely to the last bit.
#[inline(always)]
pub(crate) fn unit(bits: u64) -> f64 {
    let one_to_two = f64::from_bits((bits >> 12) | 0x3FF0_0000_0000_0000);
    (one_to_two - 1.0) + f64::EPSILON * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_test_vectors_of_random123() {
        let seed = |low: u32, high: u32| u64::from(low) | (u64::from(high) << 32);
        let zero = Philox::new(0).block([0; 4]);
        assert_eq!(zero, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = Philox::new(u64::MAX).block([LOW; 4]);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = Philox::new(seed(0xa409_3822, 0x299f_31d0));
        let words = pi.block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]);
        assert_eq!(words, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn units_are_inside_and_symmetric() {
        assert_eq!(unit(0), f64::EPSILON / 2.0);
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
        let bits = 0x1234_5678_9abc_d000_u64;
        assert_eq!(unit(bits), 1.0 - unit(!bits));
    }
}
