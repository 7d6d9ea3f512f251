//! Pages on which plans and credits are bought, and their end.

use gantry_ports::payments::{
    CheckoutClosing, CheckoutOrder, OpenedCheckout, PaymentError, Purchase,
};
use gantry_rules::plan::Interval;
use gantry_types::{Money, PlanId};
use serde::Deserialize;
use serde_json::Value;

use super::api::ApiError;
use super::form::Form;
use super::provider::segment;
use super::{OnPage, Stripe, new_key};
use crate::shapes::{CheckoutSession, ORGANIZATION, PLAN, Subscription};

/// Where a page stands.
#[derive(Deserialize)]
pub(super) struct PageState {
    /// `open`, `complete` or `expired`.
    #[serde(default)]
    status: Option<String>,
}

impl Stripe {
    /// Expires a page; Stripe refuses that for every page that is not open.
    pub(super) async fn close_page(&self, name: &str) -> Result<CheckoutClosing, PaymentError> {
        let page = format!("/v1/checkout/sessions/{}", segment(name)?);
        let path = format!("{page}/expire");
        let closed = self.api.post::<Value>(&path, &Form::default(), &new_key("expire")).await;
        match closed {
            Ok(_) => Ok(CheckoutClosing::Closed),
            Err(ApiError::Refused(refusal)) if refusal.status == 400 => {
                let found: PageState = self.api.get(&page, &Form::default()).await?.body;
                match found.status.as_deref() {
                    Some("complete") => Ok(CheckoutClosing::Paid),
                    Some("expired") => Ok(CheckoutClosing::Closed),
                    Some(_) | None => Err(ApiError::Refused(refusal).into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn make_page(
        &self,
        order: &CheckoutOrder,
    ) -> Result<OpenedCheckout, PaymentError> {
        let customer = match &order.earlier_subscription {
            Some(name) => self.find_customer(name).await?,
            None => None,
        };
        let form = self.page_form(order, customer.as_deref());
        let form = match &order.purchase {
            Purchase::Plan { plan_id, interval, trial_days } => {
                let product = self.require_product(*plan_id, &order.title).await?;
                let bought = (product.as_str(), *plan_id);
                plan_fields(form, order, bought, (*interval, *trial_days))
            }
            Purchase::Package { .. } => package_fields(form, order),
        };
        let key = format!("checkout-{}", order.id);
        let session: CheckoutSession =
            self.api.post("/v1/checkout/sessions", &form, &key).await?.body;
        let url = session.url.ok_or_else(|| PaymentError::Unavailable {
            reason: "Stripe made a page and did not say where it is".to_owned(),
        })?;
        Ok(OpenedCheckout { provider_ref: session.id, url })
    }

    /// What every page says.
    fn page_form(&self, order: &CheckoutOrder, customer: Option<&str>) -> Form {
        let pages = &self.settings;
        let form = Form::default()
            .field("client_reference_id", order.id)
            .field("success_url", &order.return_url)
            .field("cancel_url", &order.return_url)
            .field(format!("metadata[{ORGANIZATION}]"), order.organization_id)
            .field("allow_promotion_codes", pages.promotion_codes.as_str())
            .field("automatic_tax[enabled]", pages.automatic_tax.as_str())
            .field("tax_id_collection[enabled]", pages.tax_ids.as_str());
        let Some(customer) = customer else {
            let email = Some(&order.email).filter(|email| !email.is_empty());
            return form.maybe("customer_email", email);
        };
        let form = form.field("customer", customer);
        // Taxes need an address, and a tax number a name, which the page asks for.
        let form = match pages.automatic_tax {
            OnPage::Yes => form.field("customer_update[address]", "auto"),
            OnPage::No => form,
        };
        match pages.tax_ids {
            OnPage::Yes => form.field("customer_update[name]", "auto"),
            OnPage::No => form,
        }
    }

    /// Who pays for a subscription; `None` when Stripe has forgotten it.
    async fn find_customer(&self, subscription: &str) -> Result<Option<String>, PaymentError> {
        match self.fetch(subscription).await {
            Ok(told) => Ok(told.body.customer),
            Err(PaymentError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Who pays for a subscription.
    pub(super) async fn get_customer(&self, subscription: &str) -> Result<String, PaymentError> {
        let told: Subscription = self.fetch(subscription).await?.body;
        told.customer.ok_or(PaymentError::NotFound { what: "customer" })
    }

    /// Stripe's product of a version of a plan, made where it is not there.
    pub(super) async fn require_product(
        &self,
        plan_id: PlanId,
        title: &str,
    ) -> Result<String, PaymentError> {
        let id = format!("gantry_plan_{}", plan_id.as_uuid().simple());
        let mut known = self.products.lock().await;
        if known.contains(&id) {
            return Ok(id);
        }
        let form = Form::default()
            .field("id", &id)
            .field("name", title)
            .field(format!("metadata[{PLAN}]"), plan_id);
        match self.api.post::<Value>("/v1/products", &form, &format!("product-{id}")).await {
            Ok(_) => {}
            Err(ApiError::Refused(refusal)) if refusal.says("resource_already_exists") => {}
            // The plan was renamed, and the product keeps its first name.
            Err(ApiError::Refused(refusal)) if refusal.kind == "idempotency_error" => {}
            Err(error) => return Err(error.into()),
        }
        known.insert(id.clone());
        Ok(id)
    }
}

fn priced(form: Form, price: Money) -> Form {
    form.field("line_items[0][quantity]", 1)
        .field("line_items[0][price_data][currency]", currency_of(price))
        .field("line_items[0][price_data][unit_amount]", price.minor)
}

pub(super) fn currency_of(price: Money) -> String {
    price.currency.to_string().to_ascii_lowercase()
}

fn plan_fields(
    form: Form,
    order: &CheckoutOrder,
    (product, plan_id): (&str, PlanId),
    (interval, trial_days): (Interval, u32),
) -> Form {
    priced(form.field("mode", "subscription"), order.price)
        .field("line_items[0][price_data][product]", product)
        .field("line_items[0][price_data][recurring][interval]", interval.as_str())
        .field(format!("subscription_data[metadata][{ORGANIZATION}]"), order.organization_id)
        .field(format!("subscription_data[metadata][{PLAN}]"), plan_id)
        .maybe("subscription_data[trial_period_days]", Some(trial_days).filter(|days| *days > 0))
}

fn package_fields(form: Form, order: &CheckoutOrder) -> Form {
    let receipt = Some(&order.email).filter(|email| !email.is_empty());
    priced(form.field("mode", "payment"), order.price)
        .field("line_items[0][price_data][product_data][name]", &order.title)
        .field(format!("payment_intent_data[metadata][{ORGANIZATION}]"), order.organization_id)
        .maybe("payment_intent_data[receipt_email]", receipt)
}
