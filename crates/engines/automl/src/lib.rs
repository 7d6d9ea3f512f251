//! The engine `automl`: from a table to the model that predicts one of its columns best.
//!
//! `automl.train` reads the table, decides the task, cross-validates several learners without
//! letting held-out rows leak into preprocessing or fits, refits the best one on all rows and
//! leaves it as one file; `automl.predict` applies that file to a table; the service
//! `automl.model` keeps it warm and answers rows.
//!
//! Invariants: everything that is fitted is fitted on training rows only; the same table,
//! parameters and seed give the same files, whatever the number of threads.

mod error;
mod explain;
mod groups;
mod metric;
mod model;
mod model_file;
mod onnx;
pub mod ops;
mod predict;
mod preprocess;
mod service;
mod table;
mod target;
mod task;
mod train;

use std::sync::Arc;

use gantry_engine_api::{AnyOperation, AnyService, Engine, InThread};

pub use explain::{ColumnDrift, DriftLevel};
pub use metric::{Level, Metric, MetricChoice};
pub use model::{Algorithm, CalibrationChoice};
pub use ops::cluster::{
    Cluster, ClusterChoice, ClusterMark, ClusterMethod, ClusterParams, ClusterReport,
    ClusterSummary, TriedClusters,
};
pub use ops::evaluate::{Evaluate, EvaluateParams, EvaluateReport};
pub use ops::export::{Export, ExportFormat, ExportParams, ExportReport, ExportedValue};
pub use ops::predict::{NewLevels, NumberSummary, Predict, PredictParams, PredictReport};
pub use ops::preprocess::{Preprocess, PreprocessParams, PreprocessReport};
pub use ops::reduce::{Reduce, ReduceParams, ReduceReport, ReducedComponent};
pub use ops::time::TimeLimit;
pub use ops::train::{Train, TrainParams};
pub use ops::try_candidate::{TryCandidate, TryCandidateParams, TryCandidateReport};
pub use preprocess::PreprocessOptions;
pub use service::ModelService;
pub use table::ColumnUse;
pub use task::{Task, TaskChoice};
pub use train::{
    Allocator, BestModel, ColumnContribution, ColumnImportance, ConfusionTable, Leaderboard,
    LeaderboardRow, MetricSummary, ModelStatus, SplitChoice, TrainReport,
};

/// The engine, for the registry.
pub fn engine() -> impl Engine {
    Automl { train: Train::default() }
}

/// As [`engine`], for a program whose allocator keeps what a thread has freed.
pub fn engine_giving_back(allocator: Allocator) -> impl Engine {
    Automl { train: Train::giving_back(allocator) }
}

struct Automl {
    train: Train,
}

impl Engine for Automl {
    fn id(&self) -> &'static str {
        "automl"
    }

    fn title(&self) -> &'static str {
        "AutoML"
    }

    fn summary(&self) -> &'static str {
        "Learns from a table to predict one of its columns."
    }

    fn operations(&self) -> Vec<Arc<dyn AnyOperation>> {
        vec![
            Arc::new(self.train),
            Arc::new(Predict),
            Arc::new(Preprocess),
            Arc::new(Evaluate),
            Arc::new(Export),
            Arc::new(Cluster),
            Arc::new(Reduce),
            Arc::new(TryCandidate),
        ]
    }

    fn services(&self) -> Vec<Arc<dyn AnyService>> {
        vec![Arc::new(InThread(ModelService))]
    }

    fn meters(&self) -> &'static [&'static str] {
        &["rows", "models", "predictions"]
    }
}
