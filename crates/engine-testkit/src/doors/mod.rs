//! A test engine that goes through every door of the context, and misbehaves on demand.
//!
//! Invariant: what it does is decided by its parameters and its seed alone.

mod every_door;
mod fork;
mod learn;
mod misbehave;
mod moods;
mod noop;
mod service;

use std::sync::Arc;

use gantry_engine_api::{AnyOperation, AnyService, Engine, InThread};

pub use misbehave::Misbehaviour;

/// The engine `test`.
pub struct TestEngine;

impl Engine for TestEngine {
    fn id(&self) -> &'static str {
        "test"
    }

    fn title(&self) -> &'static str {
        "Test engine"
    }

    fn summary(&self) -> &'static str {
        "Goes through every door of the context, and misbehaves on demand."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![
            Arc::new(noop::Noop),
            Arc::new(every_door::EveryDoor),
            Arc::new(fork::Split),
            Arc::new(misbehave::Misbehave),
            Arc::new(learn::Learn),
        ]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        vec![
            Arc::new(InThread(service::WordCount { id: "test.words" })),
            Arc::new(InThread(service::WordCount { id: "test.model" })),
            Arc::new(InThread(moods::Moods)),
        ]
    }
}
