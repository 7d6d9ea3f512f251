//! Labels as the mean target of their rows.
//!
//! Invariant: the feature of a row of the fit comes from rows of other parts, so that no row sees
//! its own target; new rows get the means of all rows of the fit.

use std::collections::HashMap;

use gantry_kit::Column;
use gantry_learn::Rng;
use serde::{Deserialize, Serialize};

use crate::target::TargetValues;

/// Rows of the prior that each label's mean is mixed with.
const PRIOR_ROWS: f64 = 10.0;
/// Parts of the rows of the fit.
const PARTS: usize = 5;
const SEED: u64 = 0x7a26;

/// What was learned from one column of labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TargetColumn {
    /// Labels that the fit has seen, in the order of the alphabet; gaps are the empty label.
    labels: Vec<String>,
    /// For each output, a mean a label.
    means: Vec<Vec<f64>>,
    /// For each output, the mean of all rows: for new labels.
    priors: Vec<f64>,
    /// For each output, what brings the means to a common scale.
    scales: Vec<f64>,
}

/// The numbers whose means count: one a class, of two classes the second, or the target itself.
fn derive_outputs(truth: &TargetValues) -> Vec<Vec<f64>> {
    match truth {
        TargetValues::Numbers(values) => vec![values.clone()],
        TargetValues::Classes { labels, codes } => {
            let skipped = usize::from(labels.len() == 2);
            let hits = |class: usize| {
                codes.iter().map(|code| f64::from(u8::from(*code as usize == class))).collect()
            };
            (skipped..labels.len()).map(hits).collect()
        }
    }
}

fn cells<'a>(column: &'a Column, rows: &'a [usize]) -> Vec<&'a str> {
    let (codes, labels) = column.find_levels().unwrap_or((&[], &[]));
    let cell = |row: &usize| {
        if column.is_missing(*row) {
            return "";
        }
        let code = codes.get(*row).map_or(usize::MAX, |code| *code as usize);
        labels.get(code).map_or("", String::as_str)
    };
    rows.iter().map(cell).collect()
}

/// Smoothed means by place of the label.
fn derive_means(
    places: &[usize],
    values: &[f64],
    (labels, prior): (usize, f64),
    is_counted: impl Fn(usize) -> bool,
) -> Vec<f64> {
    let mut sums = vec![(prior * PRIOR_ROWS, PRIOR_ROWS); labels];
    for (at, (place, value)) in places.iter().zip(values).enumerate() {
        if is_counted(at)
            && let Some((sum, count)) = sums.get_mut(*place)
        {
            *sum += value;
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(sum, count)| sum / count).collect()
}

impl TargetColumn {
    /// Learns from these rows, and gives their own features.
    pub(super) fn fit(
        column: &Column,
        rows: &[usize],
        truth: &TargetValues,
    ) -> (Self, Vec<gantry_learn::Column>) {
        let cells = cells(column, rows);
        let mut labels: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        labels.sort();
        labels.dedup();
        let known: HashMap<&str, usize> = labels.iter().map(String::as_str).zip(0..).collect();
        let places: Vec<usize> =
            cells.iter().map(|cell| known.get(cell).copied().unwrap_or(usize::MAX)).collect();
        let mut parts: Vec<usize> = (0..rows.len()).map(|at| at % PARTS).collect();
        Rng::new(SEED).shuffle(&mut parts);
        let mut fitted = Self { labels, means: Vec::new(), priors: Vec::new(), scales: Vec::new() };
        let mut features = Vec::new();
        for values in derive_outputs(truth) {
            let count = values.len().max(1) as f64;
            let prior = values.iter().sum::<f64>() / count;
            let spread = values.iter().map(|v| (v - prior) * (v - prior)).sum::<f64>() / count;
            let scale = if spread > 0.0 { spread.sqrt() } else { 1.0 };
            let size = fitted.labels.len();
            let mut own = vec![0.0; rows.len()];
            for part in 0..PARTS {
                let others: (f64, f64) = values
                    .iter()
                    .zip(&parts)
                    .filter(|(_, p)| **p != part)
                    .fold((0.0, 0.0), |(sum, count), (v, _)| (sum + v, count + 1.0));
                let mean = if others.1 > 0.0 { others.0 / others.1 } else { prior };
                let means = derive_means(&places, &values, (size, mean), |at| parts[at] != part);
                for (at, slot) in own.iter_mut().enumerate().filter(|(at, _)| parts[*at] == part) {
                    let found = means.get(places[at]).copied().unwrap_or(mean);
                    // Against the mean of the same rows: the parts' means differ a little, and
                    // that difference would tell a row's own target.
                    *slot = (found - mean) / scale;
                }
            }
            features.push(gantry_learn::Column::numeric(own));
            fitted.means.push(derive_means(&places, &values, (size, prior), |_| true));
            fitted.priors.push(prior);
            fitted.scales.push(scale);
        }
        (fitted, features)
    }

    /// Labels that the fit has seen, gaps as the empty one.
    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// For each output, what each label becomes; any other label becomes 0.
    pub(crate) fn derive_tables(&self) -> Vec<Vec<f64>> {
        let outputs = self.means.iter().zip(&self.priors).zip(&self.scales);
        outputs
            .map(|((means, prior), scale)| means.iter().map(|m| (m - prior) / scale).collect())
            .collect()
    }

    pub(super) fn width(&self) -> usize {
        self.means.len()
    }

    /// The features of rows that were not in the fit.
    pub(super) fn transform(&self, column: &Column, rows: &[usize]) -> Vec<gantry_learn::Column> {
        let known =
            |cell: &str| self.labels.binary_search_by(|label| label.as_str().cmp(cell)).ok();
        let places: Vec<_> = cells(column, rows).into_iter().map(known).collect();
        let outputs = self.means.iter().zip(&self.priors).zip(&self.scales);
        outputs
            .map(|((means, prior), scale)| {
                let value = |place: &Option<usize>| {
                    let mean = place.and_then(|place| means.get(place));
                    mean.map_or(0.0, |mean| (mean - prior) / scale)
                };
                gantry_learn::Column::numeric(places.iter().map(value).collect())
            })
            .collect()
    }

    /// What is done, for people.
    pub(super) fn describe(&self) -> String {
        format!("{} labels become the mean target of their rows", self.labels.len())
    }
}
