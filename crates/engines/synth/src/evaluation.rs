//! How good a made table is: the measures of `gantry-fidelity`, and the files that show them.

use gantry_engine_api::{ArtifactRole, BlockingContext, LogLevel};
use gantry_fidelity::{
    ColumnKind, EvaluateOptions, Evaluation, Pair, Part, TableMetadata, evaluate_watched, html,
    quality,
};
use gantry_kit::Frame;
use gantry_learn::{Control, Rng};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SynthError;
use crate::metadata::{Metadata, Role};

/// Share of the rows that nothing is learned from, so that privacy can be measured.
const HELD_SHARE: f64 = 0.1;
/// Made rows that are measured, at most.
pub(crate) const MEASURED_ROWS: u64 = 100_000;

/// How much is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationLevel {
    /// Nothing.
    None,
    /// Shapes of columns and trends of pairs.
    #[default]
    Quality,
    /// Everything, with a tenth of the rows withheld to measure privacy against, and a report.
    Full,
}

/// The figures to be seen first; scores run from 0 to 1, and 1 is best where nothing else is said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// How like the columns are to the real ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<f64>,
    /// How like the relations of columns are to the real ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<f64>,
    /// The mean of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<f64>,
    /// How badly a learner tells made rows from real ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c2st: Option<f64>,
    /// How well an attacker tells who was learned from; 0.5 is guessing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership_auc: Option<f64>,
    /// Share of the people learned from that an attacker finds at 1 % false alarms; 0.01 is guessing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership_tpr_at_1_fpr: Option<f64>,
}

/// What the columns mean to the measures.
pub(crate) fn derive_metadata(frame: &Frame, metadata: &Metadata) -> TableMetadata {
    frame.columns().iter().fold(TableMetadata::derive(frame), |derived, column| {
        match metadata.columns.get(column.name()) {
            Some(about) => derived.with_kind(column.name(), derive_kind(about.role)),
            None => derived,
        }
    })
}

const fn derive_kind(role: Role) -> ColumnKind {
    match role {
        Role::Number | Role::Integer => ColumnKind::Numerical,
        Role::Category | Role::Ordinal => ColumnKind::Categorical,
        Role::Boolean => ColumnKind::Boolean,
        Role::Date => ColumnKind::Datetime,
        Role::Id | Role::ForeignKey | Role::Pattern | Role::Uuid => ColumnKind::Id,
        Role::Text => ColumnKind::Text,
        Role::FirstName
        | Role::LastName
        | Role::Name
        | Role::Email
        | Role::Phone
        | Role::Address
        | Role::Company
        | Role::Iban
        | Role::CardNumber
        | Role::Ip
        | Role::Url => ColumnKind::Pii,
    }
}

/// Rows to learn from, and rows that are withheld.
pub(crate) fn withhold(frame: &Frame, seed: u64) -> (Frame, Frame) {
    let mut rows: Vec<usize> = (0..frame.rows()).collect();
    Rng::stream(seed, 0x5769_7468_686f_6c64).shuffle(&mut rows);
    let held = (HELD_SHARE * rows.len() as f64).round() as usize;
    let (held, kept) = rows.split_at(held);
    let sorted = |part: &[usize]| {
        let mut part = part.to_vec();
        part.sort_unstable();
        part
    };
    (frame.take(&sorted(kept)), frame.take(&sorted(held)))
}

/// Shapes and trends alone.
pub(crate) fn measure_quality(
    (real, made): (&Frame, &Frame),
    metadata: &TableMetadata,
) -> Result<Figures, SynthError> {
    let quality = quality(&Pair::new(real, made, metadata))?;
    Ok(Figures {
        shape: quality.shape,
        trend: quality.trend,
        quality: quality.score,
        ..Figures::default()
    })
}

/// Measures everything and publishes `evaluation.json` and `report.html`; progress runs from 0.7.
pub(crate) fn publish_evaluation(
    job: &BlockingContext,
    pair: &Pair<'_>,
    (options, title): (&EvaluateOptions, &str),
) -> Result<Evaluation, SynthError> {
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let mut begins = |part: Part| {
        let place = Part::ALL.iter().position(|known| *known == part).unwrap_or(0);
        job.progress(0.7 + 0.28 * place as f64 / Part::ALL.len() as f64);
        job.log(LogLevel::Info, format!("Now {}.", part.title()));
    };
    let evaluation = evaluate_watched(pair, options, &control, &mut begins)?;
    let json = serde_json::to_vec(&evaluation)
        .map_err(|error| SynthError::inconsistent(format!("No JSON can be made: {error}.")))?;
    job.publish_bytes("evaluation.json", ArtifactRole::File, &json)?;
    let page = html(&evaluation, title);
    job.publish_bytes("report.html", ArtifactRole::Report, page.as_bytes())?;
    Ok(evaluation)
}

/// The figures of a whole evaluation.
pub(crate) fn derive_figures(evaluation: &Evaluation) -> Figures {
    let distance = evaluation.privacy.membership.as_ref();
    Figures {
        shape: evaluation.quality.shape,
        trend: evaluation.quality.trend,
        quality: evaluation.quality.score,
        c2st: evaluation.detection.as_ref().map(|detection| detection.score),
        membership_auc: distance.map(|membership| membership.auc),
        membership_tpr_at_1_fpr: distance.map(|membership| membership.tpr_at_1_percent),
    }
}
