//! A store for one story.

use std::any::Any;
use std::sync::Arc;

use gantry_ports::Store;

/// A store with what must outlive it: a folder, a server.
pub struct OpenStore {
    store: Arc<dyn Store>,
    _alive: Box<dyn Any + Send>,
}

impl OpenStore {
    /// An empty store, kept alive by `alive`.
    pub fn new(store: Arc<dyn Store>, alive: impl Any + Send) -> Self {
        Self { store, _alive: Box::new(alive) }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}
