//! `montecarlo.scenarios`: what the outputs come to where some cells have fixed values, side by
//! side with all inputs as uncertain as they are.

use gantry_engine_api::{
    BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_kit::chart::{Axis, Chart, LineChart, Series};
use gantry_types::Credits;
use gantry_workbook::{CellRef, Workbook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::price::{DistributionSet, Work, derive_credits};
use super::question::{gather, simulation_of, study};
use super::simulate::{USUAL_ITERATIONS, require_room, usual_iterations};
use super::{simulation_slot, workbook_slot};
use crate::error::MonteCarloError;
use crate::publish::leaflet::{Grid, Leaflet, Section, leave};
use crate::simulation::Sampling;
use crate::spelling::{entries, get_cell, split_outside};
use crate::statistics::{Summary, summarize};
use crate::study::{Place, Study};

/// Parameters of `montecarlo.scenarios`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenariosParams {
    /// Scenarios, each as `NAME: CELL=VALUE; CELL=VALUE`, such as
    /// `recession: Inputs!B3=80; Inputs!B4=0`. The cells may be uncertain ones or any numbers.
    pub scenario: Vec<String>,
    /// Uncertain cells, as of `montecarlo.simulate`.
    #[serde(default)]
    pub input: Vec<String>,
    /// What to look at, as of `montecarlo.simulate`.
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, as of `montecarlo.simulate`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together, in each scenario.
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

/// An output in a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparisonReport {
    /// The output.
    pub name: String,
    /// The scenario.
    pub scenario: String,
    /// Mean of its draws; none when no draw gave a number.
    pub mean: Option<f64>,
    /// How far the mean is from that of the base.
    pub change: Option<f64>,
    /// Standard deviation.
    pub sd: Option<f64>,
    /// The value that 5 % of the draws are below.
    pub p5: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The value that 95 % of the draws are below.
    pub p95: Option<f64>,
}

/// A scenario in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioReport {
    /// Its name; the first is the base.
    pub scenario: String,
    /// What it sets, as it is written.
    pub sets: String,
    /// The outputs in full, in their order; none when no draw gave a number.
    pub summaries: Vec<Option<Summary>>,
}

/// The result of operations that compare runs with a base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenariosReport {
    /// Draws of each run.
    pub iterations: u64,
    /// Outputs by scenario.
    pub comparison: Vec<ComparisonReport>,
    /// The scenarios in full.
    pub scenarios: Vec<ScenarioReport>,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// A named set of values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scenario {
    pub name: String,
    pub sets: String,
    pub values: Vec<(CellRef, f64)>,
}

impl Scenario {
    /// Reads `NAME: CELL=VALUE; CELL=VALUE`.
    pub(crate) fn read(book: &Workbook, text: &str) -> Result<Self, MonteCarloError> {
        let wrong = || {
            MonteCarloError::param(
                format!("`{text}` is no scenario."),
                "Write `NAME: CELL=VALUE; CELL=VALUE`, such as `recession: Inputs!B3=80`.",
            )
        };
        let parts = split_outside(text, ':');
        let (name, rest) =
            parts.split_first().filter(|(_, rest)| !rest.is_empty()).ok_or_else(wrong)?;
        let sets = rest.join(":");
        let mut values = Vec::new();
        for part in split_outside(&sets, ';').into_iter().filter(|p| !p.trim().is_empty()) {
            let (place, value) = part.rsplit_once('=').ok_or_else(wrong)?;
            let value: f64 = value.trim().parse().map_err(|_| wrong())?;
            if !value.is_finite() {
                return Err(wrong());
            }
            values.push((get_cell(book, place)?, value));
        }
        if values.is_empty() || name.trim().is_empty() {
            return Err(wrong());
        }
        Ok(Self { name: name.trim().to_owned(), sets: sets.trim().to_owned(), values })
    }

    /// Where its values are put.
    pub(crate) fn places(&self, study: &Study) -> Vec<(Place, f64)> {
        let place = |(cell, value): &(CellRef, f64)| Some((study.find_place(*cell)?, *value));
        self.values.iter().filter_map(place).collect()
    }
}

/// `montecarlo.scenarios`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scenarios;

impl Operation for Scenarios {
    const ID: &'static str = "montecarlo.scenarios";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Compare scenarios";
    const SUMMARY: &'static str =
        "Simulates a workbook with some cells fixed, scenario by scenario, side by side.";
    type Params = ScenariosParams;
    type Report = ScenariosReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot(), simulation_slot()]
    }

    fn estimate(
        &self,
        params: &ScenariosParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        let runs = entries(&params.scenario).len() as u64 + 1;
        if runs == 1 {
            let text = "names no scenario; write `NAME: CELL=VALUE; CELL=VALUE`";
            return Err(ParamError::new("/scenario", text));
        }
        let work = Work {
            iterations: params.iterations.saturating_mul(runs),
            kept: params.iterations,
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        work.estimate(inputs)
    }

    async fn run(
        &self,
        params: ScenariosParams,
        context: JobContext,
    ) -> Result<Step<ScenariosReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn run(
    job: &BlockingContext,
    params: &ScenariosParams,
) -> Result<ScenariosReport, MonteCarloError> {
    let asked = simulation_of!(params, USUAL_ITERATIONS);
    let (simulation, set) = gather(job, asked, params.distributions)?;
    let read = |book: &Workbook| -> Result<Vec<Scenario>, MonteCarloError> {
        entries(&params.scenario).iter().map(|text| Scenario::read(book, text)).collect()
    };
    let hold = |book: &Workbook| {
        let all = read(book)?;
        Ok(all.iter().flat_map(|s| s.values.iter().map(|(cell, _)| *cell)).collect())
    };
    let study = study(job, (&simulation, set), &hold)?;
    require_room(simulation.iterations, study.outputs.len())?;
    let base = Scenario { name: "base".into(), sets: String::new(), values: Vec::new() };
    let all: Vec<Scenario> = [base].into_iter().chain(read(&study.book)?).collect();
    let plan = study.plan(job.seed(), simulation.iterations, simulation.sampling.design())?;
    let mut reports = Vec::with_capacity(all.len());
    for (i, scenario) in all.iter().enumerate() {
        let draws = study.set(&plan, &scenario.places(&study));
        let runner = study.runner(&draws, job.threads());
        let columns = runner.collect(simulation.iterations, &|| job.is_cancelled())?;
        reports.push(ScenarioReport {
            scenario: scenario.name.clone(),
            sets: scenario.sets.clone(),
            summaries: columns.iter().map(|c| summarize(c)).collect(),
        });
        job.progress((i + 1) as f64 / all.len() as f64);
    }
    conclude(job, &study, (simulation.iterations, "Scenarios"), reports)
}

/// The report of runs of which the first is the base, after its files were left.
pub(crate) fn conclude(
    job: &BlockingContext,
    study: &Study,
    (iterations, title): (u64, &str),
    scenarios: Vec<ScenarioReport>,
) -> Result<ScenariosReport, MonteCarloError> {
    let mut comparison = Vec::new();
    let mut sections = Vec::new();
    for (i, output) in study.outputs.iter().enumerate() {
        let base = scenarios.first().and_then(|s| s.summaries.get(i)?.as_ref().map(|s| s.mean));
        let rows: Vec<ComparisonReport> = scenarios
            .iter()
            .map(|s| compare(&output.name, s, (s.summaries.get(i).and_then(Option::as_ref), base)))
            .collect();
        let chart = distributions_of(&output.name, &scenarios, i);
        sections.push(Section {
            heading: output.name.clone(),
            charts: vec![(format!("comparison-{}", i + 1), chart)],
            tables: vec![table(&output.name, &rows)],
        });
        comparison.extend(rows);
    }
    let warnings: Vec<String> = study.book.warnings.iter().map(|w| w.text.clone()).collect();
    let report = ScenariosReport { iterations, comparison, scenarios, warnings };
    let leaflet = Leaflet {
        title: title.to_owned(),
        subtitle: format!("{iterations} iterations each"),
        warnings: report.warnings.clone(),
        sections,
    };
    leave(job, &leaflet, &report)?;
    let all = iterations.saturating_mul(report.scenarios.len() as u64);
    let due = derive_credits(all).min(job.limits().max_credits.get());
    job.charge(Credits::new(due))?;
    job.progress(1.0);
    Ok(report)
}

fn compare(
    name: &str,
    scenario: &ScenarioReport,
    (summary, base): (Option<&Summary>, Option<f64>),
) -> ComparisonReport {
    let at = |percent: usize| summary.and_then(|s| s.cdf.get(percent).copied());
    ComparisonReport {
        name: name.to_owned(),
        scenario: scenario.scenario.clone(),
        mean: summary.map(|s| s.mean),
        change: summary.zip(base).map(|(s, base)| s.mean - base),
        sd: summary.map(|s| s.sd),
        p5: at(5),
        p50: at(50),
        p95: at(95),
    }
}

fn table(name: &str, rows: &[ComparisonReport]) -> Grid {
    let heads =
        ["Scenario", "Mean", "Change of the mean", "Standard deviation", "5 %", "Median", "95 %"];
    let mut grid = Grid::new(format!("{name} by scenario"), 1, &heads);
    for row in rows {
        let numbers = [row.mean, row.change, row.sd, row.p5, row.p50, row.p95];
        let cells = [row.scenario.as_str().into()].into_iter();
        grid.rows.push(cells.chain(numbers.into_iter().map(Into::into)).collect());
    }
    grid
}

fn distributions_of(name: &str, scenarios: &[ScenarioReport], output: usize) -> Chart {
    let series = scenarios.iter().filter_map(|scenario| {
        let summary = scenario.summaries.get(output)?.as_ref()?;
        let points = summary.cdf.iter().enumerate().map(|(i, x)| (*x, i as f64 / 100.0));
        Some(Series::new(scenario.scenario.clone(), points.collect()))
    });
    LineChart {
        title: format!("{name}: chance of a value below"),
        description: "The share of draws below each value, a line for each scenario.".into(),
        x: Axis::new(name),
        y: Axis::unit("Share of draws"),
        series: series.collect(),
    }
    .into()
}
