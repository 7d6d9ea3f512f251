//! Orders: what is paid once. PayPal's buyer approves one on PayPal's page, and it is paid when it
//! is collected from here.
//!
//! Invariant: collecting twice takes the money once; what was collected is told alike, however
//! often it is asked for.

use gantry_ports::payments::{CheckoutOrder, OpenedCheckout, PaymentError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::PayPal;
use super::amounts::write_amount;
use super::api::ApiError;
use super::provider::{segment, shorten};
use super::shapes::{Link, Mark, find_link};
use crate::wire::Told;

/// The kinds of addresses on which a buyer approves.
pub(super) const APPROVES: [&str; 2] = ["payer-action", "approve"];

#[derive(Deserialize)]
struct MadeOrder {
    id: String,
    #[serde(default)]
    links: Vec<Link>,
}

impl PayPal {
    pub(super) async fn make_order(
        &self,
        order: &CheckoutOrder,
    ) -> Result<OpenedCheckout, PaymentError> {
        let mark = Mark { organization_id: order.organization_id, checkout_id: order.id };
        let unit = json!({
            "custom_id": mark.write(),
            "invoice_id": order.id,
            "description": shorten(&order.title),
            "amount": write_amount(order.price)?,
        });
        let context = json!({
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
            "return_url": order.confirm_url,
            "cancel_url": order.return_url,
        });
        let body = json!({
            "intent": "CAPTURE",
            "purchase_units": [unit],
            "payment_source": { "paypal": { "experience_context": context } },
        });
        let key = format!("order-{}", order.id);
        let made: MadeOrder = self.api.make("/v2/checkout/orders", &body, &key).await?.body;
        let url = find_link(&made.links, &APPROVES).ok_or_else(|| PaymentError::Unavailable {
            reason: "PayPal made an order and did not say where it is paid".to_owned(),
        })?;
        Ok(OpenedCheckout { url: url.to_owned(), provider_ref: made.id })
    }

    pub(super) async fn fetch_order(&self, name: &str) -> Result<Value, PaymentError> {
        let path = format!("/v2/checkout/orders/{}", segment(name)?);
        let told: Told<Value> = self.api.get(&path).await?;
        Ok(told.body)
    }

    /// Takes the money of an order that its buyer approved; answers the capture, or nothing while
    /// there is no money.
    pub(super) async fn collect(&self, name: &str) -> Result<Option<Value>, PaymentError> {
        let path = format!("/v2/checkout/orders/{}/capture", segment(name)?);
        match self.api.post::<Value>(&path, &json!({})).await {
            Ok(told) => Ok(find_capture(&told.body)),
            Err(ApiError::Refused(refusal)) if refusal.says("ORDER_ALREADY_CAPTURED") => {
                Ok(find_capture(&self.fetch_order(name).await?))
            }
            // It is not approved, or its buyer has to choose another way to pay.
            Err(ApiError::Refused(refusal)) if refusal.status == 422 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether an order is one of ours.
pub(super) fn is_ours(order: &Value) -> bool {
    Mark::find(order["purchase_units"][0]["custom_id"].as_str()).is_some()
}

/// The capture that brought an order's money, with the mark of the order.
pub(super) fn find_capture(order: &Value) -> Option<Value> {
    let unit = &order["purchase_units"][0];
    let paid = |capture: &&Value| {
        let status = capture["status"].as_str().unwrap_or_default();
        matches!(status, "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED")
    };
    let mut capture = unit["payments"]["captures"].as_array()?.iter().find(paid)?.clone();
    if capture["custom_id"].is_null() {
        capture["custom_id"] = unit["custom_id"].clone();
    }
    Some(capture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_is_on_its_way_is_no_money() {
        let order = |status: &str| {
            json!({ "purchase_units": [{ "custom_id": "a/b", "payments": { "captures": [
                { "id": "3C6", "status": status } ] } }] })
        };
        for status in ["PENDING", "DECLINED", "FAILED"] {
            assert_eq!(find_capture(&order(status)), None, "{status}");
        }
        let capture = find_capture(&order("COMPLETED")).unwrap();
        assert_eq!(capture["custom_id"], "a/b", "the capture leads back to the order");
        assert!(!is_ours(&order("COMPLETED")), "this mark is somebody else's");
        assert_eq!(find_capture(&json!({})), None);
    }
}
