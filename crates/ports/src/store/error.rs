//! What can go wrong in a store.

use std::any::Any;

/// The store could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A row that must exist does not (or belongs to somebody else).
    #[error("there is no such {what}")]
    NotFound {
        /// The kind of row, in the product's words.
        what: &'static str,
    },
    /// A unique row exists already.
    #[error("this {what} exists already")]
    AlreadyExists {
        /// The kind of row, in the product's words.
        what: &'static str,
    },
    /// The bounded queue of the writer is full; try again later.
    #[error("the store is busy")]
    Overloaded,
    /// The database does not answer; the same call may succeed later.
    #[error("the database does not answer: {reason}")]
    Unavailable {
        /// What it said.
        reason: String,
    },
    /// The database holds something that this version cannot read, or refused a statement.
    #[error("the database cannot be used: {reason}")]
    Broken {
        /// What is wrong.
        reason: String,
    },
}

/// Why a write closure ended without a commit.
pub enum WriteAbort {
    /// The store failed.
    Store(StoreError),
    /// The closure refused; its own error is inside.
    Refused(Box<dyn Any + Send>),
}

impl From<StoreError> for WriteAbort {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
