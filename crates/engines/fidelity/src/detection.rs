//! The classifier two-sample test (C2ST): can a learner tell synthetic rows from real ones?
//!
//! Boosted trees learn to tell them apart on all but one part of the rows and are judged on that
//! part, for each part in turn. The score is 1 if they do no better than chance and 0 if they are
//! never wrong: `1 − (2·max(AUC, ½) − 1)`. Both tables come with equally many rows.

use gantry_learn::boosting::BoostingParams;
use gantry_learn::{Classifier, Control, Target, TrainingSet, metrics, split};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::features::features;
use crate::sample::choose_rows;
use crate::table::{Side, Table};
use crate::{EvaluateOptions, FidelityError, Pair};

const REAL_STREAM: u64 = 0x6332_7201;
const SYNTHETIC_STREAM: u64 = 0x6332_7202;
/// Rows of each table below which folds say nothing.
const FEWEST_ROWS: usize = 20;

/// How well synthetic rows can be told from real ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Detection {
    /// `1 − (2·max(AUC, ½) − 1)`: 1 if nothing gives the synthetic rows away, 0 if all do.
    pub score: f64,
    /// Area under the ROC curve, the mean over the folds; ½ is chance.
    pub auc: f64,
    /// Standard deviation of the area over the folds.
    pub deviation: f64,
    /// Folds.
    pub folds: usize,
    /// Rows of each table.
    pub rows: usize,
    /// What gave the synthetic rows away, the most telling column first.
    pub telltales: Vec<Telltale>,
}

/// How much one column told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Telltale {
    /// Name of the column.
    pub column: String,
    /// Its share of what all columns told, from 0 to 1. It means little where the area is near ½.
    pub share: f64,
}

/// The two-sample test of a pair.
///
/// # Errors
/// As [`crate::evaluate`], and [`FidelityError::NotMeasurable`] for too few rows.
pub fn c2st(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Detection, FidelityError> {
    options.require_valid()?;
    detection_of(&Table::new(pair)?, options, control)
}

pub(crate) fn detection_of(
    table: &Table,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Detection, FidelityError> {
    let rows = table.rows.real.min(table.rows.synthetic).min(options.learner_rows);
    if rows < FEWEST_ROWS.max(options.folds) {
        return Err(FidelityError::NotMeasurable {
            what: "the detection of synthetic rows",
            reason: format!(
                "each table needs {FEWEST_ROWS} rows or more, and the smaller has {rows}"
            ),
        });
    }
    let real = choose_rows(table.rows.real, rows, (options.seed, REAL_STREAM));
    let synthetic = choose_rows(table.rows.synthetic, rows, (options.seed, SYNTHETIC_STREAM));
    let columns: Vec<usize> = (0..table.columns.len()).collect();
    let parts = [(Side::Real, real.as_slice()), (Side::Synthetic, synthetic.as_slice())];
    let x = features(table, &columns, &parts)?;
    let truth: Vec<u32> = (0..2 * rows).map(|row| u32::from(row >= rows)).collect();
    let params = BoostingParams { seed: options.seed, ..BoostingParams::default() };
    let mut areas = Vec::with_capacity(options.folds);
    let mut shares = vec![0.0; columns.len()];
    for fold in split::stratified_k_fold(&truth, options.folds, options.seed)? {
        let codes = split::take(&truth, &fold.train);
        let train = x.take_rows(&fold.train);
        let set = TrainingSet::new(&train, Target::Classes { codes: &codes, count: 2 })?;
        let model = params.fit_classifier(&set, None, control)?;
        let probability = model.predict_proba(&x.take_rows(&fold.test))?;
        let expected = split::take(&truth, &fold.test);
        areas.push(metrics::roc_auc(&expected, probability.column(1), None)?);
        for (sum, share) in shares.iter_mut().zip(model.importance()) {
            *sum += share / options.folds as f64;
        }
    }
    Ok(describe(table, rows, &areas, &shares))
}

fn describe(table: &Table, rows: usize, areas: &[f64], shares: &[f64]) -> Detection {
    let auc = areas.iter().sum::<f64>() / areas.len() as f64;
    let variance = areas.iter().map(|a| (a - auc).powi(2)).sum::<f64>() / areas.len() as f64;
    let tell = |(column, share): (&crate::table::Aligned, &f64)| Telltale {
        column: column.name.clone(),
        share: *share,
    };
    let mut telltales: Vec<Telltale> = table.columns.iter().zip(shares).map(tell).collect();
    telltales.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.column.cmp(&b.column)));
    Detection {
        score: 1.0 - (2.0 * auc.max(0.5) - 1.0),
        auc,
        deviation: variance.sqrt(),
        folds: areas.len(),
        rows,
        telltales,
    }
}
