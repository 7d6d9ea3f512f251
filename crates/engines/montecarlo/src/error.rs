//! What can be wrong with a simulation, in words for the person who asked for it.

use gantry_engine_api::{EngineError, ParamError};
use gantry_sampling::SamplingError;
use gantry_workbook::LoadError;

use crate::compile::CompileError;

/// A simulation that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum MonteCarloError {
    /// A parameter.
    #[error("{text}")]
    Param {
        /// What is wrong.
        text: String,
        /// What would be right.
        next: String,
    },
    /// A distribution or a design.
    #[error("The input {name}: {source}")]
    Sampling {
        /// The input.
        name: String,
        /// What is wrong.
        source: SamplingError,
    },
    /// The file.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// What lies between inputs and outputs.
    #[error("{0}")]
    Compile(#[from] CompileError),
    /// A limit.
    #[error("{text}")]
    Limit {
        /// Which.
        text: String,
        /// What to do.
        next: String,
    },
    /// The platform.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file of results that cannot be made.
    #[error("{what} cannot be written: {cause}")]
    Written {
        /// Which.
        what: &'static str,
        /// Why.
        cause: String,
    },
}

impl MonteCarloError {
    /// A parameter that is wrong, and what would be right.
    pub fn param(text: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Param { text: text.into(), next: next.into() }
    }

    /// What is wrong, with what would be right, in one text.
    #[must_use]
    pub fn explain(&self) -> String {
        match self {
            Self::Param { text, next } | Self::Limit { text, next } => format!("{text} {next}"),
            Self::Sampling { .. }
            | Self::Load(_)
            | Self::Compile(_)
            | Self::Engine(_)
            | Self::Written { .. } => self.to_string(),
        }
    }
}

impl From<MonteCarloError> for EngineError {
    fn from(error: MonteCarloError) -> Self {
        let text = error.to_string();
        match error {
            MonteCarloError::Param { next, .. } => Self::params(text).with_next_step(next),
            MonteCarloError::Limit { next, .. } => Self::resource(text).with_next_step(next),
            MonteCarloError::Sampling { .. } => Self::params(text),
            MonteCarloError::Load(_) | MonteCarloError::Compile(_) => Self::input(text),
            MonteCarloError::Engine(error) => error,
            MonteCarloError::Written { .. } => Self::bug(text),
        }
    }
}

impl From<ParamError> for MonteCarloError {
    fn from(error: ParamError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<MonteCarloError> for ParamError {
    fn from(error: MonteCarloError) -> Self {
        Self::new("", error.to_string())
    }
}
