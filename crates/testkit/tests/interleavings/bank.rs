//! What banks do to payments after the fact, which the sandbox does not tell by itself: a refund
//! that does not arrive.
//!
//! Invariant: only a refund that was made fails, each once.

use anyhow::Result;
use gantry_pay::Delivery;
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::server::second_of;

/// The header of what a bank tells.
pub const BANK_HEADER: &str = "told-by-bank";

/// The banks of all who pay.
#[derive(Debug, Default)]
pub struct Bank {
    /// Refunds that were made: of which payment, and how much.
    refunds: Vec<(String, i64)>,
    /// What they told, oldest first.
    pub told: Vec<Delivery>,
}

impl Bank {
    pub fn note_refund(&mut self, payment: &str, minor: i64) {
        self.refunds.push((payment.to_owned(), minor));
    }

    /// One of the refunds does not arrive.
    pub fn fail_refund(&mut self, number: usize, now: Timestamp) -> Result<()> {
        if self.refunds.is_empty() {
            return Ok(());
        }
        let (payment, minor) = self.refunds.remove(number % self.refunds.len());
        let refund = json!({
            "id": format!("re_{}", self.told.len()),
            "object": "refund",
            "amount": minor,
            "currency": "usd",
            "payment_intent": payment,
            "status": "failed",
        });
        self.tell("refund.failed", &refund, now)
    }

    fn tell(&mut self, kind: &str, object: &Value, now: Timestamp) -> Result<()> {
        let event_ref = format!("evt_bank_{}", self.told.len());
        let event = json!({
            "id": event_ref,
            "type": kind,
            "created": second_of(now),
            "data": { "object": object },
        });
        let headers = vec![(BANK_HEADER.to_owned(), "yes".to_owned())];
        self.told.push(Delivery { event_ref, body: serde_json::to_vec(&event)?, headers });
        Ok(())
    }
}
