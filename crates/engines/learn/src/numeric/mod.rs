//! Numbers that agree on every machine: elementary functions, random numbers, sums in fixed
//! order, small dense solvers.

pub(crate) mod boxes;
pub(crate) mod cholesky;
pub(crate) mod distance;
pub(crate) mod jacobi;
pub(crate) mod made_once;
pub mod math;
pub(crate) mod reduce;
pub(crate) mod rng;
