//! The components as charts and as a page for people.

use gantry_kit::chart::{Axis, LineChart, Series};
use gantry_kit::report::{KeyFigure, Report, Table, TableColumn};

use super::{ReduceReport, ReducedComponent};
use crate::explain::Plot;

/// Components that the page lists.
const LISTED_COMPONENTS: usize = 50;

/// Shares of the variance, one by one and summed.
pub(super) fn derive_shares(shares: &[f64], shown: usize) -> Plot {
    let shown: Vec<f64> = shares.iter().copied().take(shown).collect();
    let mut sum = 0.0;
    let place = |at: usize| (at + 1) as f64;
    let single = shown.iter().enumerate().map(|(at, share)| (place(at), *share)).collect();
    let together = shown
        .iter()
        .enumerate()
        .map(|(at, share)| {
            sum += share;
            (place(at), sum)
        })
        .collect();
    let first = shares.first().copied().unwrap_or_default() * 100.0;
    let chart = LineChart {
        title: "Variance of the components".to_owned(),
        description: format!(
            "Share of all variance that each component has, and that all up to it have together. \
             The first has {first:.0} %."
        ),
        x: Axis::new("Component"),
        y: Axis::unit("Share of the variance"),
        series: vec![Series::new("together", together), Series::new("alone", single)],
    };
    Plot::new("variance", chart)
}

pub(super) fn derive_page(report: &ReduceReport, plots: &[Plot]) -> Report {
    let mut page = Report::new("Fewer columns");
    page.set_subtitle(format!("{} rows · {}", report.rows, report.reason));
    page.key_figures(vec![
        KeyFigure::new("Components", report.components.len().to_string())
            .with_note(format!("of {} features", report.features)),
        KeyFigure::new("Variance kept", format!("{:.1} %", report.variance_kept * 100.0)),
    ]);
    for warning in &report.warnings {
        page.warning(warning.clone());
    }
    page.section("Components");
    page.table(derive_table(&report.components));
    page.section("Charts");
    for plot in plots {
        page.chart(plot.chart.clone());
    }
    page
}

fn derive_table(components: &[ReducedComponent]) -> Table {
    let row = |component: &ReducedComponent| {
        let marks: Vec<String> =
            component.marks.iter().map(|(name, weight)| format!("{name} {weight:+.2}")).collect();
        vec![
            component.component.to_string(),
            format!("{:.1} %", component.share * 100.0),
            marks.join(", "),
        ]
    };
    Table {
        caption: "What each component is made of".to_owned(),
        columns: vec![
            TableColumn::numbers("Component"),
            TableColumn::numbers("Variance"),
            TableColumn::words("Features that weigh most"),
        ],
        rows: components.iter().take(LISTED_COMPONENTS).map(row).collect(),
    }
}
