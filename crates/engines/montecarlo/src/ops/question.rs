//! What the operations on an uncertain workbook have in common: its inputs, their correlation and
//! its outputs, out of parameters and a file beside the workbook.

use gantry_engine_api::{BlockingContext, LogLevel};
use gantry_workbook::{CellRef, Workbook};

use super::price::{DistributionSet, derive_set, is_basic};
use super::{SIMULATION, WORKBOOK};
use crate::error::MonteCarloError;
use crate::simulation::{Simulation, read_simulation};
use crate::study::{Question, Study, read_workbook};

/// The simulation that parameters ask for: those that every operation has, by their names. The
/// usual number of iterations gives way to a file's.
macro_rules! simulation_of {
    ($params:expr, $usual:expr) => {
        $crate::simulation::Simulation {
            input: $params.input.clone(),
            output: $params.output.clone(),
            correlate: $params.correlate.clone(),
            copula: $params.copula.clone().unwrap_or_default(),
            iterations: $params.iterations,
            iterations_are_usual: $params.iterations == $usual,
            sampling: $params.sampling,
            now: $params.now,
            ..$crate::simulation::Simulation::default()
        }
    };
}
pub(crate) use simulation_of;

/// A simulation over the file beside the workbook, if there is one, and the set of distributions
/// that it may use.
pub(crate) fn gather(
    job: &BlockingContext,
    simulation: Simulation,
    asked: Option<DistributionSet>,
) -> Result<(Simulation, DistributionSet), MonteCarloError> {
    let has_file = job.has_input(SIMULATION);
    let set = derive_set(asked, (&simulation.input, has_file));
    if !has_file {
        return Ok((simulation, set));
    }
    let file = read_simulation(&job.input(SIMULATION)?)?;
    Ok((simulation.over(file)?, set))
}

/// Reads the workbook and compiles what is asked of it; `hold` names cells that are given values.
pub(crate) fn study(
    job: &BlockingContext,
    asked: (&Simulation, DistributionSet),
    hold: Hold<'_>,
) -> Result<Study, MonteCarloError> {
    study_of(job, read_workbook(&job.input(WORKBOOK)?)?, asked, hold)
}

/// Names cells of a workbook that are given values.
pub(crate) type Hold<'a> = &'a dyn Fn(&Workbook) -> Result<Vec<CellRef>, MonteCarloError>;

/// Compiles what is asked of a workbook.
pub(crate) fn study_of(
    job: &BlockingContext,
    book: Workbook,
    (simulation, set): (&Simulation, DistributionSet),
    hold: Hold<'_>,
) -> Result<Study, MonteCarloError> {
    let question = Question {
        inputs: simulation.input.clone(),
        outputs: simulation.output.clone(),
        now: simulation.now,
    };
    let held = hold(&book)?;
    let mut study = if held.is_empty() {
        Study::new(book, &question)?
    } else {
        Study::holding(book, &question, &held)?
    };
    study.correlate(&simulation.correlate, &simulation.copula)?;
    if set == DistributionSet::Basic
        && let Some(other) = study.inputs.iter().find(|i| !is_basic(&i.distribution))
    {
        return Err(MonteCarloError::param(
            format!("{} is drawn from {}, which is advanced.", other.name, other.distribution),
            "Ask for `--distributions advanced`, or write a basic distribution.",
        ));
    }
    let (formulas, scalar) = (study.compiled.formulas, study.compiled.scalar.len());
    let columns = formulas - scalar;
    job.log(LogLevel::Info, format!("{columns} of {formulas} formulas are computed in columns."));
    Ok(study)
}
