//! What each endpoint of the stand-in for Razorpay does.

use serde_json::{Value, json};

use super::Refusal;
use super::book::{Book, Link, Subscription};
use super::clock::later;
use crate::fakes::form::Fields;
use crate::fakes::server::FakeRequest;

impl Book {
    pub(super) fn serve(
        &mut self,
        request: &FakeRequest,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Value, Refusal> {
        let parts: Vec<&str> = request.path.trim_start_matches("/v1/").split('/').collect();
        let query = Fields::parse(&request.query);
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["payment_links"]) => self.create_link(body, (host, now)),
            ("GET", ["payment_links"]) => {
                let wanted = query.find("reference_id").unwrap_or_default();
                let found = self.links.values().filter(|link| link.reference == wanted);
                let found: Vec<Value> = found.map(|link| link.show(host)).collect();
                Ok(json!({ "payment_links": found }))
            }
            ("GET", ["payment_links", id]) => {
                Ok(self.links.get(*id).ok_or_else(Refusal::missing)?.show(host))
            }
            ("POST", ["plans"]) => self.create_plan(body, now),
            ("GET", ["plans"]) => Ok(collect(self.plans.values().rev().cloned(), &query)),
            ("GET", ["plans", id]) => self.plans.get(*id).cloned().ok_or_else(Refusal::missing),
            ("POST", ["subscriptions"]) => self.create_subscription(body, (host, now)),
            ("GET", ["subscriptions", id]) => {
                Ok(self.subscriptions.get(*id).ok_or_else(Refusal::missing)?.show(host))
            }
            ("POST", ["subscriptions", id, "cancel"]) => self.cancel(id, body, (host, now)),
            ("PATCH", ["subscriptions", id]) => self.update(id, body, (host, now)),
            ("GET", ["invoices"]) => {
                let wanted = query.find("subscription_id").unwrap_or_default();
                let all = self.invoices.values().rev();
                let of = all.filter(|invoice| invoice["subscription_id"] == wanted).cloned();
                Ok(collect(of, &query))
            }
            ("GET", ["invoices", id]) => {
                self.invoices.get(*id).cloned().ok_or_else(Refusal::missing)
            }
            ("GET", ["payments"]) => Ok(list_recent(self.payments.values().rev(), &query)),
            ("GET", ["payments", id]) => {
                self.payments.get(*id).cloned().ok_or_else(Refusal::missing)
            }
            ("GET", ["refunds"]) => Ok(list_recent(self.refunds.values(), &query)),
            ("GET", ["disputes"]) => Ok(list_recent(self.disputes.values().rev(), &query)),
            ("POST", ["payments", id, "refund"]) => self.refund((id, request), body, now),
            (_, _) => Err(Refusal::bad("The requested URL was not found on the server.")),
        }
    }

    fn create_link(&mut self, body: &Value, (host, now): (&str, i64)) -> Result<Value, Refusal> {
        let amount = body["amount"].as_i64().ok_or_else(|| required("amount"))?;
        require_currency(&body["currency"])?;
        if amount < 100 {
            return Err(Refusal::bad("amount must be at least INR 1.00"));
        }
        let reference = body["reference_id"].as_str().unwrap_or_default().to_owned();
        if reference.len() > 40 {
            return Err(Refusal::bad("The reference_id may not be greater than 40 characters."));
        }
        if self.links.values().any(|link| link.reference == reference) {
            let words =
                format!("payment link with given reference_id ({reference}) already exists");
            return Err(Refusal::bad(words));
        }
        let callback = body["callback_url"].as_str().unwrap_or_default();
        if !callback.starts_with("http") || body["callback_method"] != "get" {
            return Err(Refusal::bad("The callback_url format is invalid."));
        }
        let id = self.name("plink");
        let link = Link {
            id: id.clone(),
            reference,
            asked: body.clone(),
            status: "created",
            payment: None,
            created: now,
        };
        let shown = link.show(host);
        self.links.insert(id, link);
        Ok(shown)
    }

    fn create_plan(&mut self, body: &Value, now: i64) -> Result<Value, Refusal> {
        let period = body["period"].as_str().unwrap_or_default();
        if !["daily", "weekly", "monthly", "quarterly", "yearly"].contains(&period) {
            return Err(Refusal::bad("Not a valid period."));
        }
        body["item"]["amount"].as_i64().ok_or_else(|| required("item.amount"))?;
        require_currency(&body["item"]["currency"])?;
        let id = self.name("plan");
        let plan = json!({ "id": id, "entity": "plan", "period": period,
            "interval": body["interval"], "item": body["item"], "notes": body["notes"],
            "created_at": now });
        self.plans.insert(id, plan.clone());
        Ok(plan)
    }

    fn create_subscription(
        &mut self,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Value, Refusal> {
        let plan = body["plan_id"].as_str().unwrap_or_default().to_owned();
        if !self.plans.contains_key(&plan) {
            return Err(Refusal::missing());
        }
        body["total_count"].as_i64().ok_or_else(|| required("total_count"))?;
        let id = self.name("sub");
        let known = Subscription {
            id: id.clone(),
            plan,
            notes: body["notes"].clone(),
            status: "created",
            start_at: body["start_at"].as_i64(),
            current: None,
            created: now,
            anchor: now,
            periods: 0,
            ends_with_cycle: false,
            pays: true,
            failures: 0,
            retry: None,
            total_count: body["total_count"].clone(),
        };
        let shown = known.show(host);
        self.subscriptions.insert(id, known);
        Ok(shown)
    }

    fn cancel(
        &mut self,
        id: &str,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Value, Refusal> {
        let mut known = self.subscriptions.get(id).ok_or_else(Refusal::missing)?.clone();
        if matches!(known.status, "cancelled" | "completed" | "expired") {
            let words = format!("Subscription is not cancellable in {} status.", known.status);
            return Err(Refusal::bad(words));
        }
        if body["cancel_at_cycle_end"] == true {
            known.ends_with_cycle = true;
        } else {
            known.status = "cancelled";
            self.tell("subscription.cancelled", &[("subscription", known.show(""))], now);
        }
        let shown = known.show(host);
        self.subscriptions.insert(id.to_owned(), known);
        Ok(shown)
    }

    fn update(
        &mut self,
        id: &str,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Value, Refusal> {
        let mut known = self.subscriptions.get(id).ok_or_else(Refusal::missing)?.clone();
        if !matches!(known.status, "authenticated" | "active") {
            return Err(Refusal::bad("Subscription cannot be updated in this status."));
        }
        let plan = body["plan_id"].as_str().unwrap_or_default().to_owned();
        if !self.plans.contains_key(&plan) {
            return Err(Refusal::missing());
        }
        if body["schedule_change_at"] != "now" {
            return Err(Refusal::bad("This stand-in changes subscriptions at once."));
        }
        let more = self.difference(&known, &plan, now);
        if more > 0 && !known.pays {
            return Err(Refusal::bad("Your payment was declined by the card's bank."));
        }
        let (before, after) = (self.period_of(&known.plan), self.period_of(&plan));
        if before != after {
            known.current = Some((now, later(now, &after, 1)));
            (known.anchor, known.periods) = (now, 1);
        }
        known.plan = plan;
        let shown = known.show(host);
        self.subscriptions.insert(id.to_owned(), known);
        self.tell("subscription.updated", &[("subscription", shown.clone())], now);
        if more > 0 {
            self.charge(id, &json!(more), now);
        }
        Ok(shown)
    }

    /// What another plan costs more for what is left of the period.
    fn difference(&self, known: &Subscription, plan: &str, now: i64) -> i64 {
        let Some((start, end)) = known.current else { return 0 };
        let whole = (end - start).max(1);
        let share = |minor: i64| minor * (end - now).clamp(0, whole) / whole;
        let minor = |plan: &str| self.amount_of(plan).as_i64().unwrap_or_default();
        if self.period_of(&known.plan) == self.period_of(plan) {
            share(minor(plan)) - share(minor(&known.plan))
        } else {
            minor(plan) - share(minor(&known.plan))
        }
    }

    fn refund(
        &mut self,
        (id, request): (&str, &FakeRequest),
        body: &Value,
        now: i64,
    ) -> Result<Value, Refusal> {
        let key = request.headers.get("x-refund-idempotency").cloned().unwrap_or_default();
        if let Some(known) = self.refunds.get(&key).filter(|_| !key.is_empty()) {
            return Ok(known.clone());
        }
        let payment = self.payments.get_mut(id).ok_or_else(Refusal::missing)?;
        let paid = payment["amount"].as_i64().unwrap_or_default();
        let before = payment["amount_refunded"].as_i64().unwrap_or_default();
        let minor = body["amount"].as_i64().unwrap_or(paid - before);
        if before == paid {
            return Err(Refusal::bad("The payment has been fully refunded already"));
        }
        if minor <= 0 || before + minor > paid {
            let words = "The refund amount provided is greater than amount captured";
            return Err(Refusal::bad(words));
        }
        payment["amount_refunded"] = json!(before + minor);
        if before + minor == paid {
            payment["status"] = json!("refunded");
        }
        let told = payment.clone();
        let refund = json!({ "id": self.name("rfnd"), "entity": "refund", "amount": minor,
            "currency": told["currency"], "payment_id": id, "status": "processed",
            "created_at": now });
        let key = if key.is_empty() { refund["id"].to_string() } else { key };
        self.refunds.insert(key, refund.clone());
        self.tell("refund.processed", &[("refund", refund.clone()), ("payment", told)], now);
        Ok(refund)
    }
}

/// What began since the query's `from`.
fn list_recent<'v>(all: impl Iterator<Item = &'v Value>, query: &Fields) -> Value {
    let from = query.number("from").unwrap_or_default();
    collect(all.filter(|entity| entity["created_at"].as_i64() >= Some(from)).cloned(), query)
}

fn collect(all: impl Iterator<Item = Value>, query: &Fields) -> Value {
    let number = |key: &str, usual: usize| {
        query.number(key).and_then(|number| usize::try_from(number).ok()).unwrap_or(usual)
    };
    let items: Vec<Value> = all.skip(number("skip", 0)).take(number("count", 10)).collect();
    json!({ "entity": "collection", "count": items.len(), "items": items })
}

fn required(field: &str) -> Refusal {
    Refusal::bad(format!("The {field} field is required."))
}

fn require_currency(currency: &Value) -> Result<(), Refusal> {
    match currency.as_str() {
        Some("INR" | "USD" | "EUR") => Ok(()),
        Some(_) | None => Err(Refusal::bad("Currency is not supported")),
    }
}
