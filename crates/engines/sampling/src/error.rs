//! Everything that can go wrong in this crate, as one closed enum.

/// Why a distribution, a plan or a statistic was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SamplingError {
    /// A parameter of a distribution is outside of its range.
    #[error("{distribution}: `{parameter}` is {value}, but {rule}")]
    Parameter {
        /// Name of the distribution, as it is spelled.
        distribution: &'static str,
        /// Name of the parameter.
        parameter: &'static str,
        /// What was given.
        value: f64,
        /// What it must be, and what would be right.
        rule: String,
    },
    /// A distribution was written with a parameter missing, twice, or unknown.
    #[error("{distribution}: {problem}; write it as `{usage}`")]
    Arguments {
        /// Name of the distribution.
        distribution: &'static str,
        /// What is wrong.
        problem: String,
        /// A right example.
        usage: &'static str,
    },
    /// No distribution has this name.
    #[error("there is no distribution `{name}`{hint}; known are {known}")]
    UnknownDistribution {
        /// The name that was given.
        name: String,
        /// The nearest name, as ` (did you mean …?)`, or nothing.
        hint: String,
        /// All names.
        known: String,
    },
    /// The text is not a distribution at all.
    #[error(
        "`{text}` at character {position}: {problem}; a distribution is written like `triangular(80, 100, 150)`"
    )]
    Syntax {
        /// The text, cut where it is long.
        text: String,
        /// Where reading stopped, from 1.
        position: usize,
        /// What was expected.
        problem: &'static str,
    },
    /// A function of a spreadsheet add-in was given arguments that it does not take.
    #[error("{function}: {problem}")]
    Function {
        /// The name as it stands in the workbook.
        function: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// A matrix of correlations is not one.
    #[error("the correlations {problem}")]
    Correlation {
        /// What is wrong and what would be right.
        problem: String,
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
    /// A setting of a plan, a statistic or a fit is outside of its range.
    #[error("{setting} {rule}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// A statistic or a fit is not defined for this input.
    #[error("{what} is not defined here: {reason}")]
    Undefined {
        /// The statistic or step.
        what: &'static str,
        /// Why, and what would be right.
        reason: &'static str,
    },
}

/// Short for results of this crate.
pub type Result<T> = std::result::Result<T, SamplingError>;
