//! What the catalog refuses.
//!
//! Invariant: every message says the cause, and the next step where there is one.

use std::time::Duration;

use gantry_access::AccessError;
use gantry_kit::TableError;
use gantry_ports::store::HotError;
use gantry_ports::{BlobError, StoreError};
use gantry_types::Timestamp;

/// A use-case of the catalog did not take place.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The actor may not do it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It does not exist, or belongs to somebody else.
    #[error("there is no such {what}")]
    NotFound {
        /// In the product's words.
        what: &'static str,
    },
    /// A field of the request is wrong.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// Cause and next step.
        message: String,
    },
    /// The file is larger than the plan allows.
    #[error("the file has {bytes} bytes, and the plan allows {limit}")]
    TooLarge {
        /// The announced size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Parts are missing or have another size than announced.
    #[error("{message}")]
    Incomplete {
        /// Which, and what to do.
        message: String,
    },
    /// The bytes do not have the checksum that was announced.
    #[error("the bytes have the SHA-256 {actual}, and {expected} was announced; upload them again")]
    ChecksumMismatch {
        /// What was announced.
        expected: String,
        /// What arrived.
        actual: String,
    },
    /// The file is not a table.
    #[error(transparent)]
    Unreadable(#[from] TableError),
    /// The profile is not there yet.
    #[error("the profile is being made")]
    NotProfiled {
        /// The job that makes it.
        job_id: Option<gantry_types::JobId>,
    },
    /// The person asked for their data often enough.
    #[error("your data can be asked for {limit} times a day, and the next time is {until}")]
    TooManyExports {
        /// How often.
        limit: u32,
        /// When the next time is.
        until: Timestamp,
        /// How long that is from now.
        retry_after: Duration,
    },
    /// The range lies outside of the file.
    #[error("the file has {bytes} bytes, and the range lies outside")]
    RangeOutside {
        /// The size of the file.
        bytes: u64,
    },
    /// A stored value cannot be read, or a computation ended early: a defect of ours.
    #[error("{reason}")]
    Broken {
        /// What is wrong.
        reason: String,
    },
    /// The blob store failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The profile job was not taken.
    #[error(transparent)]
    Submission(#[from] HotError),
}
