//! Where the candidates of a search come from: a fixed list in the order in which it is tried, and
//! draws at random once the list is done.
//!
//! Invariant: the n-th candidate of either depends on task, size of the table, seed and n alone.

mod order;
mod recipes;

use gantry_learn::Rng;

use super::{Algorithm, Candidate};
use crate::task::Task;
use order::{CLASSES, NUMBERS};
use recipes::Recipe;

/// Tried when there is no budget, in this order.
const CORE: &[Algorithm] = &[
    Algorithm::LogisticRegression,
    Algorithm::LinearRegression,
    Algorithm::GradientBoosting,
    Algorithm::RandomForest,
    Algorithm::ExtraTrees,
];

/// One of each kind that often wins, with usual settings.
pub(crate) fn list_core(task: Task, seed: u64) -> Vec<Candidate> {
    let fitting = CORE.iter().filter(|algorithm| algorithm.serves(task));
    fitting.map(|algorithm| Candidate::usual(*algorithm, task, seed)).collect()
}

/// The list for a table of `rows` rows, cheap ones first; only these algorithms, or all where
/// none is named. A named algorithm that the list lacks comes with its usual settings.
pub(crate) fn list_portfolio(
    task: Task,
    chosen: &[Algorithm],
    (rows, seed): (usize, u64),
) -> Vec<Candidate> {
    let recipes = if task.is_classification() { CLASSES } else { NUMBERS };
    let is_wanted = |algorithm: &Algorithm| chosen.is_empty() || chosen.contains(algorithm);
    let mut listed: Vec<Candidate> = recipes
        .iter()
        .zip(0_u64..)
        .map(|(recipe, place)| recipe.derive(task, rows, Rng::stream(seed, place).next_u64()))
        .filter(|candidate| is_wanted(&candidate.algorithm))
        .filter(|candidate| chosen.contains(&candidate.algorithm) || is_cheap(candidate, rows))
        .collect();
    for algorithm in chosen {
        if !listed.iter().any(|candidate| candidate.algorithm == *algorithm) {
            listed.push(Candidate::usual(*algorithm, task, seed));
        }
    }
    listed
}

/// Candidate number `place` of the draws.
pub(crate) fn draw_candidate(
    task: Task,
    chosen: &[Algorithm],
    (rows, seed): (usize, u64),
    place: u64,
) -> Candidate {
    let mut rng = Rng::stream(seed ^ 0x0dd5, place);
    // Bounded: a choice that draws never meet gets the first of the list again.
    for _ in 0..200 {
        let recipe = Recipe::draw(&mut rng, task);
        let candidate = recipe.derive(task, rows, rng.next_u64());
        let is_wanted = if chosen.is_empty() {
            is_cheap(&candidate, rows)
        } else {
            chosen.contains(&candidate.algorithm)
        };
        if is_wanted {
            return candidate;
        }
    }
    let algorithm = chosen.first().copied().unwrap_or(Algorithm::GradientBoosting);
    Candidate::usual(algorithm, task, rng.next_u64())
}

/// Whether a search may try it on so many rows without being asked to.
fn is_cheap(candidate: &Candidate, rows: usize) -> bool {
    let most = match candidate.algorithm {
        Algorithm::Svm => 4_000,
        Algorithm::Knn => 6_000,
        Algorithm::NeuralNetwork => 60_000,
        Algorithm::LogisticRegression
        | Algorithm::LinearRegression
        | Algorithm::GradientBoosting
        | Algorithm::RandomForest
        | Algorithm::ExtraTrees
        | Algorithm::DecisionTree
        | Algorithm::ElasticNet
        | Algorithm::NaiveBayes => usize::MAX,
    };
    rows <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_serves_its_task_and_draws_repeat() {
        for task in [Task::Binary, Task::Multiclass, Task::Regression] {
            let listed = list_portfolio(task, &[], (1_000, 7));
            assert!(listed.len() >= 8, "{task:?}");
            assert!(listed.iter().all(|candidate| candidate.algorithm.serves(task)));
            let large = list_portfolio(task, &[], (1_000_000, 7));
            assert!(large.iter().all(|c| !matches!(c.algorithm, Algorithm::Svm | Algorithm::Knn)));
            let tree = list_portfolio(task, &[Algorithm::DecisionTree], (1_000, 7));
            assert_eq!(tree.len(), 1);
            let draw = |place| draw_candidate(task, &[], (1_000, 7), place);
            assert_eq!(draw(3), draw(3));
            assert_ne!(draw(3), draw(4));
            assert!((0..50).all(|place| draw(place).algorithm.serves(task)));
            let forest = draw_candidate(task, &[Algorithm::ExtraTrees], (1_000, 7), 0);
            assert_eq!(forest.algorithm, Algorithm::ExtraTrees);
        }
    }
}
