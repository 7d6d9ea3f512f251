//! The engine `synth`: new rows that keep a table's statistics and nobody's data.
//!
//! `synth.generate` learns a table, draws rows and publishes them; `synth.fit` leaves the generator
//! as one file, from which `synth.sample` and the service `synth.generator` draw any number of rows
//! later, also under conditions.
//!
//! Invariants: columns that name or describe single people are made anew and never learned; a value
//! that too few rows share is never given as it is; on the processor the same table, parameters
//! and seed give the same files, whatever the number of threads.

mod condition;
mod constraint;
mod deep;
mod encode;
mod error;
mod evaluation;
mod hardware;
mod metadata;
mod mixture;
mod model_file;
pub mod ops;
mod output;
mod private;
mod produce;
mod regenerate;
mod relational;
mod select;
mod service;
mod table;
mod tier;
mod tree;

use std::sync::Arc;

use gantry_engine_api::{AnyOperation, AnyService, Engine, InThread};

pub use evaluation::{EvaluationLevel, Figures};
pub use metadata::{ColumnMetadata, Metadata, Role};
pub use ops::auto::{Auto, AutoParams, AutoReport, TriedTier};
pub use ops::evaluate::{Evaluate, EvaluateParams, EvaluateReport};
pub use ops::fit::{Fit, FitParams, FitReport};
pub use ops::generate::{Generate, GenerateParams, GenerateReport};
pub use ops::impute::{FilledColumn, Filling, Impute, ImputeParams, ImputeReport};
pub use ops::sample::{Sample, SampleParams, SampleReport};
pub use ops::score::{Score, ScoreParams, ScoreReport, ScoredRow};
pub use ops::tables::{GenerateTables, TablesParams, TablesReport};
pub use ops::tune::{Tune, TuneParams, TuneReport};
pub use output::OutputFormat;
pub use relational::{Relation, TablesMetadata};
pub use service::GeneratorService;
pub use table::BuiltInDataset;
pub use tier::Tier;

/// The engine, for the registry.
pub fn engine() -> impl Engine {
    Synth
}

struct Synth;

impl Engine for Synth {
    fn id(&self) -> &'static str {
        "synth"
    }

    fn title(&self) -> &'static str {
        "Synthetic data"
    }

    fn summary(&self) -> &'static str {
        "Makes tables that keep the statistics of real ones and nobody's data."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![
            Arc::new(Generate),
            Arc::new(Fit),
            Arc::new(Sample),
            Arc::new(Evaluate),
            Arc::new(Auto),
            Arc::new(GenerateTables),
            Arc::new(Impute),
            Arc::new(Score),
            Arc::new(Tune),
        ]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        vec![Arc::new(InThread(GeneratorService))]
    }

    fn meters(&self) -> &'static [&'static str] {
        &["rows", "epochs"]
    }
}
