//! The engine `montecarlo`: what an Excel workbook comes to when some of its cells are uncertain.
//!
//! [`compile()`] turns the formulas between uncertain inputs and outputs into a column program,
//! which [`Machine`] runs over 256 draws at a time.
//!
//! Invariants: a draw's outputs are bit for bit what a recalculation of the workbook gives for the
//! same inputs; results do not depend on the processor's instruction set, the number of threads or
//! the cut into chunks.

mod add_ins;
mod brent;
mod chain;
mod column;
mod compile;
mod correlate;
mod draws;
mod error;
mod gpu;
mod influence;
mod lane;
mod machine;
mod native;
pub mod ops;
mod program;
mod publish;
mod ranks;
mod run;
mod semantics;
mod service;
mod simulation;
mod spelling;
mod ssa;
mod statistic;
pub mod statistics;
mod study;
mod tally;

use std::sync::Arc;

use gantry_engine_api::{AnyOperation, AnyService, Engine, InThread};

pub use column::{Column, WIDTH};
pub use compile::{
    Chance, CompileError, Compiled, Found, OutputAt, Request, Scalar, compile, count_functions,
    is_in_columns,
};
pub use draws::Source;
pub use error::MonteCarloError;
pub use gpu::{Code, Gpu, Unspoken, emit};
pub use lane::{Kinds, Texts};
pub use machine::{Isa, Machine};
pub use ops::batch::{Batch, BatchParams, BatchReport};
pub use ops::fit::{Fit, FitParams, FitReport};
pub use ops::goal_seek::{GoalSeek, GoalSeekParams, GoalSeekReport};
pub use ops::inspect::{Inspect, InspectParams, InspectReport};
pub use ops::optimise::{Optimise, OptimiseParams, OptimiseReport};
pub use ops::outcome::SimulateReport;
pub use ops::part::{PartParams, PartReport, SimulatePart};
pub use ops::price::DistributionSet;
pub use ops::recalculate::{Recalculate, RecalculateParams, RecalculateReport};
pub use ops::scenarios::{Scenarios, ScenariosParams, ScenariosReport};
pub use ops::sensitivity::{Sensitivity, SensitivityParams, SensitivityReport};
pub use ops::simulate::{DrawsFile, EngineChoice, Simulate, SimulateParams};
pub use ops::stress::{Stress, StressParams};
pub use program::Program;
pub use run::{Block, Runner};
pub use service::SimulationService;
pub use simulation::Sampling;
pub use study::{Question, Study, read_path};

/// The engine, for the registry.
pub fn engine() -> impl Engine {
    MonteCarlo
}

struct MonteCarlo;

impl Engine for MonteCarlo {
    fn id(&self) -> &'static str {
        "montecarlo"
    }

    fn title(&self) -> &'static str {
        "Monte Carlo"
    }

    fn summary(&self) -> &'static str {
        "Simulates Excel workbooks with uncertain inputs."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![
            Arc::new(Inspect),
            Arc::new(Recalculate),
            Arc::new(Simulate),
            Arc::new(SimulatePart),
            Arc::new(Sensitivity),
            Arc::new(Scenarios),
            Arc::new(Stress),
            Arc::new(GoalSeek),
            Arc::new(Optimise),
            Arc::new(Fit),
            Arc::new(Batch),
        ]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        vec![Arc::new(InThread(SimulationService))]
    }

    fn meters(&self) -> &'static [&'static str] {
        ops::price::METERS
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_and_service_is_registered_once() {
        let ids: BTreeSet<String> =
            MonteCarlo.operations().iter().map(|operation| operation.spec().id).collect();
        let names = [
            "batch",
            "fit",
            "goal_seek",
            "inspect",
            "optimise",
            "recalculate",
            "scenarios",
            "sensitivity",
            "simulate",
            "simulate_part",
            "stress",
        ];
        assert_eq!(ids, names.map(|name| format!("montecarlo.{name}")).into());
        assert_eq!(MonteCarlo.services()[0].spec().id, "montecarlo.simulation");
    }
}
