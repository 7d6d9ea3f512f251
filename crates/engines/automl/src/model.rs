//! Learners behind one face: a candidate of the search, its fit, and what it predicts.
//!
//! Invariant: a fit is a pure function of its training rows, its parameters and its seed.

mod algorithm;
mod boosting;
mod pipeline;

pub use algorithm::Algorithm;
pub(crate) use algorithm::{Candidate, FittedLearner, choose_candidates};
pub(crate) use pipeline::{Pipeline, Predictions};
