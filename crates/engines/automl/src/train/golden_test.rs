//! Scores beside scikit-learn's on the same folds (`goldens.json`, made by
//! `bench/automl/goldens.py`).

use std::collections::BTreeMap;
use std::path::Path;

use gantry_kit::{ReadOptions, read_frame};
use gantry_learn::Control;
use gantry_learn::split::Fold;
use serde::Deserialize;

use super::evaluate::cross_validate;
use super::leaderboard::mean_of;
use super::prepare::{FinishChoice, Prepared};
use crate::metric::{Metric, MetricChoice};
use crate::model::{Algorithm, choose_candidates};
use crate::table::plan_columns;
use crate::target::{TargetChoice, find_target};
use crate::task::TaskChoice;

const SEEDS: u64 = 3;

#[derive(Deserialize)]
struct Golden {
    file: String,
    target: String,
    /// One digit a row.
    folds: String,
    scores: BTreeMap<Algorithm, BTreeMap<Metric, f64>>,
}

fn derive_folds(digits: &str) -> Vec<Fold> {
    let numbers: Vec<u32> = digits.chars().map(|c| c.to_digit(10).unwrap()).collect();
    let count = numbers.iter().max().unwrap() + 1;
    let rows = |keep: &dyn Fn(u32) -> bool| {
        (0..numbers.len()).filter(|row| keep(numbers[*row])).collect::<Vec<usize>>()
    };
    (0..count).map(|k| Fold { train: rows(&|n| n != k), test: rows(&|n| n == k) }).collect()
}

fn prepare(golden: &Golden, algorithm: Algorithm, seed: u64) -> Prepared {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../examples");
    let file = std::fs::File::open(folder.join(&golden.file)).unwrap();
    let (frame, _) = read_frame(file, &ReadOptions::default()).unwrap();
    let choice = TargetChoice { name: &golden.target, task: TaskChoice::Auto, positive: None };
    let target = find_target(&frame, &choice).unwrap();
    let plan = plan_columns(&frame, &golden.target, &[], &target.rows).unwrap();
    let metric = Metric::choose(MetricChoice::Auto, None, target.task).unwrap();
    Prepared {
        width: frame.columns().len(),
        candidates: choose_candidates(&[algorithm], target.task, seed).unwrap(),
        chosen: vec![algorithm],
        finish: FinishChoice::default(),
        options: std::sync::Arc::default(),
        rows: frame.rows(),
        folds: derive_folds(&golden.folds),
        frame,
        target,
        plan,
        metric,
        warnings: Vec::new(),
        seed,
        explain_until: None,
        wants_onnx: false,
        wants_png: false,
        fingerprint: String::new(),
    }
}

fn measure(golden: &Golden, algorithm: Algorithm) -> BTreeMap<Metric, f64> {
    let mut sums: BTreeMap<Metric, f64> = BTreeMap::new();
    for seed in 0..SEEDS {
        let prepared = prepare(golden, algorithm, seed);
        let candidate = &prepared.candidates[0];
        let control = Control::unlimited();
        let evaluated = cross_validate(&prepared, candidate, &control, |_, _| Ok(())).unwrap();
        for metric in golden.scores[&algorithm].keys() {
            let score = mean_of(*metric, &evaluated.scores).unwrap();
            *sums.entry(*metric).or_default() += score / SEEDS as f64;
        }
    }
    sums
}

#[test]
fn scores_are_within_one_percent_of_scikit_learn_on_the_same_folds() {
    let goldens: Vec<Golden> = serde_json::from_str(include_str!("goldens.json")).unwrap();
    assert_eq!(goldens.len(), 4);
    let mut failures = Vec::new();
    for golden in &goldens {
        for (algorithm, theirs) in &golden.scores {
            let ours = measure(golden, *algorithm);
            for (metric, theirs) in theirs {
                let ours = ours[metric];
                let line =
                    format!("{} {algorithm:?} {metric:?}: {ours:.5} and {theirs:.5}", golden.file);
                println!("{line}");
                let loss = if metric.greater_is_better() { theirs - ours } else { ours - theirs };
                if loss > 0.01 * theirs.abs() {
                    failures.push(line);
                }
            }
        }
    }
    assert!(failures.is_empty(), "worse by more than one percent:\n{}", failures.join("\n"));
}
