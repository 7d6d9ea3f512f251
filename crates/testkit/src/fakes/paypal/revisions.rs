//! Subscriptions of the stand-in for PayPal that are to have another plan: their buyers are asked, the
//! plan is another one once they agree, and its price is charged from the next payment on.

use anyhow::Result;
use serde_json::{Value, json};

use super::amounts::Sum;
use super::book::{Book, Subscription};
use super::refusal::Refusal;
use super::routes::{Done, require_address};
use crate::fakes::FakePaid;
use crate::fakes::card::Card;

impl Book {
    pub(super) fn revise(&mut self, id: &str, body: &Value, host: &str) -> Result<Done, Refusal> {
        let known = self.subscriptions.get(id).ok_or_else(Refusal::missing)?.clone();
        let wanted = body["plan_id"].as_str().unwrap_or_default();
        let product = |plan: &str| self.plans.get(plan).map(|plan| plan["product_id"].clone());
        let wanted_product = product(wanted).ok_or_else(Refusal::missing)?;
        require_address(&body["application_context"]["return_url"])?;
        require_address(&body["application_context"]["cancel_url"])?;
        if known.status != "ACTIVE" {
            let words = "Invalid subscription status for revise action; subscription status should \
                         be active.";
            return Err(Refusal::unprocessable("SUBSCRIPTION_STATUS_INVALID", words));
        }
        if product(&known.plan) != Some(wanted_product) {
            let words = "The plan is of another product than the subscription.";
            return Err(Refusal::unprocessable("PLAN_OF_OTHER_PRODUCT", words));
        }
        let page = format!("BA-{}", self.name("page"));
        let link = format!("http://{host}/webapps/billing/subscriptions/update?ba_token={page}");
        let asked = Some((page, wanted.to_owned()));
        self.subscriptions.insert(id.to_owned(), Subscription { asked, ..known });
        Ok((
            200,
            json!({
                "plan_id": wanted, "plan_overridden": false,
                "links": [{ "href": link, "rel": "approve", "method": "GET" }],
            }),
        ))
    }

    /// Its buyer agrees to the plan that they were asked for, or does not.
    pub(super) fn agree(&mut self, known: Subscription, card: Card, now: i64) -> Result<FakePaid> {
        match card {
            Card::Declined => return Ok(FakePaid::Declined),
            Card::AsksFirst => return Ok(FakePaid::AfterConsent),
            Card::Pays | Card::PaysOnce | Card::Disputes => {}
        }
        let Some((_, plan)) = known.asked.clone() else { return Ok(FakePaid::Declined) };
        let cycle = self.plans.get(&plan).map(|plan| plan["billing_cycles"][0].clone());
        let cycle = cycle.unwrap_or_default();
        let price = Sum::read(&cycle["pricing_scheme"]["fixed_price"]).ok();
        let changed = Subscription { plan, next_price: price, asked: None, ..known };
        self.tell("BILLING.SUBSCRIPTION.UPDATED", &changed.show(""), now);
        self.subscriptions.insert(changed.id.clone(), changed);
        Ok(FakePaid::Yes)
    }
}

impl Subscription {
    pub(super) fn is_asked_on(&self, page: &str) -> bool {
        self.asked.as_ref().is_some_and(|(name, _)| name == page)
    }
}
