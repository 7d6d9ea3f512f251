//! The charts of a training, each with a sentence for those who cannot see it: what columns are
//! needed, then what the predictions are worth.

use gantry_kit::Chart;
use gantry_kit::chart::{Bar, BarChart, write_short};

use super::Outcome;
use crate::explain::Plot;

/// Columns that a chart shows.
const SHOWN_COLUMNS: usize = 20;

/// The charts by name.
pub(super) fn derive_plots(outcome: &Outcome<'_>) -> Vec<Plot> {
    let mut plots = vec![Plot::new("importance", derive_importance(outcome))];
    plots.extend(derive_contributions(outcome));
    plots.extend(outcome.explained.plots.iter().cloned());
    plots
}

fn derive_importance(outcome: &Outcome<'_>) -> Chart {
    let metric = outcome.prepared.metric.title();
    let bars: Vec<Bar> = outcome
        .explained
        .importance
        .iter()
        .take(SHOWN_COLUMNS)
        .map(|row| Bar { error: Some(row.std), ..Bar::new(&row.column, row.importance) })
        .collect();
    let description = match bars.first() {
        Some(first) => format!(
            "How much worse {metric} gets when one column is shuffled. The model needs {} most, \
             with {}.",
            first.label,
            write_short(first.value)
        ),
        None => format!("How much worse {metric} gets when one column is shuffled."),
    };
    BarChart {
        title: "Importance of the columns".to_owned(),
        description,
        value_label: format!("Loss of {metric} when shuffled"),
        bars,
    }
    .into()
}

fn derive_contributions(outcome: &Outcome<'_>) -> Option<Plot> {
    let rows = &outcome.explained.contributions;
    let first = rows.first()?;
    let chart = BarChart {
        title: "Contributions of the columns".to_owned(),
        description: format!(
            "How far each column moves a prediction from the mean one, on average over held-out \
             rows (SHAP values). {} moves it most, by {}.",
            first.column,
            write_short(first.mean_size)
        ),
        value_label: "Mean size of the contribution".to_owned(),
        bars: rows
            .iter()
            .take(SHOWN_COLUMNS)
            .map(|row| Bar::new(&row.column, row.mean_size))
            .collect(),
    };
    Some(Plot::new("contributions", chart))
}
