//! The records that an attacker would find first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FALSE_POSITIVES, Looked, Scores};

/// A real row that stands out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VulnerableRecord {
    /// Row of the real table, counted from 0.
    pub row: usize,
    /// Row of the synthetic table that is nearest, counted from 0.
    pub synthetic_row: usize,
    /// Distance to it, the mean over the columns; 0 is a copy.
    pub distance: f64,
    /// Distance to the nearest hold-out row: what is usual around this record.
    pub usual_distance: f64,
    /// Logarithm of the density of synthetic rows over that of hold-out rows, up to a constant.
    pub log_ratio: f64,
}

/// Members above the limit of either attack, the most exposed first, and how many would be by
/// chance.
pub(super) fn find(
    members: &Looked,
    synthetic_rows: &[usize],
    by_distance: &Scores,
    by_ratio: &Scores,
) -> (Vec<VulnerableRecord>, f64) {
    let (distance_limit, ratio_limit) = (by_distance.limit(), by_ratio.limit());
    let record = |place: usize| {
        let (distance, nearest) = members.nearest.get(place).copied()?;
        let log_ratio = members.ratios.get(place).copied()?;
        (-distance > distance_limit || log_ratio > ratio_limit).then_some(())?;
        Some(VulnerableRecord {
            row: members.rows.get(place).copied()?,
            synthetic_row: synthetic_rows.get(nearest).copied()?,
            distance,
            usual_distance: members.reference.get(place).copied()?,
            log_ratio,
        })
    };
    let mut found: Vec<VulnerableRecord> = (0..members.rows.len()).filter_map(record).collect();
    found.sort_by(|a, b| b.log_ratio.total_cmp(&a.log_ratio).then(a.row.cmp(&b.row)));
    let outsiders = by_distance.outsiders.len();
    let is_above = |place: usize| {
        let above = |scores: &Scores, limit: f64| {
            scores.outsiders.get(place).is_some_and(|score| *score > limit)
        };
        above(by_distance, distance_limit) || above(by_ratio, ratio_limit)
    };
    let accused = (0..outsiders).filter(|place| is_above(*place)).count();
    let share = (accused as f64 / outsiders.max(1) as f64).max(FALSE_POSITIVES);
    (found, share * members.rows.len() as f64)
}
