//! What billing refuses.

use gantry_access::AccessError;
use gantry_ports::StoreError;

/// A use-case of billing did not take place.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// The actor may not do it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
