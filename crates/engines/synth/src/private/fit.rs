//! Learns the noised tree.
//!
//! Of the budget three tenths go to counts of bins, one tenth to the choice of the tree's edges (an
//! exponential mechanism on how far a pair is from independence, after McKenna, Miklau and Sheldon,
//! 2021), and six tenths to the counts of the pairs on its edges. Where rows are to be selected
//! afterwards, each gives a fourth or a little less to as many pairs beside the tree, chosen by how
//! far the tree is from them.

use gantry_learn::{Rng, math::ln};

use super::accountant::Accountant;
use super::domain::{Found, Search};
use super::{Pair, PrivateColumn, PrivateTree};
use crate::encode::EncodedTable;
use crate::error::SynthError;
use crate::tier::{Ask, FitOptions, Generator, Watch};

/// What each part of the budget is for.
struct Shares {
    bins: f64,
    choice: f64,
    pairs: f64,
    other_choice: f64,
    other_pairs: f64,
}

const PLAIN: Shares =
    Shares { bins: 0.3, choice: 0.1, pairs: 0.6, other_choice: 0.0, other_pairs: 0.0 };
const WITH_SELECTION: Shares =
    Shares { bins: 0.25, choice: 0.08, pairs: 0.45, other_choice: 0.04, other_pairs: 0.18 };
/// Rows of the tree from which it is told how far it is from a pair.
const TOLD_ROWS: u64 = 10_000;
/// Rounds in which pairs are fitted to the counts of their columns.
const ROUNDS: usize = 30;
const STREAM: u64 = 0x6e6f_6973_6521;
/// Columns of which every pair can be looked at.
const MOST_COLUMNS: usize = 256;

/// Learns a table.
pub(super) fn fit(
    table: &EncodedTable,
    options: &FitOptions,
    watch: &Watch<'_>,
) -> Result<PrivateTree, SynthError> {
    let count = table.columns.len();
    if count > MOST_COLUMNS {
        return Err(SynthError::TooManyColumns { columns: count, limit: MOST_COLUMNS });
    }
    options.budget.require_valid()?;
    let mut accountant = Accountant::open(options.budget);
    let mut rng = Rng::stream(options.seed, STREAM);
    // Numbers are counted twice, for their range and for their bins.
    let shares = if options.selection { WITH_SELECTION } else { PLAIN };
    let sigma = accountant.take_counts(shares.bins, 2 * count);
    let edges_of_tree = count.saturating_sub(1);
    let strength = accountant.take_choices(shares.choice, edges_of_tree);
    let pair_sigma = accountant.take_counts(shares.pairs, edges_of_tree);
    let delta = accountant.threshold_delta / count as f64;
    let decimals_of = |place: usize| table.decimals.get(place).copied().unwrap_or(16);
    let mut found = Vec::with_capacity(count);
    for (place, column) in table.columns.iter().enumerate() {
        let decimals = decimals_of(place);
        let search = Search { sigma, delta, min_count: options.min_count, decimals };
        found.push(search.find(column, &mut rng));
    }
    watch.step(0.3)?;
    let bins: Vec<Vec<Option<usize>>> =
        table.columns.iter().zip(&found).map(|(column, found)| found.list_bins(column)).collect();
    let edges = choose_edges((&bins, &found), strength, &mut rng, watch)?;
    watch.step(0.9)?;
    let noise = Pairs { bins: &bins, found: &found, sigma: pair_sigma };
    let (order, parents) = root_tree(&edges, count);
    let mut columns = Vec::with_capacity(count);
    for (place, found) in found.iter().enumerate() {
        let parent = parents[place];
        let joint = parent.map_or_else(Vec::new, |parent| noise.measure((parent, place), &mut rng));
        columns.push(PrivateColumn {
            domain: found.domain.clone(),
            decimals: decimals_of(place),
            shares: normalize(&found.counts),
            parent: parent.map(|parent| parent as u32),
            joint,
        });
    }
    let order = order.into_iter().map(|column| column as u32).collect();
    let mut tree = PrivateTree { order, columns, budget: options.budget, others: Vec::new() };
    let most = edges_of_tree.min(count * edges_of_tree / 2 - edges.len());
    if options.selection && most > 0 {
        let strength = accountant.take_choices(shares.other_choice, most);
        let sigma = accountant.take_counts(shares.other_pairs, most);
        let beside = choose_beside(&tree, (&noise, &edges), (most, strength), &mut rng);
        watch.check()?;
        let noise = Pairs { sigma, ..noise };
        let measure = |columns| Pair { columns, joint: noise.measure(columns, &mut rng) };
        tree.others = beside.into_iter().map(measure).collect();
    }
    Ok(tree)
}

fn normalize(counts: &[f64]) -> Vec<f64> {
    let total: f64 = counts.iter().map(|count| count.max(0.0)).sum();
    if total <= 0.0 {
        return vec![1.0 / counts.len() as f64; counts.len()];
    }
    counts.iter().map(|count| count.max(0.0) / total).collect()
}

/// Counts of pairs of bins; rows with a bin that was not released are left out.
fn count_pairs(a: &[Option<usize>], b: &[Option<usize>], widths: (usize, usize)) -> Vec<f64> {
    let mut counts = vec![0.0; widths.0 * widths.1];
    for (a, b) in a.iter().zip(b) {
        if let (Some(a), Some(b)) = (a, b) {
            counts[a * widths.1 + b] += 1.0;
        }
    }
    counts
}

/// The edges of a tree over all columns, each chosen with noise by how far its pair is from
/// independence. One row changes that score by one at most.
fn choose_edges(
    (bins, found): (&[Vec<Option<usize>>], &[Found]),
    strength: f64,
    rng: &mut Rng,
    watch: &Watch<'_>,
) -> Result<Vec<(usize, usize)>, SynthError> {
    let count = bins.len();
    let mut scored = Vec::new();
    for a in 0..count {
        watch.check()?;
        for b in a + 1..count {
            let widths = (found[a].domain.count(), found[b].domain.count());
            let joint = count_pairs(&bins[a], &bins[b], widths);
            let (of_a, of_b) = (normalize(&found[a].counts), normalize(&found[b].counts));
            let rows = found[a].counts.iter().map(|count| count.max(0.0)).sum::<f64>();
            let far: f64 = joint
                .iter()
                .enumerate()
                .map(|(at, count)| (count - rows * of_a[at / widths.1] * of_b[at % widths.1]).abs())
                .sum();
            scored.push((far, a, b));
        }
    }
    let mut group: Vec<usize> = (0..count).collect();
    let mut edges = Vec::new();
    for _ in 1..count {
        let mut best: Option<(f64, usize, usize)> = None;
        for (score, a, b) in scored.iter().filter(|(_, a, b)| group[*a] != group[*b]) {
            // The largest of scores with Gumbel noise is a draw of the exponential mechanism.
            let gumbel = -ln(-ln(rng.uniform().max(1e-300)));
            let noisy = strength * score / 2.0 + gumbel;
            if best.is_none_or(|best| noisy > best.0) {
                best = Some((noisy, *a, *b));
            }
        }
        let Some((_, a, b)) = best else { break };
        let (from, to) = (group[b], group[a]);
        group.iter_mut().filter(|of| **of == from).for_each(|of| *of = to);
        edges.push((a, b));
    }
    Ok(edges)
}

/// Pairs beside the tree, each chosen with noise by how far the tree's own rows are from it, which one
/// row of the table changes by one at most.
fn choose_beside(
    tree: &PrivateTree,
    (pairs, edges): (&Pairs<'_>, &[(usize, usize)]),
    (wanted, strength): (usize, f64),
    rng: &mut Rng,
) -> Vec<(usize, usize)> {
    let ask = Ask { seed: rng.next_u64(), ..Ask::default() };
    let drawn = tree.sample(0..TOLD_ROWS, &ask);
    let bins: Vec<Vec<Option<usize>>> = drawn
        .columns
        .iter()
        .zip(pairs.found)
        .map(|(values, found)| values.iter().map(|value| found.domain.find_bin(*value)).collect())
        .collect();
    let count = bins.len();
    let is_edge = |a: usize, b: usize| edges.contains(&(a, b)) || edges.contains(&(b, a));
    let mut scored = Vec::new();
    for a in 0..count {
        for b in (a + 1..count).filter(|b| !is_edge(a, *b)) {
            let widths = (pairs.found[a].domain.count(), pairs.found[b].domain.count());
            let rows = pairs.found[a].counts.iter().map(|count| count.max(0.0)).sum::<f64>();
            let scale = rows / TOLD_ROWS as f64;
            let of_tree = count_pairs(&bins[a], &bins[b], widths);
            let real = count_pairs(&pairs.bins[a], &pairs.bins[b], widths);
            let far: f64 =
                real.iter().zip(&of_tree).map(|(real, made)| (real - made * scale).abs()).sum();
            let gumbel = -ln(-ln(rng.uniform().max(1e-300)));
            scored.push((strength * far / 2.0 + gumbel, (a, b)));
        }
    }
    // The largest of scores with Gumbel noise, one after the other, are draws without repetition.
    scored.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
    scored.into_iter().take(wanted).map(|(_, pair)| pair).collect()
}

/// Parents before children, and the parent of each.
fn root_tree(edges: &[(usize, usize)], count: usize) -> (Vec<usize>, Vec<Option<usize>>) {
    let mut parents = vec![None; count];
    let mut seen = vec![false; count];
    let mut order = Vec::with_capacity(count);
    for root in 0..count {
        if seen[root] {
            continue;
        }
        seen[root] = true;
        let mut stack = vec![root];
        while let Some(column) = stack.pop() {
            order.push(column);
            for (a, b) in edges {
                let other = if *a == column {
                    *b
                } else if *b == column {
                    *a
                } else {
                    continue;
                };
                if !seen[other] {
                    seen[other] = true;
                    parents[other] = Some(column);
                    stack.push(other);
                }
            }
        }
    }
    (order, parents)
}

#[derive(Clone, Copy)]
struct Pairs<'a> {
    bins: &'a [Vec<Option<usize>>],
    found: &'a [Found],
    sigma: f64,
}

impl Pairs<'_> {
    /// Noised shares of a pair, fitted to the noised shares of its columns.
    fn measure(&self, (a, b): (usize, usize), rng: &mut Rng) -> Vec<f64> {
        let width = |column: usize| self.found[column].domain.count();
        let widths = (width(a), width(b));
        let counts = count_pairs(&self.bins[a], &self.bins[b], widths);
        let noisy: Vec<f64> =
            counts.into_iter().map(|count| count + self.sigma * rng.normal()).collect();
        let rows: f64 = self.found[a].counts.iter().map(|count| count.max(0.0)).sum();
        let mut joint = project(noisy, rows);
        let total: f64 = joint.iter().sum::<f64>().max(1e-9);
        let (of_a, of_b) = (normalize(&self.found[a].counts), normalize(&self.found[b].counts));
        for (at, share) in joint.iter_mut().enumerate() {
            // A little of independence keeps what noise has cut to nothing possible.
            let independent = of_a[at / widths.1] * of_b[at % widths.1];
            *share = 0.999 * *share / total + 0.001 * independent;
        }
        for _ in 0..ROUNDS {
            scale(&mut joint, &of_a, |at| at / widths.1);
            scale(&mut joint, &of_b, |at| at % widths.1);
        }
        joint
    }
}

/// The nearest counts that are not negative and sum to so many rows: noise on cells that hold nothing
/// would add up to rows of its own.
fn project(noisy: Vec<f64>, rows: f64) -> Vec<f64> {
    let sum_above = |level: f64| noisy.iter().map(|count| (count - level).max(0.0)).sum::<f64>();
    let (mut low, mut high) = (0.0, noisy.iter().copied().fold(0.0, f64::max));
    if sum_above(low) > rows {
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if sum_above(middle) > rows { low = middle } else { high = middle }
        }
    }
    noisy.into_iter().map(|count| (count - low).max(0.0)).collect()
}

fn scale(joint: &mut [f64], wanted: &[f64], place: impl Fn(usize) -> usize) {
    let mut sums = vec![0.0; wanted.len()];
    for (at, share) in joint.iter().enumerate() {
        sums[place(at)] += share;
    }
    for (at, share) in joint.iter_mut().enumerate() {
        let of = place(at);
        *share *= if sums[of] > 0.0 { wanted[of] / sums[of] } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::super::domain::Domain;
    use super::*;

    #[test]
    fn a_tree_is_rooted_with_parents_first() {
        let (order, parents) = root_tree(&[(1, 2), (0, 2)], 4);
        assert_eq!(parents, [None, Some(2), Some(0), None]);
        let place = |column: usize| order.iter().position(|found| *found == column).unwrap();
        assert!(place(0) < place(2) && place(2) < place(1));
    }

    #[test]
    fn noise_adds_no_rows() {
        let projected = project(vec![10.0, 5.0, 1.0, -2.0, 1.0], 14.0);
        assert!((projected.iter().sum::<f64>() - 14.0).abs() < 1e-6, "{projected:?}");
        assert_eq!(project(vec![3.0, -1.0], 9.0), [3.0, 0.0]);
    }

    #[test]
    fn domains_without_a_released_label_still_have_the_missing_bin() {
        assert_eq!(Domain::Levels(Vec::new()).count(), 1);
        assert_eq!(normalize(&[0.0, -3.0]), [0.5, 0.5]);
    }
}
