//! The evaluation as a page for people.

use gantry_kit::chart::{Bar, BarChart, write_short};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};

use super::EvaluateReport;
use crate::explain::{ColumnDrift, DriftLevel, Plot};
use crate::metric::Metric;
use crate::model_file::ModelHeader;

/// Columns that the page lists.
const LISTED_COLUMNS: usize = 200;
/// Columns that the chart shows.
const SHOWN_COLUMNS: usize = 20;

pub(super) fn derive_level(level: DriftLevel) -> &'static str {
    match level {
        DriftLevel::None => "none",
        DriftLevel::Moderate => "moderate",
        DriftLevel::Strong => "strong",
    }
}

/// The drift of the columns that moved most; none where nothing was measured.
pub(super) fn derive_drift_plot(drift: &[ColumnDrift]) -> Option<Plot> {
    let first = drift.first()?;
    let chart = BarChart {
        title: "Drift of the columns".to_owned(),
        description: format!(
            "How far the values of each column are from those of the training (population \
             stability index). `{}` moved most, with {}; from 0.25 a model should be looked at.",
            first.column,
            write_short(first.psi)
        ),
        value_label: "Population stability index".to_owned(),
        bars: drift.iter().take(SHOWN_COLUMNS).map(|d| Bar::new(&d.column, d.psi)).collect(),
    };
    Some(Plot::new("drift", chart))
}

pub(super) fn derive_page(header: &ModelHeader, report: &EvaluateReport, plots: &[Plot]) -> Report {
    let mut page = Report::new(format!("Evaluating predictions of {}", report.target));
    page.set_subtitle(format!(
        "{} · {} rows, {} of them scored · model trained on {} rows",
        report.task.as_str(),
        report.rows,
        report.scored_rows,
        header.rows
    ));
    page.key_figures(derive_figures(report));
    for warning in &report.warnings {
        page.warning(warning.clone());
    }
    page.section("Scores");
    page.table(derive_scores(report));
    for plot in plots.iter().filter(|plot| plot.id != "drift") {
        page.chart(plot.chart.clone());
    }
    if !report.drift.is_empty() {
        page.section("Drift");
        for plot in plots.iter().filter(|plot| plot.id == "drift") {
            page.chart(plot.chart.clone());
        }
        page.table(derive_drift_table(&report.drift));
    }
    page
}

fn derive_figures(report: &EvaluateReport) -> Vec<KeyFigure> {
    let strong = report.drift.iter().filter(|d| d.level == DriftLevel::Strong).count();
    let score = report.score.map_or_else(|| "–".to_owned(), write_short);
    vec![
        KeyFigure::new(report.metric.title(), score)
            .with_note(format!("{} in training", write_short(report.training_score))),
        KeyFigure::new("Rows scored", report.scored_rows.to_string()),
        KeyFigure::new("Drifted columns", strong.to_string())
            .with_note(format!("of {}", report.drift.len())),
    ]
}

fn derive_scores(report: &EvaluateReport) -> Table {
    let row = |metric: &Metric| {
        let score = report.metrics.get(metric.as_str()).copied();
        let direction = if metric.greater_is_better() { "larger" } else { "smaller" };
        vec![
            metric.title().to_owned(),
            score.map_or_else(|| "–".to_owned(), write_short),
            format!("better the {direction} it is"),
        ]
    };
    Table {
        caption: "Scores on the new table".to_owned(),
        columns: vec![
            TableColumn::words("Metric"),
            TableColumn::numbers("Score"),
            TableColumn::words("Direction"),
        ],
        rows: Metric::all_of(report.task).iter().map(row).collect(),
    }
}

fn derive_drift_table(drift: &[ColumnDrift]) -> Table {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let row = |d: &ColumnDrift| {
        vec![
            d.column.clone(),
            write_short(d.psi),
            derive_level(d.level).to_owned(),
            percent(d.missing_before),
            percent(d.missing_now),
            percent(d.unseen_now),
        ]
    };
    Table {
        caption: "Columns by drift, the largest first".to_owned(),
        columns: vec![
            TableColumn::words("Column"),
            TableColumn::numbers("Index"),
            TableColumn::words("Drift"),
            TableColumn::numbers("Gaps in training"),
            TableColumn::numbers("Gaps now"),
            TableColumn::numbers("Unseen values now"),
        ],
        rows: drift.iter().take(LISTED_COLUMNS).map(row).collect(),
    }
}
