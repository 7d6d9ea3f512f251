//! Exact percentiles and tails of draws that are not kept: the same draws are made again, and each time
//! more bits of the wanted values are known.
//!
//! Invariant: values are found by counting, and sums are added block after block, so that the number of
//! threads changes nothing; memory depends on the number of wanted values alone.

use std::collections::HashMap;

use gantry_sampling::statistics::Moments;

use crate::error::MonteCarloError;
use crate::run::{Block, Runner};
use crate::statistics::{Counted, Histogram, Interval, Known, TAIL, derive_shares};

/// Bits of a value that each pass finds; together they are all.
const PASSES: [u32; 5] = [13, 13, 13, 13, 12];
/// Bits of the longest part.
const MOST_BITS: u32 = 13;

/// A number whose order as a whole number is that of the values.
fn key_of(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// Draws that are not kept, of which some values are known to the last bit.
#[derive(Debug, Clone)]
struct Exact {
    counted: Counted,
    /// Values by their place in rising order.
    values: HashMap<u64, f64>,
    tails: (f64, f64),
}

/// A value that is searched for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    rank: u64,
    /// The bits that are known.
    known: u64,
    /// Its place among the draws that begin with those.
    place: u64,
}

/// The search within one output.
#[derive(Debug, Default)]
struct Search {
    wanted: Vec<Wanted>,
    /// The beginnings that are looked at in this pass, in rising order.
    beginnings: Vec<u64>,
    /// For each of them how often every next part occurs.
    counts: Vec<u64>,
}

/// The lowest or highest draws of an output.
#[derive(Debug, Clone, Copy, Default)]
struct Beyond {
    sum: f64,
    count: u64,
}

/// The places of neighbours that a share lies between.
fn derive_ranks(share: f64, draws: u64) -> (u64, u64, f64) {
    let last = draws.saturating_sub(1);
    let position = share.clamp(0.0, 1.0) * last as f64;
    let below = (position as u64).min(last);
    (below, (below + 1).min(last), position - below as f64)
}

/// The place of the last draw of a tail, from its end, and the tail's weight.
fn derive_tail(draws: u64) -> (u64, f64) {
    let weight = (TAIL * draws as f64).max(1.0);
    ((weight.ceil() as u64).saturating_sub(1).min(draws.saturating_sub(1)), weight)
}

impl Search {
    fn new(draws: u64) -> Self {
        let (tail, _) = derive_tail(draws);
        let mut ranks = vec![tail, draws.saturating_sub(1) - tail];
        for share in derive_shares() {
            let (below, above, _) = derive_ranks(share, draws);
            ranks.extend([below, above]);
        }
        ranks.sort_unstable();
        ranks.dedup();
        let wanted = ranks.into_iter().map(|rank| Wanted { rank, known: 0, place: rank });
        Self { wanted: wanted.collect(), ..Self::default() }
    }

    fn begin(&mut self, bits: u32) {
        self.beginnings = self.wanted.iter().map(|wanted| wanted.known).collect();
        self.beginnings.dedup();
        self.counts = vec![0; self.beginnings.len() << bits];
    }

    /// The places in `counts` of draws, of whose keys `left` bits follow the next part.
    fn places(&self, draws: &[f64], (bits, left): (u32, u32)) -> Vec<u32> {
        let keys = draws.iter().filter(|x| !x.is_nan()).map(|x| key_of(*x) >> left);
        let places = keys.filter_map(|key| {
            let at = self.beginnings.binary_search(&(key >> bits)).ok()?;
            Some(((at as u32) << bits) | (key as u32 & ((1 << bits) - 1)))
        });
        places.collect()
    }

    fn end(&mut self, bits: u32) {
        for wanted in &mut self.wanted {
            let Ok(at) = self.beginnings.binary_search(&wanted.known) else { continue };
            let counts = &self.counts[at << bits..(at + 1) << bits];
            let mut next = 0;
            while next + 1 < counts.len() && counts[next] <= wanted.place {
                wanted.place -= counts[next];
                next += 1;
            }
            wanted.known = (wanted.known << bits) | next as u64;
        }
    }

    fn values(&self) -> HashMap<u64, f64> {
        self.wanted.iter().map(|wanted| (wanted.rank, value_of(wanted.known))).collect()
    }
}

/// Finds exact percentiles and tails of counted outputs.
///
/// # Errors
/// `Cancelled`, and what sampling answers.
pub fn find_exact(
    runner: &Runner<'_>,
    iterations: u64,
    counted: Vec<Option<Counted>>,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<Option<Box<dyn Known>>>, MonteCarloError> {
    let draws = |c: &Option<Counted>| c.as_ref().map_or(0, |c| c.moments.count());
    let mut searches: Vec<Search> = counted.iter().map(|c| Search::new(draws(c))).collect();
    let mut left = u64::BITS;
    for bits in PASSES {
        left -= bits;
        searches.iter_mut().for_each(|search| search.begin(bits));
        let look = |block: &Block| -> Vec<Vec<u32>> {
            let both = searches.iter().zip(block);
            both.map(|(search, column)| search.places(column, (bits, left))).collect()
        };
        let mut counts: Vec<Vec<u64>> = searches.iter().map(|s| s.counts.clone()).collect();
        runner.run_through(
            (0, iterations),
            is_cancelled,
            &|_, block| Ok(look(&block)),
            &mut |places| {
                for (counts, places) in counts.iter_mut().zip(places) {
                    places.iter().for_each(|place| counts[*place as usize] += 1);
                }
                Ok(())
            },
        )?;
        for (search, counts) in searches.iter_mut().zip(counts) {
            search.counts = counts;
            search.end(bits);
        }
    }
    let values: Vec<HashMap<u64, f64>> = searches.iter().map(Search::values).collect();
    let tails = find_tails(runner, iterations, (&counted, &values), is_cancelled)?;
    let all = counted.into_iter().zip(values).zip(tails).map(|((counted, values), tails)| {
        counted.map(|counted| Box::new(Exact { counted, values, tails }) as Box<dyn Known>)
    });
    Ok(all.collect())
}

/// Means of the lowest and of the highest draws of each output.
fn find_tails(
    runner: &Runner<'_>,
    iterations: u64,
    (counted, values): (&[Option<Counted>], &[HashMap<u64, f64>]),
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<(f64, f64)>, MonteCarloError> {
    let draws = |c: &Option<Counted>| c.as_ref().map_or(0, |c| c.moments.count());
    let borders = counted.iter().zip(values).map(|(counted, values)| {
        let (tail, weight) = derive_tail(draws(counted));
        let value = |rank| values.get(&rank).copied().unwrap_or(f64::NAN);
        (value(tail), value(draws(counted).saturating_sub(1) - tail), weight)
    });
    let borders: Vec<(f64, f64, f64)> = borders.collect();
    let look = |block: &Block| -> Vec<(Beyond, Beyond)> {
        let both = block.iter().zip(&borders);
        both.map(|(column, (low, high, _))| (sum(column, |x| x < *low), sum(column, |x| x > *high)))
            .collect()
    };
    let mut sums = vec![(Beyond::default(), Beyond::default()); borders.len()];
    runner.run_through(
        (0, iterations),
        is_cancelled,
        &|_, block| Ok(look(&block)),
        &mut |all| {
            for (sums, (low, high)) in sums.iter_mut().zip(all) {
                for (sum, more) in [(&mut sums.0, low), (&mut sums.1, high)] {
                    sum.sum += more.sum;
                    sum.count += more.count;
                }
            }
            Ok(())
        },
    )?;
    let means = borders.iter().zip(sums).map(|((low, high, weight), sums)| {
        let mean = |beyond: Beyond, border: f64| {
            (beyond.sum + (weight - beyond.count as f64) * border) / weight
        };
        (mean(sums.0, *low), mean(sums.1, *high))
    });
    Ok(means.collect())
}

fn sum(column: &[f64], is_beyond: impl Fn(f64) -> bool) -> Beyond {
    let beyond = column.iter().copied().filter(|x| is_beyond(*x));
    beyond.fold(Beyond::default(), |all, x| Beyond { sum: all.sum + x, count: all.count + 1 })
}

/// Memory of the counts for so many outputs, in bytes.
pub const fn derive_memory(outputs: u64) -> u64 {
    const WANTED: u64 = 256;
    outputs.saturating_mul(2 * WANTED * size_of::<u64>() as u64) << MOST_BITS
}

impl Known for Exact {
    fn moments(&self) -> &Moments {
        self.counted.moments()
    }

    fn quantile(&self, share: f64) -> f64 {
        let (below, above, part) = derive_ranks(share, self.counted.moments.count());
        match (self.values.get(&below), self.values.get(&above)) {
            (Some(low), Some(high)) if low == high || part == 0.0 => *low,
            (Some(low), Some(high)) => low + (high - low) * part,
            _ => self.counted.quantile(share),
        }
    }

    fn share_below(&self, x: f64) -> f64 {
        self.counted.share_below(x)
    }

    fn interval_below(&self, x: f64) -> Interval {
        self.counted.interval_below(x)
    }

    fn tails(&self, share: f64) -> (f64, f64) {
        if share == TAIL { self.tails } else { self.counted.tails(share) }
    }

    fn histogram(&self, bins: usize) -> Histogram {
        self.counted.histogram(bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_order_of_values() {
        let values = [f64::NEG_INFINITY, -3.5, -1e-300, -0.0, 0.0, 2e-308, 1.0, 1e300];
        assert!(values.windows(2).all(|pair| key_of(pair[0]) < key_of(pair[1])));
        for x in values {
            assert_eq!(value_of(key_of(x)).to_bits(), x.to_bits());
        }
    }

    #[test]
    fn a_search_finds_what_sorting_finds() {
        let draws: Vec<f64> =
            (0..5_000_u64).map(|i| ((i * 7_919) % 5_003) as f64 * 0.37 - 300.0).collect();
        let mut search = Search::new(draws.len() as u64);
        let mut left = u64::BITS;
        for bits in PASSES {
            left -= bits;
            search.begin(bits);
            for place in search.places(&draws, (bits, left)) {
                search.counts[place as usize] += 1;
            }
            search.end(bits);
        }
        assert_eq!(left, 0);
        let mut sorted = draws;
        sorted.sort_unstable_by(f64::total_cmp);
        for (rank, value) in search.values() {
            assert_eq!(value.to_bits(), sorted[rank as usize].to_bits(), "rank {rank}");
        }
    }
}
