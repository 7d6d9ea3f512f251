//! `montecarlo.goal_seek`: the value of a cell at which a figure of an output comes to what is
//! wanted. Every value is tried with the same draws of all other inputs, so that the figure moves
//! by the cell alone.

use gantry_engine_api::{
    BlockingContext, EngineError, Estimate, InputMeta, InputSlot, JobContext, Operation,
    ParamError, Step,
};
use gantry_kit::chart::{Axis, Chart, LineChart, Series};
use gantry_sampling::Plan;
use gantry_types::Credits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use super::price::{DistributionSet, Work, derive_credits};
use super::question::{gather, simulation_of, study};
use super::simulate::{USUAL_ITERATIONS, require_room, usual_iterations};
use super::{simulation_slot, workbook_slot};
use crate::brent::{Bracket, find_root};
use crate::error::MonteCarloError;
use crate::publish::leaflet::{Grid, Leaflet, Section, leave};
use crate::simulation::Sampling;
use crate::statistic::{Decision, Statistic, read_goal, with_outputs_of};
use crate::statistics::summarize;
use crate::study::{Place, Study};

/// Places over the range at which a change of sign is looked for.
const SCAN: u32 = 16;
/// Values that are tried after that, at most.
const STEPS: u32 = 60;
/// Runs at most: both ends, the scan, the search and the result.
const RUNS: u64 = SCAN as u64 + STEPS as u64 + 3;

/// Parameters of `montecarlo.goal_seek`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalSeekParams {
    /// The cell to change and its range, as `CELL=LOW:HIGH`, such as `Inputs!B3=50:150`. An
    /// uncertain cell is certain then.
    pub change: String,
    /// What to reach, as `FIGURE=VALUE`: `mean(Summary!B20)=100000`, `p5(Summary!B20)=0`,
    /// `chance(Summary!B20<0)=0.1`.
    pub goal: String,
    /// Uncertain cells, as of `montecarlo.simulate`.
    #[serde(default)]
    pub input: Vec<String>,
    /// More to look at, as of `montecarlo.simulate`.
    #[serde(default)]
    pub output: Vec<String>,
    /// Rank correlations between inputs, as of `montecarlo.simulate`.
    #[serde(default)]
    pub correlate: Vec<String>,
    /// The copula, as of `montecarlo.simulate`.
    #[serde(default)]
    pub copula: Option<String>,
    /// Draws of all inputs together, for each value that is tried.
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

/// A value that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TriedReport {
    /// The value of the cell.
    pub value: f64,
    /// The figure there.
    pub figure: f64,
}

/// The result of `montecarlo.goal_seek`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoalSeekReport {
    /// The cell that was changed.
    pub cell: String,
    /// Its value that comes nearest to the goal.
    pub value: f64,
    /// The figure that was to be reached.
    pub figure: String,
    /// What it was to come to.
    pub wanted: f64,
    /// What it comes to.
    pub reached: f64,
    /// The outputs there.
    pub outcomes: Vec<Outcome>,
    /// The values that were tried, in their order.
    pub tried: Vec<TriedReport>,
    /// Draws for each value.
    pub iterations: u64,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// `montecarlo.goal_seek`.
#[derive(Debug, Clone, Copy, Default)]
pub struct GoalSeek;

impl Operation for GoalSeek {
    const ID: &'static str = "montecarlo.goal_seek";
    const VERSION: u32 = 1;
    const TITLE: &'static str = "Seek a goal";
    const SUMMARY: &'static str =
        "Finds the value of a cell at which a figure of an uncertain output comes to a goal.";
    type Params = GoalSeekParams;
    type Report = GoalSeekReport;

    fn inputs(&self) -> Vec<InputSlot> {
        vec![workbook_slot(), simulation_slot()]
    }

    fn estimate(
        &self,
        params: &GoalSeekParams,
        inputs: &[InputMeta],
    ) -> Result<Estimate, ParamError> {
        read_goal(&params.goal).map_err(|error| ParamError::new("/goal", error.explain()))?;
        let work = Work {
            iterations: params.iterations.saturating_mul(RUNS),
            kept: params.iterations,
            input: &params.input,
            output: &params.output,
            distributions: params.distributions,
        };
        work.estimate(inputs)
    }

    async fn run(
        &self,
        params: GoalSeekParams,
        context: JobContext,
    ) -> Result<Step<GoalSeekReport>, EngineError> {
        let report = context.compute(move |job| Ok(run(job, &params)?)).await?;
        Ok(Step::Done(report))
    }
}

fn run(job: &BlockingContext, params: &GoalSeekParams) -> Result<GoalSeekReport, MonteCarloError> {
    let (figure, wanted) = read_goal(&params.goal)?;
    let asked = simulation_of!(params, USUAL_ITERATIONS);
    let (mut simulation, set) = gather(job, asked, params.distributions)?;
    simulation.output = with_outputs_of(&simulation.output, &[&figure]);
    let hold =
        |book: &gantry_workbook::Workbook| Ok(vec![Decision::read(book, &params.change)?.cell]);
    let study = study(job, (&simulation, set), &hold)?;
    require_room(simulation.iterations, study.outputs.len())?;
    let decision = Decision::read(&study.book, &params.change)?;
    let place = study.find_place(decision.cell).ok_or_else(|| {
        MonteCarloError::param(format!("{} cannot be changed.", decision.name), "Name another.")
    })?;
    let plan = study.plan(job.seed(), simulation.iterations, simulation.sampling.design())?;
    let output = figure.place(&study)?;
    let mut search = Search {
        job,
        study: &study,
        plan: &plan,
        goal: (place, output, &figure, wanted),
        iterations: simulation.iterations,
        tried: Vec::new(),
    };
    let value = search.seek(&decision)?;
    let columns = search.columns(value)?;
    let reached = search.figure_of(&columns, value)?;
    let tried = std::mem::take(&mut search.tried);
    report(job, &study, (&decision, value), (&figure, wanted, reached), (columns, tried))
}

/// A search with what it has tried.
struct Search<'a> {
    job: &'a BlockingContext,
    study: &'a Study,
    plan: &'a Plan,
    goal: (Place, usize, &'a Statistic, f64),
    iterations: u64,
    tried: Vec<TriedReport>,
}

impl Search<'_> {
    fn columns(&self, value: f64) -> Result<Vec<Vec<f64>>, MonteCarloError> {
        let draws = self.study.set(self.plan, &[(self.goal.0, value)]);
        let runner = self.study.runner(&draws, self.job.threads());
        runner.collect(self.iterations, &|| self.job.is_cancelled())
    }

    fn figure_of(&self, columns: &[Vec<f64>], value: f64) -> Result<f64, MonteCarloError> {
        let (_, output, figure, _) = self.goal;
        figure.find_value(&columns[output]).ok_or_else(|| {
            MonteCarloError::param(
                format!("{} is not defined where the cell is {value}.", figure.name),
                "Take a range of the cell over which the output is a number.",
            )
        })
    }

    /// How far the figure is from the goal.
    fn distance(&mut self, value: f64) -> Result<f64, MonteCarloError> {
        let figure = self.figure_of(&self.columns(value)?, value)?;
        self.tried.push(TriedReport { value, figure });
        self.job.progress(self.tried.len() as f64 / RUNS as f64);
        Ok(figure - self.goal.3)
    }

    fn seek(&mut self, decision: &Decision) -> Result<f64, MonteCarloError> {
        let at = |i: u32| decision.derive_value(f64::from(i) / f64::from(SCAN));
        let mut ends = [(at(0), 0.0), (at(SCAN), 0.0)];
        for end in &mut ends {
            end.1 = self.distance(end.0)?;
            if end.1 == 0.0 {
                return Ok(end.0);
            }
        }
        let [mut low, high] = ends;
        if low.1.signum() != high.1.signum() {
            let bracket = Bracket { low, high };
            return find_root(bracket, STEPS, &mut |x| self.distance(x));
        }
        for i in 1..SCAN {
            let here = (at(i), self.distance(at(i))?);
            if here.1.signum() != low.1.signum() {
                let bracket = Bracket { low, high: here };
                return find_root(bracket, STEPS, &mut |x| self.distance(x));
            }
            low = here;
        }
        Err(self.out_of_reach(decision))
    }

    fn out_of_reach(&self, decision: &Decision) -> MonteCarloError {
        let (_, _, figure, wanted) = self.goal;
        let all = || self.tried.iter().map(|t| t.figure);
        let (least, most) =
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        MonteCarloError::param(
            format!(
                "{} does not come to {wanted}: it lies between {least} and {most} where {} goes \
                 from {} to {}.",
                figure.name, decision.name, decision.low, decision.high
            ),
            "Widen the range of the cell, or ask for a value within reach.",
        )
    }
}

fn report(
    job: &BlockingContext,
    study: &Study,
    (decision, value): (&Decision, f64),
    (figure, wanted, reached): (&Statistic, f64, f64),
    (columns, tried): (Vec<Vec<f64>>, Vec<TriedReport>),
) -> Result<GoalSeekReport, MonteCarloError> {
    let iterations = columns.first().map_or(0, Vec::len) as u64;
    let outcomes = study
        .outputs
        .iter()
        .zip(&columns)
        .filter_map(|(output, column)| Outcome::of_summary(&output.name, &summarize(column)?));
    let report = GoalSeekReport {
        cell: decision.name.clone(),
        value,
        figure: figure.name.clone(),
        wanted,
        reached,
        outcomes: outcomes.collect(),
        tried,
        iterations,
        warnings: study.book.warnings.iter().map(|w| w.text.clone()).collect(),
    };
    let mut grid = Grid::new("Values that were tried", 0, &[&decision.name, &figure.name]);
    grid.rows = report.tried.iter().map(|t| vec![t.value.into(), t.figure.into()]).collect();
    let leaflet = Leaflet {
        title: "Goal seek".into(),
        subtitle: format!("{} comes to {reached} where {} is {value}", figure.name, decision.name),
        warnings: report.warnings.clone(),
        sections: vec![Section {
            heading: "Search".into(),
            charts: vec![("search".into(), chart(&report))],
            tables: vec![grid],
        }],
    };
    leave(job, &leaflet, &report)?;
    let all = iterations.saturating_mul(report.tried.len() as u64 + 1);
    job.charge(Credits::new(derive_credits(all).min(job.limits().max_credits.get())))?;
    job.progress(1.0);
    Ok(report)
}

fn chart(report: &GoalSeekReport) -> Chart {
    let mut points: Vec<(f64, f64)> = report.tried.iter().map(|t| (t.value, t.figure)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ends = points.first().zip(points.last());
    let line = ends.map(|(a, b)| vec![(a.0, report.wanted), (b.0, report.wanted)]);
    LineChart {
        title: format!("{} by {}", report.figure, report.cell),
        description: format!("It comes to {} at {}.", report.reached, report.value),
        x: Axis::new(report.cell.clone()),
        y: Axis::new(report.figure.clone()),
        series: vec![
            Series::new(report.figure.clone(), points),
            Series::reference("goal", line.unwrap_or_default()),
        ],
    }
    .into()
}
