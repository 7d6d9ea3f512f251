//! An engine: a named set of operations and services.

use std::sync::Arc;

use crate::erased::AnyOperation;
use crate::warm::AnyService;

/// A named set of operations and services, registered by one line of the binary.
pub trait Engine: Send + Sync {
    /// The name, such as `automl`; every operation's id starts with it.
    fn id(&self) -> &str;

    /// The name for people.
    fn title(&self) -> &str;

    /// What it is for, in one sentence.
    fn summary(&self) -> &str;

    /// What it can do.
    fn operations(&self) -> Vec<Arc<dyn AnyOperation>>;

    /// What it can answer interactively.
    fn services(&self) -> Vec<Arc<dyn AnyService>>;

    /// The meters that its estimates and services count, which plans can limit.
    fn meters(&self) -> &'static [&'static str] {
        &[]
    }
}

impl<E: Engine + ?Sized> Engine for Box<E> {
    fn id(&self) -> &str {
        self.as_ref().id()
    }

    fn title(&self) -> &str {
        self.as_ref().title()
    }

    fn summary(&self) -> &str {
        self.as_ref().summary()
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        self.as_ref().operations()
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        self.as_ref().services()
    }

    fn meters(&self) -> &'static [&'static str] {
        self.as_ref().meters()
    }
}
