//! The files of a training.

mod charts;
mod page;
mod tables;

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::Theme;

use super::evaluate::Evaluated;
use super::explain::Explained;
use super::prepare::Prepared;
use super::report::TrainReport;
use crate::error::AutomlError;
use crate::model_file::TrainedModel;

/// Everything that files are made from.
pub(super) struct Outcome<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) model: &'a TrainedModel,
    pub(super) evaluated: &'a Evaluated,
    pub(super) explained: &'a Explained,
    pub(super) report: &'a TrainReport,
}

pub(super) fn publish(job: &BlockingContext, outcome: &Outcome<'_>) -> Result<(), AutomlError> {
    job.publish_bytes("model.gantry", ArtifactRole::Model, &outcome.model.write()?)?;
    let leaderboard = tables::write_leaderboard(outcome.report)?;
    job.publish_bytes("leaderboard.csv", ArtifactRole::Table, &leaderboard)?;
    job.check_cancelled()?;
    let predictions = tables::write_predictions(outcome)?;
    job.publish_bytes("predictions.csv", ArtifactRole::Table, &predictions)?;
    let theme = Theme::default();
    let charts = charts::derive_charts(outcome);
    for (name, chart) in &charts {
        let svg = chart.to_svg(&theme);
        job.publish_bytes(name, ArtifactRole::Chart, svg.as_bytes())?;
    }
    job.check_cancelled()?;
    let page = page::derive_page(outcome.report, charts.into_iter().map(|(_, chart)| chart));
    job.publish_bytes("report.html", ArtifactRole::Report, page.to_html(&theme).as_bytes())?;
    Ok(())
}
