//! What the best model does: its mistakes and the columns that it needs.

use gantry_learn::Control;
use gantry_learn::metrics::{RocCurve, roc_curve};

use super::evaluate::{Evaluated, find_confusion};
use super::importance;
use super::prepare::Prepared;
use super::report::{ColumnImportance, ConfusionTable};
use crate::error::AutomlError;
use crate::model::Predictions;
use crate::target::TargetValues;

/// Classes beyond this get no ROC curve of their own.
const MAX_CURVES: usize = 8;

/// A ROC curve of one class against the rest.
pub(super) struct ClassCurve {
    pub(super) label: String,
    pub(super) curve: RocCurve,
    pub(super) area: f64,
}

/// What is known of the best model.
pub(super) struct Explained {
    pub(super) importance: Vec<ColumnImportance>,
    pub(super) confusion: Option<ConfusionTable>,
    pub(super) curves: Vec<ClassCurve>,
    pub(super) warnings: Vec<String>,
}

pub(super) fn explain(
    prepared: &Prepared,
    evaluated: &Evaluated,
    control: &Control<'_>,
) -> Result<Explained, AutomlError> {
    let truth = &prepared.target.values;
    let counts = find_confusion(truth, &evaluated.out_of_fold)?;
    let confusion = counts.map(|counts| ConfusionTable { labels: truth.labels().to_vec(), counts });
    let measured = importance::measure(prepared, evaluated, control)?;
    let curves = derive_curves(truth, &evaluated.out_of_fold)?;
    Ok(Explained {
        importance: measured.columns,
        confusion,
        curves,
        warnings: measured.warning.into_iter().collect(),
    })
}

fn derive_curves(
    truth: &TargetValues,
    predictions: &Predictions,
) -> Result<Vec<ClassCurve>, AutomlError> {
    let (TargetValues::Classes { labels, codes }, Predictions::Probabilities(probability)) =
        (truth, predictions)
    else {
        return Ok(Vec::new());
    };
    let first = usize::from(labels.len() == 2);
    let mut curves = Vec::new();
    for (class, label) in labels.iter().enumerate().skip(first).take(MAX_CURVES) {
        let is_class: Vec<u32> =
            codes.iter().map(|code| u32::from(*code as usize == class)).collect();
        let curve = roc_curve(&is_class, probability.column(class), None)?;
        let area = derive_area(&curve);
        curves.push(ClassCurve { label: label.clone(), curve, area });
    }
    Ok(curves)
}

fn derive_area(curve: &RocCurve) -> f64 {
    let points: Vec<(f64, f64)> = curve
        .false_positive_rate
        .iter()
        .copied()
        .zip(curve.true_positive_rate.iter().copied())
        .collect();
    points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0).sum()
}
