//! What leaves hold: the cells of the real rows that reached them, and how one is drawn.
//!
//! Invariant: a number that fewer rows share than asked is never given as it is, as long as the
//! column has another; a level that too few rows share is no donor at all.

use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

use crate::condition::Allowed;
use crate::encode::{EncodedColumn, EncodedKind};

/// A donor that is a missing cell.
pub(super) const MISSING: u32 = u32::MAX;
/// Neighbours that are looked at for one that is another value.
const STEPS: usize = 12;

/// What a column's values are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Marginal {
    /// Numbers.
    Numbers {
        /// Different values in ascending order.
        distinct: Vec<f64>,
        /// Whether so few rows share each that it must not be given.
        rare: Vec<bool>,
        /// Digits behind the point.
        decimals: u8,
    },
    /// Levels, with the number of rows of each.
    Levels(Vec<u32>),
}

/// The donors of every leaf of a tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Donors {
    /// Of numbers: places in `distinct`, ascending in each leaf, missing last. Of levels: codes.
    pub(super) items: Vec<u32>,
    /// Of levels: how many rows of the leaf have this or an earlier level; of numbers empty.
    pub(super) sums: Vec<u32>,
    /// Where each leaf begins; one more than there are leaves.
    pub(super) starts: Vec<u32>,
}

/// Which donors a condition allows.
#[derive(Debug, Clone)]
pub(crate) enum Gate {
    /// Places in `distinct` from, up to but without.
    Window(u32, u32),
    /// By code.
    Codes(Vec<bool>),
}

impl Marginal {
    /// Counts the values of a column.
    pub(crate) fn fit(column: &EncodedColumn, decimals: u8, min_count: usize) -> Self {
        match column.kind {
            EncodedKind::Levels(count) => {
                let mut counts = vec![0_u32; count as usize];
                for value in column.values.iter().filter(|value| **value >= 0.0) {
                    if let Some(count) = counts.get_mut(*value as usize) {
                        *count += 1;
                    }
                }
                Self::Levels(counts)
            }
            EncodedKind::Number => {
                let mut sorted: Vec<f64> =
                    column.values.iter().copied().filter(|value| !value.is_nan()).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let (mut distinct, mut rare) = (Vec::new(), Vec::new());
                for run in sorted.chunk_by(|a, b| a == b) {
                    distinct.extend(run.first());
                    rare.push(run.len() < min_count);
                }
                Self::Numbers { distinct, rare, decimals }
            }
        }
    }

    /// What a condition on the column lets through.
    pub(crate) fn derive_gate(&self, allowed: &Allowed) -> Gate {
        match (self, allowed) {
            (Self::Numbers { distinct, .. }, Allowed::Numbers { low, high }) => {
                let from = distinct.partition_point(|value| value < low);
                let to = distinct.partition_point(|value| value <= high);
                Gate::Window(from as u32, to as u32)
            }
            (Self::Levels(counts), Allowed::Levels(codes)) => {
                let is_open = |code: usize| codes.get(code).copied().unwrap_or(false);
                Gate::Codes((0..counts.len()).map(is_open).collect())
            }
            // A condition of the other kind cannot hold.
            (Self::Numbers { .. }, Allowed::Levels(_)) => Gate::Window(0, 0),
            (Self::Levels(_), Allowed::Numbers { .. }) => Gate::Codes(Vec::new()),
        }
    }

    /// A value that the gate lets through, whatever the leaf; `None` where there is none.
    pub(crate) fn draw(&self, gate: &Gate, rng: &mut Rng) -> Option<f64> {
        match (self, gate) {
            (Self::Numbers { distinct, .. }, Gate::Window(from, to)) => {
                let place = *from as usize + rng.below(to.saturating_sub(*from) as usize);
                if from < to { distinct.get(place).copied() } else { None }
            }
            (Self::Levels(counts), Gate::Codes(open)) => {
                let weight = |code: usize| if open[code] { counts[code] as usize } else { 0 };
                let total: usize = (0..open.len().min(counts.len())).map(weight).sum();
                let mut left = rng.below(total);
                (0..open.len().min(counts.len())).find_map(|code| {
                    let here = weight(code);
                    if left < here {
                        return Some(code as f64);
                    }
                    left -= here;
                    None
                })
            }
            (Self::Numbers { .. }, Gate::Codes(_)) | (Self::Levels(_), Gate::Window(..)) => None,
        }
    }

    /// A value near a donor: itself where enough rows share it.
    fn blur(&self, place: usize, leaf: &[u32], at: usize, rng: &mut Rng) -> f64 {
        let Self::Numbers { distinct, rare, decimals } = self else { return f64::NAN };
        let value = distinct[place];
        if !rare[place] {
            return value;
        }
        let is_other = |other: usize| other != place && rare.get(other).copied().unwrap_or(false);
        let up = rng.next_u64() & 1 == 1;
        let in_leaf = |up: bool| {
            (1..=STEPS)
                .map_while(|step| if up { at.checked_add(step) } else { at.checked_sub(step) })
                .map_while(|next| leaf.get(next).copied().filter(|item| *item != MISSING))
                .map(|item| item as usize)
                .find(|item| is_other(*item))
        };
        let in_column = |up: bool| {
            (1..=STEPS)
                .map_while(
                    |step| if up { place.checked_add(step) } else { place.checked_sub(step) },
                )
                .take_while(|item| *item < distinct.len())
                .find(|item| is_other(*item) || distinct.len() < STEPS)
        };
        let neighbour = in_leaf(up)
            .or_else(|| in_leaf(!up))
            .or_else(|| in_column(up))
            .or_else(|| in_column(!up));
        let Some(neighbour) = neighbour else { return value };
        let share = 0.5 * rng.uniform();
        round(value + share * (distinct[neighbour] - value), *decimals)
    }
}

/// Lets one level of so many through.
pub(crate) fn derive_gate_of_level(level: usize, levels: usize) -> Gate {
    Gate::Codes((0..levels).map(|code| code == level).collect())
}

/// To so many digits behind the point; more than 15 stay as they are.
pub(crate) fn round(value: f64, decimals: u8) -> f64 {
    if decimals > 15 {
        return value;
    }
    let scale = 10_f64.powi(i32::from(decimals));
    let scaled = value * scale;
    if scaled.abs() < 9e15 { scaled.round() / scale + 0.0 } else { value }
}

impl Donors {
    /// Takes the values of the rows of each leaf.
    pub(crate) fn gather(leaves: &[Vec<u32>], values: &[f64], marginal: &Marginal) -> Self {
        let mut donors = Self { items: Vec::new(), sums: Vec::new(), starts: vec![0] };
        for rows in leaves {
            let cells = rows.iter().map(|row| values[*row as usize]);
            match marginal {
                Marginal::Numbers { distinct, .. } => {
                    let place = |value: f64| match value.is_nan() {
                        true => MISSING,
                        false => distinct.partition_point(|known| *known < value) as u32,
                    };
                    let mut places: Vec<u32> = cells.map(place).collect();
                    places.sort_unstable();
                    donors.items.extend(places);
                }
                Marginal::Levels(counts) => {
                    let mut here = vec![0_u32; counts.len() + 1];
                    for value in cells {
                        here[if value.is_nan() { counts.len() } else { value as usize }] += 1;
                    }
                    let mut sum = 0;
                    for (code, count) in here.iter().enumerate().filter(|(_, count)| **count > 0) {
                        sum += count;
                        let code = if code == counts.len() { MISSING } else { code as u32 };
                        donors.items.push(code);
                        donors.sums.push(sum);
                    }
                }
            }
            donors.starts.push(donors.items.len() as u32);
        }
        donors
    }

    /// Whether a leaf has donors.
    pub(crate) fn has_donors(&self, leaf: usize) -> bool {
        let (start, end) = self.span(leaf);
        start < end
    }

    /// The mean of a leaf's numbers; `None` where all are missing.
    pub(crate) fn find_mean(&self, leaf: usize, marginal: &Marginal) -> Option<f64> {
        let Marginal::Numbers { distinct, .. } = marginal else { return None };
        let (start, end) = self.span(leaf);
        let values = self.items[start..end].iter().filter_map(|item| distinct.get(*item as usize));
        let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The levels of a leaf with their shares, without missing cells.
    pub(crate) fn list_levels(&self, leaf: usize) -> impl Iterator<Item = (f64, f64)> {
        let (start, end) = self.span(leaf);
        let sums = self.sums.get(start..end).unwrap_or_default();
        let total = f64::from(sums.last().copied().unwrap_or(1));
        let before = std::iter::once(0).chain(sums.iter().copied());
        let levels = self.items[start..end].iter().zip(sums).zip(before);
        levels
            .filter(|((code, _), _)| **code != MISSING)
            .map(move |((code, sum), before)| (f64::from(*code), f64::from(sum - before) / total))
    }

    pub(super) fn span(&self, leaf: usize) -> (usize, usize) {
        (self.starts[leaf] as usize, self.starts[leaf + 1] as usize)
    }

    /// The share of a leaf's donors that a gate lets through.
    pub(crate) fn find_share(&self, leaf: usize, gate: &Gate) -> f64 {
        let (start, end) = self.span(leaf);
        let items = &self.items[start..end];
        match gate {
            Gate::Window(from, to) => {
                let (first, last) = derive_window(items, (*from, *to));
                (last - first) as f64 / items.len().max(1) as f64
            }
            Gate::Codes(open) => {
                let sums = &self.sums[start..end];
                let total = f64::from(sums.last().copied().unwrap_or(1));
                derive_open(items, sums, open) as f64 / total
            }
        }
    }

    /// One value of a leaf, NaN for a missing cell.
    pub(crate) fn draw(&self, leaf: usize, marginal: &Marginal, rng: &mut Rng) -> f64 {
        let (start, end) = self.span(leaf);
        let items = &self.items[start..end];
        match marginal {
            Marginal::Numbers { .. } => {
                let at = rng.below(items.len());
                match items.get(at) {
                    None | Some(&MISSING) => f64::NAN,
                    Some(place) => marginal.blur(*place as usize, items, at, rng),
                }
            }
            Marginal::Levels(_) => {
                let sums = &self.sums[start..end];
                let wanted = rng.below(sums.last().copied().unwrap_or(0) as usize) as u32;
                let at = sums.partition_point(|sum| *sum <= wanted);
                items.get(at).map_or(f64::NAN, |code| to_value(*code))
            }
        }
    }

    /// The value of the first leaf's donors of numbers at a share of them, in ascending order; NaN
    /// for a missing cell, which comes last.
    pub(crate) fn draw_at(&self, share: f64, marginal: &Marginal, rng: &mut Rng) -> f64 {
        let (start, end) = self.span(0);
        let items = &self.items[start..end];
        let at = (share * items.len() as f64) as usize;
        match items.get(at) {
            None | Some(&MISSING) => f64::NAN,
            Some(place) => marginal.blur(*place as usize, items, at, rng),
        }
    }

    /// One value of a leaf that the gate lets through; `None` where no donor passes.
    pub(crate) fn draw_gated(
        &self,
        leaf: usize,
        (marginal, gate): (&Marginal, &Gate),
        rng: &mut Rng,
    ) -> Option<f64> {
        let (start, end) = self.span(leaf);
        let items = &self.items[start..end];
        match gate {
            Gate::Window(from, to) => {
                let (first, last) = derive_window(items, (*from, *to));
                let open = &items[first..last];
                let at = rng.below(open.len());
                let place = open.get(at)?;
                let value = marginal.blur(*place as usize, open, at, rng);
                // The neighbour may lie outside of what is asked for.
                let Marginal::Numbers { distinct, .. } = marginal else { return None };
                Some(value.clamp(distinct[*from as usize], distinct[*to as usize - 1]))
            }
            Gate::Codes(open) => {
                let sums = &self.sums[start..end];
                let total = derive_open(items, sums, open);
                let mut left = rng.below(total as usize) as u32;
                let mut before = 0;
                for (code, sum) in items.iter().zip(sums) {
                    let here = sum - before;
                    before = *sum;
                    if open.get(*code as usize).copied().unwrap_or(false) {
                        if left < here {
                            return Some(f64::from(*code));
                        }
                        left -= here;
                    }
                }
                None
            }
        }
    }
}

fn to_value(code: u32) -> f64 {
    if code == MISSING { f64::NAN } else { f64::from(code) }
}

fn derive_window(items: &[u32], (from, to): (u32, u32)) -> (usize, usize) {
    let first = items.partition_point(|item| *item < from);
    (first, items.partition_point(|item| *item < to).max(first))
}

fn derive_open(items: &[u32], sums: &[u32], open: &[bool]) -> u32 {
    let mut before = 0;
    let mut total = 0;
    for (code, sum) in items.iter().zip(sums) {
        if open.get(*code as usize).copied().unwrap_or(false) {
            total += sum - before;
        }
        before = *sum;
    }
    total
}
