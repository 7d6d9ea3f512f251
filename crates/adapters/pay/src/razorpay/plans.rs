//! Razorpay's plans: one for each version, interval and price that is sold.
//!
//! Invariant: what a plan stands for is in its notes, which never change; what is remembered here
//! can be asked for again.

use std::sync::PoisonError;

use gantry_ports::payments::PaymentError;
use gantry_rules::plan::Interval;
use gantry_types::{Money, PlanId};
use serde_json::json;

use super::api::Collection;
use super::shapes::Plan;
use super::{KnownPlan, Razorpay};
use crate::shapes::PLAN;

/// Plans of one page of their list, and pages that are looked through.
const PAGE: usize = 100;
const MOST_PAGES: usize = 20;

impl Razorpay {
    /// Razorpay's plan for a version of ours, made where it is not there.
    pub(super) async fn require_plan(
        &self,
        (plan_id, interval): (PlanId, Interval),
        (title, price): (&str, Money),
    ) -> Result<String, PaymentError> {
        let wanted = KnownPlan { plan_id: Some(plan_id), interval, minor: price.minor };
        if let Some(name) = self.find_remembered(wanted) {
            return Ok(name);
        }
        for page in 0..MOST_PAGES {
            let path = format!("/v1/plans?count={PAGE}&skip={}", page * PAGE);
            let list: Collection<Plan> = self.api.get(&path).await?.body;
            let count = list.items.len();
            list.items.iter().for_each(|plan| self.remember(plan));
            if let Some(name) = self.find_remembered(wanted) {
                return Ok(name);
            }
            if count < PAGE {
                break;
            }
        }
        let period = match interval {
            Interval::Month => "monthly",
            Interval::Year => "yearly",
        };
        let item = json!({
            "name": title,
            "amount": price.minor,
            "currency": price.currency.to_string(),
        });
        let notes = json!({ PLAN: plan_id });
        let plan = json!({ "period": period, "interval": 1, "item": item, "notes": notes });
        let made: Plan = self.api.post("/v1/plans", &plan).await?.body;
        self.remember(&made);
        Ok(made.id)
    }

    /// What a plan of Razorpay's stands for, asked for where it is not known.
    pub(super) async fn fetch_plan(&self, name: &str) -> Result<Option<KnownPlan>, PaymentError> {
        if let Some(known) = self.find_plan(name) {
            return Ok(Some(known));
        }
        let path = format!("/v1/plans/{}", super::provider::segment(name)?);
        let plan: Plan = self.api.get(&path).await?.body;
        self.remember(&plan);
        Ok(self.find_plan(name))
    }

    pub(super) fn find_plan(&self, name: &str) -> Option<KnownPlan> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    fn find_remembered(&self, wanted: KnownPlan) -> Option<String> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.iter().find(|(_, known)| **known == wanted).map(|(name, _)| name.clone())
    }

    /// Plans by the day or the week are somebody else's.
    fn remember(&self, plan: &Plan) {
        let interval = match (plan.period.as_str(), plan.interval) {
            ("monthly", 1) => Interval::Month,
            ("yearly", 1) => Interval::Year,
            (_, _) => return,
        };
        let plan_id = plan.notes.get(PLAN).and_then(|text| text.parse().ok());
        let known = KnownPlan { plan_id, interval, minor: plan.item.amount };
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.insert(plan.id.clone(), known);
    }
}
