//! Plans, balances and the ledger as use-cases.
//!
//! Invariants: a plan's terms are versioned and customers keep the version that they bought;
//! money moves by hot commands or by [`gantry_ports::store::WriteAccounts`] alone.

mod account;
mod error;
mod import_plan;

pub use account::{AccountView, MeterView};
pub use error::BillingError;
pub use import_plan::PlanDraft;

use std::sync::Arc;

use gantry_ports::{Clock, Store};

/// The use-cases of billing.
#[derive(Clone)]
pub struct Billing {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Billing {
    /// Works on `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}
