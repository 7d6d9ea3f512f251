//! Everything that can go wrong in this crate, as one closed enum.

/// Why a fit, a prediction or a metric was refused or stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LearnError {
    /// A table, a target or a fold has nothing in it.
    #[error("{what} is empty; give at least one value")]
    Empty {
        /// What was empty, such as `the table`.
        what: &'static str,
    },
    /// Two inputs that must have the same size differ.
    #[error("{what} has {found} entries, but {expected} are needed")]
    Shape {
        /// The input that does not fit.
        what: &'static str,
        /// Size that was needed.
        expected: usize,
        /// Size that was given.
        found: usize,
    },
    /// The target has a single class, so that there is nothing to tell apart.
    #[error("the target has only one class; give rows of at least two classes")]
    OneClass,
    /// A class code lies outside of `0..count`.
    #[error("class code {code} is not below the number of classes {count}")]
    ClassOutOfRange {
        /// The code that was met.
        code: u32,
        /// The number of classes.
        count: usize,
    },
    /// A value is infinite, or missing where the learner needs every value.
    #[error(
        "{what} {index} has a missing or infinite value; impute or remove it, \
         or use a learner that accepts missing values"
    )]
    NotFinite {
        /// `column`, `target value` or the like.
        what: &'static str,
        /// Zero-based position of the column or value.
        index: usize,
    },
    /// A value is negative where the definition needs none below zero.
    #[error("{what} {index} is negative; only values from 0 are defined here")]
    Negative {
        /// `weight`, `column` or the like.
        what: &'static str,
        /// Zero-based position.
        index: usize,
    },
    /// All weights are zero.
    #[error("all weights are zero; at least one row must count")]
    NoWeight,
    /// A parameter lies outside of its range.
    #[error("parameter `{name}` {reason}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// The learner does not serve this kind of target.
    #[error("{learner} needs a target of {needed}")]
    WrongTarget {
        /// Name of the learner.
        learner: &'static str,
        /// `classes` or `numbers`.
        needed: &'static str,
    },
    /// The input is larger than the learner accepts.
    #[error("{what} is {found}, above the limit of {limit}; use fewer or another learner")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Size that was given.
        found: usize,
        /// Largest size that is accepted.
        limit: usize,
    },
    /// A metric or a fit is not defined for this input.
    #[error("{what} is not defined here: {reason}")]
    Undefined {
        /// The metric or step.
        what: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The caller cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The work budget was spent before there was anything to return.
    #[error("the work budget was spent before the first result; raise the budget")]
    BudgetSpent,
}
