//! The report as a page for people.

use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};

use super::{Outcome, data};
use crate::explain::Plot;
use crate::metric::Metric;
use crate::train::report::{LeaderboardRow, ModelStatus, TrainReport};

/// Columns of the table that the page lists; tables may have thousands.
const LISTED_COLUMNS: usize = 200;

pub(super) fn derive_page(outcome: &Outcome<'_>, plots: Vec<Plot>) -> Report {
    let report = outcome.report;
    let mut page = Report::new(format!("Predicting {}", report.target));
    page.set_subtitle(format!(
        "{} · {} rows · {} columns · {} folds",
        report.task.as_str(),
        report.rows,
        report.columns,
        report.folds
    ));
    page.key_figures(derive_figures(report));
    for warning in &report.warnings {
        page.warning(warning.clone());
    }
    page.section("Data");
    page.table(data::derive_profile(&outcome.prepared.frame));
    page.section("Leaderboard");
    page.paragraph(format!(
        "Every model was fitted on {} of {} parts of the rows and scored on the part left out, \
         each part once. {} is {}.",
        report.folds.saturating_sub(1),
        report.folds,
        report.metric.title(),
        if report.greater_is_better {
            "better the larger it is"
        } else {
            "better the smaller it is"
        }
    ));
    page.table(derive_leaderboard(report));
    page.section("Best model");
    let is_of_folds = outcome.model.ensemble.members.iter().any(|member| member.fits.len() > 1);
    let kept = if is_of_folds {
        "predicts by the mean of its fits, one for each part that was left out; model.gantry holds \
         them all"
    } else {
        "was fitted again on all rows; that fit is in model.gantry"
    };
    page.paragraph(format!(
        "{} {kept}. The charts show what the fits of the folds predicted for rows that they had not \
         seen.",
        report.best.model
    ));
    for plot in plots {
        page.chart(plot.chart);
    }
    page.section("Columns");
    page.table(derive_columns(report));
    page
}

fn derive_figures(report: &TrainReport) -> Vec<KeyFigure> {
    let metric = report.metric.title();
    let mut figures = vec![
        KeyFigure::new("Best model", &report.best.model),
        KeyFigure::new(metric, write_score(report.best.score))
            .with_note(format!("± {} over the folds", write_score(report.best.score_std))),
        KeyFigure::new("Task", report.task.as_str()).with_note(report.task_reason.clone()),
    ];
    if let Some(classes) = &report.classes {
        figures.push(KeyFigure::new("Classes", classes.len().to_string()));
    }
    figures
}

fn write_score(score: f64) -> String {
    gantry_kit::chart::write_short(score)
}

fn derive_leaderboard(report: &TrainReport) -> Table {
    let shown: Vec<&Metric> =
        Metric::all_of(report.task).iter().filter(|metric| **metric != report.metric).collect();
    let mut columns = vec![
        TableColumn::numbers("Rank"),
        TableColumn::words("Model"),
        TableColumn::numbers(report.metric.title()),
        TableColumn::numbers("±"),
    ];
    columns.extend(shown.iter().map(|metric| TableColumn::numbers(metric.title())));
    columns.push(TableColumn::words("Remark"));
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), write_score);
    let row = |row: &LeaderboardRow| {
        let mut cells = vec![
            row.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string()),
            row.title.clone(),
            number(row.score),
            number(row.score_std),
        ];
        let of = |metric: &Metric| row.metrics.get(metric.as_str()).map(|summary| summary.mean);
        cells.extend(shown.iter().map(|metric| number(of(metric))));
        cells.push(derive_remark(row));
        cells
    };
    Table {
        caption: "Models, best first, with means over the folds".to_owned(),
        columns,
        rows: report.leaderboard.rows.iter().map(row).collect(),
    }
}

fn derive_remark(row: &LeaderboardRow) -> String {
    let message = row.message.as_deref().unwrap_or_default();
    match row.status {
        ModelStatus::Done | ModelStatus::Waiting | ModelStatus::Running => String::new(),
        ModelStatus::Failed => format!("failed: {message}"),
        ModelStatus::Skipped => format!("skipped: {message}"),
    }
}

fn derive_columns(report: &TrainReport) -> Table {
    let rows = report.columns_used.iter().take(LISTED_COLUMNS);
    let all = report.columns_used.len();
    let caption = if all > LISTED_COLUMNS {
        format!("What was done with the first {LISTED_COLUMNS} of {all} columns")
    } else {
        "What was done with each column".to_owned()
    };
    Table {
        caption,
        columns: vec![
            TableColumn::words("Column"),
            TableColumn::words("Kind"),
            TableColumn::words("Treatment"),
        ],
        rows: rows.map(|c| vec![c.name.clone(), c.kind.clone(), c.treatment.clone()]).collect(),
    }
}
