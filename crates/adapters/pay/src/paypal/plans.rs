//! PayPal's product and plans: one product, because a subscription changes among the plans of its
//! product alone, and under it a plan for each version of a plan, interval and price that is sold.
//!
//! Invariant: what a plan stands for is in its description and in its cycle, which are never
//! changed; what is remembered here can be asked for again.

use std::sync::PoisonError;

use gantry_ports::payments::PaymentError;
use gantry_rules::plan::Interval;
use gantry_types::{Money, PlanId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::amounts::write_amount;
use super::api::ApiError;
use super::provider::{segment, shorten};
use super::shapes::Plan;
use super::{KnownPlan, PayPal};

/// The product that all plans are of, and what it is called.
const PRODUCT: &str = "GANTRY-PLANS";
const PRODUCT_TITLE: &str = "Plans";
/// What the descriptions of our plans begin with.
const PREFIX: &str = "GANTRY-";
/// Plans of one page of their list, and pages that are looked through.
const PAGE: usize = 20;
const MOST_PAGES: usize = 20;
/// After so many payments in vain PayPal suspends a subscription.
const FAILURES: u32 = 3;

#[derive(Deserialize)]
struct Plans {
    #[serde(default)]
    plans: Vec<Plan>,
}

fn mark_plan(plan_id: PlanId) -> String {
    format!("{PREFIX}{}", plan_id.as_uuid().simple())
}

fn read_mark(text: &str) -> Option<PlanId> {
    text.strip_prefix(PREFIX)?.parse().ok()
}

impl PayPal {
    /// PayPal's plan for a version of ours, made where it is not there.
    pub(super) async fn require_plan(
        &self,
        (plan_id, interval): (PlanId, Interval),
        (title, price): (&str, Money),
    ) -> Result<String, PaymentError> {
        let wanted = KnownPlan { plan_id: Some(plan_id), interval, price, is_active: true };
        if let Some(name) = self.find_remembered(wanted) {
            return Ok(name);
        }
        for page in 1..=MOST_PAGES {
            let count = self.look_through(page).await?;
            if let Some(name) = self.find_remembered(wanted) {
                return Ok(name);
            }
            if count < PAGE {
                break;
            }
        }
        self.make_product().await?;
        self.make_plan((&mark_plan(plan_id), title), wanted).await
    }

    /// Remembers a page of our plans; answers how many there were.
    async fn look_through(&self, page: usize) -> Result<usize, PaymentError> {
        let path = format!("/v1/billing/plans?product_id={PRODUCT}&page_size={PAGE}&page={page}");
        let list: Plans = match self.api.get(&path).await {
            Ok(told) => told.body,
            Err(ApiError::Refused(refusal)) if refusal.status == 404 => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        list.plans.iter().for_each(|plan| self.remember(plan));
        Ok(list.plans.len())
    }

    async fn make_product(&self) -> Result<(), PaymentError> {
        let body = json!({ "id": PRODUCT, "name": PRODUCT_TITLE, "type": "SERVICE" });
        let key = format!("product-{PRODUCT}");
        match self.api.make::<Value>("/v1/catalogs/products", &body, &key).await {
            Ok(_) => Ok(()),
            Err(ApiError::Refused(refusal)) if refusal.says("DUPLICATE_RESOURCE_IDENTIFIER") => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn make_plan(
        &self,
        (mark, title): (&str, &str),
        wanted: KnownPlan,
    ) -> Result<String, PaymentError> {
        let unit = match wanted.interval {
            Interval::Month => "MONTH",
            Interval::Year => "YEAR",
        };
        let cycle = json!({
            "frequency": { "interval_unit": unit, "interval_count": 1 },
            "tenure_type": "REGULAR",
            "sequence": 1,
            "total_cycles": 0,
            "pricing_scheme": { "fixed_price": write_amount(wanted.price)? },
        });
        let body = json!({
            "product_id": PRODUCT,
            "name": shorten(title),
            "description": mark,
            "status": "ACTIVE",
            "billing_cycles": [cycle],
            "payment_preferences": {
                "auto_bill_outstanding": true,
                "payment_failure_threshold": FAILURES,
            },
        });
        let price = wanted.price;
        let key = format!("plan-{mark}-{unit}-{}-{}", price.minor, price.currency);
        let made: Plan = self.api.make("/v1/billing/plans", &body, &key).await?.body;
        self.remember(&made);
        Ok(made.id)
    }

    /// Learns what a plan of PayPal's stands for, where that is not known.
    pub(super) async fn learn_plan(&self, name: &str) -> Result<(), PaymentError> {
        if self.find_plan(name).is_none() {
            let path = format!("/v1/billing/plans/{}", segment(name)?);
            let plan: Plan = self.api.get(&path).await?.body;
            self.remember(&plan);
        }
        Ok(())
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
        let Some(known) = derive_known(plan) else { return };
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.insert(plan.id.clone(), known);
    }
}

fn derive_known(plan: &Plan) -> Option<KnownPlan> {
    let cycle = plan.billing_cycles.iter().find(|cycle| cycle.tenure_type == "REGULAR")?;
    let (unit, count) = (&cycle.frequency.interval_unit, cycle.frequency.interval_count);
    let interval = match (unit.as_str(), count.unwrap_or(1)) {
        ("MONTH", 1) => Interval::Month,
        ("YEAR", 1) | ("MONTH", 12) => Interval::Year,
        (_, _) => return None,
    };
    let price = cycle.pricing_scheme.as_ref()?.fixed_price.as_ref()?.tell().ok()?;
    let plan_id = plan.description.as_deref().and_then(read_mark);
    Some(KnownPlan { plan_id, interval, price, is_active: plan.status == "ACTIVE" })
}
