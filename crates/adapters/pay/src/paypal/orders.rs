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

/// Whether an order says that it is one of ours; its buyer may have written that.
pub(super) fn is_ours(order: &Value) -> bool {
    Mark::find(order["purchase_units"][0]["custom_id"].as_str()).is_some()
}

/// The order that a capture is of, by PayPal's name.
pub(super) fn find_order(capture: &Value) -> Option<String> {
    let named = capture["supplementary_data"]["related_ids"]["order_id"].as_str();
    let links = capture["links"].as_array();
    let parent = links.into_iter().flatten().find(|link| link["rel"] == "up");
    let parent = parent.and_then(|link| link["href"].as_str()?.split_once("/checkout/orders/"));
    named.or(parent.map(|(_, name)| name)).map(str::to_owned)
}

/// The capture that brought an order's money, with the mark and the name of the order.
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
    capture["supplementary_data"] = json!({ "related_ids": { "order_id": order["id"] } });
    Some(capture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_that_is_on_its_way_is_no_money() {
        let order = |status: &str| {
            json!({ "id": "5O1", "purchase_units": [{ "custom_id": "a/b", "payments": { "captures": [
                { "id": "3C6", "status": status } ] } }] })
        };
        for status in ["PENDING", "DECLINED", "FAILED"] {
            assert_eq!(find_capture(&order(status)), None, "{status}");
        }
        let capture = find_capture(&order("COMPLETED")).unwrap();
        assert_eq!(capture["custom_id"], "a/b", "the capture leads back to the order");
        assert_eq!(find_order(&capture).as_deref(), Some("5O1"));
        assert!(!is_ours(&order("COMPLETED")), "this mark is somebody else's");
        assert_eq!(find_capture(&json!({})), None);
    }

    #[test]
    fn a_capture_names_its_order_in_one_of_two_places() {
        let up = |path: &str| {
            let href = format!("https://api-m.paypal.com/v2/{path}");
            json!({ "links": [{ "rel": "self", "href": "https://api-m.paypal.com/v2/x" },
                { "rel": "up", "href": href }] })
        };
        assert_eq!(find_order(&up("checkout/orders/5O1")).as_deref(), Some("5O1"));
        assert_eq!(find_order(&up("payments/authorizations/7K2")), None);
        assert_eq!(find_order(&json!({})), None);
    }
}
