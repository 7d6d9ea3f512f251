//! Why a command does not take effect.
//!
//! Invariant: a refusal changes nothing and refuses alone; a fault of ours may have changed
//! something in memory, so it ends the whole batch, which is then replayed one by one.

use gantry_ports::StoreError;
use gantry_ports::store::HotError;
use gantry_rules::account::BooksError;
use gantry_rules::refusal::Refusal;
use gantry_rules::transition::IllegalMove;

use crate::error::broken;

/// The end of a command without effect.
#[derive(Debug)]
pub(super) enum Stop {
    /// The command is refused.
    Refused(HotError),
    /// The rows do not fit together.
    Fault(StoreError),
}

impl From<HotError> for Stop {
    fn from(error: HotError) -> Self {
        Self::Refused(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(HotError::Refused(refusal))
    }
}

impl From<BooksError> for Stop {
    fn from(error: BooksError) -> Self {
        Self::Fault(broken("account", error))
    }
}

impl From<IllegalMove> for Stop {
    fn from(error: IllegalMove) -> Self {
        Self::Fault(broken("job", error))
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Fault(error)
    }
}

/// The row that a command names does not exist.
pub(super) fn not_found(what: &'static str) -> Stop {
    Stop::Refused(HotError::Store(StoreError::NotFound { what }))
}
