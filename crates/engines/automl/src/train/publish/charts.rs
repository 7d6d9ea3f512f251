//! The charts of a training, each with a sentence for those who cannot see it.

use gantry_kit::Chart;
use gantry_kit::chart::{
    Axis, Bar, BarChart, LineChart, MatrixChart, ScatterChart, ScatterSeries, Series, Stroke,
    write_short,
};

use super::Outcome;
use crate::model::Predictions;
use crate::target::TargetValues;

/// Columns that the importance chart shows.
const SHOWN_COLUMNS: usize = 20;
/// Points of a scatter chart.
const SHOWN_POINTS: usize = 2_000;

/// The charts by file name.
pub(super) fn derive_charts(outcome: &Outcome<'_>) -> Vec<(&'static str, Chart)> {
    let mut charts = vec![("importance.svg", derive_importance(outcome))];
    charts.extend(derive_confusion(outcome).map(|chart| ("confusion.svg", chart)));
    charts.extend(derive_roc(outcome).map(|chart| ("roc.svg", chart)));
    if let (TargetValues::Numbers(truth), Predictions::Numbers(predicted)) =
        (&outcome.prepared.target.values, &outcome.evaluated.out_of_fold)
    {
        charts.push(("predicted.svg", derive_predicted(outcome, truth, predicted)));
        charts.push(("residuals.svg", derive_residuals(outcome, truth, predicted)));
    }
    charts
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

fn derive_confusion(outcome: &Outcome<'_>) -> Option<Chart> {
    let table = outcome.explained.confusion.as_ref()?;
    let total: u64 = table.counts.iter().flatten().sum();
    let right: u64 =
        table.counts.iter().enumerate().filter_map(|(class, row)| row.get(class)).sum();
    let chart = MatrixChart {
        title: "Actual and predicted classes".to_owned(),
        description: format!(
            "Predictions on held-out rows: {right} of {total} are right. Rows are actual classes, \
             columns predicted ones."
        ),
        row_title: "Actual".to_owned(),
        column_title: "Predicted".to_owned(),
        labels: table.labels.clone(),
        counts: table
            .counts
            .iter()
            .map(|row| row.iter().map(|count| *count as f64).collect())
            .collect(),
    };
    Some(chart.into())
}

fn derive_roc(outcome: &Outcome<'_>) -> Option<Chart> {
    let curves = &outcome.explained.curves;
    if curves.is_empty() {
        return None;
    }
    let name = |label: &str, area: f64| format!("{label} (area {area:.3})");
    let mut series: Vec<Series> = curves
        .iter()
        .map(|c| {
            let x = c.curve.false_positive_rate.iter().copied();
            let points = x.zip(c.curve.true_positive_rate.iter().copied()).collect();
            Series::new(name(&c.label, c.area), points)
        })
        .collect();
    let areas: Vec<String> = series.iter().map(|line| line.name.clone()).collect();
    series.push(Series::reference("chance", vec![(0.0, 0.0), (1.0, 1.0)]));
    let chart = LineChart {
        title: "ROC curve".to_owned(),
        description: format!(
            "Share of a class that is found against the share of false alarms, on held-out rows: \
             {}.",
            areas.join(", ")
        ),
        x: Axis::unit("False positive rate"),
        y: Axis::unit("True positive rate"),
        series,
    };
    Some(chart.into())
}

fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(SHOWN_POINTS).max(1);
    points.into_iter().step_by(step).collect()
}

fn derive_predicted(outcome: &Outcome<'_>, truth: &[f64], predicted: &[f64]) -> Chart {
    let target = &outcome.prepared.target.name;
    let points = thin(truth.iter().copied().zip(predicted.iter().copied()).collect());
    ScatterChart {
        title: "Actual and predicted values".to_owned(),
        description: format!(
            "Each point is a held-out row; on the line, {target} is predicted exactly."
        ),
        x_label: format!("Actual {target}"),
        y_label: format!("Predicted {target}"),
        series: vec![ScatterSeries { name: "held-out rows".to_owned(), points }],
        diagonal: Some(Stroke::Reference),
    }
    .into()
}

fn derive_residuals(outcome: &Outcome<'_>, truth: &[f64], predicted: &[f64]) -> Chart {
    let target = &outcome.prepared.target.name;
    let residuals = predicted.iter().zip(truth).map(|(p, t)| (*p, t - p)).collect();
    ScatterChart {
        title: "Residuals".to_owned(),
        description: format!(
            "Actual minus predicted {target} of held-out rows, against the prediction. A pattern \
             means that something is still to be learned."
        ),
        x_label: format!("Predicted {target}"),
        y_label: "Actual − predicted".to_owned(),
        series: vec![ScatterSeries { name: "held-out rows".to_owned(), points: thin(residuals) }],
        diagonal: None,
    }
    .into()
}
