//! Charts of predicted classes.

use gantry_kit::chart::{Axis, LineChart, MatrixChart, Series, Shade};
use gantry_learn::metrics::{ConfusionMatrix, precision_recall_curve, roc_auc, roc_curve};
use gantry_learn::{LearnError, Matrix, derive_labels};

use super::{Plot, Scored, thin};
use crate::error::AutomlError;

/// Classes beyond this get no curve of their own.
const MAX_CURVES: usize = 8;
/// Ranges of probability that are compared with what happened.
const CALIBRATION_BINS: usize = 10;
/// Points of the lift curve.
const LIFT_POINTS: usize = 50;

/// True codes and predicted probabilities, row by row.
pub(super) struct Classes<'a> {
    pub(super) labels: &'a [String],
    pub(super) codes: &'a [u32],
    pub(super) probability: &'a Matrix,
}

/// One class against the rest.
struct OneClass<'a> {
    label: &'a str,
    is_class: Vec<u32>,
    scores: &'a [f64],
}

pub(super) fn derive_plots(
    scored: &Scored<'_>,
    classes: &Classes<'_>,
) -> Result<Vec<Plot>, AutomlError> {
    let mut plots = vec![derive_confusion(scored, classes)?];
    let curves = classes.derive_curves();
    let Some(last) = curves.last() else { return Ok(plots) };
    plots.push(derive_roc(scored, &curves)?);
    plots.push(derive_precision_recall(scored, &curves)?);
    plots.push(derive_calibration(scored, classes, last));
    if classes.labels.len() == 2 {
        plots.push(derive_lift(scored, last));
    }
    Ok(plots)
}

impl<'a> Classes<'a> {
    /// The classes that some rows have and others have not; of two, the positive one alone.
    fn derive_curves(&self) -> Vec<OneClass<'a>> {
        let first = usize::from(self.labels.len() == 2);
        let of = |(class, label): (usize, &'a String)| {
            let is_class: Vec<u32> =
                self.codes.iter().map(|code| u32::from(*code as usize == class)).collect();
            let found: u32 = is_class.iter().sum();
            let is_drawn = found > 0 && (found as usize) < is_class.len();
            let scores = self.probability.column(class);
            is_drawn.then_some(OneClass { label, is_class, scores })
        };
        self.labels.iter().enumerate().skip(first).filter_map(of).take(MAX_CURVES).collect()
    }
}

fn derive_confusion(scored: &Scored<'_>, classes: &Classes<'_>) -> Result<Plot, AutomlError> {
    let predicted = scored.finish.decide(scored.predictions).unwrap_or_default();
    let matrix = ConfusionMatrix::new(classes.codes, &predicted, classes.labels.len(), None)?;
    let counts: Vec<Vec<f64>> = matrix.rows().map(<[f64]>::to_vec).collect();
    let total: f64 = counts.iter().flatten().sum();
    let right: f64 = counts.iter().enumerate().filter_map(|(class, row)| row.get(class)).sum();
    let chart = MatrixChart {
        title: "Actual and predicted classes".to_owned(),
        description: format!(
            "Predictions on {}: {right} of {total} are right. Rows are actual classes, columns \
             predicted ones.",
            scored.rows
        ),
        row_title: "Actual".to_owned(),
        column_title: "Predicted".to_owned(),
        labels: classes.labels.to_vec(),
        counts,
        shade: Shade::RowShare,
    };
    Ok(Plot::new("confusion", chart))
}

fn derive_roc(scored: &Scored<'_>, curves: &[OneClass<'_>]) -> Result<Plot, AutomlError> {
    let draw = |class: &OneClass<'_>| -> Result<Series, LearnError> {
        let curve = roc_curve(&class.is_class, class.scores, None)?;
        let area = roc_auc(&class.is_class, class.scores, None)?;
        let points = curve.false_positive_rate.into_iter().zip(curve.true_positive_rate).collect();
        Ok(Series::new(format!("{} (area {area:.3})", class.label), thin(points)))
    };
    let mut series = curves.iter().map(draw).collect::<Result<Vec<_>, _>>()?;
    let areas: Vec<&str> = series.iter().map(|line| line.name.as_str()).collect();
    let description = format!(
        "Share of a class that is found against the share of false alarms, on {}: {}.",
        scored.rows,
        areas.join(", ")
    );
    series.push(Series::reference("chance", vec![(0.0, 0.0), (1.0, 1.0)]));
    let chart = LineChart {
        title: "ROC curve".to_owned(),
        description,
        x: Axis::unit("False positive rate"),
        y: Axis::unit("True positive rate"),
        series,
    };
    Ok(Plot::new("roc", chart))
}

fn derive_precision_recall(
    scored: &Scored<'_>,
    curves: &[OneClass<'_>],
) -> Result<Plot, AutomlError> {
    let draw = |class: &OneClass<'_>| -> Result<Series, LearnError> {
        let curve = precision_recall_curve(&class.is_class, class.scores, None)?;
        let points = curve.recall.into_iter().zip(curve.precision).collect();
        Ok(Series::new(class.label, thin(points)))
    };
    let mut series = curves.iter().map(draw).collect::<Result<Vec<_>, _>>()?;
    if let [only] = curves {
        let base = share(&only.is_class);
        series.push(Series::reference("chance", vec![(0.0, base), (1.0, base)]));
    }
    let chart = LineChart {
        title: "Precision and recall".to_owned(),
        description: format!(
            "How many of the rows taken for a class have it, against how many of its rows are \
             found, on {}.",
            scored.rows
        ),
        x: Axis::unit("Recall"),
        y: Axis::unit("Precision"),
        series,
    };
    Ok(Plot::new("precision_recall", chart))
}

/// Of two classes, the probability of the positive one; of several, that of the predicted one.
fn derive_calibration(scored: &Scored<'_>, classes: &Classes<'_>, positive: &OneClass<'_>) -> Plot {
    let pairs: Vec<(f64, bool)> = if classes.labels.len() == 2 {
        positive.scores.iter().zip(&positive.is_class).map(|(p, is)| (*p, *is == 1)).collect()
    } else {
        let predicted = derive_labels(classes.probability);
        let of = |(row, (label, code)): (usize, (&u32, &u32))| {
            let p = classes.probability.column(*label as usize).get(row).copied();
            (p.unwrap_or_default(), label == code)
        };
        predicted.iter().zip(classes.codes).enumerate().map(of).collect()
    };
    let (points, gap) = derive_reliability(&pairs);
    let what = if classes.labels.len() == 2 {
        format!("of {}", positive.label)
    } else {
        "of the predicted class".to_owned()
    };
    let chart = LineChart {
        title: "Calibration".to_owned(),
        description: format!(
            "Predicted probability {what} against how often it came true, on {}; on the line, \
             probabilities can be taken at their word. The mean distance from the line is {gap:.3}.",
            scored.rows
        ),
        x: Axis::unit("Predicted probability"),
        y: Axis::unit("Share that came true"),
        series: vec![
            Series::new("model", points),
            Series::reference("perfect", vec![(0.0, 0.0), (1.0, 1.0)]),
        ],
    };
    Plot::new("calibration", chart)
}

/// By range of probability, its mean and the share that came true; and their mean distance,
/// weighted by rows.
fn derive_reliability(pairs: &[(f64, bool)]) -> (Vec<(f64, f64)>, f64) {
    let mut bins = [(0.0, 0.0, 0.0); CALIBRATION_BINS];
    for (p, came_true) in pairs {
        let bin = ((p * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1);
        if let Some((count, sum, hits)) = bins.get_mut(bin) {
            *count += 1.0;
            *sum += p;
            *hits += f64::from(u8::from(*came_true));
        }
    }
    let filled = bins.iter().filter(|bin| bin.0 > 0.0);
    let points: Vec<(f64, f64)> =
        filled.clone().map(|(count, sum, hits)| (sum / count, hits / count)).collect();
    let gap: f64 = filled.map(|(_, sum, hits)| (sum - hits).abs()).sum();
    (points, gap / pairs.len().max(1) as f64)
}

fn derive_lift(scored: &Scored<'_>, class: &OneClass<'_>) -> Plot {
    let mut order: Vec<usize> = (0..class.scores.len()).collect();
    let score = |row: usize| class.scores.get(row).copied().unwrap_or_default();
    order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
    let base = share(&class.is_class);
    let mut points = Vec::with_capacity(LIFT_POINTS);
    let (mut hits, mut next) = (0.0, 1);
    for (place, row) in order.iter().enumerate() {
        hits += f64::from(class.is_class.get(*row).copied().unwrap_or_default());
        let taken = place + 1;
        if taken * LIFT_POINTS >= next * order.len() {
            points.push((taken as f64 / order.len() as f64, hits / taken as f64 / base));
            next += 1;
        }
    }
    let tenth = points.iter().find(|point| point.0 >= 0.1).map_or(1.0, |point| point.1);
    let chart = LineChart {
        title: "Lift".to_owned(),
        description: format!(
            "How many times more often {} occurs among the rows with the highest probability than \
             among all {}; among the first tenth {tenth:.2} times.",
            class.label, scored.rows
        ),
        x: Axis::unit("Share of rows taken"),
        y: Axis { min: Some(0.0), ..Axis::new("Lift") },
        series: vec![
            Series::new("model", points),
            Series::reference("chance", vec![(0.0, 1.0), (1.0, 1.0)]),
        ],
    };
    Plot::new("lift", chart)
}

fn share(is_class: &[u32]) -> f64 {
    is_class.iter().map(|is| f64::from(*is)).sum::<f64>() / is_class.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reliability_by_hand() {
        let pairs = [(0.05, false), (0.05, true), (0.95, true), (1.0, true)];
        let (points, gap) = derive_reliability(&pairs);
        assert_eq!(points, [(0.05, 0.5), (0.975, 1.0)]);
        assert!((gap - (0.9 + 0.05) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn lift_of_a_perfect_order_is_the_inverse_of_the_share() {
        let is_class: Vec<u32> = (0..100).map(|i| u32::from(i < 20)).collect();
        let scores: Vec<f64> = (0..100).map(|i| 1.0 - f64::from(i) / 100.0).collect();
        let predictions = crate::model::Predictions::Numbers(Vec::new());
        let truth = crate::target::TargetValues::Numbers(Vec::new());
        let finish = crate::model::Finish::default();
        let (truth, predictions) = (&truth, &predictions);
        let scored = Scored { truth, predictions, target: "y", rows: "rows", finish: &finish };
        let class = OneClass { label: "a", is_class, scores: &scores };
        let gantry_kit::Chart::Line(chart) = derive_lift(&scored, &class).chart else {
            panic!("not a line")
        };
        let points = &chart.series[0].points;
        assert_eq!((points.len(), points[0], points[49]), (50, (0.02, 5.0), (1.0, 1.0)));
    }
}
