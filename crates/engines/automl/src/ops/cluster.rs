//! `automl.cluster`: groups of rows that are alike, without a target.

mod group;
mod page;

use std::collections::BTreeMap;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, DeviceNeed, EngineError, Estimate, InputKind, InputMeta,
    InputSlot, JobContext, LogLevel, Operation, ParamError, Step,
};
use gantry_kit::{Column, Frame, Theme, WriteOptions, write_csv};
use gantry_learn::Control;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{TableSize, derive_model_credits};
use super::train::meter_id;
use crate::error::AutomlError;
use crate::explain::publish_plots;
use crate::groups::{Points, read_points};
use crate::table::ColumnUse;
use group::Grouped;

/// Most clusters.
const MAX_CLUSTERS: u32 = 100;

/// How rows are grouped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterMethod {
    /// Round groups of similar size around centres.
    #[default]
    Kmeans,
    /// Dense places of any shape; rows in no dense place are noise.
    Dbscan,
}

/// How the number of k-means clusters is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterChoice {
    /// The number whose clusters are told apart best.
    #[default]
    Silhouette,
    /// The number after which more clusters help little.
    Elbow,
}

/// Parameters of `automl.cluster`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterParams {
    /// How rows are grouped.
    #[serde(default)]
    pub method: ClusterMethod,
    /// Number of k-means clusters; none lets the table decide.
    #[serde(default)]
    #[schemars(range(min = 2, max = 100))]
    pub clusters: Option<u32>,
    /// The most clusters that are tried where the table decides.
    #[serde(default = "default_most")]
    #[schemars(range(min = 2, max = 100))]
    pub max_clusters: u32,
    /// How the number is chosen where the table decides.
    #[serde(default)]
    pub choose_by: ClusterChoice,
    /// Largest distance of neighbours for DBSCAN, in standard deviations; none takes the bend in
    /// the distances of the rows.
    #[serde(default)]
    pub radius: Option<f64>,
    /// Neighbours, the row itself included, that make a place dense for DBSCAN.
    #[serde(default = "default_neighbors")]
    #[schemars(range(min = 2, max = 1_000))]
    pub min_neighbors: u32,
    /// Columns that do not count.
    #[serde(default)]
    #[schemars(extend("x-gantry" = {"column_of": "data"}))]
    pub ignore_columns: Vec<String>,
    /// Write the columns of the input before the clusters.
    #[serde(default)]
    pub include_inputs: bool,
    /// Leave every chart as a PNG picture too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub png: bool,
}

fn default_most() -> u32 {
    10
}

fn default_neighbors() -> u32 {
    5
}

impl Default for ClusterParams {
    fn default() -> Self {
        Self {
            method: ClusterMethod::default(),
            clusters: None,
            max_clusters: default_most(),
            choose_by: ClusterChoice::default(),
            radius: None,
            min_neighbors: default_neighbors(),
            ignore_columns: Vec::new(),
            include_inputs: false,
            png: false,
        }
    }
}

impl ClusterParams {
    fn require_valid(&self) -> Result<(), ParamError> {
        let range = 2..=MAX_CLUSTERS;
        if self.clusters.is_some_and(|clusters| !range.contains(&clusters)) {
            let message = format!("must be from 2 to {MAX_CLUSTERS}, or left out");
            return Err(ParamError::new("/clusters", message));
        }
        if !range.contains(&self.max_clusters) {
            let message = format!("is {}; choose from 2 to {MAX_CLUSTERS}", self.max_clusters);
            return Err(ParamError::new("/max_clusters", message));
        }
        if self.radius.is_some_and(|radius| !(radius.is_finite() && radius > 0.0)) {
            return Err(ParamError::new("/radius", "must be a number above 0, or left out"));
        }
        if !(2..=1_000).contains(&self.min_neighbors) {
            let message = format!("is {}; choose from 2 to 1,000", self.min_neighbors);
            return Err(ParamError::new("/min_neighbors", message));
        }
        Ok(())
    }
}

/// One number of clusters that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TriedClusters {
    /// The number.
    pub clusters: u32,
    /// Sum of squared distances to the centres, in squared standard deviations.
    pub inertia: f64,
    /// Mean silhouette, from −1 to 1: how much nearer rows are to their own cluster.
    pub silhouette: Option<f64>,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterSummary {
    /// Its number, from 1; the largest cluster comes first.
    pub cluster: u32,
    /// Its rows.
    pub rows: u64,
    /// What sets it apart: features by how far their mean is from that of all rows, in standard
    /// deviations.
    pub marks: Vec<ClusterMark>,
}

/// A feature that sets a cluster apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterMark {
    /// The column, with the label where it stands for one.
    pub feature: String,
    /// Distance of the cluster's mean from that of all rows, in standard deviations.
    pub distance: f64,
}

/// The result of `automl.cluster`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterReport {
    /// How rows were grouped.
    pub method: ClusterMethod,
    /// Rows of the table.
    pub rows: u64,
    /// Why there are so many clusters.
    pub reason: String,
    /// The clusters.
    pub clusters: Vec<ClusterSummary>,
    /// Rows in no cluster.
    pub noise_rows: u64,
    /// Mean silhouette, from −1 to 1; none for fewer than two clusters.
    pub silhouette: Option<f64>,
    /// The numbers of clusters that were tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<TriedClusters>,
    /// The radius of DBSCAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius: Option<f64>,
    /// What was done with each column.
    pub columns_used: Vec<ColumnUse>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `automl.cluster`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cluster;

impl Operation for Cluster {
    const ID: &'static str = "automl.cluster";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Find groups";
    const SUMMARY: &'static str = "Groups the rows of a table by likeness, without a target, and says what sets groups apart.";
    type Params = ClusterParams;
    type Report = ClusterReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![InputSlot::required("data", "Table", InputKind::Table)]
    }

    fn estimate(
        &self,
        params: &ClusterParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        params.require_valid()?;
        estimate_points(inputs)
    }

    async fn run(
        &self,
        params: ClusterParams,
        context: JobContext,
    ) -> Result<Step<ClusterReport>, EngineError> {
        params.require_valid()?;
        let report = context.compute(move |job| Ok(cluster(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

/// What an operation on all rows as points costs at most.
pub(super) fn estimate_points(inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
    let data = inputs
        .iter()
        .find(|input| input.slot == "data")
        .ok_or_else(|| ParamError::new("", "the input `data` is missing; give a table"))?;
    let size = TableSize::of(data);
    Ok(Estimate {
        meters: BTreeMap::from([(meter_id("rows")?, size.rows)]),
        max_credits: Credits::new(derive_model_credits(size.cells, 1)),
        memory_bytes: size.memory_bytes(),
        threads: 2,
        device: DeviceNeed::Cpu,
    })
}

/// Charges for a table that was worked on once, within the hold.
pub(super) fn charge_points(job: &BlockingContext, frame: &Frame) -> Result<(), AutomlError> {
    let cells = (frame.rows() * frame.columns().len()) as u64;
    let due = derive_model_credits(cells, 1).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    Ok(())
}

fn cluster(job: &BlockingContext, params: &ClusterParams) -> Result<ClusterReport, AutomlError> {
    job.stage("Read", 1, 3);
    let points = read_points(job, &params.ignore_columns)?;
    job.stage("Group", 2, 3);
    job.progress(0.1);
    let cancelled = || job.is_cancelled();
    let control = Control::unlimited().with_cancel(&cancelled);
    let grouped = group::group(job, params, (&points, &control))?;
    job.stage("Write", 3, 3);
    job.progress(0.85);
    let report = derive_report(params, &points, &grouped);
    for warning in report.warnings.iter().skip(points.warnings.len()) {
        job.log(LogLevel::Warning, warning.clone());
    }
    let table = write_clusters(&points.frame, &grouped, params.include_inputs)?;
    job.publish_bytes("clusters.csv", ArtifactRole::Table, &table)?;
    let plots = page::derive_plots(&points, &grouped, (job.seed(), &control))?;
    publish_plots(job, &plots, params.png)?;
    let page = page::derive_page(&report, &plots);
    let html = page.to_html(&Theme::default());
    job.publish_bytes("report.html", ArtifactRole::Report, html.as_bytes())?;
    charge_points(job, &points.frame)?;
    job.log(LogLevel::Info, format!("Found {} clusters.", report.clusters.len()));
    job.progress(1.0);
    Ok(report)
}

fn derive_report(params: &ClusterParams, points: &Points, grouped: &Grouped) -> ClusterReport {
    let noise = grouped.labels.iter().filter(|label| label.is_none()).count();
    let mut warnings = points.warnings.clone();
    if grouped.count < 2 {
        warnings.push(
            "Fewer than two clusters were found: the rows lie in one place, or the radius does \
             not fit."
                .to_owned(),
        );
    }
    if noise * 2 > points.frame.rows() {
        warnings.push(format!(
            "{noise} of {} rows are noise. A larger radius or fewer neighbours would take more of \
             them in.",
            points.frame.rows()
        ));
    }
    ClusterReport {
        method: params.method,
        rows: points.frame.rows() as u64,
        reason: grouped.reason.clone(),
        clusters: group::summarise(points, grouped),
        noise_rows: noise as u64,
        silhouette: grouped.silhouette,
        tried: grouped.tried.clone(),
        radius: grouped.radius,
        columns_used: points.uses.clone(),
        warnings,
    }
}

fn write_clusters(
    frame: &Frame,
    grouped: &Grouped,
    with_inputs: bool,
) -> Result<Vec<u8>, AutomlError> {
    let mut columns: Vec<Column> = if with_inputs {
        frame.columns().to_vec()
    } else {
        vec![Column::integer("row", (1..=frame.rows()).map(|row| row as f64).collect())]
    };
    let number = |label: &Option<u32>| label.map_or(f64::NAN, |label| f64::from(label) + 1.0);
    let numbers = grouped.labels.iter().map(number).collect();
    let name = super::predict::derive_free_name("cluster", &columns);
    columns.push(Column::integer(name, numbers));
    let mut bytes = Vec::new();
    write_csv(&Frame::new(columns)?, &mut bytes, &WriteOptions::default())?;
    Ok(bytes)
}
