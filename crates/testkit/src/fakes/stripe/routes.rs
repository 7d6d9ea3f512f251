//! What each endpoint of the stand-in for Stripe does.

use serde_json::{Value, json};

use super::book::{Book, Price, Session};
use super::errors::Refusal;
use super::fields::fill;
use super::show::list;
use crate::fakes::form::Fields;

/// As many types as events are listed of at once.
const MOST_KINDS: usize = 20;

impl Book {
    pub(super) fn serve(
        &mut self,
        kind: &str,
        (name, fields): (&str, &Fields),
        (base, now): (&str, i64),
    ) -> Result<Value, Refusal> {
        match kind {
            "POST /v1/checkout/sessions" => self.create_session(fields, (base, now)),
            "GET /v1/checkout/sessions/{}" => {
                let session = self.sessions.get(name);
                Ok(session.ok_or_else(|| Refusal::missing("checkout.session", name))?.show(base))
            }
            "POST /v1/checkout/sessions/{}/expire" => self.close_session(name, (base, now)),
            "POST /v1/products" => self.create_product(fields, now),
            "GET /v1/subscriptions/{}" => self.get_subscription(name)?.show_expanded(fields),
            "POST /v1/subscriptions/{}" => self.change_subscription(name, fields, now),
            "DELETE /v1/subscriptions/{}" => self.cancel(name, now),
            "GET /v1/invoices" => Ok(self.list_invoices(fields)),
            "GET /v1/invoices/{}" => self.show_invoice(name, fields, now),
            "POST /v1/invoices/{}/void" => self.void_invoice(name, now),
            "POST /v1/refunds" => self.refund(fields, now),
            "POST /v1/billing_portal/sessions" => self.open_portal(fields, (base, now)),
            "GET /v1/events" => self.list_events(fields),
            other => Err(Refusal::missing("endpoint", other)),
        }
    }

    fn create_session(
        &mut self,
        fields: &Fields,
        (base, now): (&str, i64),
    ) -> Result<Value, Refusal> {
        let price = self.price_of(fields, "line_items[0]")?;
        let subscribes = require(fields, "mode")? == "subscription";
        if subscribes != price.interval.is_some() {
            let message = "You must provide at least one recurring price in `subscription` mode, \
                           and none in `payment` mode.";
            return Err(Refusal::invalid("parameter_invalid", "line_items", message));
        }
        require(fields, "success_url")?;
        let wrong = if subscribes { "payment_intent_data" } else { "subscription_data" };
        if fields.iter().any(|(key, _)| key.starts_with(wrong)) {
            let message = format!("You can not pass `{wrong}` in this mode.");
            return Err(Refusal::invalid("parameter_invalid", wrong, &message));
        }
        let customer = self.customer_of(fields, &price.currency)?;
        let inner = if subscribes { "subscription_data" } else { "payment_intent_data" };
        let session = Session {
            id: self.name("cs_test"),
            reference: fields.find("client_reference_id").map(str::to_owned),
            metadata: fields.under("metadata"),
            inner_metadata: fields.under(&format!("{inner}[metadata]")),
            customer,
            title: self.title_of(fields, &price),
            trial_days: fields.number("subscription_data[trial_period_days]").unwrap_or_default(),
            takes_codes: fields.is_true("allow_promotion_codes"),
            adds_taxes: fields.is_true("automatic_tax[enabled]"),
            success_url: require(fields, "success_url")?.to_owned(),
            cancel_url: fields.find("cancel_url").map(str::to_owned),
            created: now,
            status: "open",
            payment_intent: None,
            subscription: None,
            total: price.amount,
            tax: None,
            price,
        };
        let shown = session.show(base);
        self.sessions.insert(session.id.clone(), session);
        Ok(shown)
    }

    /// Expires a page before its time; one that is not open is refused.
    fn close_session(&mut self, name: &str, (base, now): (&str, i64)) -> Result<Value, Refusal> {
        let session = self.sessions.get(name);
        let session = session.ok_or_else(|| Refusal::missing("checkout.session", name))?;
        if session.status != "open" {
            let message = format!(
                "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout \
                 Session has a status of \"{}\".",
                session.status
            );
            return Err(Refusal::invalid_state(&message));
        }
        self.expire(name, now);
        let session = self.sessions.get(name);
        Ok(session.ok_or_else(|| Refusal::missing("checkout.session", name))?.show(base))
    }

    /// The customer that is named, who pays in one currency.
    fn customer_of(&self, fields: &Fields, currency: &str) -> Result<Option<String>, Refusal> {
        let Some(id) = fields.find("customer") else {
            if fields.iter().any(|(key, _)| key.starts_with("customer_update")) {
                let message = "`customer_update` can only be used with `customer`.";
                return Err(Refusal::invalid("parameter_invalid", "customer_update", message));
            }
            return Ok(None);
        };
        if fields.find("customer_email").is_some() {
            let message = "You may only specify one of these parameters: customer, customer_email.";
            return Err(Refusal::invalid("parameter_invalid", "customer_email", message));
        }
        let customer = self.customers.get(id).ok_or_else(|| Refusal::missing("customer", id))?;
        if customer.currency != currency {
            let message = "You cannot combine currencies on a single customer.";
            return Err(Refusal::invalid("currency_mismatch", "customer", message));
        }
        Ok(Some(id.to_owned()))
    }

    fn title_of(&self, fields: &Fields, price: &Price) -> String {
        let given = fields.find("line_items[0][price_data][product_data][name]");
        let product = self.products.get(&price.product).and_then(|known| known["name"].as_str());
        given.or(product).unwrap_or_default().to_owned()
    }

    /// The price that stands under `prefix[price_data]`.
    pub(super) fn price_of(&mut self, fields: &Fields, prefix: &str) -> Result<Price, Refusal> {
        let key = |name: &str| format!("{prefix}[price_data]{name}");
        let amount = require(fields, &key("[unit_amount]"))?;
        let amount = amount.parse::<i64>().ok().filter(|amount| *amount >= 0);
        let refuse = |param: &str, message: &str| {
            Err(Refusal::invalid("parameter_invalid_integer", param, message))
        };
        let Some(amount) = amount else {
            return refuse("unit_amount", "This value must be greater than or equal to 0.");
        };
        let product = match fields.find(&key("[product]")) {
            Some(id) if self.products.contains_key(id) => id.to_owned(),
            Some(id) => return Err(Refusal::missing("product", id)),
            None => {
                require(fields, &key("[product_data][name]"))?;
                self.name("prod")
            }
        };
        let interval = fields.find(&key("[recurring][interval]")).map(str::to_owned);
        let currency = require(fields, &key("[currency]"))?.to_owned();
        Ok(Price { id: self.name("price"), product, amount, currency, interval })
    }

    fn create_product(&mut self, fields: &Fields, now: i64) -> Result<Value, Refusal> {
        let id = fields.find("id").map_or_else(|| self.name("prod"), str::to_owned);
        if self.products.contains_key(&id) {
            let message = "Product already exists.";
            return Err(Refusal::invalid("resource_already_exists", "id", message));
        }
        let product = fill(json!({
            "id": id,
            "object": "product",
            "active": true,
            "created": now,
            "images": [],
            "livemode": false,
            "marketing_features": [],
            "metadata": fields.under("metadata"),
            "name": require(fields, "name")?,
            "type": "service",
            "updated": now,
        }));
        self.products.insert(id, product.clone());
        Ok(product)
    }

    pub(super) fn get_subscription(&self, id: &str) -> Result<&super::book::Subscription, Refusal> {
        self.subscriptions.get(id).ok_or_else(|| Refusal::missing("subscription", id))
    }

    fn list_invoices(&self, fields: &Fields) -> Value {
        let of = |key: &str, found: &str| fields.find(key).is_none_or(|wanted| wanted == found);
        let mut found: Vec<&super::book::Invoice> = self
            .invoices
            .values()
            .filter(|invoice| of("subscription", &invoice.subscription))
            .filter(|invoice| of("customer", &invoice.customer))
            .filter(|invoice| of("status", invoice.status))
            .collect();
        found.sort_by(|one, other| other.id.cmp(&one.id));
        let shown = found.iter().map(|invoice| invoice.show()).collect();
        page(shown, fields, "/v1/invoices")
    }

    fn show_invoice(&self, id: &str, fields: &Fields, now: i64) -> Result<Value, Refusal> {
        let invoice = self.invoices.get(id).ok_or_else(|| Refusal::missing("invoice", id))?;
        let mut shown = invoice.show();
        let wishes = fields.list("expand[]");
        require_expandable(&wishes, &["payments"])?;
        if !wishes.is_empty() {
            let paid = invoice.intent.iter().map(|_| invoice.show_payment(now));
            let data: Vec<Value> = paid.collect();
            shown["payments"] = list(&data, &format!("/v1/invoice_payments?invoice={id}"));
        }
        Ok(shown)
    }

    fn open_portal(&mut self, fields: &Fields, (base, now): (&str, i64)) -> Result<Value, Refusal> {
        let customer = require(fields, "customer")?;
        if !self.customers.contains_key(customer) {
            return Err(Refusal::missing("customer", customer));
        }
        let id = self.name("bps");
        Ok(fill(json!({
            "id": id,
            "object": "billing_portal.session",
            "configuration": "bpc_of_the_fake",
            "created": now,
            "customer": customer,
            "livemode": false,
            "return_url": fields.find("return_url"),
            "url": format!("{base}/p/session/{id}"),
        })))
    }

    fn list_events(&self, fields: &Fields) -> Result<Value, Refusal> {
        let since = fields.number("created[gte]").unwrap_or_default();
        let kinds = fields.list("types[]");
        if kinds.len() > MOST_KINDS {
            let message = format!("You can list {MOST_KINDS} types of events at most.");
            return Err(Refusal::invalid("parameter_invalid", "types", &message));
        }
        let wanted = |event: &&Value| {
            event["created"].as_i64().is_some_and(|created| created >= since)
                && event["type"]
                    .as_str()
                    .is_some_and(|kind| kinds.is_empty() || kinds.contains(&kind))
        };
        let found = self.events.iter().rev().filter(wanted).cloned().collect();
        Ok(page(found, fields, "/v1/events"))
    }
}

/// One page of a list.
fn page(all: Vec<Value>, fields: &Fields, url: &str) -> Value {
    let start = fields.find("starting_after");
    let skip =
        start.and_then(|id| all.iter().position(|item| item["id"] == id)).map_or(0, |at| at + 1);
    let limit = fields.number("limit").unwrap_or(10).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(10);
    let rest = all.len().saturating_sub(skip);
    let data: Vec<Value> = all.into_iter().skip(skip).take(limit).collect();
    json!({ "object": "list", "data": data, "has_more": rest > limit, "url": url })
}

/// A field that must be there.
pub(super) fn require<'f>(fields: &'f Fields, key: &str) -> Result<&'f str, Refusal> {
    fields.find(key).ok_or_else(|| {
        let message = format!("Missing required param: {key}.");
        Refusal::invalid("parameter_missing", key, &message)
    })
}

/// Refuses wishes for more of an object than can be shown.
pub(super) fn require_expandable(wishes: &[&str], known: &[&str]) -> Result<(), Refusal> {
    match wishes.iter().find(|wish| !known.contains(wish)) {
        None => Ok(()),
        Some(other) => {
            let message = format!("This property cannot be expanded ({other}).");
            Err(Refusal::invalid("parameter_invalid", "expand", &message))
        }
    }
}
