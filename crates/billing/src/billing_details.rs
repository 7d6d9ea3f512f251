//! To whom an organization has its invoices written.
//!
//! Invariant: what is said here is on invoices that are written from then on, of our own numbering
//! alone; a payment provider that writes invoices has its own details on its own pages.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::StoreExt;
use gantry_rules::billing_details::BillingDetails;
use serde_json::json;

use crate::Billing;
use crate::error::BillingError;

impl Billing {
    /// What the organization said, if anything.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn find_billing_details(
        &self,
        actor: &Actor,
    ) -> Result<Option<BillingDetails>, BillingError> {
        require(actor, Permission::ManageBilling)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.invoices().find_billing_details(actor.organization_id).await?)
    }

    /// Says it anew, or takes it back; answers what is kept.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::WrongDetails`], [`BillingError::Store`].
    pub async fn set_billing_details(
        &self,
        actor: &Actor,
        details: Option<BillingDetails>,
    ) -> Result<Option<BillingDetails>, BillingError> {
        require(actor, Permission::ManageBilling)?;
        let details = details.map(BillingDetails::check).transpose()?;
        let (actor, now) = (actor.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let (actor, details) = (actor.clone(), details.clone());
                Box::pin(async move {
                    let organization_id = actor.organization_id;
                    tx.access().lock_organization(organization_id).await?;
                    let before = tx.invoices().find_billing_details(organization_id).await?;
                    let invoices = tx.invoices();
                    invoices.set_billing_details(organization_id, details.as_ref(), now).await?;
                    let told = json!({
                        "before": { "billing_details": before },
                        "after": { "billing_details": details },
                    });
                    let subject = format!("organization {organization_id}");
                    let entry = actor.audit_entry("billing_details.change", &subject, told, now);
                    tx.audit().append(&entry).await?;
                    Ok::<_, BillingError>(details)
                })
            })
            .await
    }
}
