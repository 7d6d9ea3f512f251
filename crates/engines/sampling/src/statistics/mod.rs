//! Statistics of outputs: what a simulation says about its draws.
//!
//! A draw that is NaN is an iteration whose formula ended in an error: it is counted apart and
//! enters no statistic. Partial results merge; merged in the order of their iterations they have
//! the same bits on any number of workers.

mod column;
mod histogram;
mod intervals;
mod moments;
mod sketch;
mod stop_rule;

pub use column::Column;
pub use histogram::Histogram;
pub use intervals::Interval;
pub use moments::Moments;
pub use sketch::Sketch;
pub use stop_rule::{StopRule, Target};
