//! The operations of the engine, one file each; `outcome` is what a simulation reports, `price`
//! what operations need and cost, `question` what they have in common.

pub mod batch;
pub mod fit;
pub mod goal_seek;
pub mod inspect;
pub mod optimise;
pub mod outcome;
pub mod part;
pub mod price;
mod question;
pub mod recalculate;
pub mod scenarios;
pub mod sensitivity;
pub mod simulate;
pub mod stress;

use gantry_engine_api::{InputKind, InputMeta, InputSlot, ParamError};

/// The slot of the workbook.
pub(crate) const WORKBOOK: &str = "workbook";
/// The slot of a simulation beside it.
pub(crate) const SIMULATION: &str = "simulation";

pub(crate) fn workbook_slot() -> InputSlot {
    InputSlot::required(WORKBOOK, "Workbook", InputKind::File)
}

pub(crate) fn simulation_slot() -> InputSlot {
    let title = "Simulation (JSON or TOML with the parameters of `montecarlo.simulate`)";
    InputSlot::optional(SIMULATION, title, InputKind::File)
}

/// The workbook among the inputs.
pub(crate) fn get_workbook(inputs: &[InputMeta]) -> Result<&InputMeta, ParamError> {
    inputs.iter().find(|input| input.slot == WORKBOOK).ok_or_else(|| {
        ParamError::new("", "the input `workbook` is missing; give an .xlsx or .xlsm file")
    })
}
