//! Tables without a target: their rows as points that can be compared.
//!
//! Invariants: every feature is complete; numbers are standardised and labels spread over one
//! feature each, so that no column counts more for the size of its numbers.

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_kit::chart::{ScatterChart, ScatterSeries};
use gantry_kit::{Column, Frame};
use gantry_learn::pca::Pca;
use gantry_learn::{Control, Matrix, Rng};

use crate::error::AutomlError;
use crate::explain::Plot;
use crate::preprocess::{Encoding, Fitted, PreprocessOptions, Preprocessor};
use crate::table::{ColumnUse, plan_columns, read_table};
use crate::target::TargetValues;

/// Rows below which nothing can be grouped.
pub(crate) const MIN_ROWS: usize = 5;
/// Points of a map.
const MAP_POINTS: usize = 2_000;

/// A table as points.
pub(crate) struct Points {
    pub(crate) frame: Frame,
    pub(crate) matrix: Matrix,
    /// The name of each feature.
    pub(crate) names: Vec<String>,
    pub(crate) uses: Vec<ColumnUse>,
    pub(crate) warnings: Vec<String>,
}

/// Reads the input `data`; all its columns but the ignored ones count.
pub(crate) fn read_points(
    job: &BlockingContext,
    ignored: &[String],
) -> Result<Points, AutomlError> {
    let table = read_table(job, "data", "")?;
    let frame = table.frame;
    if frame.rows() < MIN_ROWS {
        return Err(AutomlError::TooFewPoints { rows: frame.rows(), needed: MIN_ROWS });
    }
    let rows: Vec<usize> = (0..frame.rows()).collect();
    let plan = plan_columns(&frame, "", ignored, &rows).map_err(|error| match error {
        AutomlError::NoColumns { reasons } => AutomlError::NothingToCompare { reasons },
        other => other,
    })?;
    let columns = plan.select(&frame);
    job.check_cancelled()?;
    // There is no target, and nothing that is learned here looks for one.
    let truth = TargetValues::Numbers(vec![0.0; rows.len()]);
    let options = PreprocessOptions::default();
    let way = (Encoding::OneHot, &options);
    let (preprocessor, matrix) = Preprocessor::fit_transform(&columns, (&rows, &truth), way)?;
    let names = derive_names(&columns, &preprocessor);
    let mut warnings = table.warnings;
    warnings.extend(plan.warnings);
    for warning in &warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
    job.log(
        LogLevel::Info,
        format!("Read {} rows; {} columns are used.", frame.rows(), plan.used.len()),
    );
    Ok(Points { matrix, names, uses: plan.uses, warnings, frame })
}

/// The name of each feature: that of its column, with the label where it stands for one.
fn derive_names(columns: &[&Column], preprocessor: &Preprocessor) -> Vec<String> {
    let of = |(index, (column, fitted)): (usize, (&&Column, &Fitted))| {
        let count = preprocessor.find_span(index).len();
        let mut names: Vec<String> = match fitted {
            Fitted::Category(category) | Fitted::OneHot(category) => {
                let labels = category.levels().iter();
                labels.map(|label| format!("{} = {label}", column.name())).collect()
            }
            Fitted::Date(date) => {
                let parts = date.parts().iter();
                parts.map(|(part, _)| format!("{} {}", column.name(), part.title())).collect()
            }
            Fitted::Text(text) => {
                text.words().iter().map(|word| format!("{}: {word}", column.name())).collect()
            }
            Fitted::Number(_) | Fitted::Treated(_) | Fitted::Target(_) | Fitted::Ordinal(_) => {
                vec![column.name().to_owned()]
            }
        };
        let has_other = matches!(fitted, Fitted::Category(category) if category.has_other());
        if has_other {
            names.push(format!("{} = other", column.name()));
        }
        while names.len() < count {
            names.push(format!("{} is missing", column.name()));
        }
        names.truncate(count);
        names
    };
    columns.iter().zip(preprocessor.fitted()).enumerate().flat_map(of).collect()
}

/// Evenly drawn rows, at most so many, in order.
pub(crate) fn draw_rows(rows: usize, most: usize, seed: u64) -> Vec<usize> {
    let mut drawn: Vec<usize> = (0..rows).collect();
    if rows > most {
        Rng::new(seed).shuffle(&mut drawn);
        drawn.truncate(most);
        drawn.sort_unstable();
    }
    drawn
}

/// The rows in the plane of most variance; `group_of` names what a row belongs to.
pub(crate) fn derive_map(
    points: &Points,
    (seed, control): (u64, &Control<'_>),
    group_of: impl Fn(usize) -> String,
) -> Result<Option<Plot>, AutomlError> {
    if points.matrix.width() < 2 {
        return Ok(None);
    }
    // The plane of very many features comes from the rows that are drawn alone.
    let rows = draw_rows(points.matrix.rows(), MAP_POINTS, seed);
    let drawn = points.matrix.take_rows(&rows);
    let pca = match Pca::fit(&drawn, 2, control) {
        Ok(pca) => pca,
        Err(gantry_learn::LearnError::TooLarge { .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let places = pca.transform(&drawn)?;
    let mut series: Vec<ScatterSeries> = Vec::new();
    for (row, (x, y)) in rows.iter().zip(places.column(0).iter().zip(places.column(1))) {
        let name = group_of(*row);
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push((*x, *y)),
            None => series.push(ScatterSeries { name, points: vec![(*x, *y)] }),
        }
    }
    series.sort_by(|a, b| a.name.len().cmp(&b.name.len()).then_with(|| a.name.cmp(&b.name)));
    let shares = pca.shares();
    let label = |at: usize| {
        let share = shares.get(at).copied().unwrap_or_default() * 100.0;
        format!("Component {} ({share:.0} % of the variance)", at + 1)
    };
    let chart = ScatterChart {
        title: "Map of the rows".to_owned(),
        description: "Each point is a row, in the plane in which rows differ most. Rows that lie \
                      together are alike."
            .to_owned(),
        x_label: label(0),
        y_label: label(1),
        series,
        diagonal: None,
    };
    Ok(Some(Plot::new("map", chart)))
}
