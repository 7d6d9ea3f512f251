//! What PayPal told and what did not arrive: its list of events, and purchases that nothing was
//! heard of.
//!
//! Invariant: what is looked at is named by what is seen, so that looking once more at what has not
//! changed says nothing new, whoever has it looked at and however often.

use gantry_ports::payments::{PaymentError, ProviderFact, ToldEvent};
use gantry_types::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::PayPal;
use super::events::{CAPTURED, LABELS, LOOKED_AT, UPDATED, find_plan_name, write_event};
use super::orders::{find_capture, is_ours};
use super::shapes::{Link, find_link};
use crate::shapes::{seconds_of, time_of};
use crate::unread::read_or_keep;
use crate::wire::Told;

const EVENTS: &str = "/v1/notifications/webhooks-events";
/// Events of one page of their list, and pages that are looked through.
const PAGE: usize = 100;
const MOST_PAGES: usize = 100;

#[derive(Deserialize)]
struct Events {
    #[serde(default)]
    events: Vec<Value>,
    #[serde(default)]
    links: Vec<Link>,
}

impl PayPal {
    /// What became of a purchase, as events; an order that its buyer approved is collected.
    pub(super) async fn look_at_purchase(&self, name: &str) -> Result<Vec<String>, PaymentError> {
        if name.starts_with("I-") {
            return self.look_at_subscription(name).await;
        }
        let order = self.fetch_order(name).await?;
        let capture = match order["status"].as_str() {
            Some("APPROVED") if is_ours(&order) => self.collect(name).await?,
            Some("COMPLETED") => find_capture(&order),
            Some(_) | None => None,
        };
        let Some(capture) = capture else { return Ok(Vec::new()) };
        let id = format!("capture-{}", capture["id"].as_str().unwrap_or_default());
        let at = capture["create_time"].as_str().and_then(|text| text.parse().ok());
        let at = at.unwrap_or_else(|| self.clock.now());
        Ok(vec![write_event((&id, CAPTURED), &capture, at)])
    }

    async fn look_at_subscription(&self, name: &str) -> Result<Vec<String>, PaymentError> {
        let told = self.fetch_text(name).await?;
        let status = told.body["status"].as_str().unwrap_or_default();
        if matches!(status, "APPROVAL_PENDING" | "APPROVED") {
            return Ok(Vec::new());
        }
        let at = seconds_of(told.at.unwrap_or_else(|| self.clock.now()));
        let seen = hex::encode(Sha256::digest(told.body.to_string()));
        let events = [
            (format!("purchase-{name}"), LOOKED_AT),
            (format!("subscription-{name}-{seen}"), UPDATED),
        ];
        let write = |(id, kind): (String, &str)| write_event((&id, kind), &told.body, time_of(at));
        Ok(events.map(write).to_vec())
    }

    /// What PayPal told since, oldest first, where something follows from it.
    pub(super) async fn fetch_events(
        &self,
        since: Timestamp,
    ) -> Result<Vec<ToldEvent>, PaymentError> {
        let start = time_of(seconds_of(since));
        let mut next = Some(format!("{EVENTS}?page_size={PAGE}&start_time={start}"));
        let mut told = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take() else { break };
            let page: Told<Events> = self.api.get(&path).await?;
            let Events { events, links } = page.body;
            if events.is_empty() {
                break;
            }
            for event in events {
                told.extend(self.take_listed(&event).await?);
            }
            let href = find_link(&links, &["next"]);
            next = href.and_then(|href| Some(href[href.find(EVENTS)?..].to_owned()));
        }
        told.sort_by_key(|told| told.event.told_at);
        Ok(told)
    }

    /// An event of the list, where something follows from it.
    async fn take_listed(&self, event: &Value) -> Result<Option<ToldEvent>, PaymentError> {
        if let Some(plan) = find_plan_name(event) {
            match self.learn_plan(plan).await {
                Ok(()) | Err(PaymentError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let body = event.to_string();
        let event = read_or_keep(body.as_bytes(), &LABELS, self.read(body.as_bytes()));
        let is_news = event.fact != ProviderFact::Other;
        Ok(is_news.then_some(ToldEvent { event, body }))
    }
}
