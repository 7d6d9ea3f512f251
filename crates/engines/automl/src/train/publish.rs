//! The files of a training.

mod card;
mod charts;
mod data;
mod page;
mod tables;

use gantry_engine_api::{ArtifactRole, BlockingContext, LogLevel};
use gantry_kit::Theme;

use super::evaluate::Evaluated;
use super::explain::Explained;
use super::prepare::Prepared;
use super::report::TrainReport;
use crate::error::AutomlError;
use crate::explain::publish_plots;
use crate::model_file::TrainedModel;
use crate::onnx::derive_onnx;

/// Everything that files are made from.
pub(super) struct Outcome<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) model: &'a TrainedModel,
    pub(super) evaluated: &'a Evaluated,
    pub(super) explained: &'a Explained,
    pub(super) report: &'a TrainReport,
}

pub(super) fn publish(job: &BlockingContext, outcome: &Outcome<'_>) -> Result<(), AutomlError> {
    let mut file = job.create_artifact("model.gantry", ArtifactRole::Model)?;
    outcome.model.write_to(&mut file)?;
    job.publish(file.finish()?)?;
    if outcome.prepared.wants_onnx {
        publish_onnx(job, outcome.model)?;
    }
    let leaderboard = tables::write_leaderboard(outcome.report)?;
    job.publish_bytes("leaderboard.csv", ArtifactRole::Table, &leaderboard)?;
    job.check_cancelled()?;
    let predictions = tables::write_predictions(outcome)?;
    job.publish_bytes("predictions.csv", ArtifactRole::Table, &predictions)?;
    let plots = charts::derive_plots(outcome);
    publish_plots(job, &plots, outcome.prepared.wants_png)?;
    let card = card::write_card(outcome.report);
    job.publish_bytes("model_card.md", ArtifactRole::File, card.as_bytes())?;
    job.check_cancelled()?;
    let page = page::derive_page(outcome, plots);
    let html = page.to_html(&Theme::default());
    job.publish_bytes("report.html", ArtifactRole::Report, html.as_bytes())?;
    Ok(())
}

/// A model that the format cannot hold costs the file, not the training.
fn publish_onnx(job: &BlockingContext, model: &TrainedModel) -> Result<(), AutomlError> {
    match derive_onnx(&model.header, &model.ensemble) {
        Ok(file) => job.publish_bytes("model.onnx", ArtifactRole::File, &file.bytes)?,
        Err(error @ (AutomlError::OnnxUnsupported { .. } | AutomlError::OnnxTooLarge { .. })) => {
            job.log(LogLevel::Warning, error.to_string())
        }
        Err(other) => return Err(other),
    }
    Ok(())
}
