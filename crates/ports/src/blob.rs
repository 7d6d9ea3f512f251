//! Bytes by key: datasets, artifacts, uploads.
//!
//! Invariants: a key is written once and never changed; a blob is visible whole or not at all.

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use gantry_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The place of a blob: `/`-separated words of `a-z A-Z 0-9 . _ -`, chosen by us, never by users.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobKey(String);

impl BlobKey {
    /// Builds a key from words that are identifiers, hashes or constants of ours.
    ///
    /// # Errors
    /// [`BlobError::InvalidKey`] for an empty word, `.`, `..` or other characters.
    pub fn from_words(words: &[&str]) -> Result<Self, BlobError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let plain = |word: &&str| {
            !word.is_empty() && *word != "." && *word != ".." && word.chars().all(allowed)
        };
        if words.is_empty() || !words.iter().all(plain) {
            return Err(BlobError::InvalidKey { key: words.join("/") });
        }
        Ok(Self(words.join("/")))
    }

    /// Takes a key that a store column carries.
    ///
    /// # Errors
    /// [`BlobError::InvalidKey`] when it is none of ours.
    pub fn parse(text: &str) -> Result<Self, BlobError> {
        Self::from_words(&text.split('/').collect::<Vec<_>>())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A blob could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The key is not one of ours.
    #[error("`{key}` is not a blob key")]
    InvalidKey {
        /// The key that was given.
        key: String,
    },
    /// There is no blob under the key.
    #[error("there is no blob `{key}`")]
    NotFound {
        /// The key.
        key: BlobKey,
    },
    /// The store failed; the same call may succeed later.
    #[error("the blob store failed: {reason}")]
    Unavailable {
        /// What it said.
        reason: String,
    },
}

/// A blob as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEntry {
    /// The key.
    pub key: BlobKey,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// Keeps bytes.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Stores the local file under `key`, whole or not at all; replaces what an interrupted
    /// earlier call may have left.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<(), BlobError>;

    /// Stores bytes under `key`, whole or not at all.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn put_bytes(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobError>;

    /// Joins existing blobs in order into a new one.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when a part is missing, [`BlobError::Unavailable`].
    async fn join(&self, key: &BlobKey, parts: &[BlobKey]) -> Result<(), BlobError>;

    /// Streams the bytes from `start` (0 is the first) up to and without `end`.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Unavailable`].
    async fn read_range(
        &self,
        key: &BlobKey,
        range: std::ops::Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, BlobError>>, BlobError>;

    /// Copies the bytes to a local file that does not exist yet (or links it, where the bytes
    /// are local and stay unchanged).
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Unavailable`].
    async fn fetch_to(&self, key: &BlobKey, file: &Path) -> Result<(), BlobError>;

    /// Size in bytes.
    ///
    /// # Errors
    /// [`BlobError::NotFound`], [`BlobError::Unavailable`].
    async fn size(&self, key: &BlobKey) -> Result<u64, BlobError>;

    /// Removes a blob; one that is not there is fine.
    ///
    /// # Errors
    /// [`BlobError::Unavailable`].
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// Every blob, in any order; one that is stored or removed meanwhile may or may not be there.
    /// Files that are none of ours are passed over.
    async fn list(&self) -> BoxStream<'static, Result<BlobEntry, BlobError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_their_folder() {
        assert!(BlobKey::from_words(&["datasets", "0190-ab", "1"]).is_ok());
        for wrong in ["../etc", "a//b", "/a", "a/..", "a b", ""] {
            assert!(BlobKey::parse(wrong).is_err(), "{wrong}");
        }
    }
}
