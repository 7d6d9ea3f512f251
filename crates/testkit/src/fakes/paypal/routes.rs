//! What each endpoint of the stand-in for PayPal does, and for whom.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::book::Book;
use super::refusal::Refusal;
use super::{PAYPAL_CLIENT_ID, PAYPAL_CLIENT_SECRET, proofs};
use crate::fakes::form::Fields;
use crate::fakes::{FakeAnswer, FakeRequest};

/// A status and a body.
pub(super) type Done = (u16, Value);

/// For how long a token is good.
const TOKEN_LASTS: i64 = 32_400;
/// The longest page of events.
const EVENTS_OF_A_PAGE: usize = 5;

impl Book {
    pub(super) fn serve_request(
        &mut self,
        request: &FakeRequest,
        (host, now): (&str, i64),
    ) -> Result<FakeAnswer, Refusal> {
        if (request.method.as_str(), request.path.as_str()) == ("POST", "/v1/oauth2/token") {
            let body = self.give_token(request, now)?;
            return Ok(FakeAnswer::new(200, body));
        }
        self.require_token(request, now)?;
        let body = if request.body.is_empty() {
            Value::Null
        } else {
            let words = "Request is not well-formed, syntactically incorrect, or violates schema.";
            serde_json::from_slice(&request.body)
                .map_err(|_| Refusal::invalid("MALFORMED_REQUEST_JSON", words))?
        };
        let key = request.headers.get("paypal-request-id");
        let key = key.map(|key| format!("{} {key}", request.path));
        if let Some((asked, status, known)) = key.as_ref().and_then(|key| self.replays.get(key)) {
            if *asked != request.body {
                let words = "The request ID was used for another request.";
                return Err(Refusal::unprocessable("PAYPAL_REQUEST_ID_PREVIOUSLY_USED", words));
            }
            return Ok(FakeAnswer::new(*status, known.clone()));
        }
        let (status, answer) = self.serve(request, &body, (host, now))?;
        if let Some(key) = key {
            self.replays.insert(key, (request.body.clone(), status, answer.clone()));
        }
        Ok(FakeAnswer::new(status, answer))
    }

    fn give_token(&mut self, request: &FakeRequest, now: i64) -> Result<Value, Refusal> {
        let pair = STANDARD.encode(format!("{PAYPAL_CLIENT_ID}:{PAYPAL_CLIENT_SECRET}"));
        if request.headers.get("authorization") != Some(&format!("Basic {pair}")) {
            return Err(Refusal::stranger());
        }
        let fields = Fields::parse(&String::from_utf8_lossy(&request.body));
        if fields.find("grant_type") != Some("client_credentials") {
            return Err(Refusal::invalid("unsupported_grant_type", "Grant Type is NULL"));
        }
        let token = format!("A21AA{}", self.name("token"));
        self.tokens.insert(token.clone(), now + TOKEN_LASTS);
        Ok(json!({ "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LASTS,
            "scope": "https://uri.paypal.com/services/payments/payment" }))
    }

    fn require_token(&self, request: &FakeRequest, now: i64) -> Result<(), Refusal> {
        let shown =
            request.headers.get("authorization").and_then(|text| text.strip_prefix("Bearer "));
        let until = shown.and_then(|token| self.tokens.get(token));
        if until.is_some_and(|until| now < *until) { Ok(()) } else { Err(Refusal::token()) }
    }

    fn serve(
        &mut self,
        request: &FakeRequest,
        body: &Value,
        (host, now): (&str, i64),
    ) -> Result<Done, Refusal> {
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let query = Fields::parse(&request.query);
        let in_full =
            request.headers.get("prefer").is_some_and(|wish| wish == "return=representation");
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["v2", "checkout", "orders"]) => self.create_order(request, body, (host, now)),
            ("GET", ["v2", "checkout", "orders", id]) => {
                let order = self.orders.get(*id).ok_or_else(Refusal::missing)?;
                Ok((200, self.show_order(order, host)))
            }
            ("POST", ["v2", "checkout", "orders", id, "capture"]) => self.capture(id, (host, now)),
            ("POST", ["v2", "payments", "captures", id, "refund"]) => {
                self.refund_capture(id, body, (host, now))
            }
            ("POST", ["v1", "payments", "sale", id, "refund"]) => self.refund_sale(id, body, now),
            ("POST", ["v1", "catalogs", "products"]) => self.create_product(body),
            ("POST", ["v1", "billing", "plans"]) => self.create_plan(body, now),
            ("GET", ["v1", "billing", "plans"]) => Ok(self.list_plans(&query, in_full)),
            ("GET", ["v1", "billing", "plans", id]) => {
                let plan = self.plans.get(*id).ok_or_else(Refusal::missing)?;
                Ok((200, plan.clone()))
            }
            ("POST", ["v1", "billing", "subscriptions"]) => {
                self.create_subscription(body, (host, now))
            }
            ("GET", ["v1", "billing", "subscriptions", id]) => {
                let known = self.subscriptions.get(*id).ok_or_else(Refusal::missing)?;
                Ok((200, known.show(host)))
            }
            ("POST", ["v1", "billing", "subscriptions", id, "cancel"]) => {
                self.cancel(id, body, now)
            }
            ("POST", ["v1", "billing", "subscriptions", id, "revise"]) => {
                self.revise(id, body, host)
            }
            ("GET", ["v1", "billing", "subscriptions", id, "transactions"]) => {
                self.list_transactions(id, &query)
            }
            ("POST", ["v1", "notifications", "verify-webhook-signature"]) => {
                Ok((200, proofs::check(&request.body, body)))
            }
            ("GET", ["v1", "notifications", "webhooks-events"]) => {
                Ok(self.list_events(&query, host))
            }
            (_, _) => Err(Refusal::missing()),
        }
    }

    /// Its events, newest first.
    fn list_events(&self, query: &Fields, host: &str) -> Done {
        let since = query.find("start_time").unwrap_or_default();
        let asked = query.number("page_size").and_then(|size| usize::try_from(size).ok());
        let size = asked.unwrap_or(10).min(EVENTS_OF_A_PAGE);
        let begin = query.number("next_page_token").and_then(|at| usize::try_from(at).ok());
        let begin = begin.unwrap_or_default();
        let all: Vec<&Value> = self
            .events
            .iter()
            .rev()
            .filter(|event| event["create_time"].as_str() >= Some(since))
            .collect();
        let events: Vec<&Value> = all.iter().copied().skip(begin).take(size).collect();
        let end = begin + events.len();
        let mut links = Vec::new();
        if end < all.len() {
            let href = format!(
                "http://{host}/v1/notifications/webhooks-events?page_size={size}\
                 &start_time={since}&next_page_token={end}"
            );
            links.push(json!({ "rel": "next", "href": href, "method": "GET" }));
        }
        (200, json!({ "events": events, "count": events.len(), "links": links }))
    }
}

/// A text of a length that PayPal takes.
pub(super) fn require_length(text: &Value, lengths: RangeInclusive<usize>) -> Result<(), Refusal> {
    let length = text.as_str().map(|text| text.chars().count());
    if length.is_some_and(|length| lengths.contains(&length)) {
        return Ok(());
    }
    let words = "The value of a field is either too short or too long.";
    Err(Refusal::invalid("INVALID_STRING_LENGTH", words))
}

/// An address that a browser can be sent to.
pub(super) fn require_address(text: &Value) -> Result<(), Refusal> {
    if text.as_str().is_some_and(|text| text.starts_with("http")) {
        return Ok(());
    }
    Err(Refusal::invalid("INVALID_PARAMETER_SYNTAX", "The value of a field does not conform."))
}
