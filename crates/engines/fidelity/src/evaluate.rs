//! The whole evaluation: every part in turn, each of them also callable on its own.
//!
//! A part that cannot be measured (too few rows, no hold-out) is left out, and a note says why;
//! only tables that cannot be compared at all are refused.

use gantry_learn::Control;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::closeness::{Closeness, closeness_of};
use crate::copies::{Copies, copies_of, new_row_share};
use crate::detection::{Detection, detection_of};
use crate::diagnostic::{ColumnCoverage, Diagnostic, coverage_of, diagnostic_of};
use crate::disclosure::{Disclosure, disclosure_of};
use crate::membership::{Membership, membership_of};
use crate::precision::{Precision, precision_of};
use crate::quality::{Quality, quality_of};
use crate::rules::{RuleReport, check_rules};
use crate::table::Table;
use crate::usefulness::{ROWS_OF_EACH, Usefulness, usefulness_of};
use crate::view::{Views, views_of};
use crate::{EvaluateOptions, FidelityError, Pair, Targets};

/// Everything that is known about a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// Rows of the tables.
    pub rows: RowCounts,
    /// What was left out or looked at in part, in words.
    pub notes: Vec<String>,
    /// Shapes of columns and trends of pairs.
    pub quality: Quality,
    /// Whether the synthetic table is valid.
    pub diagnostic: Diagnostic,
    /// How much of each real column is covered.
    pub coverage: Vec<ColumnCoverage>,
    /// Whether a learner can tell synthetic rows from real ones.
    pub detection: Option<Detection>,
    /// What the synthetic rows are worth for learning, by target.
    pub usefulness: Vec<Usefulness>,
    /// Alpha-precision, beta-recall and authenticity.
    pub precision: Option<Precision>,
    /// Whether people can be found in the synthetic table.
    pub privacy: Privacy,
    /// How well the rules hold.
    pub rules: Vec<RuleReport>,
    /// What is drawn.
    pub views: Views,
}

/// Rows of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowCounts {
    /// Real rows.
    pub real: usize,
    /// Synthetic rows.
    pub synthetic: usize,
    /// Hold-out rows, 0 without a hold-out.
    pub holdout: usize,
}

/// Whether people can be found in the synthetic table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Privacy {
    /// Membership inference, which leads; none without a hold-out.
    pub membership: Option<Membership>,
    /// Exact copies, and how many arise by chance.
    pub copies: Copies,
    /// Values that can be guessed, by column; empty without a hold-out.
    pub disclosure: Vec<Disclosure>,
    /// Distance to the closest record. It misses leaks that membership inference finds.
    pub closeness: Option<Closeness>,
    /// Share of synthetic rows that match no real row, numbers within 1 %.
    pub new_row_share: f64,
}

/// A part of an evaluation, for those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Quality, diagnostic and coverage.
    Quality,
    /// The two-sample test.
    Detection,
    /// Train on synthetic, test on real.
    Usefulness,
    /// Alpha-precision and beta-recall.
    Precision,
    /// Membership, copies, disclosure and closeness.
    Privacy,
    /// Rules and what is drawn.
    Views,
}

impl Part {
    /// Every part in the order in which it is measured.
    pub const ALL: [Self; 6] = [
        Self::Quality,
        Self::Detection,
        Self::Usefulness,
        Self::Precision,
        Self::Privacy,
        Self::Views,
    ];

    /// The part in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Quality => "comparing columns and pairs",
            Self::Detection => "telling synthetic rows from real ones",
            Self::Usefulness => "learning from synthetic rows",
            Self::Precision => "comparing where rows lie",
            Self::Privacy => "looking for people",
            Self::Views => "drawing",
        }
    }
}

/// Measures everything.
///
/// # Errors
/// Tables without rows or common columns, metadata, options or rules that do not fit, and what
/// [`Control`] says. What merely cannot be measured is noted and left out.
pub fn evaluate(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
) -> Result<Evaluation, FidelityError> {
    evaluate_watched(pair, options, control, &mut |_| {})
}

/// As [`evaluate`]; `begins` is told of each part before it begins.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_watched(
    pair: &Pair<'_>,
    options: &EvaluateOptions,
    control: &Control<'_>,
    begins: &mut dyn FnMut(Part),
) -> Result<Evaluation, FidelityError> {
    options.require_valid()?;
    begins(Part::Quality);
    let mut table = Table::new(pair)?;
    let mut notes = std::mem::take(&mut table.notes);
    note_samples(&table, options, &mut notes);
    let rules = check_rules(pair, &options.rules)?;
    let quality = quality_of(&table, options, control)?;
    note_undefined(&quality, &mut notes);
    let diagnostic = diagnostic_of(pair, &table)?;
    let rows = (table.rows.real, table.rows.synthetic);
    let coverage = table.columns.iter().map(|column| coverage_of(column, rows)).collect();
    begins(Part::Detection);
    let detection = measured(detection_of(&table, options, control), &mut notes)?;
    begins(Part::Usefulness);
    let usefulness = measured(usefulness_of(&table, options, control), &mut notes)?;
    begins(Part::Precision);
    let precision = measured(precision_of(&table, options, control), &mut notes)?;
    begins(Part::Privacy);
    let privacy = privacy_of(&table, (options, control), &mut notes)?;
    begins(Part::Views);
    let views = views_of(&table, options, control)?;
    Ok(Evaluation {
        rows: RowCounts {
            real: table.rows.real,
            synthetic: table.rows.synthetic,
            holdout: table.rows.holdout,
        },
        notes,
        quality,
        diagnostic,
        coverage,
        detection,
        usefulness: usefulness.unwrap_or_default(),
        precision,
        privacy,
        rules,
        views,
    })
}

fn privacy_of(
    table: &Table,
    (options, control): (&EvaluateOptions, &Control<'_>),
    notes: &mut Vec<String>,
) -> Result<Privacy, FidelityError> {
    let membership = measured(membership_of(table, options, control), notes)?;
    // Without members there is nobody whose values could be guessed; one note is enough.
    let disclosure = match membership {
        Some(_) => measured(disclosure_of(table, options, control), notes)?.unwrap_or_default(),
        None => Vec::new(),
    };
    Ok(Privacy {
        membership,
        copies: copies_of(table),
        disclosure,
        closeness: measured(closeness_of(table, options, control), notes)?,
        new_row_share: new_row_share(table, options),
    })
}

/// What was measured, or a note that says why not.
fn measured<T>(
    result: Result<T, FidelityError>,
    notes: &mut Vec<String>,
) -> Result<Option<T>, FidelityError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error @ FidelityError::NotMeasurable { .. }) => {
            notes.push(format!("{error}."));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn note_samples(table: &Table, options: &EvaluateOptions, notes: &mut Vec<String>) {
    let most = table.rows.real.max(table.rows.synthetic).max(table.rows.holdout);
    if most > options.learner_rows {
        notes.push(format!(
            "Learners saw {} rows of each larger table, chosen by seed {}.",
            options.learner_rows, options.seed
        ));
    }
    if options.targets == Targets::Every && most > ROWS_OF_EACH.min(options.learner_rows) {
        notes.push(format!(
            "To predict every column, learners saw {} rows of each larger table; name a target to \
             predict it from all.",
            ROWS_OF_EACH.min(options.learner_rows)
        ));
    }
    if most > options.query_rows {
        notes.push(format!(
            "Nearest rows were looked for from {} rows of each larger table, among at most {}, \
             chosen by seed {}.",
            options.query_rows, options.reference_rows, options.seed
        ));
    }
}

fn note_undefined(quality: &Quality, notes: &mut Vec<String>) {
    let empty: Vec<&str> = quality
        .columns
        .iter()
        .filter(|column| column.score.is_none())
        .map(|column| column.column.as_str())
        .collect();
    if !empty.is_empty() {
        let list = crate::error::derive_name_list(empty.into_iter());
        notes.push(format!(
            "Without a value in one of the tables, so that they have no score: {list}."
        ));
    }
    let scored = quality.pairs.iter().filter(|pair| pair.score.is_some()).count();
    if scored < quality.pairs.len() {
        notes.push(format!(
            "{} pairs of columns have no trend, as a column of them does not vary.",
            quality.pairs.len() - scored
        ));
    }
    if quality.pairs.len() < quality.pairs_total {
        notes.push(format!(
            "Trends were compared for {} of {} pairs of columns, chosen by seed.",
            quality.pairs.len(),
            quality.pairs_total
        ));
    }
}
