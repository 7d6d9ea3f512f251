//! The asynchronous runtime, and the signals that end it: Ctrl-C, and SIGTERM of a supervisor.

use crate::failure::Failure;

/// Hears when somebody asks the process to stop.
///
/// Invariant: from its making on no signal is lost, whether or not somebody waits just then.
#[cfg(unix)]
pub struct StopSignals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignals {
    /// Begins to listen; the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// [`Failure`] when the operating system lends no handler.
    pub fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::broken(format!("signals cannot be listened to: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Hears when somebody asks the process to stop.
#[cfg(not(unix))]
pub struct StopSignals;

#[cfg(not(unix))]
impl StopSignals {
    /// Begins to listen.
    ///
    /// # Errors
    /// None on this system.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self)
    }

    /// Waits for the next Ctrl-C.
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
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
