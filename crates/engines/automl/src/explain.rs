//! What predictions are worth, as charts: the same for held-out rows of a training and for the
//! rows of a new table.
//!
//! Invariants: charts are made of predictions for rows that the fit has not seen; a chart that
//! the rows cannot carry (a single class, no number) is left out, never drawn empty; no chart
//! holds more points than a page can show.

mod classes;
mod columns;
mod drift;
mod numbers;

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::{Chart, Theme};
use serde::Serialize;

use crate::error::AutomlError;
use crate::model::{Finish, Predictions};
use crate::target::TargetValues;
pub(crate) use columns::find_suspects;
pub(crate) use drift::{Baseline, derive_baseline, derive_drift, derive_order_warning};
pub use drift::{ColumnDrift, DriftLevel};

/// Points of a curve or cloud.
const SHOWN_POINTS: usize = 2_000;

/// A chart with the name that files and pages know it by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Plot {
    pub(crate) id: String,
    pub(crate) chart: Chart,
}

impl Plot {
    pub(crate) fn new(id: impl Into<String>, chart: impl Into<Chart>) -> Self {
        Self { id: id.into(), chart: chart.into() }
    }
}

/// Predictions beside the truth, row by row.
pub(crate) struct Scored<'a> {
    pub(crate) truth: &'a TargetValues,
    pub(crate) predictions: &'a Predictions,
    pub(crate) target: &'a str,
    /// What the rows are, such as "held-out rows".
    pub(crate) rows: &'a str,
    /// Decides for a class.
    pub(crate) finish: &'a Finish,
}

impl Scored<'_> {
    /// Every chart that these predictions allow.
    ///
    /// # Errors
    /// If truth and predictions differ in length or kind.
    pub(crate) fn derive_plots(&self) -> Result<Vec<Plot>, AutomlError> {
        match (self.truth, self.predictions) {
            (TargetValues::Classes { labels, codes }, Predictions::Probabilities(probability)) => {
                classes::derive_plots(self, &classes::Classes { labels, codes, probability })
            }
            (TargetValues::Numbers(truth), Predictions::Numbers(predicted)) => {
                Ok(numbers::derive_plots(self, truth, predicted))
            }
            (TargetValues::Classes { .. }, Predictions::Numbers(_))
            | (TargetValues::Numbers(_), Predictions::Probabilities(_)) => {
                Err(AutomlError::inconsistent("Predictions of another task were explained."))
            }
        }
    }
}

/// Evenly chosen points, the last one among them.
fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(SHOWN_POINTS).max(1);
    if step == 1 {
        return points;
    }
    let last = points.last().copied();
    points.into_iter().step_by(step).chain(last).collect()
}

/// Leaves every plot as an SVG file, and as a PNG file where that is wanted, and all of them as
/// data in `plots.json`.
pub(crate) fn publish_plots(
    job: &BlockingContext,
    plots: &[Plot],
    wants_png: bool,
) -> Result<(), AutomlError> {
    let theme = Theme::default();
    for Plot { id, chart } in plots {
        job.check_cancelled()?;
        let svg = chart.to_svg(&theme);
        job.publish_bytes(&format!("{id}.svg"), ArtifactRole::Chart, svg.as_bytes())?;
        if wants_png {
            let png = chart
                .to_png(&theme)
                .map_err(|error| AutomlError::inconsistent(error.to_string()))?;
            job.publish_bytes(&format!("{id}.png"), ArtifactRole::Chart, &png)?;
        }
    }
    let data = serde_json::to_vec(&serde_json::json!({ "plots": plots }))
        .map_err(|error| AutomlError::inconsistent(format!("The plots are not JSON: {error}.")))?;
    job.publish_bytes("plots.json", ArtifactRole::File, &data)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_learn::{Column, Matrix, Rng};

    fn classes(count: usize, rows: usize) -> (TargetValues, Predictions) {
        let mut rng = Rng::new(2);
        let codes: Vec<u32> = (0..rows).map(|_| rng.below(count) as u32).collect();
        let column = |class: usize| {
            let share = |code: &u32| if *code as usize == class { 2.0 } else { 1.0 };
            codes.iter().map(|code| share(code) / (count as f64 + 1.0)).collect()
        };
        let columns = (0..count).map(|class| Column::numeric(column(class))).collect();
        let labels = (0..count).map(|class| format!("class {class}")).collect();
        let probability = Predictions::Probabilities(Matrix::new(columns).unwrap());
        (TargetValues::Classes { labels, codes }, probability)
    }

    fn ids(truth: &TargetValues, predictions: &Predictions) -> Vec<String> {
        let finish = Finish::default();
        let scored = Scored { truth, predictions, target: "y", rows: "rows", finish: &finish };
        scored.derive_plots().unwrap().into_iter().map(|plot| plot.id).collect()
    }

    #[test]
    fn each_task_has_its_plots() {
        let (truth, predictions) = classes(2, 200);
        let binary = ["confusion", "roc", "precision_recall", "calibration", "lift"];
        assert_eq!(ids(&truth, &predictions), binary);
        let (truth, predictions) = classes(3, 200);
        assert_eq!(ids(&truth, &predictions), &binary[..4]);
        let numbers = TargetValues::Numbers(vec![1.0, 2.0, 4.0]);
        let predicted = Predictions::Numbers(vec![1.5, 2.0, 3.0]);
        assert_eq!(ids(&numbers, &predicted), ["predicted", "residuals", "residual_sizes"]);
        let finish = Finish::default();
        let (truth, predictions) = (&numbers, &predictions);
        let scored = Scored { truth, predictions, target: "y", rows: "rows", finish: &finish };
        assert!(scored.derive_plots().is_err());
    }

    #[test]
    fn what_one_class_cannot_carry_is_left_out() {
        let (_, predictions) = classes(2, 20);
        let labels = vec!["a".to_owned(), "b".to_owned()];
        let truth = TargetValues::Classes { labels, codes: vec![0; 20] };
        assert_eq!(ids(&truth, &predictions), ["confusion"]);
    }

    #[test]
    fn thinned_curves_keep_their_ends() {
        let points: Vec<(f64, f64)> = (0..9_999).map(|i| (f64::from(i), 0.0)).collect();
        let kept = thin(points);
        assert!(kept.len() <= SHOWN_POINTS + 1);
        assert_eq!((kept[0].0, kept.last().unwrap().0), (0.0, 9_998.0));
    }
}
