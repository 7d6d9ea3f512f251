//! Sobol sequences with Owen's scrambling: direction numbers of Joe and Kuo (2008) for the first
//! [`DIMENSIONS`] inputs, up to 2³² iterations, any of which is found alone.
//!
//! The scramble is a keyed hash in which every bit depends on the bits above it alone (Laine and
//! Karras 2011, with the constants of Vegdahl), so that every elementary interval keeps its share
//! of points. Bits below the 32 of the sequence are hashed too: a point has 52 bits like any other
//! draw.

use crate::lanes::{Lanes, dispatched};
use crate::philox::{Philox, unit};
use crate::{CHUNK, Result, SamplingError};

/// Dimensions with direction numbers. Inputs beyond are drawn by Latin hypercube.
pub const DIMENSIONS: usize = 1024;
const BITS: usize = 32;
/// Bits of an iteration within its chunk.
const LOW_BITS: usize = CHUNK.trailing_zeros() as usize;
const TABLE: &str = include_str!("../data/joe_kuo.txt");

/// One dimension of the sequence. Numbers have their first bit last, as the scramble wants them.
#[derive(Debug, Clone)]
pub(crate) struct Sobol {
    directions: [u32; BITS],
    low: Box<[u32; CHUNK]>,
    seed: u32,
    tail_seed: u32,
}

impl Sobol {
    /// The dimension of an input; `None` beyond the table.
    pub(crate) fn find(seed: u64, input: u32) -> Option<Self> {
        let directions = find_directions(input as usize)?.map(u32::reverse_bits);
        let low = std::array::from_fn(|i| {
            let bits = directions.iter().take(LOW_BITS).enumerate();
            bits.filter(|(bit, _)| i >> bit & 1 == 1).fold(0, |x, (_, direction)| x ^ direction)
        });
        // Purpose 2 of the input.
        let words = Philox::new(seed).block([0, 0, u64::from(input), 2]);
        let (seed, tail_seed) = (words[0] as u32, words[1] as u32);
        Some(Self { directions, low: Box::new(low), seed, tail_seed })
    }

    /// Refuses more iterations than the sequence has points.
    pub(crate) fn check(iterations: u64) -> Result<()> {
        if iterations <= 1 << BITS {
            return Ok(());
        }
        let rule = "must be at most 2^32 with the design sobol; take latin_hypercube for more";
        Err(SamplingError::Setting { setting: "iterations", rule })
    }

    /// The uniform number of iteration `n` of an input in C, with the directions that it needs.
    pub(crate) fn spell(&self, name: &str, input: u64) -> (String, String) {
        let directions = self.directions.map(|d| format!("{d}u")).join(", ");
        let table = format!("TABLE u32 {name}_directions[] = {{{directions}}};\n");
        (table, format!("sobol(n, seed, {name}_directions, {input}u)"))
    }

    pub(crate) fn fill(&self, lanes: Lanes, chunk: u64, out: &mut [f64; CHUNK]) {
        sobol(lanes, self, chunk, out);
    }

    fn base(&self, chunk: u64) -> u32 {
        let bits = self.directions.iter().skip(LOW_BITS).enumerate();
        bits.filter(|(bit, _)| chunk >> bit & 1 == 1).fold(0, |x, (_, direction)| x ^ direction)
    }
}

dispatched! {
    fn sobol(sobol: &Sobol, chunk: u64, out: &mut [f64; CHUNK]) = sobol_chunk
}

#[inline(always)]
fn sobol_chunk(sobol: &Sobol, chunk: u64, out: &mut [f64; CHUNK]) {
    let base = sobol.base(chunk);
    for (u, low) in out.iter_mut().zip(sobol.low.iter()) {
        let scrambled = scramble(base ^ low, sobol.seed);
        let tail = hash(scrambled ^ sobol.tail_seed);
        *u = unit((u64::from(scrambled.reverse_bits()) << 32) | u64::from(tail));
    }
}

/// Every bit is flipped or not by a hash of the bits below it.
#[inline(always)]
fn scramble(x: u32, seed: u32) -> u32 {
    let mut x = x ^ x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^ x.wrapping_mul(0x53a2_2864)
}

/// A hash of all bits (the finisher of MurmurHash3).
#[inline(always)]
fn hash(x: u32) -> u32 {
    let mut x = x ^ (x >> 16);
    x = x.wrapping_mul(0x85eb_ca6b);
    x ^= x >> 13;
    x = x.wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// Direction numbers of a dimension, counted from 0: bit `i` of the iteration flips number `i`.
fn find_directions(dimension: usize) -> Option<[u32; BITS]> {
    if dimension >= DIMENSIONS {
        return None;
    }
    let line = TABLE.lines().filter(|line| !line.starts_with('#')).nth(dimension)?;
    let mut numbers = line.split(' ').map_while(|number| number.parse::<u32>().ok());
    let polynomial = numbers.next()?;
    let initial: Vec<u32> = numbers.collect();
    let degree = (31 - polynomial.leading_zeros()) as usize;
    let mut v = [0_u32; BITS];
    for i in 0..BITS {
        v[i] = match initial.get(i) {
            Some(m) => m << (BITS - 1 - i),
            None if degree == 0 => 1 << (BITS - 1 - i),
            None => {
                let first = v[i - degree] ^ (v[i - degree] >> degree);
                // Inner coefficients of the polynomial, from the second highest power down.
                let inner = (1..degree).filter(|k| polynomial >> (degree - k) & 1 == 1);
                inner.fold(first, |x, k| x ^ v[i - k])
            }
        };
    }
    Some(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_points_are_those_of_the_published_list() {
        // Points 1 to 7 in natural order, in units of 1/8.
        let expected = [[4, 2, 6, 1, 5, 3, 7], [4, 6, 2, 5, 1, 3, 7], [4, 6, 2, 3, 7, 5, 1]];
        for (dimension, expected) in expected.iter().enumerate() {
            let v = find_directions(dimension).unwrap();
            let points = (1..8_u32).map(|i| {
                let flipped = (0..3).filter(|bit| i >> bit & 1 == 1);
                flipped.fold(0, |x, bit| x ^ v[bit]) >> (BITS - 3)
            });
            assert_eq!(points.collect::<Vec<_>>(), expected, "{dimension}");
        }
    }

    #[test]
    fn every_dimension_has_one_point_in_each_interval_before_and_after_two_to_the_sixteenth() {
        for input in (0..DIMENSIONS as u32).step_by(31).chain([DIMENSIONS as u32 - 1]) {
            let sobol = Sobol::find(5, input).unwrap();
            for first_chunk in [0, 4, 1 << 10, (1 << 24) - 4] {
                let mut met = [false; 4 * CHUNK];
                for chunk in first_chunk..first_chunk + 4 {
                    let mut out = [0.0; CHUNK];
                    sobol.fill(Lanes::widest(), chunk, &mut out);
                    for u in out {
                        met[(u * met.len() as f64) as usize] = true;
                    }
                }
                assert!(met.iter().all(|met| *met), "input {input} from chunk {first_chunk}");
            }
        }
        assert!(Sobol::find(5, DIMENSIONS as u32).is_none());
    }

    #[test]
    fn first_two_dimensions_fill_every_elementary_interval() {
        let sobol = [0, 1].map(|input| Sobol::find(77, input).unwrap());
        let points: Vec<[f64; 2]> = (0..4)
            .flat_map(|chunk| {
                let columns = sobol.each_ref().map(|s| {
                    let mut out = [0.0; CHUNK];
                    s.fill(Lanes::widest(), chunk, &mut out);
                    out
                });
                (0..CHUNK).map(move |i| [columns[0][i], columns[1][i]])
            })
            .collect();
        for shift in 0..=10 {
            let (wide, high) = (1 << shift, 1 << (10 - shift));
            let mut met = vec![false; wide * high];
            for [x, y] in &points {
                met[(x * wide as f64) as usize * high + (y * high as f64) as usize] = true;
            }
            assert!(met.iter().all(|met| *met), "{wide} by {high}");
        }
    }
}
