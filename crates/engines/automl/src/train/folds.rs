//! How rows are cut into folds.
//!
//! Invariants: a row is held out at most once; with groups, no group is on both sides; with an
//! order, no fit sees a row that comes after one that it is scored on.

use std::collections::HashMap;

use gantry_kit::Frame;
use gantry_learn::split::{Fold, group_k_fold, k_fold, stratified_k_fold, time_folds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{AutomlError, derive_list};
use crate::ops::train::TrainParams;
use crate::target::{Target, TargetValues};
use crate::task::Task;

/// The kind of cut that a caller asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitChoice {
    /// Classes spread evenly over the folds; at random for numbers.
    #[default]
    Auto,
    /// At random.
    Random,
    /// Classes spread evenly over the folds.
    Stratified,
    /// Rows with the same value of `split_column` stay together.
    Group,
    /// Each fold is scored on rows that come after those of its fit, by `split_column`.
    Time,
}

/// How to cut, for the rows at hand.
pub(super) enum Split {
    Even,
    Random,
    /// The group of each row.
    Groups(Vec<u32>),
    /// Rows in their order.
    Order(Vec<usize>),
}

impl Split {
    /// What the parameters ask for; `frame` has the rows that are used.
    pub(super) fn find(frame: &Frame, params: &TrainParams) -> Result<Self, AutomlError> {
        let column = || {
            let name = params.split_column.clone().unwrap_or_default();
            frame.find_column(&name).ok_or_else(|| {
                let names: Vec<&str> = frame.names().collect();
                AutomlError::SplitNotFound { column: name, available: derive_list(&names, 12) }
            })
        };
        match params.split {
            SplitChoice::Auto | SplitChoice::Stratified => Ok(Self::Even),
            SplitChoice::Random => Ok(Self::Random),
            SplitChoice::Group => {
                let column = column()?;
                let mut known: HashMap<String, u32> = HashMap::new();
                let group = |row: usize| {
                    let cell = column.find_cell(row).map(|c| c.into_owned()).unwrap_or_default();
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    *known.entry(cell).or_insert(next)
                };
                Ok(Self::Groups((0..frame.rows()).map(group).collect()))
            }
            SplitChoice::Time => {
                let column = column()?;
                let times: Vec<f64> = match (column.find_dates(), column.find_numbers()) {
                    (Some(micros), _) => micros.iter().map(|m| *m as f64).collect(),
                    (None, Some(values)) => values.to_vec(),
                    (None, None) => {
                        return Err(AutomlError::SplitUnordered {
                            column: column.name().to_owned(),
                        });
                    }
                };
                let mut order: Vec<usize> = (0..times.len()).collect();
                order.sort_by(|a, b| times[*a].total_cmp(&times[*b]).then(a.cmp(b)));
                Ok(Self::Order(order))
            }
        }
    }
}

/// Folds in which every class is spread evenly, or plain ones for numbers.
pub(super) fn derive_folds(
    target: &Target,
    split: &Split,
    (asked, seed): (usize, u64),
    warnings: &mut Vec<String>,
) -> Result<Vec<Fold>, AutomlError> {
    match split {
        Split::Even => derive_even(target, (asked, seed), warnings),
        Split::Random => Ok(k_fold(target.rows.len(), asked.min(target.rows.len() / 2), seed)?),
        Split::Groups(groups) => {
            let found = groups.iter().max().map_or(0, |most| *most as usize + 1);
            if found < 2 {
                return Err(AutomlError::OneGroup);
            }
            if found < asked {
                warnings.push(format!(
                    "Cross-validation uses {found} folds instead of {asked}, one a group."
                ));
            }
            Ok(group_k_fold(groups, asked.min(found), seed)?)
        }
        Split::Order(order) => {
            let by_time = time_folds(order.len(), asked.min(order.len() / 2))?;
            let place = |rows: Vec<usize>| {
                rows.into_iter().filter_map(|row| order.get(row).copied()).collect()
            };
            let fold = |fold: Fold| Fold { train: place(fold.train), test: place(fold.test) };
            Ok(by_time.into_iter().map(fold).collect())
        }
    }
}

fn derive_even(
    target: &Target,
    (asked, seed): (usize, u64),
    warnings: &mut Vec<String>,
) -> Result<Vec<Fold>, AutomlError> {
    let sizes = target.values.class_sizes();
    let labels = target.values.labels();
    let smallest = sizes.iter().copied().min().unwrap_or(usize::MAX);
    let mut folds = asked;
    match target.task {
        Task::Regression => folds = folds.min(target.rows.len() / 2),
        Task::Binary => {
            if let Some(place) = sizes.iter().position(|size| *size == 1) {
                let class = labels.get(place).cloned().unwrap_or_default();
                return Err(AutomlError::ClassOfOne { class });
            }
            folds = folds.min(smallest);
        }
        Task::Multiclass => {
            let largest = sizes.iter().copied().max().unwrap_or(0);
            if largest < 2 {
                let class = labels.first().cloned().unwrap_or_default();
                return Err(AutomlError::ClassOfOne { class });
            }
            folds = folds.min(largest);
            let tiny: Vec<&String> = labels
                .iter()
                .zip(&sizes)
                .filter(|(_, size)| **size < folds)
                .map(|(l, _)| l)
                .collect();
            if !tiny.is_empty() {
                warnings.push(format!(
                    "{} of {} classes have fewer rows than there are folds, so that their scores \
                     are rough: {}.",
                    tiny.len(),
                    labels.len(),
                    derive_list(&tiny, 10)
                ));
            }
        }
    }
    if folds < asked {
        warnings.push(format!(
            "Cross-validation uses {folds} folds instead of {asked}, as there are too few rows."
        ));
    }
    let made = match &target.values {
        TargetValues::Classes { codes, .. } => stratified_k_fold(codes, folds, seed),
        TargetValues::Numbers(values) => k_fold(values.len(), folds, seed),
    };
    Ok(made?)
}
