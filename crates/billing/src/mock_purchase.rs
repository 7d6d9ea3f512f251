//! A purchase that nobody pays for, where the sandbox takes the money.
//!
//! Invariant: it goes the way of every purchase: credits are given when the sandbox's message tells
//! that they were paid.

use gantry_access::{Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_ports::payments::CardAnswer;
use gantry_types::CheckoutId;

use crate::Billing;
use crate::begin_checkout::{CheckoutDraft, WayBack, Wish};
use crate::error::BillingError;

/// A card of the sandbox that always pays.
const CARD: &str = "4242 4242 4242 4242";

impl Billing {
    /// Orders a package of credits and pays for it with a test card.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::NotForSale`] where real money is taken,
    /// [`BillingError::NotOffered`], [`BillingError::Payment`], [`BillingError::Store`].
    pub async fn make_up_purchase(
        &self,
        actor: &Actor,
        package: &str,
        back: &WayBack,
    ) -> Result<CheckoutId, BillingError> {
        require(actor, Permission::ManageBilling)?;
        let not_here = || BillingError::NotForSale {
            reason: "purchases are made up in the sandbox alone, and this site takes money; \
                     begin a checkout instead"
                .to_owned(),
        };
        let desk = self.sandbox().ok_or_else(not_here)?;
        let wish = Wish::Package { slug: package.to_owned() };
        let draft = CheckoutDraft { wish, provider: None };
        let link = self.begin_checkout(actor, &draft, back, None).await?;
        let found = self.store.read().await?.payments().find_checkout(link.id).await?;
        let checkout = found.ok_or(StoreError::NotFound { what: "checkout" })?;
        match desk.pay(&checkout.provider_ref, CARD, true).await? {
            CardAnswer::Paid { .. } => Ok(link.id),
            CardAnswer::ActionNeeded | CardAnswer::Declined { .. } => Err(BillingError::Conflict {
                reason: "the sandbox did not take its own test card; try again".to_owned(),
            }),
        }
    }
}
