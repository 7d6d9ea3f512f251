//! What computes: the processor, or a graphics processor that is looked for when it is asked for.
//!
//! Invariant: a graphics processor that is missing or fails is [`DeepError::Device`], and what was
//! to be changed by the work is as it was before.

use burn_autodiff::Autodiff;
use burn_cuda::{Cuda, CudaDevice};
use burn_flex::{Flex, FlexDevice};
use burn_tensor::backend::AutodiffBackend;

use crate::error::DeepError;

/// What computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor: the same bytes for the same seed.
    #[default]
    Cpu,
    /// The first CUDA device of this machine: the same seed gives like results, not the same ones,
    /// since sums are taken in the order in which threads end.
    Cuda,
}

/// A backend, and what it can do at a time.
pub(crate) trait Machine: AutodiffBackend {
    /// Parts of a batch that learn at once.
    const PARTS: usize;
    /// Rows that are drawn at once.
    const BLOCK: u64;
}

impl Machine for Autodiff<Flex> {
    const PARTS: usize = 4;
    const BLOCK: u64 = 128;
}

impl Machine for Autodiff<Cuda> {
    const PARTS: usize = 1;
    const BLOCK: u64 = 512;
}

/// Work that any backend does.
pub(crate) trait Work {
    /// What comes of it.
    type Done;

    /// Does it on a device of the backend.
    fn run<B: Machine>(self, device: &B::Device) -> Result<Self::Done, DeepError>;
}

impl Device {
    /// Does work here.
    pub(crate) fn run<W: Work>(self, work: W) -> Result<W::Done, DeepError> {
        match self {
            Self::Cpu => work.run::<Autodiff<Flex>>(&FlexDevice),
            Self::Cuda => {
                // The backend ends in a panic where there is no device, so it is looked for before.
                gantry_cuda::Device::find()?;
                let work = || work.run::<Autodiff<Cuda>>(&CudaDevice::default());
                gantry_cuda::caught(work).map_err(blame)
            }
        }
    }
}

/// Numbers that cannot be read back from a device are its own trouble.
fn blame(error: DeepError) -> DeepError {
    match error {
        DeepError::Numbers { reason } => DeepError::Device { reason },
        DeepError::Cancelled
        | DeepError::Unfit { .. }
        | DeepError::State { .. }
        | DeepError::Device { .. } => error,
    }
}
