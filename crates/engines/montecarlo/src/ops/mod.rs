//! The operations of the engine, one file each; `outcome` is what a simulation reports.

pub mod inspect;
pub mod outcome;
pub mod recalculate;
pub mod simulate;

use gantry_engine_api::{InputKind, InputMeta, InputSlot, ParamError};
use gantry_types::MeterId;

/// The slot of the workbook.
pub(crate) const WORKBOOK: &str = "workbook";
/// Memory of a loaded workbook per byte of its file.
const MEMORY_PER_BYTE: u64 = 60;
/// Memory of an operation without its workbook.
const BASE_MEMORY: u64 = 96 << 20;

pub(crate) fn workbook_slot() -> InputSlot {
    InputSlot::required(WORKBOOK, "Workbook", InputKind::File)
}

/// The workbook among the inputs.
pub(crate) fn get_workbook(inputs: &[InputMeta]) -> Result<&InputMeta, ParamError> {
    inputs.iter().find(|input| input.slot == WORKBOOK).ok_or_else(|| {
        ParamError::new("", "the input `workbook` is missing; give an .xlsx or .xlsm file")
    })
}

pub(crate) fn memory_of(workbook: &InputMeta) -> u64 {
    BASE_MEMORY.saturating_add(workbook.bytes.saturating_mul(MEMORY_PER_BYTE))
}

pub(crate) fn meter_id(name: &str) -> Result<MeterId, ParamError> {
    name.parse().map_err(|_| ParamError::new("", format!("`{name}` is no name of a meter")))
}
