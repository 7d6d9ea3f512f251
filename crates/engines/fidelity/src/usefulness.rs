//! Train on synthetic, test on real: what a learner is worth that never saw a real row, beside one
//! that learnt from the real rows.
//!
//! Both are judged on the same real rows: the hold-out, or, where there is none, a part of the
//! real rows that neither learnt from. Classes are judged by the area under the ROC curve (mean
//! over the classes for more than two), numbers by R².

use gantry_learn::boosting::BoostingParams;
use gantry_learn::{
    Classifier, Control, LearnError, Matrix, Regressor, Target, TrainingSet, metrics,
};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::derive_name_list;
use crate::features::features;
use crate::sample::choose_rows;
use crate::table::{Aligned, Side, Table, Values};
use crate::{EvaluateOptions, FidelityError, Pair, Targets};

const REAL_STREAM: u64 = 0x7473_7401;
const SYNTHETIC_STREAM: u64 = 0x7473_7402;
const TEST_STREAM: u64 = 0x7473_7403;
/// Labels from which on a column is no target, as most of them would have too few rows.
const MOST_LABELS: usize = 20;
/// Columns that are tried when every one is asked for.
const MOST_TARGETS: usize = 30;
/// Columns that all models together read when every one is asked for.
const MOST_READ: usize = 6_000;
/// Rows that each learner sees when every column is a target.
pub(crate) const ROWS_OF_EACH: usize = 5_000;
/// Trees that a model has at most: each round grows one for each class.
const MOST_TREES: usize = 300;
/// Fewest rounds of a model.
const FEWEST_ROUNDS: u32 = 20;
/// Rows below which a learner says nothing.
const FEWEST_ROWS: usize = 20;
/// Of real rows without a hold-out, one in this many tests.
const TEST_PART: usize = 4;

/// How a prediction is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Area under the ROC curve; ½ is chance, 1 is perfect.
    Auc,
    /// Share of the variance that is explained; 1 is perfect, 0 is as good as the mean.
    R2,
}

/// What synthetic rows are worth for predicting one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usefulness {
    /// The column that is predicted.
    pub target: String,
    /// How predictions are judged.
    pub judgement: Judgement,
    /// Trained on synthetic rows, tested on real ones; none if they have a single class.
    pub synthetic: Option<f64>,
    /// Trained on real rows, tested on other real ones.
    pub real: Option<f64>,
    /// What is lost by training on synthetic rows: real minus synthetic.
    pub loss: Option<f64>,
}

/// Train on synthetic, test on real, for the targets of the options.
///
/// # Errors
/// As [`crate::evaluate`], [`FidelityError::UnknownColumn`] for a target that is not compared, and
/// [`FidelityError::NotMeasurable`] for too few rows.
pub fn usefulness(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Vec<Usefulness>, FidelityError> {
    options.require_valid()?;
    usefulness_of(&Table::new(pair)?, options, control)
}

pub(crate) fn usefulness_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Vec<Usefulness>, FidelityError> {
    let targets = choose_targets(table, &options.targets)?;
    if targets.is_empty() || table.columns.len() < 2 {
        return Ok(Vec::new());
    }
    let rows = Parts::choose(table, options);
    if rows.train.len().min(rows.synthetic.len()).min(rows.test.1.len()) < FEWEST_ROWS {
        return Err(FidelityError::NotMeasurable {
            what: "what the rows are worth for learning",
            reason: format!("training and test need {FEWEST_ROWS} rows each"),
        });
    }
    // Models are small: whole targets side by side cost less than parts of each.
    let judge = |target: usize| judge(table, target, (&rows, options), control);
    targets.into_par_iter().map(judge).collect()
}

fn choose_targets(table: &Table, targets: &Targets) -> Result<Vec<usize>, FidelityError> {
    let suits = |column: &Aligned| match &column.values {
        Values::Numbers(_) => true,
        Values::Labels { names, .. } => (2..=MOST_LABELS).contains(&names.len()),
    };
    match targets {
        Targets::None => Ok(Vec::new()),
        Targets::Every => {
            let found =
                (0..table.columns.len()).filter(|i| table.columns.get(*i).is_some_and(suits));
            // Every model reads all columns, so that wide tables have fewer targets.
            let most = (MOST_READ / table.columns.len().max(1)).clamp(1, MOST_TARGETS);
            Ok(found.take(most).collect())
        }
        Targets::Named(names) => {
            let find = |name: &String| {
                table.find(name).ok_or_else(|| FidelityError::UnknownColumn {
                    name: name.clone(),
                    table: "compared".to_owned(),
                    available: derive_name_list(table.columns.iter().map(|c| c.name.as_str())),
                })
            };
            names.iter().map(find).collect()
        }
    }
}

/// Who learns from which rows, and who is tested on which.
struct Parts {
    train: Vec<usize>,
    synthetic: Vec<usize>,
    test: (Side, Vec<usize>),
}

impl Parts {
    fn choose(table: &Table, options: &EvaluateOptions) -> Self {
        let most = match options.targets {
            Targets::Named(_) => options.learner_rows,
            Targets::Every | Targets::None => options.learner_rows.min(ROWS_OF_EACH),
        };
        let synthetic = choose_rows(table.rows.synthetic, most, (options.seed, SYNTHETIC_STREAM));
        if table.has_holdout() {
            let test = choose_rows(table.rows.holdout, most, (options.seed, TEST_STREAM));
            let train = choose_rows(table.rows.real, most, (options.seed, REAL_STREAM));
            return Self { train, synthetic, test: (Side::Holdout, test) };
        }
        let real = choose_rows(table.rows.real, most, (options.seed, REAL_STREAM));
        let chosen = choose_rows(real.len(), real.len() / TEST_PART, (options.seed, TEST_STREAM));
        let mut is_test = vec![false; real.len()];
        chosen.iter().for_each(|place| {
            if let Some(slot) = is_test.get_mut(*place) {
                *slot = true;
            }
        });
        let part = |wanted: bool| {
            let rows = real.iter().zip(&is_test);
            rows.filter(move |(_, is_test)| **is_test == wanted).map(|(row, _)| *row)
        };
        Self { train: part(false).collect(), synthetic, test: (Side::Real, part(true).collect()) }
    }
}

fn judge(
    table: &Table,
    target: usize,
    (parts, options): (&Parts, &EvaluateOptions),
    control: &Control<'_>,
) -> Result<Usefulness, FidelityError> {
    let Some(column) = table.columns.get(target) else {
        return Err(FidelityError::Learn(LearnError::Empty { what: "the list of targets" }));
    };
    let others: Vec<usize> = (0..table.columns.len()).filter(|other| *other != target).collect();
    let labelled = |side: Side, rows: &[usize]| -> Result<(Matrix, Vec<f64>), FidelityError> {
        let kept: Vec<usize> =
            rows.iter().copied().filter(|row| !column.number(side, *row).is_nan()).collect();
        let y = kept.iter().map(|row| column.number(side, *row)).collect();
        Ok((features(table, &others, &[(side, &kept)])?, y))
    };
    let is_number = column.labels() == 0;
    let params = settings(column.labels(), options.seed);
    let score = |side: Side, rows: &[usize]| -> Result<Option<f64>, FidelityError> {
        let attempt = labelled(side, rows).and_then(|train| {
            let test = labelled(parts.test.0, &parts.test.1)?;
            if is_number {
                score_numbers(&params, &train, &test, control)
            } else {
                score_classes(&params, column.labels(), (&train, &test), control)
            }
        });
        match attempt {
            Ok(score) => Ok(Some(score)),
            // A side on which the target does not vary teaches nothing.
            Err(FidelityError::Learn(
                LearnError::OneClass | LearnError::Undefined { .. } | LearnError::Empty { .. },
            )) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let synthetic = score(Side::Synthetic, &parts.synthetic)?;
    let real = score(Side::Real, &parts.train)?;
    Ok(Usefulness {
        target: column.name.clone(),
        judgement: if is_number { Judgement::R2 } else { Judgement::Auc },
        synthetic,
        real,
        loss: real.zip(synthetic).map(|(real, synthetic)| real - synthetic),
    })
}

/// Settings of a model for this many labels: fewer rounds where each has many trees.
fn settings(labels: usize, seed: u64) -> BoostingParams {
    let whole = BoostingParams::default();
    let trees = if labels > 2 { labels } else { 1 };
    let rounds = u32::try_from(MOST_TREES / trees).unwrap_or(whole.rounds);
    BoostingParams { rounds: rounds.clamp(FEWEST_ROUNDS, whole.rounds), seed, ..whole }
}

type Labelled = (Matrix, Vec<f64>);

fn score_numbers(
    params: &BoostingParams,
    train: &Labelled,
    test: &Labelled,
    control: &Control<'_>,
) -> Result<f64, FidelityError> {
    let set = TrainingSet::new(&train.0, Target::Values(&train.1))?;
    let model = params.fit_regressor(&set, None, control)?;
    let constant = test.1.iter().all(|value| Some(value) == test.1.first());
    if constant {
        let reason = "the target does not vary";
        return Err(LearnError::Undefined { what: "R²", reason }.into());
    }
    Ok(metrics::r2(&test.1, &model.predict(&test.0)?, None)?)
}

fn score_classes(
    params: &BoostingParams,
    count: usize,
    (train, test): (&Labelled, &Labelled),
    control: &Control<'_>,
) -> Result<f64, FidelityError> {
    let codes = |values: &[f64]| values.iter().map(|value| *value as u32).collect::<Vec<u32>>();
    let known = codes(&train.1);
    let count = count.max(2);
    let set = TrainingSet::new(&train.0, Target::Classes { codes: &known, count })?;
    let model = params.fit_classifier(&set, None, control)?;
    let probability = model.predict_proba(&test.0)?;
    let truth = codes(&test.1);
    if count == 2 {
        return Ok(metrics::roc_auc(&truth, probability.column(1), None)?);
    }
    Ok(metrics::roc_auc_ovr(&truth, &probability, None)?)
}
