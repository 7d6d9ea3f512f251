//! Why a graphics processor did not do something.

use std::any::Any;

/// The result of what a graphics processor is asked for.
pub type Result<T> = std::result::Result<T, CudaError>;

/// Why it did not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CudaError {
    /// A library is not on this machine.
    #[error("{0} is not installed on this machine")]
    NoLibrary(&'static str),
    /// There is no device, or the driver does not show it.
    #[error("this machine shows no CUDA device: {0}")]
    NoDevice(String),
    /// The code was refused.
    #[error("the code for the device was refused: {0}")]
    Code(String),
    /// The device has too little memory left.
    #[error("the device has not enough memory: {0}")]
    Memory(String),
    /// Anything else that the driver says.
    #[error("the driver of the device said: {0}")]
    Driver(String),
    /// More lanes, or fewer columns, than room was made for.
    #[error("{0} do not fit what room was made for")]
    Shape(&'static str),
}

/// What the driver says, in words.
pub(crate) fn told(error: &cudarc::driver::DriverError) -> CudaError {
    use cudarc::driver::sys::cudaError_enum;
    let text = error.to_string();
    if error.0 == cudaError_enum::CUDA_ERROR_OUT_OF_MEMORY {
        CudaError::Memory(text)
    } else {
        CudaError::Driver(text)
    }
}

/// Runs what may end in a panic: bindings answer so where an older library lacks a function, and
/// libraries above them where the device has no memory left.
///
/// # Errors
/// Those of `work`, and [`CudaError::Driver`] for a panic.
pub fn caught<T, E: From<CudaError>>(
    work: impl FnOnce() -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|cause| Err(CudaError::Driver(words(cause.as_ref())).into()))
}

fn words(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("it stopped").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_is_an_error() {
        let error =
            caught::<(), CudaError>(|| std::panic::resume_unwind(Box::new("no such symbol")));
        assert_eq!(error, Err(CudaError::Driver("no such symbol".into())));
    }
}
