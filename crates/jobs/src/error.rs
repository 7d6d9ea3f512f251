//! What the use-cases of jobs refuse.

use gantry_access::AccessError;
use gantry_catalog::CatalogError;
use gantry_engine_api::{EngineError, ParamError};
use gantry_ports::StoreError;
use gantry_ports::store::HotError;

/// A use-case of jobs did not take place.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// The actor may not do it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such operation.
    #[error("there is no operation `{operation}`{hint}")]
    UnknownOperation {
        /// What was asked for.
        operation: String,
        /// The nearest known one, in words; may be empty.
        hint: String,
    },
    /// An operator has turned the operation off for those who ask.
    #[error("`{operation}` is paused by the operator; jobs that were submitted before go on")]
    OperationPaused {
        /// What was asked for.
        operation: String,
    },
    /// There is no such service.
    #[error("there is no service `{service}`")]
    UnknownService {
        /// What was asked for.
        service: String,
    },
    /// The job does not exist, or belongs to somebody else.
    #[error("there is no such job")]
    NotFound,
    /// The schedule does not exist, or belongs to somebody else.
    #[error("there is no such schedule")]
    ScheduleNotFound,
    /// Whoever wrote the revision of a workflow does not see all that it names.
    #[error(
        "whoever saved this revision of the workflow does not see all that it names: for them there \
         is no such {what}"
    )]
    UnseenByAuthor {
        /// In the product's words.
        what: &'static str,
    },
    /// The parameters or inputs are wrong.
    #[error(transparent)]
    Params(#[from] ParamError),
    /// A field of the request is wrong.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Cause and next step.
        message: String,
    },
    /// An input cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The store refused or failed.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The process that kept the artifact was lost and is started again by the next call.
    #[error("{message}")]
    ServiceRestarting {
        /// What became of it.
        message: String,
    },
    /// A service's call failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A stored value cannot be read, or an engine broke a promise: a defect of ours.
    #[error("{reason}")]
    Broken {
        /// What is wrong.
        reason: String,
    },
}
