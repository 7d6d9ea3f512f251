//! A subscription ends at once at Stripe.
//!
//! Invariant: Stripe keeps what it asked for open, for whoever has its address to pay; none of it stays
//! open once an end is answered, so that nobody pays for what is over.

use gantry_ports::payments::{PaymentError, ToldSubscription};
use gantry_rules::subscription::SubscriptionStatus;
use serde_json::Value;

use super::Stripe;
use super::api::{ApiError, List};
use super::form::Form;
use super::provider::segment;
use crate::shapes::Invoice;

/// As many invoices as Stripe lists at once; a subscription has one open, and rarely a few.
const MOST_INVOICES: u32 = 100;

impl Stripe {
    /// Ends a subscription, and takes back what it still asks for. Stripe finds none to end where it
    /// has ended; what was left open then is taken back all the same.
    pub(super) async fn cancel(
        &self,
        provider_ref: &str,
        path: &str,
    ) -> Result<ToldSubscription, PaymentError> {
        let told = match self.api.delete(path).await.map_err(PaymentError::from) {
            Ok(told) => self.tell(told)?,
            Err(PaymentError::NotFound { .. }) => self.tell(self.fetch(provider_ref).await?)?,
            Err(error) => return Err(error),
        };
        if told.state.status == SubscriptionStatus::Ended {
            self.void_open_invoices(provider_ref).await?;
        }
        Ok(told)
    }

    async fn void_open_invoices(&self, provider_ref: &str) -> Result<(), PaymentError> {
        let query = Form::default()
            .field("subscription", provider_ref)
            .field("status", "open")
            .field("limit", MOST_INVOICES);
        let open: List<Invoice> = self.api.get("/v1/invoices", &query).await?.body;
        for invoice in open.data {
            self.void(&invoice.id).await?;
        }
        Ok(())
    }

    /// Takes an invoice back; Stripe refuses that for one that is not open any more.
    async fn void(&self, id: &str) -> Result<(), PaymentError> {
        let page = format!("/v1/invoices/{}", segment(id)?);
        let (path, key) = (format!("{page}/void"), format!("void-{id}"));
        match self.api.post::<Value>(&path, &Form::default(), &key).await {
            Ok(_) => Ok(()),
            Err(ApiError::Refused(refusal)) if refusal.status == 400 => {
                let found: Invoice = self.api.get(&page, &Form::default()).await?.body;
                match found.status.as_deref() {
                    // It was paid or taken back in the meantime; a payment is told by its event.
                    Some("paid" | "void") => Ok(()),
                    Some(_) | None => Err(ApiError::Refused(refusal).into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}
