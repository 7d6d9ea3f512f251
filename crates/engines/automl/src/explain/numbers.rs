//! Charts of predicted numbers.

use gantry_kit::chart::{HistogramChart, ScatterChart, ScatterSeries, Stroke, write_short};

use super::{Plot, Scored, thin};

/// Bars of the histogram of residuals.
const BARS: usize = 30;

pub(super) fn derive_plots(scored: &Scored<'_>, truth: &[f64], predicted: &[f64]) -> Vec<Plot> {
    let pairs: Vec<(f64, f64)> = truth.iter().copied().zip(predicted.iter().copied()).collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    let residuals: Vec<f64> = pairs.iter().map(|(t, p)| t - p).collect();
    vec![
        derive_predicted(scored, pairs.clone()),
        derive_residuals(scored, pairs.iter().map(|(t, p)| (*p, t - p)).collect()),
        derive_sizes(scored, &residuals),
    ]
}

fn derive_predicted(scored: &Scored<'_>, pairs: Vec<(f64, f64)>) -> Plot {
    let (target, rows) = (scored.target, scored.rows);
    let chart = ScatterChart {
        title: "Actual and predicted values".to_owned(),
        description: format!(
            "Each point is one of the {rows}; on the line, {target} is predicted exactly."
        ),
        x_label: format!("Actual {target}"),
        y_label: format!("Predicted {target}"),
        series: vec![ScatterSeries { name: rows.to_owned(), points: thin(pairs) }],
        diagonal: Some(Stroke::Reference),
    };
    Plot::new("predicted", chart)
}

fn derive_residuals(scored: &Scored<'_>, points: Vec<(f64, f64)>) -> Plot {
    let (target, rows) = (scored.target, scored.rows);
    let chart = ScatterChart {
        title: "Residuals".to_owned(),
        description: format!(
            "Actual minus predicted {target} of {rows}, against the prediction. A pattern means \
             that something is still to be learned."
        ),
        x_label: format!("Predicted {target}"),
        y_label: "Actual − predicted".to_owned(),
        series: vec![ScatterSeries { name: rows.to_owned(), points: thin(points) }],
        diagonal: None,
    };
    Plot::new("residuals", chart)
}

fn derive_sizes(scored: &Scored<'_>, residuals: &[f64]) -> Plot {
    let low = residuals.iter().copied().fold(f64::INFINITY, f64::min);
    let high = residuals.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Shares of each end, because the difference of huge ends may overflow.
    let edge = |place: usize| {
        let share = place as f64 / BARS as f64;
        low * (1.0 - share) + high * share
    };
    let edges: Vec<f64> = (0..=BARS).map(edge).collect();
    let mut counts = vec![0.0; BARS];
    for residual in residuals {
        let bar = edges.partition_point(|edge| edge <= residual).clamp(1, BARS) - 1;
        if let Some(count) = counts.get_mut(bar) {
            *count += 1.0;
        }
    }
    let mut sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or_default();
    let chart = HistogramChart {
        title: "Sizes of the residuals".to_owned(),
        description: format!(
            "How often the prediction is off by how much, on {}. Half of the rows are off by at \
             most {}.",
            scored.rows,
            write_short(median)
        ),
        x_label: "Actual − predicted".to_owned(),
        y_label: "Rows".to_owned(),
        edges,
        counts,
    };
    Plot::new("residual_sizes", chart)
}
