//! Where a server's work ends in the midst of a step.
//!
//! Invariant: the call at which it ends is either not made or wholly carried out, and nobody sees an
//! answer: whoever waits for it waits until the tasks of the process are dropped.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// On which side of a call the work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The call is not made.
    Before,
    /// It was carried out, and its answer is not seen.
    After,
}

/// A crash within a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// How many calls are let through first.
    pub calls: usize,
    pub side: Side,
}

/// What the store and the provider of one server share, so that their calls are counted together.
#[derive(Default)]
pub struct Fuse {
    armed: Mutex<Option<Crash>>,
    blown: Notify,
}

impl Fuse {
    /// The next step ends so, if it makes that many calls.
    pub fn arm(&self, crash: Option<Crash>) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = crash;
    }

    /// Ends when the work did.
    pub async fn wait(&self) {
        self.blown.notified().await;
    }

    /// A call to the world outside of the process.
    pub async fn guard<T: Send>(&self, call: impl Future<Output = T> + Send) -> T {
        let side = self.count();
        if side == Some(Side::Before) {
            self.end().await;
        }
        let answer = call.await;
        if side == Some(Side::After) {
            self.end().await;
        }
        answer
    }

    /// Counts a call; the side on which the work ends, if it does here.
    fn count(&self) -> Option<Side> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let Crash { calls, side } = (*armed)?;
        *armed = calls.checked_sub(1).map(|calls| Crash { calls, side });
        armed.is_none().then_some(side)
    }

    async fn end(&self) {
        self.blown.notify_one();
        std::future::pending::<()>().await;
    }
}
