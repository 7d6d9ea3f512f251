//! Elementary and special functions in plain IEEE arithmetic: the same bits on every machine.
//! The elementary ones have no branches, so that a loop over them becomes vector instructions.

pub(crate) mod beta;
pub mod c;
mod elementary;
pub(crate) mod gamma;
mod normal;
pub(crate) mod quadrature;
pub(crate) mod root;

pub use beta::{incomplete_beta, ln_beta};
pub(crate) use elementary::{ceil, cot_pi, exp_m1, floor, tan_half_pi};
pub use elementary::{exp, ln, ln_1p, pow};
pub use gamma::{digamma, ln_choose, ln_factorial, ln_gamma, lower_gamma, trigamma, upper_gamma};
pub use normal::{inverse_normal, normal_cdf, normal_density};
pub(crate) use normal::{inverse_normal_all, normal_cdf_all};
