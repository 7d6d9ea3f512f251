//! Random inputs and what is made of random outputs, for the simulation engines: distributions,
//! draws, correlation, statistics, sensitivity, fitting. Pure functions of data, parameters and
//! seed. Nothing here reads a clock, a file or the network, or knows what a workbook is.
//!
//! Invariants:
//! - A draw is a function of seed, input and iteration alone: the same bits in any order, in any
//!   chunks, on any number of threads and on every x86-64 machine. Arithmetic is plain IEEE, `exp`,
//!   `ln` and the rest are our own ([`math`]); the vector instructions of the machine change the
//!   speed, never a bit ([`Lanes`]).
//! - Every distribution is sampled by inversion of one uniform number, so that every design and
//!   every copula works on all of them.
//! - Work goes by chunks of [`CHUNK`] iterations. Partial results merge in chunk order.
//! - Bad input is a [`SamplingError`] that says what would be right, never a panic.
//!
//! ```
//! use gantry_sampling::{CHUNK, Design, Distribution, Plan, Settings};
//!
//! # fn main() -> Result<(), gantry_sampling::SamplingError> {
//! let price = Distribution::parse("triangular(80, 100, 150)")?;
//! let demand = Distribution::parse("normal(mean=10, sd=2, lower=0)")?;
//! let settings = Settings::new(7, 10_000).with_design(Design::LatinHypercube);
//! let plan = Plan::new(&[price, demand], &settings)?;
//!
//! let mut columns = vec![[0.0; CHUNK]; 2];
//! plan.fill_chunk(0, &mut columns)?; // iterations 0 to 255 of all inputs
//! let mut prices = [0.0; 1_000];
//! plan.fill(0, 128, &mut prices)?; // iterations 128 to 1127 of the first input
//! assert_eq!(columns[0][128], prices[0]);
//! assert!(prices.iter().all(|price| (80.0..=150.0).contains(price)));
//! # Ok(())
//! # }
//! ```

pub mod correlation;
mod design;
mod distribution;
mod error;
pub mod fit;
mod guide;
mod lanes;
mod latin;
pub mod math;
mod philox;
mod plan;
mod sampler;
mod score_table;
pub mod sensitivity;
mod sobol;
pub mod statistics;

/// Iterations that are worked on together; the first of a chunk is a multiple of it.
pub const CHUNK: usize = 256;

pub use correlation::{Copula, Correlation};
pub use design::Design;
pub use distribution::{
    Argument, Distribution, Family, FamilyInfo, Modifier, derive_distribution, derive_modifier,
    families, is_distribution_function,
};
pub use error::{Result, SamplingError};
pub use lanes::Lanes;
pub use philox::{Philox, StreamId};
pub use plan::{Plan, Settings, Spelled};
pub use sampler::Sampler;
