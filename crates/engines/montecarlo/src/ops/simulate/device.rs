//! What computes the draws of the engine `enhanced`: a graphics processor where one is leased,
//! found and worth it, else the processor.

use gantry_engine_api::{BlockingContext, NO_GPU_LEASED};
use gantry_types::Device;

use super::{EngineChoice, Task};
use crate::draws::Source;
use crate::gpu::Gpu;
use crate::ops::outcome::DeviceReport;

/// Steps of a program times draws from which compiling for a device pays: some two seconds of a
/// core.
const WORTH: u64 = 1_500_000_000;

/// The device of a run, or why there is none.
pub(crate) struct Chosen {
    gpu: Option<Gpu>,
    note: Option<String>,
}

/// Chooses what computes the draws.
pub(crate) fn choose(job: &BlockingContext, task: &Task, draws: &dyn Source) -> Chosen {
    let found = match task.engine {
        EngineChoice::Power | EngineChoice::Arrow => return Chosen { gpu: None, note: None },
        EngineChoice::Enhanced => find(job, task, draws),
    };
    match found {
        Ok(gpu) => Chosen { gpu: Some(gpu), note: None },
        Err(note) => Chosen { gpu: None, note: Some(note) },
    }
}

fn find(job: &BlockingContext, task: &Task, draws: &dyn Source) -> Result<Gpu, String> {
    match job.device() {
        Device::Gpu => {}
        Device::Cpu => return Err(NO_GPU_LEASED.to_owned()),
    }
    let program = &task.study.compiled.program;
    let steps = program.instruction_count() as u64;
    if steps.saturating_mul(task.simulation.iterations) < WORTH {
        return Err("so few draws are done before the code for a graphics processor is".to_owned());
    }
    Gpu::prepare(program, draws)
}

impl Chosen {
    /// The graphics processor.
    pub(crate) const fn gpu(&self) -> Option<&Gpu> {
        self.gpu.as_ref()
    }

    /// What computed the draws, after they were.
    pub(crate) fn report(&self) -> DeviceReport {
        let trouble = self.gpu.as_ref().and_then(Gpu::trouble);
        let name = match &self.gpu {
            Some(gpu) if trouble.is_none() => gpu.name().to_owned(),
            Some(_) | None => DeviceReport::default().name,
        };
        DeviceReport { name, note: self.note.clone().or(trouble) }
    }
}
