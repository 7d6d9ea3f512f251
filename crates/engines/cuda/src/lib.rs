//! A graphics processor for code that is made while the program runs: a function over numbered
//! lanes, written in CUDA C, with columns of numbers in and out. Knows nothing of what is computed.
//!
//! Invariants:
//! - The driver and the compiler are libraries that are looked for at run time. A machine without
//!   them, without a device, or with one that fails gives a [`CudaError`], never a panic and never
//!   an end of the process that this crate could prevent.
//! - Products and sums are compiled as they are written and never contracted, so that a lane has
//!   the bits that a processor gives it.

mod device;
mod error;
mod lanes;

pub use device::{Device, Kernel};
pub use error::{CudaError, Result, caught};
pub use lanes::{Lanes, Results, Shape};
