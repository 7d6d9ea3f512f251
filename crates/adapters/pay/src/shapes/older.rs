//! Subscriptions in any version of Stripe's API: before 2025-03-31 the period stands on the
//! subscription instead of on its items, and an item of the earliest versions has a plan and no price;
//! there it has one discount, and not several.
//!
//! Invariant: what is there twice is read from its present place.

use serde::Deserialize;

use super::discounts::NamedDiscount;
use super::objects::{Items, Price, Recurring, Subscription, SubscriptionItem};
use super::{Metadata, read_name, read_or_empty};

#[derive(Deserialize)]
pub(super) struct AnySubscription {
    id: String,
    status: String,
    cancel_at_period_end: bool,
    #[serde(default, deserialize_with = "read_name")]
    customer: Option<String>,
    items: AnyItems,
    #[serde(default)]
    discounts: Option<Vec<NamedDiscount>>,
    #[serde(default)]
    discount: Option<NamedDiscount>,
    #[serde(default, deserialize_with = "read_or_empty")]
    metadata: Metadata,
    #[serde(default)]
    current_period_start: Option<i64>,
    #[serde(default)]
    current_period_end: Option<i64>,
}

#[derive(Deserialize)]
struct AnyItems {
    data: Vec<AnyItem>,
}

#[derive(Deserialize)]
struct AnyItem {
    #[serde(default)]
    id: String,
    #[serde(default)]
    current_period_start: Option<i64>,
    #[serde(default)]
    current_period_end: Option<i64>,
    #[serde(default)]
    price: Option<Price>,
    #[serde(default)]
    plan: Option<OldPlan>,
}

#[derive(Deserialize)]
struct OldPlan {
    #[serde(default)]
    amount: Option<i64>,
    currency: String,
    interval: String,
}

impl From<OldPlan> for Price {
    fn from(plan: OldPlan) -> Self {
        let recurring = Some(Recurring { interval: plan.interval });
        Self { unit_amount: plan.amount, currency: plan.currency, recurring }
    }
}

impl TryFrom<AnySubscription> for Subscription {
    type Error = &'static str;

    fn try_from(any: AnySubscription) -> Result<Self, &'static str> {
        let (start, end) = (any.current_period_start, any.current_period_end);
        let data = any.items.data.into_iter().map(|item| item.fold(start, end));
        Ok(Self {
            id: any.id,
            status: any.status,
            cancel_at_period_end: any.cancel_at_period_end,
            customer: any.customer,
            items: Items { data: data.collect::<Result<_, _>>()? },
            discounts: any.discounts.unwrap_or_else(|| any.discount.into_iter().collect()),
            metadata: any.metadata,
        })
    }
}

impl AnyItem {
    fn fold(self, start: Option<i64>, end: Option<i64>) -> Result<SubscriptionItem, &'static str> {
        let price = self.price.or_else(|| self.plan.map(Price::from));
        Ok(SubscriptionItem {
            id: self.id,
            current_period_start: self
                .current_period_start
                .or(start)
                .ok_or("a subscription has no start of its period")?,
            current_period_end: self
                .current_period_end
                .or(end)
                .ok_or("a subscription has no end of its period")?,
            price: price.ok_or("an item of a subscription has neither price nor plan")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(subscription: &Value) -> Result<Subscription, serde_json::Error> {
        Subscription::deserialize(subscription)
    }

    #[test]
    fn a_period_and_a_price_are_found_in_their_old_places() {
        let plan = json!({ "amount": 4_900, "currency": "usd", "interval": "year" });
        let item = json!({ "id": "si_1", "plan": plan });
        let old = json!({ "id": "sub_1", "status": "active", "cancel_at_period_end": false,
            "current_period_start": 1, "current_period_end": 2, "items": { "data": [item] } });
        let told = read(&old).unwrap();
        let item = &told.items.data[0];
        assert_eq!((item.current_period_start, item.current_period_end), (1, 2));
        assert_eq!(item.price.unit_amount, Some(4_900));
        let interval = item.price.recurring.as_ref().map(|recurring| recurring.interval.as_str());
        assert_eq!(interval, Some("year"));
        // What is written is of the present version, and is read as the same.
        let again = serde_json::to_value(&told).unwrap();
        assert!(again["current_period_end"].is_null());
        assert_eq!(read(&again).unwrap().items.data[0].current_period_end, 2);
        assert!(again["discounts"].as_array().is_some_and(Vec::is_empty));
        let mut cheaper = old.clone();
        cheaper["discount"] = json!({ "id": "di_1", "end": null,
            "coupon": { "duration": "forever", "percent_off": 50.0 } });
        assert_eq!(read(&cheaper).unwrap().discounts.len(), 1);
        let mut without = old;
        without["current_period_end"] = Value::Null;
        assert!(read(&without).unwrap_err().to_string().contains("no end of its period"));
    }

    #[test]
    fn the_present_place_comes_first() {
        let price = json!({ "unit_amount": 999, "currency": "usd", "recurring": null });
        let item = json!({ "current_period_start": 3, "current_period_end": 4, "price": price,
            "plan": { "amount": 1, "currency": "eur", "interval": "month" } });
        let both = json!({ "id": "sub_1", "status": "active", "cancel_at_period_end": true,
            "current_period_start": 1, "current_period_end": 2, "items": { "data": [item] } });
        let item = read(&both).unwrap().items.data.remove(0);
        assert_eq!((item.current_period_start, item.current_period_end), (3, 4));
        assert_eq!((item.price.unit_amount, item.price.currency.as_str()), (Some(999), "usd"));
    }
}
