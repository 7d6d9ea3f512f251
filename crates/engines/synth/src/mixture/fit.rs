//! Expectation and maximization over binned columns.

use gantry_learn::{Rng, math};
use rayon::prelude::*;

use super::{Mixture, MixtureColumn, log_share};
use crate::encode::EncodedTable;
use crate::error::SynthError;
use crate::tier::{FitOptions, Watch};
use crate::tree::{Binner, Donors, Marginal};

/// Bins of a column: as many as the rows can tell apart.
const BINS: [(usize, usize); 3] = [(20_000, 64), (5_000, 32), (0, 16)];
/// Groups, at most, and rows for each.
const MOST_GROUPS: usize = 256;
const ROWS_PER_GROUP: usize = 25;
const ITERATIONS: usize = 50;
/// Gain in mean log-likelihood below which iterations end.
const CONVERGED: f64 = 1e-3;
/// Rows that one thread sums before sums are put together, in order.
const PIECE: usize = 4_096;
/// Rows of the whole table's distribution that every group is given.
const PRIOR: f64 = 0.5;

/// Sums over rows.
struct Sums {
    /// By group.
    weights: Vec<f64>,
    /// By column: by bin and within by group.
    shares: Vec<Vec<f32>>,
    likelihood: f64,
}

/// What was learned before, as if of so many rows.
pub(super) struct Memory {
    pub(super) rows: f64,
    /// By group.
    pub(super) weights: Vec<f64>,
    /// By column: by bin and within by group.
    pub(super) shares: Vec<Vec<f32>>,
}

/// Learns a table.
pub(super) fn fit(
    table: &EncodedTable,
    options: &FitOptions,
    watch: &Watch<'_>,
) -> Result<Mixture, SynthError> {
    let prepared: Vec<(MixtureColumn, Vec<u8>)> = (0..table.columns.len())
        .into_par_iter()
        .map(|column| prepare(table, column, options))
        .collect();
    let (mut columns, bins): (Vec<MixtureColumn>, Vec<Vec<u8>>) = prepared.into_iter().unzip();
    let groups = (table.rows / ROWS_PER_GROUP).clamp(1, MOST_GROUPS);
    let priors: Vec<Vec<f64>> = bins
        .iter()
        .zip(&columns)
        .map(|(bins, column)| count(bins, column.binner.count()))
        .collect();
    begin(&mut columns, (&bins, &priors), (groups, options.seed));
    let mut mixture =
        Mixture { weights: vec![1.0 / groups as f64; groups], columns, likelihoods: Vec::new() };
    let weights = vec![1.0 / groups as f64; groups];
    let spread = |prior: &Vec<f64>| -> Vec<f32> {
        prior.iter().flat_map(|share| std::iter::repeat_n(*share as f32, groups)).collect()
    };
    // Every group is given a little of the whole table's distribution, and no weight of its own.
    let memory = Memory { rows: 0.0, weights, shares: priors.iter().map(spread).collect() };
    iterate(&mut mixture, (&bins, table.rows), &memory, watch)?;
    Ok(mixture)
}

/// Goes on until the likelihood of the rows stays.
pub(super) fn iterate(
    mixture: &mut Mixture,
    (bins, rows): (&[Vec<u8>], usize),
    memory: &Memory,
    watch: &Watch<'_>,
) -> Result<(), SynthError> {
    mixture.likelihoods.clear();
    for iteration in 0..ITERATIONS {
        watch.step(0.05 + 0.95 * iteration as f64 / ITERATIONS as f64)?;
        let sums = expect(mixture, bins, rows);
        let likelihood = sums.likelihood / rows as f64;
        maximize(mixture, &sums, memory);
        let before = mixture.likelihoods.last().copied();
        mixture.likelihoods.push(likelihood);
        if before.is_some_and(|before| likelihood - before < CONVERGED) {
            break;
        }
    }
    Ok(())
}

fn prepare(table: &EncodedTable, place: usize, options: &FitOptions) -> (MixtureColumn, Vec<u8>) {
    let column = &table.columns[place];
    let decimals = table.decimals.get(place).copied().unwrap_or(16);
    let most = BINS.iter().find(|(rows, _)| table.rows >= *rows).map_or(16, |(_, bins)| *bins);
    let binner = Binner::fit(column, most);
    let marginal = Marginal::fit(column, decimals, options.min_count);
    let bins = binner.apply(&column.values);
    let mut leaves: Vec<Vec<u32>> = vec![Vec::new(); binner.count()];
    for row in (0..table.rows).filter(|row| !column.is_masked(*row)) {
        leaves[usize::from(bins[row])].push(row as u32);
    }
    let donors = Donors::gather(&leaves, &column.values, &marginal);
    (MixtureColumn { binner, marginal, donors, shares: Vec::new() }, bins)
}

fn count(bins: &[u8], width: usize) -> Vec<f64> {
    let mut shares = vec![0.0; width];
    for bin in bins {
        shares[usize::from(*bin)] += 1.0 / bins.len().max(1) as f64;
    }
    shares
}

/// Begins each group half as the whole table, half as one of its rows.
fn begin(
    columns: &mut [MixtureColumn],
    (bins, priors): (&[Vec<u8>], &[Vec<f64>]),
    (groups, seed): (usize, u64),
) {
    let rows = bins.first().map_or(0, Vec::len);
    let mut rng = Rng::stream(seed, 0x0b_e9_14);
    let chosen: Vec<usize> = (0..groups).map(|_| rng.below(rows)).collect();
    for ((column, bins), prior) in columns.iter_mut().zip(bins).zip(priors) {
        column.shares = vec![0.0; prior.len() * groups];
        for (bin, share) in prior.iter().enumerate() {
            for (group, row) in chosen.iter().enumerate() {
                let own = f64::from(u8::from(usize::from(bins[*row]) == bin));
                column.shares[bin * groups + group] = (0.5 * share + 0.5 * own) as f32;
            }
        }
    }
}

fn expect(mixture: &Mixture, bins: &[Vec<u8>], rows: usize) -> Sums {
    let logs: Vec<Vec<f32>> = mixture
        .columns
        .iter()
        .map(|column| column.shares.iter().map(|share| log_share(f64::from(*share))).collect())
        .collect();
    let weights: Vec<f32> = mixture.weights.iter().map(|weight| log_share(*weight)).collect();
    let starts: Vec<usize> = (0..rows).step_by(PIECE).collect();
    let pieces: Vec<Sums> = starts
        .par_iter()
        .map(|start| expect_piece((&logs, &weights), bins, *start..(start + PIECE).min(rows)))
        .collect();
    let empty = Sums {
        weights: vec![0.0; weights.len()],
        shares: logs.iter().map(|logs| vec![0.0; logs.len()]).collect(),
        likelihood: 0.0,
    };
    pieces.into_iter().fold(empty, |mut sums, piece| {
        sums.likelihood += piece.likelihood;
        sums.weights.iter_mut().zip(piece.weights).for_each(|(sum, part)| *sum += part);
        for (column, parts) in sums.shares.iter_mut().zip(piece.shares) {
            column.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
        sums
    })
}

fn expect_piece(
    (logs, weights): (&[Vec<f32>], &[f32]),
    bins: &[Vec<u8>],
    rows: std::ops::Range<usize>,
) -> Sums {
    let groups = weights.len();
    let mut sums = Sums {
        weights: vec![0.0; groups],
        shares: logs.iter().map(|logs| vec![0.0; logs.len()]).collect(),
        likelihood: 0.0,
    };
    let mut chances = vec![0.0_f32; groups];
    for row in rows {
        chances.copy_from_slice(weights);
        for (logs, bins) in logs.iter().zip(bins) {
            let at = usize::from(bins[row]) * groups;
            chances.iter_mut().zip(&logs[at..at + groups]).for_each(|(sum, log)| *sum += log);
        }
        let most = chances.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut total = 0.0_f32;
        for chance in &mut chances {
            let above = *chance - most;
            *chance = if above < -20.0 { 0.0 } else { math::exp(f64::from(above)) as f32 };
            total += *chance;
        }
        sums.likelihood += f64::from(most) + math::ln(f64::from(total));
        for (chance, weight) in chances.iter_mut().zip(&mut sums.weights) {
            *chance /= total;
            *weight += f64::from(*chance);
        }
        for (shares, bins) in sums.shares.iter_mut().zip(bins) {
            let at = usize::from(bins[row]) * groups;
            shares[at..at + groups].iter_mut().zip(&chances).for_each(|(sum, part)| *sum += part);
        }
    }
    sums
}

fn maximize(mixture: &mut Mixture, sums: &Sums, memory: &Memory) {
    let total: f64 = sums.weights.iter().sum::<f64>() + memory.rows;
    let groups = sums.weights.len();
    let known: Vec<f64> = memory.weights.iter().map(|weight| memory.rows * weight).collect();
    for ((weight, sum), known) in mixture.weights.iter_mut().zip(&sums.weights).zip(&known) {
        *weight = (sum + known) / total;
    }
    for ((column, found), before) in
        mixture.columns.iter_mut().zip(&sums.shares).zip(&memory.shares)
    {
        for (at, share) in column.shares.iter_mut().enumerate() {
            let group = at % groups;
            let prior = PRIOR + known[group];
            let count = f64::from(found[at]) + prior * f64::from(before[at]);
            *share = (count / (sums.weights[group] + prior)) as f32;
        }
    }
}
