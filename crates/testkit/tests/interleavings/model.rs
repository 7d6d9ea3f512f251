//! What must be so, as a function of the messages that were taken and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use gantry_types::Timestamp;
use serde_json::Value;

/// How long a plan lasts while a payment or news are missing.
const GRACE_S: i64 = 7 * 86_400;
/// Nothing is bought.
pub const FREE: &str = "free";
/// What is bought.
pub const PAID: &str = "pro";

/// What the provider said of a subscription; times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub status: String,
    pub start: i64,
    pub end: i64,
    pub cancels: bool,
    pub past_due_since: Option<i64>,
    pub at: i64,
}

impl Said {
    /// What an event says, if it is about a subscription, and about which.
    pub fn read(event: &Value) -> Option<(String, Self)> {
        event["type"].as_str().filter(|kind| kind.starts_with("customer.subscription."))?;
        let object = &event["data"]["object"];
        let item = &object["items"]["data"][0];
        let said = Self {
            status: object["status"].as_str()?.to_owned(),
            start: item["current_period_start"].as_i64()?,
            end: item["current_period_end"].as_i64()?,
            cancels: object["cancel_at_period_end"].as_bool()?,
            past_due_since: None,
            at: event["created"].as_i64()?,
        };
        Some((object["id"].as_str()?.to_owned(), said))
    }

    fn entitles(&self, now: i64) -> bool {
        match self.status.as_str() {
            "active" if self.cancels => now < self.end,
            "active" => now < self.end + GRACE_S,
            "past_due" => now < self.past_due_since.unwrap_or(self.end) + GRACE_S,
            _ => false,
        }
    }
}

/// The history so far.
#[derive(Debug, Default)]
pub struct Model {
    /// Events that were taken, each once.
    pub taken: BTreeSet<String>,
    /// Payments that bought credits.
    pub purchases: BTreeSet<String>,
    /// Bills of subscriptions that were paid.
    pub bills: BTreeSet<String>,
    /// The most that was said to be given back of each payment, in minor units.
    pub refunded: BTreeMap<String, i64>,
    /// Subscriptions in the order in which they were heard of, with what was said last.
    subscriptions: Vec<(String, Said)>,
    is_paid: bool,
}

impl Model {
    /// The plan that the account is on.
    pub fn plan(&self) -> &'static str {
        if self.is_paid { PAID } else { FREE }
    }

    /// An event was taken at `now`; whether it was new.
    pub fn take(&mut self, event: &Value, now: Timestamp) -> bool {
        if !self.taken.insert(text(&event["id"])) {
            return false;
        }
        let object = &event["data"]["object"];
        match event["type"].as_str() {
            Some("checkout.session.completed") if object["mode"] == "payment" => {
                self.purchases.insert(text(&object["payment_intent"]));
            }
            Some("invoice.paid") if object["amount_paid"] != 0 => {
                self.bills.insert(text(&object["id"]));
            }
            Some("charge.refunded") => {
                let of = object["invoice"].as_str().or(object["payment_intent"].as_str());
                let total = object["amount_refunded"].as_i64().unwrap_or_default();
                let known = self.refunded.entry(of.unwrap_or_default().to_owned()).or_default();
                *known = total.max(*known);
            }
            Some(_) | None => {
                if let Some((name, said)) = Said::read(event) {
                    self.hear(&name, said, now);
                }
            }
        }
        true
    }

    /// Something was said of a subscription: later news win, and what ended stays ended.
    pub fn hear(&mut self, name: &str, said: Said, now: Timestamp) {
        let known = self.subscriptions.iter_mut().find(|(known, _)| known == name);
        match known {
            None => self.subscriptions.push((name.to_owned(), said)),
            Some((_, before)) => {
                let is_over = before.status == "canceled";
                if is_over || said.at < before.at || said == *before {
                    return;
                }
                let since = before.past_due_since.unwrap_or(said.at);
                let past_due_since = (said.status == "past_due").then_some(since);
                *before = Said { past_due_since, ..said };
            }
        }
        self.look(now);
    }

    /// The subscription that counts: the newest that is not over, else the newest.
    pub fn find_subscription(&self) -> Option<&(String, Said)> {
        let open = self.subscriptions.iter().rev().find(|(_, said)| said.status != "canceled");
        open.or(self.subscriptions.last())
    }

    /// The subscription that counts, where it is not over and gives no plan.
    pub fn find_lapsed(&self, now: Timestamp) -> Option<(String, Said)> {
        let second = now.as_micros().div_euclid(1_000_000);
        let is_lapsed = |said: &Said| said.status != "canceled" && !said.entitles(second);
        self.find_subscription().filter(|(_, said)| is_lapsed(said)).cloned()
    }

    /// Those that are not over while an earlier one is not.
    pub fn list_duplicates(&self) -> Vec<String> {
        let open = self.subscriptions.iter().filter(|(_, said)| said.status != "canceled");
        open.skip(1).map(|(name, _)| name.clone()).collect()
    }

    /// A second subscription was given back and is over, whatever is said of it.
    pub fn end(&mut self, name: &str, now: Timestamp) {
        for (_, said) in self.subscriptions.iter_mut().filter(|(known, _)| known == name) {
            said.status = "canceled".to_owned();
        }
        self.look(now);
    }

    /// Those that the provider is asked about.
    pub fn list_due(&self, now: Timestamp) -> Vec<(String, Said)> {
        let is_due = |said: &Said| {
            let is_over = said.end * 1_000_000 < now.as_micros();
            said.status != "canceled" && (is_over || said.status == "past_due")
        };
        self.subscriptions.iter().filter(|(_, said)| is_due(said)).cloned().collect()
    }

    /// The plan follows from what is known at this time.
    pub fn look(&mut self, now: Timestamp) {
        let second = now.as_micros().div_euclid(1_000_000);
        self.is_paid = self.find_subscription().is_some_and(|(_, said)| said.entitles(second));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
