//! Designs: where the uniform numbers of an input come from.

use crate::lanes::{Lanes, dispatched};
use crate::latin::LatinHypercube;
use crate::philox::{Philox, StreamId};
use crate::sobol::Sobol;
use crate::{CHUNK, Result, SamplingError};

/// How the iterations cover the unit cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Design {
    /// Independent random numbers.
    #[default]
    #[serde(alias = "mc")]
    MonteCarlo,
    /// As many equally likely strata as iterations, each met once by every input.
    #[serde(alias = "lhs")]
    LatinHypercube,
    /// Scrambled Sobol points, for the first 1024 inputs; later ones by Latin hypercube. At most
    /// 2³² iterations; a power of two of them is best.
    Sobol,
}

/// The uniform numbers of one input.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Random { philox: Philox, stream: StreamId },
    Latin(LatinHypercube),
    Sobol(Sobol),
}

impl Source {
    /// The numbers of the input `input` of a plan.
    pub(crate) fn new(design: Design, seed: u64, input: u32, iterations: u64) -> Result<Self> {
        let philox = Philox::new(seed);
        let stream = StreamId::new(input, 0);
        Ok(match design {
            Design::MonteCarlo => Self::Random { philox, stream },
            Design::LatinHypercube => Self::Latin(LatinHypercube::new(seed, input, iterations)?),
            Design::Sobol => {
                Sobol::check(iterations)?;
                match Sobol::find(seed, input) {
                    Some(sobol) => Self::Sobol(sobol),
                    None => Self::Latin(LatinHypercube::new(seed, input, iterations)?),
                }
            }
        })
    }

    /// The uniform number of iteration `n` of an input in C, with the tables that it needs.
    pub(crate) fn spell(&self, name: &str, input: u64) -> (String, String) {
        match self {
            Self::Random { stream, .. } => (String::new(), format!("unit({})", stream.spell())),
            Self::Latin(latin) => (String::new(), latin.spell()),
            Self::Sobol(sobol) => sobol.spell(name, input),
        }
    }

    /// The numbers of a chunk.
    pub(crate) fn fill(&self, lanes: Lanes, chunk: u64, out: &mut [f64; CHUNK]) {
        match self {
            Self::Random { philox, stream } => random(lanes, philox, *stream, chunk, out),
            Self::Latin(latin) => latin.fill(lanes, chunk, out),
            Self::Sobol(sobol) => sobol.fill(lanes, chunk, out),
        }
    }
}

dispatched! {
    /// Independent uniform numbers of a chunk.
    pub(crate) fn random(philox: &Philox, stream: StreamId, chunk: u64, out: &mut [f64; CHUNK]) = random_chunk
}

#[inline(always)]
pub(crate) fn random_chunk(philox: &Philox, stream: StreamId, chunk: u64, out: &mut [f64; CHUNK]) {
    philox.units(chunk, stream, out);
}

/// Refuses a number of iterations that the designs cannot tell apart.
pub(crate) fn check_iterations(iterations: u64) -> Result<()> {
    if (1..=1 << 48).contains(&iterations) {
        return Ok(());
    }
    Err(SamplingError::Setting { setting: "iterations", rule: "must be between 1 and 2^48" })
}
