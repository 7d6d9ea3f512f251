//! The invoices of an organization: those of this installation's own numbering, and those that the
//! provider wrote.

use gantry_access::{Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_ports::payments::ToldInvoice;
use gantry_ports::store::{Invoice, Order, PageRequest};

use crate::Billing;
use crate::error::BillingError;

/// As many as a provider lists.
const MOST_LISTED: u32 = 100;

/// What an organization has been billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoicesView {
    /// Invoices and credit notes of our own numbering, newest first.
    pub own: Vec<Invoice>,
    /// The provider's, newest first.
    pub told: Vec<ToldInvoice>,
}

impl Billing {
    /// The newest invoices of the organization: at most a hundred of ours, and as many of its
    /// subscription where the provider writes them, or where there are none of ours yet.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Payment`], [`BillingError::Store`].
    pub async fn list_invoices(&self, actor: &Actor) -> Result<InvoicesView, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let page = PageRequest { after: None, limit: MOST_LISTED, order: Order::NewestFirst };
        let snapshot = self.store.read().await?;
        let own = snapshot.invoices().list_invoices(actor.organization_id, &page).await?.items;
        drop(snapshot);
        let told = self.ask_for_invoices(actor, &own).await?;
        Ok(InvoicesView { own, told })
    }

    /// Those of the subscription's provider, where it is in use and they are to be asked for.
    async fn ask_for_invoices(
        &self,
        actor: &Actor,
        own: &[Invoice],
    ) -> Result<Vec<ToldInvoice>, BillingError> {
        let Some(till) = &self.till else { return Ok(Vec::new()) };
        let snapshot = self.store.read().await?;
        let found = snapshot.payments().find_subscription(actor.organization_id).await?;
        drop(snapshot);
        let Some(subscription) = found else { return Ok(Vec::new()) };
        match till.find(&subscription.provider) {
            Some(provider) if own.is_empty() || provider.writes_invoices() => {
                Ok(provider.list_invoices(&subscription.provider_ref).await?)
            }
            Some(_) | None => Ok(Vec::new()),
        }
    }

    /// One of our own numbering.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn get_invoice(&self, actor: &Actor, number: &str) -> Result<Invoice, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let snapshot = self.store.read().await?;
        let found = snapshot.invoices().find_invoice(actor.organization_id, number).await?;
        Ok(found.ok_or(StoreError::NotFound { what: "invoice" })?)
    }
}
