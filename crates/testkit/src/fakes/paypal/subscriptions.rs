//! Plans and subscriptions of the stand-in for PayPal.

use serde_json::{Value, json};

use super::amounts::Sum;
use super::book::{Book, Payment, Subscription};
use super::clock::{later, show_time};
use super::refusal::Refusal;
use super::routes::{Done, require_address, require_length};
use crate::fakes::form::Fields;

impl Book {
    pub(super) fn create_product(&mut self, body: &Value) -> Result<Done, Refusal> {
        let id = body["id"].as_str().map_or_else(|| self.name("product"), str::to_owned);
        require_length(&body["name"], 1..=127)?;
        if !(6..=50).contains(&id.len()) {
            let words = "The length of a field value should not be more than 50 characters.";
            return Err(Refusal::invalid("INVALID_STRING_LENGTH", words));
        }
        if !self.products.insert(id.clone()) {
            let words = "Duplicate product id.";
            return Err(Refusal::unprocessable("DUPLICATE_RESOURCE_IDENTIFIER", words));
        }
        Ok((201, json!({ "id": id, "name": body["name"], "type": body["type"] })))
    }

    pub(super) fn create_plan(&mut self, body: &Value, now: i64) -> Result<Done, Refusal> {
        let product = body["product_id"].as_str().unwrap_or_default();
        if !self.products.contains(product) {
            return Err(Refusal::missing());
        }
        require_length(&body["name"], 1..=127)?;
        let cycle = &body["billing_cycles"][0];
        let unit = cycle["frequency"]["interval_unit"].as_str().unwrap_or_default();
        if !["DAY", "WEEK", "MONTH", "YEAR"].contains(&unit) || cycle["tenure_type"] != "REGULAR" {
            return Err(Refusal::invalid("INVALID_PARAMETER_VALUE", "The cycle is none."));
        }
        Sum::read(&cycle["pricing_scheme"]["fixed_price"])?;
        let id = self.name("plan");
        let plan = json!({
            "id": id, "product_id": product, "name": body["name"], "status": "ACTIVE",
            "description": body["description"],
            "billing_cycles": body["billing_cycles"],
            "payment_preferences": body["payment_preferences"], "create_time": show_time(now),
        });
        self.plans.insert(id, plan.clone());
        Ok((201, plan))
    }

    /// Without the wish for more, plans are listed without their cycles.
    pub(super) fn list_plans(&self, query: &Fields, in_full: bool) -> Done {
        let number = |key: &str, usual: i64| query.number(key).unwrap_or(usual);
        let (page, size) = (number("page", 1).max(1), number("page_size", 10).clamp(1, 20));
        let (skip, size) = (usize::try_from((page - 1) * size), usize::try_from(size));
        let product = query.find("product_id").unwrap_or_default();
        let of_product = self.plans.values().filter(|plan| plan["product_id"] == product);
        let plans: Vec<Value> = of_product
            .skip(skip.unwrap_or_default())
            .take(size.unwrap_or_default())
            .map(|plan| {
                let mut plan = plan.clone();
                if !in_full && let Some(fields) = plan.as_object_mut() {
                    fields.remove("billing_cycles");
                }
                plan
            })
            .collect();
        (200, json!({ "plans": plans, "links": [] }))
    }

    pub(super) fn create_subscription(
        &mut self,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Done, Refusal> {
        let plan_id = body["plan_id"].as_str().unwrap_or_default().to_owned();
        let plan = self.plans.get(&plan_id).cloned().ok_or_else(Refusal::missing)?;
        require_length(&body["custom_id"], 1..=127)?;
        require_address(&body["application_context"]["return_url"])?;
        require_address(&body["application_context"]["cancel_url"])?;
        let start = match body["start_time"].as_str() {
            None => now,
            Some(text) => {
                let start = text.parse::<jiff::Timestamp>().map(|time| time.as_second());
                let start = start.ok().filter(|start| *start > now);
                let words = "The start time must be in the future.";
                start.ok_or_else(|| Refusal::invalid("INVALID_PARAMETER_VALUE", words))?
            }
        };
        let cycle = &plan["billing_cycles"][0];
        let id = self.name("subscription");
        let threshold = plan["payment_preferences"]["payment_failure_threshold"].as_i64();
        let known = Subscription {
            page: format!("BA-{}", self.name("page")),
            id: id.clone(),
            plan: plan_id,
            unit: cycle["frequency"]["interval_unit"].as_str().unwrap_or_default().to_owned(),
            price: Sum::read(&cycle["pricing_scheme"]["fixed_price"])?,
            custom: body["custom_id"].clone(),
            status: "APPROVAL_PENDING",
            start,
            created: now,
            anchor: start,
            periods: 0,
            last_paid: None,
            next: None,
            pays: true,
            failures: 0,
            threshold: threshold.unwrap_or(1),
            asked: None,
            next_price: None,
        };
        self.tell("BILLING.SUBSCRIPTION.CREATED", &known.show(""), now);
        let shown = known.show(host);
        self.subscriptions.insert(id, known);
        Ok((201, shown))
    }

    /// Its buyer agreed: it is charged at once, whatever the card does later, or when it starts.
    pub(super) fn activate(&mut self, known: Subscription, now: i64) {
        let agreed = Subscription { status: "ACTIVE", ..known };
        if agreed.start > now {
            let waiting = Subscription { next: Some(agreed.start), ..agreed };
            self.tell("BILLING.SUBSCRIPTION.ACTIVATED", &waiting.show(""), now);
            self.subscriptions.insert(waiting.id.clone(), waiting);
            return;
        }
        let (active, sale) = self.take(Subscription { anchor: now, ..agreed }, now);
        self.tell("BILLING.SUBSCRIPTION.ACTIVATED", &active.show(""), now);
        self.tell("PAYMENT.SALE.COMPLETED", &sale.show_sale(), now);
    }

    /// Charges the price of a period that begins.
    pub(super) fn charge(&mut self, known: Subscription, at: i64) {
        let (_, sale) = self.take(known, at);
        self.tell("PAYMENT.SALE.COMPLETED", &sale.show_sale(), at);
    }

    fn take(&mut self, known: Subscription, at: i64) -> (Subscription, Payment) {
        let periods = known.periods + 1;
        let charged = Subscription {
            price: known.next_price.unwrap_or(known.price),
            next_price: None,
            periods,
            last_paid: Some(at),
            next: Some(later(known.anchor, &known.unit, periods)),
            failures: 0,
            ..known
        };
        let sale = Payment {
            id: self.name("sale"),
            paid: charged.price.clone(),
            refunded: 0,
            custom: charged.custom.clone(),
            order: None,
            subscription: Some(charged.id.clone()),
            at,
        };
        self.payments.insert(sale.id.clone(), sale.clone());
        self.subscriptions.insert(charged.id.clone(), charged.clone());
        (charged, sale)
    }

    pub(super) fn cancel(&mut self, id: &str, body: &Value, now: i64) -> Result<Done, Refusal> {
        let known = self.subscriptions.get(id).ok_or_else(Refusal::missing)?.clone();
        require_length(&body["reason"], 1..=128)?;
        if !matches!(known.status, "ACTIVE" | "SUSPENDED") {
            let words = "Invalid subscription status for cancel action; subscription status should \
                         be active or suspended.";
            return Err(Refusal::unprocessable("SUBSCRIPTION_STATUS_INVALID", words));
        }
        let ended = Subscription { status: "CANCELLED", next: None, ..known };
        self.tell("BILLING.SUBSCRIPTION.CANCELLED", &ended.show(""), now);
        self.subscriptions.insert(id.to_owned(), ended);
        Ok((204, Value::Null))
    }

    pub(super) fn list_transactions(&self, id: &str, query: &Fields) -> Result<Done, Refusal> {
        self.subscriptions.get(id).ok_or_else(Refusal::missing)?;
        let (Some(from), Some(until)) = (query.find("start_time"), query.find("end_time")) else {
            return Err(Refusal::invalid("MISSING_REQUIRED_PARAMETER", "start_time, end_time"));
        };
        let of = self.payments.values().filter(|sale| sale.subscription.as_deref() == Some(id));
        let within = of.filter(|sale| (from..=until).contains(&show_time(sale.at).as_str()));
        let transactions: Vec<Value> = within
            .map(|sale| {
                json!({ "id": sale.id, "status": sale.show_capture()["status"],
                    "amount_with_breakdown": { "gross_amount": sale.paid.show() },
                    "time": show_time(sale.at) })
            })
            .collect();
        Ok((200, json!({ "transactions": transactions, "links": [] })))
    }
}
