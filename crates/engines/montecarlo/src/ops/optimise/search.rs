//! The search: every round tries a challenger for each member of the population, and is kept as a
//! checkpoint.

use gantry_engine_api::{BlockingContext, Checkpoint};
use gantry_kit::chart::{Axis, LineChart, Series};
use gantry_sampling::Plan;
use gantry_types::Credits;
use gantry_workbook::Workbook;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::evolution::{Candidate, Evolution, find_best, is_close};
use super::{
    Aim, ConstraintReport, DecisionReport, OptimiseParams, OptimiseReport, RoundReport,
    USUAL_TRIALS,
};
use crate::error::MonteCarloError;
use crate::ops::outcome::Outcome;
use crate::ops::price::derive_credits;
use crate::ops::question::{gather, simulation_of, study};
use crate::ops::simulate::require_room;
use crate::publish::leaflet::{Grid, Leaflet, Section, leave};
use crate::spelling::entries;
use crate::statistic::{Decision, with_outputs_of};
use crate::statistics::summarize;
use crate::study::{Place, Study};

/// The version of the checkpoint.
const CHECKPOINT: u32 = 1;

/// What a checkpoint holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    generation: u32,
    population: Vec<Candidate>,
    rounds: Vec<RoundReport>,
}

/// Everything that a trial needs.
struct Trials<'a> {
    job: &'a BlockingContext,
    study: &'a Study,
    plan: &'a Plan,
    aim: &'a Aim,
    places: Vec<Place>,
    decisions: Vec<Decision>,
    iterations: u64,
}

pub(super) fn run(
    job: &BlockingContext,
    params: &OptimiseParams,
) -> Result<OptimiseReport, MonteCarloError> {
    let aim = params.read_aim()?;
    params.count_decisions()?;
    let asked = simulation_of!(params, USUAL_TRIALS);
    let (mut simulation, set) = gather(job, asked, params.distributions)?;
    let limits = aim.constraints.iter().map(|c| &c.statistic);
    let figures: Vec<_> = [&aim.figure].into_iter().chain(limits).collect();
    simulation.output = with_outputs_of(&simulation.output, &figures);
    let read = |book: &Workbook| -> Result<Vec<Decision>, MonteCarloError> {
        entries(&params.decision).iter().map(|text| Decision::read(book, text)).collect()
    };
    let hold = |book: &Workbook| Ok(read(book)?.iter().map(|d| d.cell).collect());
    let study = study(job, (&simulation, set), &hold)?;
    require_room(simulation.iterations.saturating_mul(16), study.outputs.len())?;
    for figure in figures {
        figure.place(&study)?;
    }
    let decisions = read(&study.book)?;
    let places: Vec<Place> = decisions.iter().filter_map(|d| study.find_place(d.cell)).collect();
    if (1..places.len()).any(|i| places[..i].contains(&places[i])) {
        let text = "A cell is to be decided twice.";
        return Err(MonteCarloError::param(text, "Give each cell one range."));
    }
    let plan = study.plan(job.seed(), simulation.iterations, simulation.sampling.design())?;
    let trials = Trials {
        job,
        study: &study,
        plan: &plan,
        aim: &aim,
        places,
        decisions,
        iterations: simulation.iterations,
    };
    let state = trials.search(params.generations)?;
    trials.report(state)
}

impl Trials<'_> {
    fn search(&self, generations: u32) -> Result<State, MonteCarloError> {
        let search = Evolution::new(self.job.seed(), self.decisions.len());
        let mut state = match self.resume(generations) {
            Some(state) => state,
            None => {
                let mut population = search.begin(self.given());
                self.try_all(&mut population)?;
                State { generation: 0, population, rounds: Vec::new() }
            }
        };
        self.show(&mut state);
        while state.generation < generations && !is_close(&state.population) {
            state.generation += 1;
            let generation = u64::from(state.generation);
            let mut next = search.challenge(generation, &state.population);
            self.try_all(&mut next)?;
            for (old, new) in state.population.iter_mut().zip(next) {
                if new.is_as_good_as(old) {
                    *old = new;
                }
            }
            self.show(&mut state);
            self.job.progress(f64::from(state.generation) / f64::from(generations));
            let kept = serde_json::to_value(&state).map_err(|e| MonteCarloError::Written {
                what: "the checkpoint",
                cause: e.to_string(),
            })?;
            self.job.save_checkpoint(Checkpoint { version: CHECKPOINT, state: kept })?;
        }
        Ok(state)
    }

    /// The state that an earlier attempt left, if it is one of this search.
    fn resume(&self, generations: u32) -> Option<State> {
        let checkpoint = self.job.checkpoint().filter(|c| c.version == CHECKPOINT)?;
        let state: State = serde_json::from_value(checkpoint.state.clone()).ok()?;
        let fits = |c: &Candidate| c.shares.len() == self.decisions.len();
        let whole = !state.population.is_empty() && state.population.iter().all(fits);
        (whole && state.generation <= generations).then_some(state)
    }

    /// The file's own values as shares of the ranges.
    fn given(&self) -> Vec<f64> {
        let share = |(place, decision): (&Place, &Decision)| match place {
            Place::Held(at) => {
                let base = self.study.held[*at].base;
                ((base - decision.low) / (decision.high - decision.low)).clamp(0.0, 1.0)
            }
            Place::Drawn(_) => 0.5,
        };
        self.places.iter().zip(&self.decisions).map(share).collect()
    }

    fn values(&self, shares: &[f64]) -> Vec<(Place, f64)> {
        let values = self.decisions.iter().zip(shares).map(|(d, share)| d.derive_value(*share));
        self.places.iter().copied().zip(values).collect()
    }

    fn columns(&self, values: &[(Place, f64)]) -> Result<Vec<Vec<f64>>, MonteCarloError> {
        let draws = self.study.set(self.plan, values);
        let runner = self.study.runner(&draws, 1);
        runner.collect(self.iterations, &|| self.job.is_cancelled())
    }

    fn try_all(&self, population: &mut [Candidate]) -> Result<(), MonteCarloError> {
        population.par_iter_mut().try_for_each(|candidate| {
            let columns = self.columns(&self.values(&candidate.shares))?;
            let place = self.aim.figure.place(self.study)?;
            candidate.score =
                self.aim.figure.find_value(&columns[place]).map(|value| value * self.aim.sign);
            candidate.miss = 0.0;
            for constraint in &self.aim.constraints {
                let place = constraint.statistic.place(self.study)?;
                match constraint.statistic.find_value(&columns[place]) {
                    Some(value) => candidate.miss += constraint.derive_miss(value),
                    None => candidate.score = None,
                }
            }
            Ok(())
        })
    }

    /// Shows the best so far.
    fn show(&self, state: &mut State) {
        let best = find_best(&state.population);
        let kept = best.filter(|c| c.miss == 0.0).and_then(|c| c.score);
        let round =
            RoundReport { generation: state.generation, best: kept.map(|s| s * self.aim.sign) };
        let values: Vec<_> = best
            .map(|best| self.values(&best.shares))
            .unwrap_or_default()
            .iter()
            .zip(&self.decisions)
            .map(|((_, value), d)| json!({ "name": d.name, "value": value }))
            .collect();
        if let Some(best) = round.best {
            self.job.metric("best", u64::from(state.generation), best);
        }
        self.job.publish_partial(
            "optimisation",
            json!({ "generation": round.generation, "best": round.best, "decisions": values }),
        );
        if state.rounds.last().is_none_or(|last| last.generation < round.generation) {
            state.rounds.push(round);
        }
    }

    fn report(&self, state: State) -> Result<OptimiseReport, MonteCarloError> {
        let figure = &self.aim.figure;
        let best = find_best(&state.population).filter(|c| c.score.is_some()).ok_or_else(|| {
            MonteCarloError::param(
                format!("{} is not defined for any values that were tried.", figure.name),
                "Take ranges over which the outputs are numbers.",
            )
        })?;
        let values = self.values(&best.shares);
        let columns = self.columns(&values)?;
        let output = figure.place(self.study)?;
        let base = figure.find_value(&self.columns(&[])?[output]);
        let mut constraints = Vec::new();
        for constraint in &self.aim.constraints {
            let place = constraint.statistic.place(self.study)?;
            if let Some(value) = constraint.statistic.find_value(&columns[place]) {
                let (name, kept) = (constraint.name.clone(), constraint.derive_miss(value) == 0.0);
                constraints.push(ConstraintReport { name, figure: value, kept });
            }
        }
        let mut warnings: Vec<String> =
            self.study.book.warnings.iter().map(|w| w.text.clone()).collect();
        if constraints.iter().any(|c| !c.kept) {
            warnings.push("No values keep all limits; these miss them by least.".to_owned());
        }
        let outcomes = self.study.outputs.iter().zip(&columns);
        let trials = state.population.len() as u64 * (u64::from(state.generation) + 1);
        let decisions = self.places.iter().zip(&self.decisions).zip(&values);
        let report = OptimiseReport {
            figure: figure.name.clone(),
            base,
            best: figure.find_value(&columns[output]).unwrap_or_default(),
            decisions: decisions
                .map(|((place, decision), (_, value))| DecisionReport {
                    name: decision.name.clone(),
                    base: match place {
                        Place::Held(at) => Some(self.study.held[*at].base),
                        Place::Drawn(_) => None,
                    },
                    best: *value,
                })
                .collect(),
            constraints,
            outcomes: outcomes
                .filter_map(|(o, c)| Outcome::of_summary(&o.name, &summarize(c)?))
                .collect(),
            generations: state.generation,
            trials,
            iterations: self.iterations,
            rounds: state.rounds,
            warnings,
        };
        leave(self.job, &leaflet(&report), &report)?;
        let due = derive_credits(trials.saturating_add(2).saturating_mul(self.iterations));
        self.job.charge(Credits::new(due.min(self.job.limits().max_credits.get())))?;
        self.job.progress(1.0);
        Ok(report)
    }
}

fn leaflet(report: &OptimiseReport) -> Leaflet {
    let mut decisions = Grid::new("Decisions", 1, &["Cell", "In the file", "Best"]);
    for d in &report.decisions {
        decisions.rows.push(vec![d.name.as_str().into(), d.base.into(), d.best.into()]);
    }
    let mut limits = Grid::new("Limits", 2, &["Limit", "Kept", "Figure"]);
    for c in &report.constraints {
        let kept = if c.kept { "yes" } else { "no" };
        limits.rows.push(vec![c.name.as_str().into(), kept.into(), c.figure.into()]);
    }
    let points = report.rounds.iter().filter_map(|r| Some((f64::from(r.generation), r.best?)));
    let chart = LineChart {
        title: format!("{} by round", report.figure),
        description: format!("It comes to {} in the end.", report.best),
        x: Axis::new("Round"),
        y: Axis::new(report.figure.clone()),
        series: vec![Series::new(report.figure.clone(), points.collect())],
    };
    Leaflet {
        title: "Optimisation".into(),
        subtitle: format!("{} comes to {}", report.figure, report.best),
        warnings: report.warnings.clone(),
        sections: vec![Section {
            heading: "Decisions".into(),
            charts: vec![("rounds".into(), chart.into())],
            tables: if limits.rows.is_empty() { vec![decisions] } else { vec![decisions, limits] },
        }],
    }
}
