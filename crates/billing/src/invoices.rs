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
        let told = match &self.till {
            Some(till) if own.is_empty() || till.provider.writes_invoices() => {
                match self.find_provider_ref(actor).await? {
                    Some(name) => till.provider.list_invoices(&name).await?,
                    None => Vec::new(),
                }
            }
            Some(_) | None => Vec::new(),
        };
        Ok(InvoicesView { own, told })
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
