//! `automl.reduce`: a table of many columns as one of few, by principal components.

mod page;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_kit::{Column, Frame, Theme, WriteOptions, write_csv};
use gantry_learn::pca::Pca;
use gantry_learn::{Control, Matrix};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cluster::{charge_points, estimate_points};
use crate::error::AutomlError;
use crate::explain::publish_plots;
use crate::groups::{Points, derive_map, read_points};
use crate::table::ColumnUse;

/// Components of the chart where fewer are kept.
const SHOWN_COMPONENTS: usize = 20;
/// Features that are named for each component.
const MARKS: usize = 5;

/// Parameters of `automl.reduce`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReduceParams {
    /// Components to keep; none keeps as many as `variance` needs.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_500))]
    pub components: Option<u32>,
    /// Share of the variance to keep where the number is left out.
    #[serde(default = "default_variance")]
    pub variance: f64,
    /// Columns that do not count.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub ignore_columns: Vec<String>,
    /// Write the columns of the input before the components.
    #[serde(default)]
    pub include_inputs: bool,
    /// Leave every chart as a PNG picture too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub png: bool,
}

fn default_variance() -> f64 {
    0.95
}

impl Default for ReduceParams {
    fn default() -> Self {
        Self {
            components: None,
            variance: default_variance(),
            ignore_columns: Vec::new(),
            include_inputs: false,
            png: false,
        }
    }
}

impl ReduceParams {
    fn require_valid(&self) -> Result<(), ParamError> {
        if self.components == Some(0) {
            return Err(ParamError::new("/components", "must be 1 or more, or left out"));
        }
        if !(self.variance > 0.0 && self.variance <= 1.0) {
            let message = format!("is {}; choose a share above 0 and up to 1", self.variance);
            return Err(ParamError::new("/variance", message));
        }
        Ok(())
    }
}

/// One component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReducedComponent {
    /// Its number, from 1; the one with the largest variance comes first.
    pub component: u32,
    /// Share of all variance that it has.
    pub share: f64,
    /// The features that weigh most in it, with their weights.
    pub marks: Vec<(String, f64)>,
}

/// The result of `automl.reduce`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReduceReport {
    /// Rows of the table.
    pub rows: u64,
    /// Features before: a column of numbers is one, a column of labels one for each label.
    pub features: u32,
    /// Why so many components are kept.
    pub reason: String,
    /// The components that are kept.
    pub components: Vec<ReducedComponent>,
    /// Share of all variance that they have together.
    pub variance_kept: f64,
    /// What was done with each column.
    pub columns_used: Vec<ColumnUse>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `automl.reduce`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reduce;

impl Operation for Reduce {
    const ID: &'static str = "automl.reduce";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Reduce columns";
    const SUMMARY: &'static str =
        "Turns many columns into the few directions in which rows differ most (PCA).";
    type Params = ReduceParams;
    type Report = ReduceReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("data", "Table", InputKind::Table)]
    }

    fn estimate(
        &self,
        params: &ReduceParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        params.require_valid()?;
        estimate_points(inputs)
    }

    async fn run(
        &self,
        params: ReduceParams,
        context: JobContext,
    ) -> Result<Step<ReduceReport>, EngineError> {
        params.require_valid()?;
        let report = context.compute(move |job| Ok(reduce(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn reduce(job: &BlockingContext, params: &ReduceParams) -> Result<ReduceReport, AutomlError> {
    job.stage("Read", 1, 3);
    let points = read_points(job, &params.ignore_columns)?;
    let features = points.matrix.width();
    if let Some(components) = params.components.filter(|count| *count as usize > features) {
        return Err(AutomlError::TooManyComponents { components, features });
    }
    job.stage("Reduce", 2, 3);
    job.progress(0.1);
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let pca = Pca::fit(&points.matrix, features, &control)?;
    let (kept, reason) = choose_count(params, &pca.shares());
    let places = pca.transform(&points.matrix)?;
    job.stage("Write", 3, 3);
    job.progress(0.8);
    let report = derive_report(&points, &pca, (kept, reason));
    let table = write_components(&points.frame, &places, (kept, params.include_inputs))?;
    job.publish_bytes("components.csv", ArtifactRole::Table, &table)?;
    let loadings = write_loadings(&points, &pca, kept)?;
    job.publish_bytes("loadings.csv", ArtifactRole::Table, &loadings)?;
    let mut plots = vec![page::derive_shares(&pca.shares(), SHOWN_COMPONENTS.max(kept))];
    plots.extend(derive_map(&points, (job.seed(), &control), |_| "rows".to_owned())?);
    publish_plots(job, &plots, params.png)?;
    let html = page::derive_page(&report, &plots).to_html(&Theme::default());
    job.publish_bytes("report.html", ArtifactRole::Report, html.as_bytes())?;
    charge_points(job, &points.frame)?;
    job.log(LogLevel::Info, format!("{features} features became {kept} components."));
    job.progress(1.0);
    Ok(report)
}

fn choose_count(params: &ReduceParams, shares: &[f64]) -> (usize, String) {
    if let Some(asked) = params.components {
        return (asked as usize, "as asked".to_owned());
    }
    let mut sum = 0.0;
    // Shares may sum to a little less than 1.
    let reached = shares.iter().position(|share| {
        sum += share;
        sum >= params.variance - 1e-9
    });
    let kept = reached.map_or(shares.len(), |place| place + 1);
    let percent = params.variance * 100.0;
    (kept, format!("{kept} components have {percent:.0} % of the variance"))
}

fn derive_report(points: &Points, pca: &Pca, (kept, reason): (usize, String)) -> ReduceReport {
    let shares = pca.shares();
    let component = |(number, (weights, share)): (u32, (&Vec<f64>, &f64))| {
        let mut marks: Vec<(String, f64)> =
            points.names.iter().cloned().zip(weights.iter().copied()).collect();
        marks.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        marks.truncate(MARKS);
        ReducedComponent { component: number, share: *share, marks }
    };
    ReduceReport {
        rows: points.frame.rows() as u64,
        features: u32::try_from(points.matrix.width()).unwrap_or(u32::MAX),
        reason,
        components: (1..)
            .zip(pca.components().iter().zip(&shares))
            .take(kept)
            .map(component)
            .collect(),
        variance_kept: shares.iter().take(kept).sum(),
        columns_used: points.uses.clone(),
        warnings: points.warnings.clone(),
    }
}

fn write_components(
    frame: &Frame,
    places: &Matrix,
    (kept, with_inputs): (usize, bool),
) -> Result<Vec<u8>, AutomlError> {
    let mut columns: Vec<Column> = if with_inputs {
        frame.columns().to_vec()
    } else {
        vec![Column::integer("row", (1..=frame.rows()).map(|row| row as f64).collect())]
    };
    for number in 1..=kept {
        let wanted = format!("component_{number}");
        let name = super::predict::derive_free_name(&wanted, &columns);
        columns.push(Column::number(name, places.column(number - 1).to_vec()));
    }
    write(columns)
}

fn write_loadings(points: &Points, pca: &Pca, kept: usize) -> Result<Vec<u8>, AutomlError> {
    let names = points.names.iter().map(|name| Some(name.as_str()));
    let mut columns = vec![Column::text("feature", names)];
    for (weights, number) in pca.components().iter().take(kept).zip(1..) {
        columns.push(Column::number(format!("component_{number}"), weights.clone()));
    }
    write(columns)
}

fn write(columns: Vec<Column>) -> Result<Vec<u8>, AutomlError> {
    let mut bytes = Vec::new();
    write_csv(&Frame::new(columns)?, &mut bytes, &WriteOptions::default())?;
    Ok(bytes)
}
