//! Tables as CSV. No durations are in them, so that the same training gives the same bytes.

use std::collections::BTreeSet;

use gantry_kit::{Column, Frame, WriteOptions, write_csv};

use super::Outcome;
use crate::error::AutomlError;
use crate::model::Predictions;
use crate::target::TargetValues;
use crate::train::report::{LeaderboardRow, TrainReport};

/// One row a model, best first: rank, status, score and the mean of every metric.
pub(super) fn write_leaderboard(report: &TrainReport) -> Result<Vec<u8>, AutomlError> {
    let rows = &report.leaderboard.rows;
    let texts = |f: fn(&LeaderboardRow) -> &str| -> Vec<&str> { rows.iter().map(f).collect() };
    let numbers = |f: &dyn Fn(&LeaderboardRow) -> Option<f64>| -> Vec<f64> {
        rows.iter().map(|row| f(row).unwrap_or(f64::NAN)).collect()
    };
    let label = |name: &str, values: Vec<&str>| Column::labels(name, values.into_iter().map(Some));
    let status = |row: &LeaderboardRow| -> &'static str {
        use crate::train::report::ModelStatus;
        match row.status {
            ModelStatus::Waiting => "waiting",
            ModelStatus::Running => "running",
            ModelStatus::Done => "done",
            ModelStatus::Failed => "failed",
            ModelStatus::Skipped => "skipped",
        }
    };
    let mut columns = vec![
        Column::integer("rank", numbers(&|row| row.rank.map(f64::from))),
        label("model", texts(|row| &row.model)),
        label("status", rows.iter().map(status).collect()),
        Column::number("score", numbers(&|row| row.score)),
        Column::number("score_std", numbers(&|row| row.score_std)),
    ];
    let names: BTreeSet<&String> = rows.iter().flat_map(|row| row.metrics.keys()).collect();
    for name in names {
        let mean = |row: &LeaderboardRow| row.metrics.get(name).map(|summary| summary.mean);
        columns.push(Column::number(name.as_str(), numbers(&mean)));
    }
    write(columns)
}

/// One row for each row that was used: its number in the file, its fold, truth and prediction.
pub(super) fn write_predictions(outcome: &Outcome<'_>) -> Result<Vec<u8>, AutomlError> {
    let target = &outcome.prepared.target;
    let count = target.rows.len();
    let mut folds = vec![f64::NAN; count];
    for (fold, number) in outcome.prepared.folds.iter().zip(1_u32..) {
        for row in &fold.test {
            if let Some(slot) = folds.get_mut(*row) {
                *slot = f64::from(number);
            }
        }
    }
    let mut columns = vec![
        Column::integer("row", target.rows.iter().map(|row| (row + 1) as f64).collect()),
        Column::integer("fold", folds),
    ];
    let out_of_fold = &outcome.evaluated.out_of_fold;
    match (&target.values, out_of_fold) {
        (TargetValues::Classes { labels, codes }, Predictions::Probabilities(_)) => {
            let names = |codes: &[u32]| -> Vec<Option<&str>> {
                codes.iter().map(|c| labels.get(*c as usize).map(String::as_str)).collect()
            };
            let predicted = out_of_fold.derive_classes().unwrap_or_default();
            columns.push(Column::labels("actual", names(codes)));
            columns.push(Column::labels("predicted", names(&predicted)));
        }
        (TargetValues::Numbers(values), Predictions::Numbers(predicted)) => {
            columns.push(Column::number("actual", values.clone()));
            columns.push(Column::number("predicted", predicted.clone()));
            let residual = values.iter().zip(predicted).map(|(a, p)| a - p).collect();
            columns.push(Column::number("residual", residual));
        }
        (TargetValues::Classes { .. }, Predictions::Numbers(_))
        | (TargetValues::Numbers(_), Predictions::Probabilities(_)) => {
            return Err(AutomlError::inconsistent("Predictions of another task were written."));
        }
    }
    let labels = target.values.labels();
    for (label, values) in labels.iter().zip(out_of_fold.as_columns()) {
        columns.push(Column::number(format!("probability_{label}"), values.to_vec()));
    }
    write(columns)
}

fn write(columns: Vec<Column>) -> Result<Vec<u8>, AutomlError> {
    let mut bytes = Vec::new();
    write_csv(&Frame::new(columns)?, &mut bytes, &WriteOptions::default())?;
    Ok(bytes)
}
