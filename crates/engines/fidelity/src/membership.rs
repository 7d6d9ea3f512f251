//! Membership inference: can somebody who holds a record and the synthetic table tell whether the
//! record was among the real rows?
//!
//! Real rows (members) and hold-out rows (non-members) are looked up in the synthetic table. An
//! attack gives each a score, and is judged by how far it ranks members above non-members: by the
//! area under its ROC curve, and by how many members it finds while it accuses at most 1 % of the
//! non-members, which is where harm is done. Numbers are placed by their rank among all real
//! values, and a distance is the mean over the columns.

mod vulnerable;

use gantry_learn::{Control, math, metrics};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sample::choose_rows;
use crate::space::{Geometry, Near, Points, Space};
use crate::table::{Side, Table};
use crate::{EvaluateOptions, FidelityError, Pair};

pub use vulnerable::VulnerableRecord;

const MEMBER_STREAM: u64 = 0x6d65_6d01;
const OUTSIDER_STREAM: u64 = 0x6d65_6d02;
const SYNTHETIC_STREAM: u64 = 0x6d65_6d03;
const REFERENCE_STREAM: u64 = 0x6d65_6d04;
/// Neighbours from which densities are estimated.
const NEIGHBOURS: usize = 3;
/// Added to distances before their logarithm is taken, so that a copy has one.
const CLOSEST: f64 = 1e-4;
/// Rows of either kind below which rates mean nothing.
const FEWEST_ROWS: usize = 20;
/// Share of non-members that an attack may accuse.
pub(crate) const FALSE_POSITIVES: f64 = 0.01;

/// How a record is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttackKind {
    /// The nearer the nearest synthetic row, the likelier a member.
    NearestDistance,
    /// The denser the synthetic rows around the record in relation to the hold-out rows there, the
    /// likelier a member. Densities come from the three nearest rows. After van Breugel and
    /// others, "Membership inference attacks against synthetic data through overfitting
    /// detection", 2023.
    DensityRatio,
}

/// How well an attack finds members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attack {
    /// How a record is scored.
    pub kind: AttackKind,
    /// Area under the ROC curve; ½ is chance.
    pub auc: f64,
    /// Share of members found where at most 1 % of the non-members are accused; 0.01 is chance.
    pub tpr_at_1_percent: f64,
    /// The curve: false and true positive rate, rising.
    pub roc: Vec<(f64, f64)>,
}

/// What membership inference finds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Membership {
    /// Area under the ROC curve of the attack by nearest distance; ½ is chance.
    pub auc: f64,
    /// The larger of the attacks' true positive rates at 1 % false positives.
    pub tpr_at_1_percent: f64,
    /// Every attack.
    pub attacks: Vec<Attack>,
    /// Real rows that were looked up.
    pub members: usize,
    /// Hold-out rows that were looked up.
    pub non_members: usize,
    /// Synthetic rows among which they were looked up.
    pub synthetic_rows: usize,
    /// Members that stand out as 1 % of the non-members do or more, by either attack.
    pub vulnerable_total: usize,
    /// As many would stand out by chance, about.
    pub vulnerable_by_chance: f64,
    /// The records that stand out most.
    pub vulnerable: Vec<VulnerableRecord>,
}

/// Membership inference against a pair with a hold-out.
///
/// # Errors
/// As [`crate::evaluate`], and [`FidelityError::NotMeasurable`] without a hold-out or with too few
/// rows.
pub fn membership(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Membership, FidelityError> {
    options.require_valid()?;
    membership_of(&Table::new(pair)?, options, control)
}

/// What was found about each record that was looked up.
struct Looked {
    /// Rows in their own table.
    rows: Vec<usize>,
    nearest: Vec<Near>,
    reference: Vec<f64>,
    ratios: Vec<f64>,
}

pub(crate) fn membership_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Membership, FidelityError> {
    let refuse =
        |reason: String| FidelityError::NotMeasurable { what: "membership inference", reason };
    if !table.has_holdout() {
        return Err(refuse("it needs hold-out rows that the generator never saw".to_owned()));
    }
    if table.rows.real.min(table.rows.holdout) < FEWEST_ROWS {
        return Err(refuse(format!(
            "the real and the hold-out table need {FEWEST_ROWS} rows each"
        )));
    }
    let space = Space::new(table, Geometry::Rank);
    let choose = |side: Side, most: usize, stream: u64| {
        choose_rows(*table.rows.get(side), most, (options.seed, stream))
    };
    let synthetic_rows = choose(Side::Synthetic, options.reference_rows, SYNTHETIC_STREAM);
    let reference_rows = choose(Side::Holdout, options.reference_rows, REFERENCE_STREAM);
    let lookup = Lookup {
        synthetic: space.place(table, Side::Synthetic, &synthetic_rows),
        reference: space.place(table, Side::Holdout, &reference_rows),
        reference_rows,
    };
    let members = choose(Side::Real, options.query_rows, MEMBER_STREAM);
    let outsiders = choose(Side::Holdout, options.query_rows, OUTSIDER_STREAM);
    let members = lookup.look_up((table, &space), Side::Real, members, control)?;
    let outsiders = lookup.look_up((table, &space), Side::Holdout, outsiders, control)?;
    describe(&members, &outsiders, &synthetic_rows, options)
}

/// The points among which records are looked up.
struct Lookup {
    synthetic: Points,
    reference: Points,
    reference_rows: Vec<usize>,
}

impl Lookup {
    fn look_up(
        &self,
        (table, space): (&Table, &Space),
        side: Side,
        rows: Vec<usize>,
        control: &Control<'_>,
    ) -> Result<Looked, FidelityError> {
        let points = space.place(table, side, &rows);
        let one = |(place, row): (usize, &usize)| -> Result<(Near, f64, f64), FidelityError> {
            control.check()?;
            let point = points.point(place);
            // A non-member is no reference for itself.
            let itself = match side {
                Side::Holdout => self.reference_rows.binary_search(row).ok(),
                Side::Real | Side::Synthetic => None,
            };
            let synthetic = self.synthetic.nearest(&point, NEIGHBOURS, None);
            let reference = self.reference.nearest(&point, NEIGHBOURS, itself);
            let ratio = log_distance(&reference) - log_distance(&synthetic);
            let nearest = synthetic.first().copied().unwrap_or((1.0, 0));
            Ok((nearest, reference.first().map_or(1.0, |(distance, _)| *distance), ratio))
        };
        let found: Vec<(Near, f64, f64)> =
            rows.par_iter().enumerate().map(one).collect::<Result<_, FidelityError>>()?;
        Ok(Looked {
            nearest: found.iter().map(|(nearest, _, _)| *nearest).collect(),
            reference: found.iter().map(|(_, reference, _)| *reference).collect(),
            ratios: found.iter().map(|(_, _, ratio)| *ratio).collect(),
            rows,
        })
    }
}

/// Mean logarithm of the distances: minus the log-density, but for factor and constant.
fn log_distance(near: &[Near]) -> f64 {
    let sum: f64 = near.iter().map(|(distance, _)| math::ln(distance + CLOSEST)).sum();
    sum / near.len().max(1) as f64
}

fn describe(
    members: &Looked,
    outsiders: &Looked,
    synthetic_rows: &[usize],
    options: &EvaluateOptions,
) -> Result<Membership, FidelityError> {
    let closeness = |looked: &Looked| looked.nearest.iter().map(|(d, _)| -d).collect::<Vec<f64>>();
    let by_distance = Scores { members: closeness(members), outsiders: closeness(outsiders) };
    let by_ratio = Scores { members: members.ratios.clone(), outsiders: outsiders.ratios.clone() };
    let attacks = vec![
        by_distance.judge(AttackKind::NearestDistance)?,
        by_ratio.judge(AttackKind::DensityRatio)?,
    ];
    let (mut vulnerable, chance) =
        vulnerable::find(members, synthetic_rows, &by_distance, &by_ratio);
    let vulnerable_total = vulnerable.len();
    vulnerable.truncate(options.listed_records);
    Ok(Membership {
        auc: attacks.first().map_or(0.5, |attack| attack.auc),
        tpr_at_1_percent: attacks.iter().map(|a| a.tpr_at_1_percent).fold(0.0, f64::max),
        attacks,
        members: members.rows.len(),
        non_members: outsiders.rows.len(),
        synthetic_rows: synthetic_rows.len(),
        vulnerable_total,
        vulnerable_by_chance: chance,
        vulnerable,
    })
}

/// Scores of an attack; higher means rather a member.
struct Scores {
    members: Vec<f64>,
    outsiders: Vec<f64>,
}

impl Scores {
    fn judge(&self, kind: AttackKind) -> Result<Attack, FidelityError> {
        let scores = [self.members.as_slice(), &self.outsiders].concat();
        let truth: Vec<u32> =
            (0..scores.len()).map(|row| u32::from(row < self.members.len())).collect();
        let curve = metrics::roc_curve(&truth, &scores, None)?;
        let roc: Vec<(f64, f64)> =
            curve.false_positive_rate.into_iter().zip(curve.true_positive_rate).collect();
        Ok(Attack {
            kind,
            auc: metrics::roc_auc(&truth, &scores, None)?,
            tpr_at_1_percent: height_at(&roc, FALSE_POSITIVES),
            roc: thin(roc),
        })
    }

    /// The score that at most 1 % of the non-members exceed.
    fn limit(&self) -> f64 {
        let mut falling = self.outsiders.clone();
        falling.sort_unstable_by(|a, b| b.total_cmp(a));
        let allowed = (falling.len() as f64 * FALSE_POSITIVES) as usize;
        falling.get(allowed).copied().unwrap_or(f64::INFINITY)
    }
}

/// The true positive rate where the false positive rate is `at`: on the line between the corners
/// around it, as records of equal score can only be accused by lot.
fn height_at(roc: &[(f64, f64)], at: f64) -> f64 {
    let after = roc.partition_point(|(x, _)| *x <= at);
    match (after.checked_sub(1).and_then(|before| roc.get(before)), roc.get(after)) {
        (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (at - x0) / (x1 - x0),
        (Some((_, y)), None) | (None, Some((_, y))) => *y,
        (None, None) => 0.0,
    }
}

/// At most some hundred points of a curve, its beginning whole.
fn thin(roc: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    const MOST: usize = 200;
    let every = roc.len().div_ceil(MOST).max(1);
    let last = roc.len().saturating_sub(1);
    let is_kept =
        |place: usize, x: f64| place.is_multiple_of(every) || place == last || x <= FALSE_POSITIVES;
    roc.iter().enumerate().filter(|(place, (x, _))| is_kept(*place, *x)).map(|(_, p)| *p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_between_corners_lie_on_the_line() {
        let roc = [(0.0, 0.0), (0.0, 0.2), (0.02, 0.4), (1.0, 1.0)];
        assert!((height_at(&roc, 0.01) - 0.3).abs() < 1e-12);
        assert_eq!(height_at(&roc, 0.0), 0.2);
        assert_eq!(height_at(&roc, 1.0), 1.0);
    }

    #[test]
    fn an_attack_that_knows_is_perfect_and_one_that_guesses_is_not() {
        let knows = Scores { members: vec![1.0; 50], outsiders: vec![0.0; 50] };
        let attack = knows.judge(AttackKind::NearestDistance).unwrap();
        assert_eq!((attack.auc, attack.tpr_at_1_percent), (1.0, 1.0));
        let ties = Scores { members: vec![1.0; 50], outsiders: vec![1.0; 50] };
        let attack = ties.judge(AttackKind::NearestDistance).unwrap();
        assert!((attack.auc - 0.5).abs() < 1e-12 && (attack.tpr_at_1_percent - 0.01).abs() < 1e-12);
        assert_eq!(ties.limit(), 1.0);
    }
}
