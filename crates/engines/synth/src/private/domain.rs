//! The bins of a column, found with noise.
//!
//! Labels are released where their noisy count is clear of what one row could bring; ranges of
//! numbers are found by counting orders of magnitude, and cut finer where noisy counts are high.

use gantry_learn::{Rng, math::ln};
use serde::{Deserialize, Serialize};

use crate::condition::Allowed;
use crate::encode::{EncodedColumn, EncodedKind};

/// Fine bins that a range is cut into before they are merged.
const FINE: usize = 256;
/// Bins of numbers, at most.
const BINS: usize = 32;
/// Binary orders of magnitude, on either side of zero.
const LOWEST: i32 = -30;
const HIGHEST: i32 = 62;

/// What the bins of a column stand for. Bin 0 is the missing cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Domain {
    /// The codes that were released.
    Levels(Vec<u32>),
    /// Edges of the bins, one more than there are bins.
    Numbers {
        edges: Vec<f64>,
        /// Whether values are whole steps, so that a bin ends before its upper edge.
        step: f64,
    },
}

/// Noisy counts of the bins that were found.
pub(super) struct Found {
    pub(super) domain: Domain,
    pub(super) counts: Vec<f64>,
}

impl Found {
    /// The bin of each row; none where it was not released.
    pub(super) fn list_bins(&self, column: &EncodedColumn) -> Vec<Option<usize>> {
        column.values.iter().map(|value| self.domain.find_bin(*value)).collect()
    }
}

/// How a column's bins are found.
pub(super) struct Search {
    /// Standard deviation of the noise of each of a column's two tables of counts.
    pub(super) sigma: f64,
    /// The chance that a label comes through that so few rows share.
    pub(super) delta: f64,
    pub(super) min_count: usize,
    pub(super) decimals: u8,
}

impl Search {
    /// Finds the bins of a column.
    pub(super) fn find(&self, column: &EncodedColumn, rng: &mut Rng) -> Found {
        match column.kind {
            EncodedKind::Levels(count) => self.find_levels(column, count as usize, rng),
            EncodedKind::Number => self.find_numbers(column, rng),
        }
    }

    fn find_levels(&self, column: &EncodedColumn, count: usize, rng: &mut Rng) -> Found {
        let mut counts = vec![0.0; count + 1];
        for value in &column.values {
            if value.is_nan() {
                counts[0] += 1.0;
            } else if *value >= 0.0 {
                counts[*value as usize + 1] += 1.0;
            }
        }
        let noisy = self.add_noise(counts, rng);
        // The list of labels was cut at this count, so only what is clear of it may show.
        let clear =
            self.min_count as f64 + self.sigma * (2.0 * ln(0.5 / self.delta).max(0.0)).sqrt();
        let released: Vec<u32> =
            (0..count as u32).filter(|code| noisy[*code as usize + 1] > clear).collect();
        let mut counts = vec![noisy[0].max(0.0)];
        counts.extend(released.iter().map(|code| noisy[*code as usize + 1]));
        Found { domain: Domain::Levels(released), counts }
    }

    fn find_numbers(&self, column: &EncodedColumn, rng: &mut Rng) -> Found {
        let step = if self.decimals > 15 { 0.0 } else { 10_f64.powi(-i32::from(self.decimals)) };
        let (low, high) = self.find_range(&column.values, step, rng);
        let whole = if step > 0.0 { ((high - low) / step).round() } else { f64::INFINITY };
        let fine = if whole <= FINE as f64 { whole.max(1.0) as usize } else { FINE };
        let width = (high - low) / fine as f64;
        let mut counts = vec![0.0; fine + 1];
        for value in &column.values {
            let place = ((value - low) / width).floor().clamp(0.0, (fine - 1) as f64);
            counts[if value.is_nan() { 0 } else { place as usize + 1 }] += 1.0;
        }
        let noisy = self.add_noise(counts, rng);
        let edges: Vec<f64> = (0..=fine).map(|place| low + place as f64 * width).collect();
        let (edges, merged) = merge(&edges, &noisy[1..]);
        let mut counts = vec![noisy[0].max(0.0)];
        counts.extend(merged);
        Found { domain: Domain::Numbers { edges, step }, counts }
    }

    /// The range that clearly holds values, in powers of two.
    fn find_range(&self, values: &[f64], step: f64, rng: &mut Rng) -> (f64, f64) {
        let orders = (HIGHEST - LOWEST) as usize;
        let mut counts = vec![0.0; 2 * orders + 1];
        let place = |value: f64| {
            if value == 0.0 {
                return orders;
            }
            let order = (value.abs().log2().floor() as i32).clamp(LOWEST, HIGHEST - 1);
            let distance = (order - LOWEST) as usize + 1;
            if value > 0.0 { orders + distance } else { orders - distance }
        };
        for value in values.iter().filter(|value| !value.is_nan()) {
            counts[place(*value)] += 1.0;
        }
        let noisy = self.add_noise(counts, rng);
        let clear = 4.0 * self.sigma;
        let first = noisy.iter().position(|count| *count > clear).unwrap_or(orders);
        let last = noisy.iter().rposition(|count| *count > clear).unwrap_or(orders + 1);
        let power = |distance: usize| 2_f64.powi(LOWEST + distance as i32);
        let low = match first.cmp(&orders) {
            std::cmp::Ordering::Less => -power(orders - first),
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => power(first - orders - 1),
        };
        let high = match last.cmp(&orders) {
            std::cmp::Ordering::Less => -power(orders - last - 1),
            std::cmp::Ordering::Equal => step.max(1e-9),
            std::cmp::Ordering::Greater => power(last - orders),
        };
        let snap = |value: f64| if step > 0.0 { (value / step).floor() * step } else { value };
        (snap(low), snap(high).max(snap(low) + step.max(1e-9)))
    }

    fn add_noise(&self, counts: Vec<f64>, rng: &mut Rng) -> Vec<f64> {
        counts.into_iter().map(|count| count + self.sigma * rng.normal()).collect()
    }
}

/// Puts fine bins together until each has its share; those with much stay alone.
fn merge(edges: &[f64], counts: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let total: f64 = counts.iter().map(|count| count.max(0.0)).sum();
    let wanted = total / BINS as f64;
    let (mut kept, mut merged) = (vec![edges[0]], Vec::new());
    let mut sum = 0.0;
    for (place, count) in counts.iter().enumerate() {
        let next = counts.get(place + 1).copied().unwrap_or(f64::INFINITY);
        sum += count.max(0.0);
        if counts.len() <= BINS || sum >= wanted || next >= wanted {
            kept.push(edges[place + 1]);
            merged.push(sum);
            sum = 0.0;
        }
    }
    (kept, merged)
}

impl Domain {
    /// Number of bins, with that of missing cells.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Levels(released) => released.len() + 1,
            Self::Numbers { edges, .. } => edges.len(),
        }
    }

    /// Whether a code was released.
    pub(super) fn has_level(&self, code: usize) -> bool {
        match self {
            Self::Levels(released) => released.contains(&(code as u32)),
            Self::Numbers { .. } => true,
        }
    }

    /// The bin of a value; `None` for a label that was not released.
    pub(super) fn find_bin(&self, value: f64) -> Option<usize> {
        if value.is_nan() {
            return Some(0);
        }
        match self {
            Self::Levels(released) => {
                let code = (value >= 0.0).then_some(value as u32)?;
                released.iter().position(|known| *known == code).map(|place| place + 1)
            }
            Self::Numbers { edges, .. } => {
                let above = edges.partition_point(|edge| *edge <= value);
                Some(above.clamp(1, edges.len() - 1))
            }
        }
    }

    /// The share of a bin that a condition lets through.
    pub(super) fn find_open(&self, bin: usize, allowed: &Allowed) -> f64 {
        let Some(place) = bin.checked_sub(1) else { return 0.0 };
        match (self, allowed) {
            (Self::Levels(released), Allowed::Levels(_)) => {
                let code = released.get(place).map(|code| f64::from(*code));
                f64::from(u8::from(allowed.admits(code)))
            }
            (Self::Numbers { edges, step }, Allowed::Numbers { low, high }) => {
                let (from, to) = (edges[place], edges[place + 1]);
                let open = to.min(high + step) - from.max(*low);
                (open / (to - from)).clamp(0.0, 1.0)
            }
            (Self::Levels(_), Allowed::Numbers { .. })
            | (Self::Numbers { .. }, Allowed::Levels(_)) => 0.0,
        }
    }

    /// A value of a bin.
    pub(super) fn draw(&self, bin: usize, allowed: Option<&Allowed>, rng: &mut Rng) -> f64 {
        let Some(place) = bin.checked_sub(1) else { return f64::NAN };
        match self {
            Self::Levels(released) => released.get(place).map_or(f64::NAN, |code| f64::from(*code)),
            Self::Numbers { edges, step } => {
                let (mut from, mut to) = (edges[place], edges[place + 1]);
                if let Some(Allowed::Numbers { low, high }) = allowed {
                    let raised = if *step > 0.0 { (low / step).ceil() * step } else { *low };
                    from = from.max(raised);
                    to = to.min(high + step).max(from);
                }
                let value = from + rng.uniform() * (to - from);
                if *step > 0.0 { from + ((value - from) / step).floor() * step } else { value }
            }
        }
    }
}
