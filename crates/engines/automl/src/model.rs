//! Learners behind one face: a candidate of the search, its fit, and what it predicts.
//!
//! Invariant: a fit is a pure function of its training rows, its parameters and its seed.

mod algorithm;
mod boosting;
mod ensemble;
mod finish;
mod learner;
mod owned_file;
mod pipeline;
mod portfolio;
mod settings;
mod stack;
mod stored;

pub use algorithm::Algorithm;
use boosting::FoldRounds;
pub(crate) use boosting::derive_rounds;
pub(crate) use ensemble::{Ensemble, Member, MemberFit};
pub use finish::CalibrationChoice;
pub(crate) use finish::{Finish, choose_calibration};
pub(crate) use learner::FittedLearner;
pub(crate) use owned_file::OwnedFile;
pub(crate) use pipeline::{FoldFit, Pipeline, Predictions};
pub(crate) use portfolio::{draw_candidate, list_portfolio};
pub(crate) use settings::{Candidate, choose_candidates, count_at_most};
pub(crate) use stack::Stack;
pub(crate) use stored::StoredLearner;
