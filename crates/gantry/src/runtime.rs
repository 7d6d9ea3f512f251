//! The asynchronous runtime, and the signals that end it: Ctrl-C, and SIGTERM of a supervisor.

use crate::failure::Failure;

/// Waits until somebody asks the process to stop, by Ctrl-C or SIGTERM.
///
/// # Errors
/// [`Failure`] when the operating system lends no handler.
pub async fn wait_for_stop() -> Result<(), Failure> {
    let refuse =
        |error: std::io::Error| Failure::broken(format!("signals cannot be listened to: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(refuse)?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(refuse),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(refuse)
}

/// Starts the threads on which everything asynchronous runs.
///
/// # Errors
/// [`Failure`] when the operating system gives no threads.
pub fn build_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::broken(format!("no threads can be started: {error}")))
}
