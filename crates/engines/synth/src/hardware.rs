//! What the networks of the tier `deep` are computed on, and the way back to the processor.
//!
//! Invariant: work that a graphics processor did not do is done by the processor, once, and the report
//! says why; a job that was leased none never asks for one.

use std::sync::OnceLock;

use gantry_deep::DeepError;
use gantry_engine_api::{BlockingContext, DeviceNeed, NO_GPU_LEASED};
use gantry_types::Device;

use crate::tier::Tier;

/// The kind of processor that a job of these tiers asks for.
pub(crate) fn derive_need(tiers: &[Tier]) -> DeviceNeed {
    if tiers.contains(&Tier::Deep) { DeviceNeed::PrefersGpu } else { DeviceNeed::Cpu }
}

/// What networks are computed on.
#[derive(Debug)]
pub(crate) struct Hardware {
    leased: Device,
    /// Why a graphics processor that was leased is used no more.
    trouble: OnceLock<String>,
}

impl Default for Hardware {
    fn default() -> Self {
        Self::leased(Device::Cpu)
    }
}

impl Hardware {
    /// What was leased for a job.
    pub(crate) fn of(job: &BlockingContext) -> Self {
        Self::leased(job.device())
    }

    pub(crate) const fn leased(leased: Device) -> Self {
        Self { leased, trouble: OnceLock::new() }
    }

    fn current(&self) -> gantry_deep::Device {
        match self.leased {
            Device::Gpu if self.trouble.get().is_none() => gantry_deep::Device::Cuda,
            Device::Gpu | Device::Cpu => gantry_deep::Device::Cpu,
        }
    }

    /// Does work, and does it again on the processor where the graphics processor fails.
    pub(crate) fn run<T>(
        &self,
        mut work: impl FnMut(gantry_deep::Device) -> Result<T, DeepError>,
    ) -> Result<T, DeepError> {
        match work(self.current()) {
            Err(DeepError::Device { reason }) => {
                // Of several threads that fail at once the first one's reason is told.
                self.trouble.get_or_init(|| reason);
                work(gantry_deep::Device::Cpu)
            }
            done => done,
        }
    }

    /// What a report says of it.
    pub(crate) fn list_notes(&self, tier: Tier) -> Vec<String> {
        match tier {
            Tier::Instant | Tier::Mixture | Tier::Private => Vec::new(),
            Tier::Deep => vec![self.describe()],
        }
    }

    fn describe(&self) -> String {
        match (self.leased, self.trouble.get()) {
            (Device::Gpu, None) => "Networks were computed on a graphics processor: the same seed \
                                    gives like rows there, and not the same ones."
                .to_owned(),
            (Device::Gpu, Some(reason)) => format!(
                "Networks were computed on the processor, since the graphics processor could not be \
                 used: {reason}."
            ),
            (Device::Cpu, _) => {
                format!("Networks were computed on the processor: {NO_GPU_LEASED}.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graphics_processor_that_fails_is_left_and_the_report_says_why() {
        let hardware = Hardware::leased(Device::Gpu);
        let mut devices = Vec::new();
        let mut room = 1;
        for _ in 0..3 {
            let done = hardware.run(|device| {
                devices.push(device);
                match device {
                    gantry_deep::Device::Cuda if room == 0 => {
                        Err(DeepError::Device { reason: "it has no memory left".into() })
                    }
                    gantry_deep::Device::Cuda | gantry_deep::Device::Cpu => {
                        room = 0;
                        Ok(())
                    }
                }
            });
            done.unwrap();
        }
        let [cuda, cpu] = [gantry_deep::Device::Cuda, gantry_deep::Device::Cpu];
        assert_eq!(devices, [cuda, cuda, cpu, cpu]);
        assert!(hardware.list_notes(Tier::Deep)[0].ends_with("used: it has no memory left."));
        assert!(hardware.list_notes(Tier::Instant).is_empty());
    }

    #[test]
    fn other_errors_are_given_on() {
        let failed = Hardware::leased(Device::Gpu).run::<()>(|_| Err(DeepError::Cancelled));
        assert!(matches!(failed, Err(DeepError::Cancelled)));
    }
}
