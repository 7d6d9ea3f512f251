//! Lines of the audit log about what happened elsewhere, at a provider or in transactions of their
//! own, and those that go together.
//!
//! Invariant: what changes a row here is told in that row's transaction and not by a line of its own.

use gantry_access::{Actor, append_alone};
use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, Tx};
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

    /// Appends a line of its own about what an administrator did to the installation.
    pub(crate) async fn note_for_house(
        &self,
        actor: &Actor,
        (action, subject): (&'static str, &str),
        details: Value,
    ) -> Result<(), BillingError> {
        let entry = actor.house_entry(action, subject, details, self.clock.now());
        Ok(append_alone(self.store.as_ref(), entry).await?)
    }
}

/// Appends lines in the transaction of what they tell of.
pub(crate) async fn append_all(tx: &dyn Tx, entries: &[AuditEntry]) -> Result<(), StoreError> {
    for entry in entries {
        tx.audit().append(entry).await?;
    }
    Ok(())
}
