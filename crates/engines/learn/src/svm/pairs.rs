//! Classes told apart in pairs: one machine for each two classes, and for its probabilities five
//! more, each of which judges the fifth of the rows that it did not see.

use rayon::prelude::*;

use crate::data::Weights;
use crate::{LearnError, Rng};

use super::fit::Ground;
use super::machine::{Effort, Machine, Problem};
use super::platt::{Judged, Sigmoid};

const FOLDS: usize = 5;

/// Two classes; positive decisions are for the upper one.
pub(super) struct Pair {
    pub(super) lower: u32,
    pub(super) upper: u32,
    problem: Problem,
}

/// A pair's machine and how its decisions become probabilities.
pub(super) struct Decided {
    pub(super) machine: Machine,
    pub(super) sigmoid: Sigmoid,
}

/// Pairs of the classes that have rows. Rows without weight are left out.
pub(super) fn pairs_of(codes: &[u32], weights: Weights<'_>, cost: f64) -> Vec<Pair> {
    let mut rows_of = vec![Vec::new(); codes.iter().max().map_or(0, |c| *c as usize + 1)];
    for (row, code) in (0_u32..).zip(codes) {
        if weights.get(row as usize) > 0.0 {
            rows_of[*code as usize].push(row);
        }
    }
    let mut pairs = Vec::new();
    for upper in (0..rows_of.len()).filter(|k| !rows_of[*k].is_empty()) {
        for lower in (0..upper).filter(|k| !rows_of[*k].is_empty()) {
            let mut rows = [rows_of[lower].as_slice(), rows_of[upper].as_slice()].concat();
            rows.sort_unstable();
            let target = |row: &u32| if codes[*row as usize] == upper as u32 { 1.0 } else { -1.0 };
            let targets = rows.iter().map(target).collect();
            let problem = Problem::classes(rows, targets, |row| cost * weights.get(row as usize));
            pairs.push(Pair { lower: lower as u32, upper: upper as u32, problem });
        }
    }
    pairs
}

/// Fits all machines of all pairs side by side.
pub(super) fn fit_pairs(
    pairs: &[Pair],
    ground: &Ground<'_>,
    weights: Weights<'_>,
    effort: Effort<'_>,
) -> Result<Vec<Decided>, LearnError> {
    let folds: Vec<Vec<usize>> =
        pairs.iter().map(|pair| fold_of_rows(&pair.problem, effort.seed)).collect();
    let effort = Effort {
        allowance: effort.allowance / (pairs.len() * (FOLDS + 1)).max(1) as u64,
        ..effort
    };
    let jobs: Vec<(usize, usize)> =
        (0..pairs.len()).flat_map(|pair| (0..=FOLDS).map(move |fold| (pair, fold))).collect();
    let machines: Vec<Machine> = jobs
        .into_par_iter()
        .with_max_len(1)
        .map(|(pair, left_out)| {
            let problem = &pairs[pair].problem;
            let places: Vec<usize> =
                (0..problem.rows.len()).filter(|p| folds[pair][*p] != left_out).collect();
            solve(&problem.part(&places), ground, effort)
        })
        .collect::<Result<_, LearnError>>()?;
    let of_pair = machines.chunks(FOLDS + 1).zip(pairs).zip(&folds);
    Ok(of_pair
        .map(|((machines, pair), folds)| {
            let judged = judge(&pair.problem, folds, machines, (ground, weights));
            Decided { machine: machines[FOLDS].clone(), sigmoid: Sigmoid::fit(&judged) }
        })
        .collect())
}

/// A machine for the rows; a fold may have lost all rows of one class.
fn solve(
    problem: &Problem,
    ground: &Ground<'_>,
    effort: Effort<'_>,
) -> Result<Machine, LearnError> {
    match problem.only_target() {
        Some(target) => Ok(Machine::constant(target)),
        None if problem.rows.is_empty() => Ok(Machine::constant(0.0)),
        None => ground.solve(problem, effort),
    }
}

/// Fold of each row, dealt out in random order within each class.
fn fold_of_rows(problem: &Problem, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..problem.rows.len()).collect();
    Rng::new(seed).shuffle(&mut order);
    let mut dealt = [0, 0];
    let mut folds = vec![0; order.len()];
    for place in order {
        let next = &mut dealt[usize::from(problem.targets[place] > 0.0)];
        folds[place] = *next % FOLDS;
        *next += 1;
    }
    folds
}

fn judge(
    problem: &Problem,
    folds: &[usize],
    machines: &[Machine],
    (ground, weights): (&Ground<'_>, Weights<'_>),
) -> Vec<Judged> {
    let mut judged = Vec::with_capacity(problem.rows.len());
    for (fold, machine) in machines.iter().take(FOLDS).enumerate() {
        let places: Vec<usize> = (0..folds.len()).filter(|p| folds[*p] == fold).collect();
        let rows: Vec<u32> = places.iter().map(|p| problem.rows[*p]).collect();
        for (place, decision) in places.iter().zip(ground.decide(machine, &rows)) {
            judged.push(Judged {
                decision,
                is_upper: problem.targets[*place] > 0.0,
                weight: weights.get(problem.rows[*place] as usize),
            });
        }
    }
    judged
}
