//! Who takes the money of a platform under test.

use std::sync::Arc;

use gantry_billing::Till;
use gantry_pay::Sandbox;
use gantry_ports::PaymentProvider;

/// Who takes the money.
#[derive(Clone, Default)]
pub enum TestTill {
    /// The sandbox.
    #[default]
    Sandbox,
    /// Another provider.
    Other(Arc<dyn PaymentProvider>),
    /// Two that the buyer chooses between, the primary one first.
    Two(Arc<dyn PaymentProvider>, Arc<dyn PaymentProvider>),
}

impl TestTill {
    /// The till of a platform with this sandbox.
    pub(crate) fn open(self, sandbox: &Arc<Sandbox>) -> Till {
        match self {
            Self::Sandbox => Till::new(sandbox.clone()).with_desk(sandbox.clone()),
            Self::Other(provider) => Till::new(provider),
            Self::Two(primary, other) => Till::new(primary).with_other(other),
        }
    }
}
