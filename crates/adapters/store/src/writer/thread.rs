//! The thread on which the batches of a SQLite file are run.
//!
//! Invariant: nothing that runs there waits for anything but the disk, so that a batch crosses
//! threads twice, however many statements it has.

use std::sync::mpsc;
use std::thread::JoinHandle;

use gantry_ports::StoreError;
use gantry_ports::store::HotError;
use tokio::sync::oneshot;

use super::batch::{Batches, Target};
use super::{Decided, writer_is_gone};
use crate::file::FileConnection;
use crate::hot::Command;

/// Commands, and where their answers go.
type Work = (Vec<Command>, oneshot::Sender<Vec<Decided>>);

/// The way to the thread, which ends when this is gone.
#[derive(Debug)]
pub(super) struct BatchThread {
    work: mpsc::Sender<Work>,
    thread: JoinHandle<()>,
}

impl BatchThread {
    /// Starts it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the system has no thread left.
    pub(super) fn start(file: FileConnection) -> Result<Self, StoreError> {
        let (work, queue) = mpsc::channel::<Work>();
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(move || {
            let mut batches = Batches::new(Target::File(file));
            while let Ok((commands, reply)) = queue.recv() {
                let decided = futures::executor::block_on(batches.process(&commands));
                // Who went away has no use for answers.
                drop(reply.send(decided));
            }
        });
        let thread =
            thread.map_err(|error| StoreError::Unavailable { reason: error.to_string() })?;
        Ok(Self { work, thread })
    }

    /// Runs a batch; one answer per command.
    pub(super) async fn process(&self, commands: Vec<Command>) -> Vec<Decided> {
        let number = commands.len();
        let (reply, answer) = oneshot::channel();
        let gone = || (0..number).map(|_| Err(HotError::Store(writer_is_gone()))).collect();
        match self.work.send((commands, reply)) {
            Ok(()) => answer.await.unwrap_or_else(|_| gone()),
            Err(_) => gone(),
        }
    }

    /// Waits until the connection is closed.
    pub(super) async fn close(self) {
        let Self { work, thread } = self;
        drop(work);
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        // Without a runtime nobody waits: the process ends, and the thread with it.
        if let Ok(Err(_)) = ended {
            tracing::error!("the store's thread ended badly");
        }
    }
}
