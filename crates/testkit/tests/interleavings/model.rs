//! What must be so, as a function of the messages that were taken and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use gantry_rules::subscription::{AtPeriodEnd, Standing, SubscriptionStatus};
use gantry_types::Timestamp;
use serde_json::Value;

use crate::server::second_of;

/// How long a plan lasts while a payment or news are missing.
const GRACE_S: i64 = 7 * 86_400;
/// Nothing is bought.
pub const FREE: &str = "free";

/// What the provider said of a subscription; times in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub status: String,
    /// The version of the plan.
    pub plan: String,
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
            plan: object["metadata"]["plan_id"].as_str()?.to_owned(),
            start: item["current_period_start"].as_i64()?,
            end: item["current_period_end"].as_i64()?,
            cancels: object["cancel_at_period_end"].as_bool()?,
            past_due_since: None,
            at: event["created"].as_i64()?,
        };
        Some((object["id"].as_str()?.to_owned(), said))
    }

    /// The same of what is kept.
    pub fn of(standing: &Standing) -> Self {
        let state = &standing.state;
        let status = match state.status {
            SubscriptionStatus::Incomplete => "incomplete",
            SubscriptionStatus::Trialing => "trialing",
            SubscriptionStatus::Active => "active",
            SubscriptionStatus::PastDue => "past_due",
            SubscriptionStatus::Ended => "canceled",
        };
        Self {
            status: status.to_owned(),
            plan: standing.plan_id.to_string(),
            start: second_of(state.period_start),
            end: second_of(state.period_end),
            cancels: state.at_period_end == AtPeriodEnd::Cancel,
            past_due_since: state.past_due_since.map(second_of),
            at: second_of(state.told_at),
        }
    }

    /// Whether both say the same, whenever they were said.
    pub fn is_like(&self, other: &Self) -> bool {
        let what = |said: &Self| (said.status.clone(), said.plan.clone(), said.cancels);
        what(self) == what(other) && (self.start, self.end) == (other.start, other.end)
    }

    pub fn is_over(&self) -> bool {
        self.status == "canceled"
    }

    fn entitles(&self, now: i64) -> bool {
        match self.status.as_str() {
            "active" | "trialing" if self.cancels => now < self.end,
            "active" | "trialing" => now < self.end + GRACE_S,
            "past_due" => now < self.past_due_since.unwrap_or(self.end) + GRACE_S,
            _ => false,
        }
    }
}

/// A dispute about a payment.
#[derive(Debug, Clone)]
struct Dispute {
    payment: String,
    minor: i64,
    status: String,
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
    told_back: BTreeMap<String, i64>,
    /// What of it did not arrive.
    came_back: BTreeMap<String, i64>,
    disputes: BTreeMap<String, Dispute>,
    /// Subscriptions in the order in which they were heard of, with what was said last.
    subscriptions: Vec<(String, Said)>,
    /// The names of the versions of plans.
    plans: BTreeMap<String, String>,
    /// The version that the account is on, where it is not on the free plan.
    paid_plan: Option<String>,
}

impl Model {
    /// Nothing happened yet, where these are the names of the versions of plans.
    pub fn begin(plans: BTreeMap<String, String>) -> Self {
        Self { plans, ..Self::default() }
    }

    /// The plan that the account is on.
    pub fn plan(&self) -> &str {
        let known = self.paid_plan.as_ref().map(|version| self.plans.get(version));
        known.map_or(FREE, |slug| slug.map_or("a plan that there is not", String::as_str))
    }

    /// The most that was said to be given back of a payment, in minor units.
    pub fn told_back(&self, payment: &str) -> i64 {
        self.told_back.get(payment).copied().unwrap_or_default()
    }

    /// What was given back of a payment and arrived, in minor units.
    pub fn refunded(&self, payment: &str) -> i64 {
        let failed = self.came_back.get(payment).copied().unwrap_or_default();
        (self.told_back(payment) - failed).max(0)
    }

    /// What is disputed of a payment, or was lost, in minor units.
    pub fn disputed(&self, payment: &str) -> i64 {
        let those = self.disputes.values().filter(|dispute| dispute.payment == payment);
        those.filter(|dispute| dispute.status != "won").map(|dispute| dispute.minor).sum()
    }

    /// Whether an event can be understood by now: what befalls a payment needs the payment.
    pub fn is_clear(&self, event: &Value) -> bool {
        let kind = event["type"].as_str().unwrap_or_default();
        let needs_payment = kind.starts_with("charge.") || kind.starts_with("refund.");
        let payment = find_payment(&event["data"]["object"]);
        !needs_payment || self.purchases.contains(&payment) || self.bills.contains(&payment)
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
                let total = object["amount_refunded"].as_i64().unwrap_or_default();
                let known = self.told_back.entry(find_payment(object)).or_default();
                *known = total.max(*known);
            }
            Some("refund.failed") => {
                let minor = object["amount"].as_i64().unwrap_or_default();
                *self.came_back.entry(find_payment(object)).or_default() += minor;
            }
            Some("charge.dispute.created" | "charge.dispute.closed") => self.dispute(object),
            Some(_) | None => {
                if let Some((name, said)) = Said::read(event) {
                    self.hear(&name, said, now);
                }
            }
        }
        true
    }

    /// Something was said of a dispute: one that has ended stays as it ended.
    fn dispute(&mut self, object: &Value) {
        let now = Dispute {
            payment: find_payment(object),
            minor: object["amount"].as_i64().unwrap_or_default(),
            status: text(&object["status"]),
        };
        let known = self.disputes.entry(text(&object["id"])).or_insert_with(|| now.clone());
        if known.status == "needs_response" {
            *known = now;
        }
    }

    /// Something was said of a subscription: later news win, and what ended stays ended.
    pub fn hear(&mut self, name: &str, said: Said, now: Timestamp) {
        let known = self.subscriptions.iter_mut().find(|(known, _)| known == name);
        match known {
            None => self.subscriptions.push((name.to_owned(), said)),
            Some((_, before)) => {
                if before.is_over() || said.at < before.at || said == *before {
                    return;
                }
                let since = before.past_due_since.unwrap_or(said.at);
                let past_due_since = match said.status.as_str() {
                    "past_due" => Some(since),
                    "canceled" => before.past_due_since,
                    _ => None,
                };
                *before = Said { past_due_since, ..said };
            }
        }
        self.look(now);
    }

    /// The subscription that counts: the newest that is not over, else the newest.
    pub fn find_subscription(&self) -> Option<&(String, Said)> {
        let open = self.subscriptions.iter().rev().find(|(_, said)| !said.is_over());
        open.or(self.subscriptions.last())
    }

    /// What is known of one.
    pub fn find_said(&self, name: &str) -> Option<&Said> {
        self.subscriptions.iter().find(|(known, _)| known == name).map(|(_, said)| said)
    }

    /// All of them.
    pub fn list_subscriptions(&self) -> Vec<String> {
        self.subscriptions.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Those that are not over while an earlier one is not.
    pub fn list_duplicates(&self) -> Vec<String> {
        let open = self.subscriptions.iter().filter(|(_, said)| !said.is_over());
        open.skip(1).map(|(name, _)| name.clone()).collect()
    }

    /// A subscription is over, whatever is said of it: a second one that was given back.
    pub fn end(&mut self, name: &str, now: Timestamp) {
        for (_, said) in self.subscriptions.iter_mut().filter(|(known, _)| known == name) {
            said.status = "canceled".to_owned();
            said.past_due_since = None;
        }
        self.look(now);
    }

    /// Those that the provider is asked about.
    pub fn list_due(&self, now: Timestamp) -> Vec<(String, Said)> {
        let is_due = |said: &Said| {
            let is_over = said.end * 1_000_000 < now.as_micros();
            !said.is_over() && (is_over || said.status == "past_due")
        };
        self.subscriptions.iter().filter(|(_, said)| is_due(said)).cloned().collect()
    }

    /// The plan follows from what is known at this time.
    pub fn look(&mut self, now: Timestamp) {
        let second = now.as_micros().div_euclid(1_000_000);
        let entitled = self.find_subscription().filter(|(_, said)| said.entitles(second));
        self.paid_plan = entitled.map(|(_, said)| said.plan.clone());
    }
}

/// The payment that something befell.
fn find_payment(object: &Value) -> String {
    let of = object["invoice"].as_str().or(object["payment_intent"].as_str());
    of.unwrap_or_default().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
