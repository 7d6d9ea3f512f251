//! Who takes the money: one provider, or several that the buyer chooses among.
//!
//! Invariants: there is always one, the primary, and no two have the same name; what is with a
//! provider stays with it, so that whoever is asked about it is found by the name in its row.

use std::sync::Arc;

use gantry_ports::{PaymentProvider, SandboxDesk};

use crate::Billing;
use crate::error::BillingError;

/// Who takes the money.
#[derive(Clone)]
pub struct Till {
    primary: Arc<dyn PaymentProvider>,
    others: Vec<Arc<dyn PaymentProvider>>,
    desk: Option<Arc<dyn SandboxDesk>>,
}

/// A provider, as buyers choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentChoice {
    /// The name for programs, such as `stripe`.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
}

impl Till {
    /// One at which `primary` takes the money of those who choose nobody.
    #[must_use]
    pub fn new(primary: Arc<dyn PaymentProvider>) -> Self {
        Self { primary, others: Vec::new(), desk: None }
    }

    /// The same with one more to choose; one whose name is there already changes nothing.
    #[must_use]
    pub fn with_other(mut self, provider: Arc<dyn PaymentProvider>) -> Self {
        if self.find(provider.id()).is_none() {
            self.others.push(provider);
        }
        self
    }

    /// The same with the sandbox's own pages.
    #[must_use]
    pub fn with_desk(self, desk: Arc<dyn SandboxDesk>) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// Who takes the money of those who choose nobody.
    pub(crate) fn primary(&self) -> &dyn PaymentProvider {
        self.primary.as_ref()
    }

    /// All of them, the primary first.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &dyn PaymentProvider> {
        std::iter::once(&self.primary).chain(&self.others).map(Arc::as_ref)
    }

    /// The one of this name.
    pub(crate) fn find(&self, id: &str) -> Option<&dyn PaymentProvider> {
        self.providers().find(|provider| provider.id() == id)
    }

    /// Its own pages, when it is the sandbox.
    pub(crate) const fn desk(&self) -> Option<&Arc<dyn SandboxDesk>> {
        self.desk.as_ref()
    }

    /// The names of all of them.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.providers().map(PaymentProvider::id).collect()
    }
}

impl Billing {
    /// Who takes money here, the one first that takes it from those who choose nobody.
    #[must_use]
    pub fn list_payment_choices(&self) -> Vec<PaymentChoice> {
        let providers = self.till.iter().flat_map(Till::providers);
        providers
            .map(|provider| PaymentChoice { id: provider.id(), title: provider.title() })
            .collect()
    }

    pub(crate) fn require_till(&self) -> Result<&Till, BillingError> {
        self.till.as_ref().ok_or(BillingError::NoProvider)
    }

    /// The provider of this name, where it is in use.
    pub(crate) fn require_provider(
        &self,
        name: &str,
    ) -> Result<&dyn PaymentProvider, BillingError> {
        let till = self.require_till()?;
        till.find(name).ok_or_else(|| BillingError::NotOffered {
            what: "payment provider",
            slug: name.chars().take(64).collect(),
            known: till.names().join(", "),
        })
    }

    /// The provider that something here is with, such as a subscription.
    pub(crate) fn get_provider_of(&self, name: &str) -> Result<&dyn PaymentProvider, BillingError> {
        let till = self.require_till()?;
        till.find(name).ok_or_else(|| BillingError::ProviderGone { provider: name.to_owned() })
    }
}
