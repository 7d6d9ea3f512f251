//! Differential evolution over shares of ranges, between 0 and 1, with limits: of two candidates the
//! one that misses limits by less is better, then the one with the lower score.
//!
//! Invariant: every random number is a function of the seed, the generation and the member, so that
//! a search that goes on from a checkpoint finds what an uninterrupted one finds.

use gantry_sampling::Philox;
use serde::{Deserialize, Serialize};

/// Chance that a share comes from the new direction.
const CROSSOVER: f64 = 0.9;
/// A population this close together has come to its end.
const CLOSE: f64 = 1e-5;

/// A point of the search and what was found there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Shares of the ranges.
    pub shares: Vec<f64>,
    /// What is to be low; none where it is not defined.
    pub score: Option<f64>,
    /// By how much limits are missed in all.
    pub miss: f64,
}

impl Candidate {
    /// A point that was not looked at.
    #[must_use]
    pub const fn at(shares: Vec<f64>) -> Self {
        Self { shares, score: None, miss: 0.0 }
    }

    /// Whether this is no worse than another.
    #[must_use]
    pub fn is_as_good_as(&self, other: &Self) -> bool {
        match (self.score, other.score) {
            (None, _) => other.score.is_none(),
            (Some(_), None) => true,
            (Some(own), Some(others)) if self.miss == other.miss => own <= others,
            (Some(_), Some(_)) => self.miss < other.miss,
        }
    }
}

/// A search.
#[derive(Debug, Clone)]
pub struct Evolution {
    philox: Philox,
    dimensions: usize,
    size: usize,
}

impl Evolution {
    /// A search with a population by the number of dimensions.
    #[must_use]
    pub fn new(seed: u64, dimensions: usize) -> Self {
        Self { philox: Philox::new(seed), dimensions, size: population(dimensions) }
    }

    /// The first points: evenly over each range, in an order of its own, and one that is given.
    #[must_use]
    pub fn begin(&self, given: Vec<f64>) -> Vec<Candidate> {
        let mut all = vec![Vec::with_capacity(self.dimensions); self.size];
        for dimension in 0..self.dimensions as u64 {
            let mut order: Vec<usize> = (0..self.size).collect();
            order.sort_by(|a, b| {
                let key = |member: &usize| self.random((0, *member), dimension);
                key(a).total_cmp(&key(b))
            });
            for (rank, member) in order.into_iter().enumerate() {
                all[member].push((rank as f64 + 0.5) / self.size as f64);
            }
        }
        if let Some(first) = all.first_mut() {
            *first = given;
        }
        all.into_iter().map(Candidate::at).collect()
    }

    /// A challenger for each member.
    #[must_use]
    pub fn challenge(&self, generation: u64, population: &[Candidate]) -> Vec<Candidate> {
        let best = find_best(population).map(|best| best.shares.clone()).unwrap_or_default();
        (0..population.len())
            .map(|member| self.challenger((generation, member), population, &best))
            .collect()
    }

    fn challenger(&self, at: (u64, usize), population: &[Candidate], best: &[f64]) -> Candidate {
        let base = self.dimensions as u64;
        let pick = |k: u64| {
            let others = population.len().saturating_sub(1).max(1);
            let other = (self.random(at, base + k) * others as f64) as usize;
            &population[(at.1 + 1 + other) % population.len()].shares
        };
        let (a, b) = (pick(0), pick(1));
        let factor = 0.5 + 0.4 * self.random(at, base + 2);
        // Half of the members follow the best, the others look around.
        let pull = if self.random(at, base + 3) < 0.5 { factor } else { 0.0 };
        let forced = (self.random(at, base + 4) * self.dimensions as f64) as usize;
        let own = &population[at.1].shares;
        let shares = (0..self.dimensions).map(|d| {
            if d != forced && self.random(at, d as u64) >= CROSSOVER {
                return own[d];
            }
            let moved = own[d] + pull * (best[d] - own[d]) + factor * (a[d] - b[d]);
            // What leaves the range comes back half-way to the border.
            if moved < 0.0 {
                0.5 * own[d]
            } else if moved > 1.0 {
                0.5 * (1.0 + own[d])
            } else {
                moved
            }
        });
        Candidate::at(shares.collect())
    }

    fn random(&self, (generation, member): (u64, usize), k: u64) -> f64 {
        let [a, ..] = self.philox.block([k, member as u64, generation & 0xffff_ffff, 9]);
        (a as f64 + 0.5) / 4_294_967_296.0
    }
}

/// Points that are looked at together.
#[must_use]
pub const fn population(dimensions: usize) -> usize {
    let wanted = dimensions * 6;
    if wanted < 16 {
        16
    } else if wanted > 96 {
        96
    } else {
        wanted
    }
}

/// The best of a population.
#[must_use]
pub fn find_best(population: &[Candidate]) -> Option<&Candidate> {
    population.iter().reduce(|best, other| if best.is_as_good_as(other) { best } else { other })
}

/// Whether a population is so close together that nothing better is to be expected.
#[must_use]
pub fn is_close(population: &[Candidate]) -> bool {
    let Some(first) = population.first() else { return true };
    let spread = |d: usize| {
        let all = || population.iter().map(|c| c.shares[d]);
        all().fold(0.0, f64::max) - all().fold(1.0, f64::min)
    };
    (0..first.shares.len()).all(|d| spread(d) < CLOSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valley_is_found_within_a_limit() {
        // The lowest point of a bent valley is at (0.7, 0.49); the limit keeps the first below 0.6.
        let look = |c: &mut Candidate| {
            let (x, y) = (c.shares[0], c.shares[1]);
            c.score = Some(100.0 * (y - x * x).powi(2) + (0.7 - x).powi(2));
            c.miss = (x - 0.6).max(0.0);
        };
        let search = Evolution::new(3, 2);
        let mut population = search.begin(vec![0.1, 0.9]);
        population.iter_mut().for_each(look);
        for generation in 1..200 {
            let mut next = search.challenge(generation, &population);
            next.iter_mut().for_each(look);
            for (old, new) in population.iter_mut().zip(next) {
                if new.is_as_good_as(old) {
                    *old = new;
                }
            }
        }
        let best = find_best(&population).unwrap();
        assert!((best.shares[0] - 0.6).abs() < 1e-3 && (best.shares[1] - 0.36).abs() < 1e-3);
        assert_eq!(best.miss, 0.0);
    }

    #[test]
    fn what_is_not_defined_is_worst() {
        let worse = Candidate::at(vec![0.5]);
        let misses = Candidate { score: Some(-9.0), miss: 1.0, ..worse.clone() };
        let holds = Candidate { score: Some(3.0), ..worse.clone() };
        assert!(misses.is_as_good_as(&worse) && !worse.is_as_good_as(&misses));
        assert!(holds.is_as_good_as(&misses) && !misses.is_as_good_as(&holds));
    }
}
