//! `montecarlo.batch`: one question to several workbooks, and to every row of a table of values, in
//! one job.

use std::ops::ControlFlow;

use gantry_engine_api::{
    ArtifactRole, BlockingContext, EngineError, Estimate, InputKind, InputMeta, InputSlot,
    JobContext, Operation, ParamError, Step,
};
use gantry_kit::chart::{Bar, BarChart};
use gantry_kit::{Column, Frame, ReadOptions, WriteOptions, read_frame_watched, write_csv};
use gantry_types::Credits;
use gantry_workbook::{CellRef, Workbook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{DistributionSet, Work, derive_credits, meter_id};
use super::question::{gather, simulation_of, study_of};
use super::simulate::{USUAL_ITERATIONS, require_room, usual_iterations};
use super::{WORKBOOK, simulation_slot, workbook_slot};
use crate::error::MonteCarloError;
use crate::publish::leaflet::{Grid, Leaflet, Section, leave};
use crate::simulation::Sampling;
use crate::spelling::get_cell;
use crate::statistics::summarize;
use crate::study::{Place, read_workbook};

/// The slot of the table of values.
const VALUES: &str = "values";
/// The column of the table that names its rows.
const NAME: &str = "name";
/// Workbooks of one job.
const WORKBOOKS: usize = 8;
/// Rows of a table whose number is not known before the run, and of any table.
const MAX_ROWS: u64 = 10_000;

/// Parameters of `montecarlo.batch`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchParams {
    /// Uncertain cells, as of `montecarlo.simulate`; the same in all workbooks.
    #[serde(default)]
    pub input: Vec<String>,
    /// What to look at, as of `montecarlo.simulate`; the same in all workbooks.
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, as of `montecarlo.simulate`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together, in each run.
    #[serde(default = "usual_iterations")]
    #[schemars(range(min = 1))]
    pub iterations: u64,
    /// How draws are spread over their range.
    #[serde(default)]
    pub sampling: Sampling,
    /// The date and time of NOW and TODAY as a serial number.
    #[serde(default)]
    pub now: Option<f64>,
    /// The distributions that inputs may be drawn from, as of `montecarlo.simulate`.
    #[serde(default)]
    pub distributions: Option<DistributionSet>,
}

/// An output of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchRow {
    /// The output.
    pub name: String,
    /// The workbook's file.
    pub workbook: String,
    /// The row of the table of values; `base` without one.
    pub run: String,
    /// Mean of its draws; none when no draw gave a number.
    pub mean: Option<f64>,
    /// Standard deviation.
    pub sd: Option<f64>,
    /// The value that 5 % of the draws are below.
    pub p5: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The value that 95 % of the draws are below.
    pub p95: Option<f64>,
}

/// The result of `montecarlo.batch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchReport {
    /// Simulations that were run.
    pub runs: u64,
    /// Draws of each.
    pub iterations: u64,
    /// Outputs by workbook and row, in their order.
    pub results: Vec<BatchRow>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.batch`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Batch;

/// The slots of all workbooks.
fn slots() -> impl Iterator<Item = String> {
    (1..=WORKBOOKS).map(|i| if i == 1 { WORKBOOK.to_owned() } else { format!("{WORKBOOK}_{i}") })
}

impl Operation for Batch {
    const ID: &'static str = "montecarlo.batch";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Simulate in a batch";
    const SUMMARY: &'static str =
        "Simulates several workbooks, and every row of a table of values, in one job.";
    type Params = BatchParams;
    type Report = BatchReport;

    fn inputs(&self) -> Vec<InputSlot> {
        let title = "Values (a row for each run, a column for each cell, and `name`)";
        let values = InputSlot::optional(VALUES, title, InputKind::Table);
        let more = slots().skip(1).enumerate().map(|(i, slot)| {
            InputSlot::optional(slot, format!("Workbook {}", i + 2), InputKind::File)
        });
        [workbook_slot(), values, simulation_slot()].into_iter().chain(more).collect()
    }

    fn estimate(&self, params: &BatchParams, inputs: &[InputMeta]) -> Result<Estimate, ParamError> {
        let values = inputs.iter().find(|input| input.slot == VALUES);
        let rows = values.map_or(1, |table| table.rows.unwrap_or(MAX_ROWS).clamp(1, MAX_ROWS));
        let books = slots().filter(|slot| inputs.iter().any(|input| input.slot == *slot)).count();
        let runs = rows.saturating_mul(books.max(1) as u64);
        let work = Work {
            iterations: params.iterations.saturating_mul(runs),
            kept: params.iterations,
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        let mut estimate = work.estimate(inputs)?;
        estimate.meters.insert(meter_id("batch_runs")?, runs);
        Ok(estimate)
    }

    async fn run(
        &self,
        params: BatchParams,
        context: JobContext,
    ) -> Result<Step<BatchReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

/// A table of values: cells as they are written, and rows with a name and a value for each cell;
/// a gap leaves a cell as it is.
#[derive(Debug, Default)]
struct Values {
    cells: Vec<String>,
    rows: Vec<(String, Vec<Option<f64>>)>,
}

fn run(job: &BlockingContext, params: &BatchParams) -> Result<BatchReport, MonteCarloError> {
    let asked = simulation_of!(params, USUAL_ITERATIONS);
    let (simulation, set) = gather(job, asked, params.distributions)?;
    let values = read_values(job)?;
    let books: Vec<String> = slots().filter(|slot| job.has_input(slot)).collect();
    let runs = (books.len() * values.rows.len()) as u64;
    let mut report = BatchReport {
        runs,
        iterations: simulation.iterations,
        results: Vec::new(),
        warnings: Vec::new(),
    };
    let mut done = 0.0;
    for slot in books {
        let file = job.input(&slot)?;
        let name = file.meta.name.clone();
        let hold = |book: &Workbook| get_cells(book, &values.cells);
        let study = study_of(job, read_workbook(&file)?, (&simulation, set), &hold)?;
        require_room(simulation.iterations, study.outputs.len())?;
        report.warnings.extend(study.book.warnings.iter().map(|w| format!("{name}: {}", w.text)));
        let cells = get_cells(&study.book, &values.cells)?;
        let plan = study.plan(job.seed(), simulation.iterations, simulation.sampling.design())?;
        for (run, row) in &values.rows {
            let put = cells
                .iter()
                .zip(row)
                .filter_map(|(cell, value)| Some((study.find_place(*cell)?, (*value)?)));
            let put: Vec<(Place, f64)> = put.collect();
            let draws = study.set(&plan, &put);
            let columns = study
                .runner(&draws, job.threads())
                .collect(simulation.iterations, &|| job.is_cancelled())?;
            for (output, column) in study.outputs.iter().zip(&columns) {
                report.results.push(describe(&output.name, (&name, run), column));
            }
            done += 1.0;
            job.progress(done / runs as f64);
        }
    }
    publish(job, &report)?;
    let due = derive_credits(runs.saturating_mul(simulation.iterations));
    job.charge(Credits::new(due.min(job.limits().max_credits.get())))?;
    Ok(report)
}

fn get_cells(book: &Workbook, texts: &[String]) -> Result<Vec<CellRef>, MonteCarloError> {
    texts.iter().map(|text| get_cell(book, text)).collect()
}

fn describe(name: &str, (workbook, run): (&str, &str), column: &[f64]) -> BatchRow {
    let summary = summarize(column);
    let at = |percent: usize| summary.as_ref().and_then(|s| s.cdf.get(percent).copied());
    BatchRow {
        name: name.to_owned(),
        workbook: workbook.to_owned(),
        run: run.to_owned(),
        mean: summary.as_ref().map(|s| s.mean),
        sd: summary.as_ref().map(|s| s.sd),
        p5: at(5),
        p50: at(50),
        p95: at(95),
    }
}

/// The table of values; without one, a single run that changes nothing.
fn read_values(job: &BlockingContext) -> Result<Values, MonteCarloError> {
    if !job.has_input(VALUES) {
        return Ok(Values { cells: Vec::new(), rows: vec![("base".to_owned(), Vec::new())] });
    }
    let mut file = job.input(VALUES)?.open()?;
    let (frame, _) = read_frame_watched(&mut file, &ReadOptions::default(), &mut |_| {
        if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .map_err(|error| {
        job.check_cancelled().err().unwrap_or_else(|| EngineError::input(format!("{error}.")))
    })?;
    if frame.rows() as u64 > MAX_ROWS {
        return Err(MonteCarloError::Limit {
            text: format!("The table of values has {} rows.", frame.rows()),
            next: format!("Give at most {MAX_ROWS} in one job."),
        });
    }
    let mut columns = Vec::new();
    for column in frame.columns().iter().filter(|column| column.name() != NAME) {
        let numbers = column.find_numbers().ok_or_else(|| {
            MonteCarloError::param(
                format!("The column `{}` of the table of values holds no numbers.", column.name()),
                "Give a column of numbers for each cell, such as `Inputs!B3`, and `name`.",
            )
        })?;
        columns.push((column.name().to_owned(), numbers));
    }
    let name = |row: usize| {
        let named = frame.find_column(NAME).and_then(|column| column.find_cell(row));
        named.map_or_else(|| format!("row {}", row + 1), std::borrow::Cow::into_owned)
    };
    let values =
        |row: usize| columns.iter().map(move |(_, c)| Some(c[row]).filter(|x| x.is_finite()));
    Ok(Values {
        rows: (0..frame.rows()).map(|row| (name(row), values(row).collect())).collect(),
        cells: columns.iter().map(|(name, _)| name.clone()).collect(),
    })
}

fn publish(job: &BlockingContext, report: &BatchReport) -> Result<(), MonteCarloError> {
    let heads =
        ["Output", "Workbook", "Run", "Mean", "Standard deviation", "5 %", "Median", "95 %"];
    let mut grid = Grid::new("Results", 3, &heads);
    for r in &report.results {
        let words = [&r.name, &r.workbook, &r.run].map(|text| text.as_str().into());
        let numbers = [r.mean, r.sd, r.p5, r.p50, r.p95].map(Into::into);
        grid.rows.push(words.into_iter().chain(numbers).collect());
    }
    let bars = report
        .results
        .iter()
        .filter_map(|r| Some(Bar::new(format!("{}, {}, {}", r.name, r.workbook, r.run), r.mean?)));
    let chart = BarChart {
        title: "Means".into(),
        description: "The mean of each output in each run.".into(),
        value_label: "Mean".into(),
        bars: bars.collect(),
    };
    let leaflet = Leaflet {
        title: "Batch of simulations".into(),
        subtitle: format!("{} runs of {} iterations", report.runs, report.iterations),
        warnings: report.warnings.clone(),
        sections: vec![Section {
            heading: "Results".into(),
            charts: vec![("means".into(), chart.into())],
            tables: vec![grid],
        }],
    };
    leave(job, &leaflet, report)?;
    csv(job, report)
}

/// Leaves `results.csv`.
fn csv(job: &BlockingContext, report: &BatchReport) -> Result<(), MonteCarloError> {
    const CSV: &str = "results.csv";
    let failed = |cause: &dyn std::fmt::Display| MonteCarloError::Written {
        what: CSV,
        cause: cause.to_string(),
    };
    let words = |head: &str, of: fn(&BatchRow) -> &str| {
        Column::text(head, report.results.iter().map(|r| Some(of(r))))
    };
    let numbers = |head: &str, of: fn(&BatchRow) -> Option<f64>| {
        Column::number(head, report.results.iter().map(|r| of(r).unwrap_or(f64::NAN)).collect())
    };
    let columns = vec![
        words("output", |r| &r.name),
        words("workbook", |r| &r.workbook),
        words("run", |r| &r.run),
        numbers("mean", |r| r.mean),
        numbers("sd", |r| r.sd),
        numbers("p5", |r| r.p5),
        numbers("p50", |r| r.p50),
        numbers("p95", |r| r.p95),
    ];
    let frame = Frame::new(columns).map_err(|e| failed(&e))?;
    let mut writer = job.create_artifact(CSV, ArtifactRole::Table)?;
    write_csv(&frame, &mut writer, &WriteOptions::default()).map_err(|e| failed(&e))?;
    job.publish(writer.finish()?)?;
    Ok(())
}
