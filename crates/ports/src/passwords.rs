//! Passwords that were stolen elsewhere.

/// The list of stolen passwords does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the list of breached passwords cannot be read: {reason}")]
pub struct BreachListError {
    /// What failed.
    pub reason: String,
}

/// Knows passwords that were stolen elsewhere, by their hashes.
pub trait BreachedPasswords: Send + Sync {
    /// Whether a password with this SHA-1 was stolen. It may read files, and is called where
    /// that holds up nobody.
    ///
    /// # Errors
    /// [`BreachListError`] when the list cannot be read.
    fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachListError>;
}
