//! Lines of the audit log about what happened elsewhere: at a provider, or in transactions of their
//! own.
//!
//! Invariant: what changes a row here is told in that row's transaction and not by this.

use gantry_access::{Actor, append_alone};
use serde_json::Value;

use crate::Billing;
use crate::error::BillingError;

impl Billing {
    /// Appends a line of its own.
    pub(crate) async fn note(
        &self,
        actor: &Actor,
        (action, subject): (&'static str, &str),
        details: Value,
    ) -> Result<(), BillingError> {
        let entry = actor.audit_entry(action, subject, details, self.clock.now());
        Ok(append_alone(self.store.as_ref(), entry).await?)
    }
}
