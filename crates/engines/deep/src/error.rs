//! Why nothing was learned.

/// Why training ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum DeepError {
    /// The caller said so.
    #[error("the training was cancelled")]
    Cancelled,
    /// Codes, prior and options do not fit each other.
    #[error("the table cannot be learned: {reason}")]
    Unfit {
        /// What does not fit.
        reason: String,
    },
    /// A state to go on from is of another table or program.
    #[error("the kept state cannot be read: {reason}")]
    State {
        /// What is wrong with it.
        reason: String,
    },
    /// A graphics processor is not there, or did not do what it was asked for.
    #[error("the graphics processor cannot be used: {reason}")]
    Device {
        /// Why.
        reason: String,
    },
    /// Numbers came out that cannot be read back.
    #[error("the numbers of a network cannot be read: {reason}")]
    Numbers {
        /// What the library says.
        reason: String,
    },
}

impl From<gantry_cuda::CudaError> for DeepError {
    fn from(error: gantry_cuda::CudaError) -> Self {
        Self::Device { reason: error.to_string() }
    }
}
