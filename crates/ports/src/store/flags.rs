//! Flags as operators keep them.
//!
//! Invariant: a change names the revision that it follows, so that of two at once one is lost
//! and told so.

use async_trait::async_trait;
use gantry_rules::flags::Flag;
use gantry_types::{Timestamp, UserId};

use super::error::StoreError;

/// A flag as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagRecord {
    /// What it says.
    pub flag: Flag,
    /// The number of its newest state, from 1.
    pub revision: u32,
    /// Who changed it last; nobody for the installation itself.
    pub updated_by: Option<UserId>,
    /// When.
    pub updated_at: Timestamp,
}

/// Looks up flags.
#[async_trait]
pub trait ReadFlags: Send + Sync {
    /// One flag.
    async fn find_flag(&self, key: &str) -> Result<Option<FlagRecord>, StoreError>;
    /// All flags by their keys; there are few.
    async fn list_flags(&self) -> Result<Vec<FlagRecord>, StoreError>;
}

/// Changes flags.
#[async_trait]
pub trait WriteFlags: ReadFlags {
    /// Adds a flag. [`StoreError::AlreadyExists`].
    async fn insert_flag(&self, record: &FlagRecord) -> Result<(), StoreError>;
    /// Makes `record` the newest state, whose revision is one more than the present one;
    /// [`StoreError::NotFound`] when it is not, or there is no such flag.
    async fn update_flag(&self, record: &FlagRecord) -> Result<(), StoreError>;
    /// Removes a flag. [`StoreError::NotFound`].
    async fn delete_flag(&self, key: &str) -> Result<(), StoreError>;
}
