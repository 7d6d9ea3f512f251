//! Keyset pages.
//!
//! Invariant: a page continues after the last row of the one before by that row's key, so that
//! rows inserted meanwhile neither repeat nor hide others.

use serde::{Deserialize, Serialize};

/// The order of a list by its key (the identifier, thus the time of creation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// The last key of the page before; `None` for the first page.
    pub after: Option<K>,
    /// At most so many rows; stores cap it at 200.
    pub limit: u32,
    /// The order.
    pub order: Order,
}

/// One part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The rows.
    pub items: Vec<T>,
    /// The key to continue after; `None` on the last page.
    pub next: Option<K>,
}
