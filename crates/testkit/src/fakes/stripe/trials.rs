//! What the stand-in for Stripe does when the end of a trial is moved.
//!
//! Invariant: as at Stripe, a time ahead puts any subscription on trial until then, and the periods
//! that are paid for are counted from there.

use serde_json::Value;

use super::book::{Book, Subscription};
use super::errors::Refusal;
use crate::fakes::calendar::DAY;

/// Stripe takes no trial that is longer than two years.
const LONGEST: i64 = 730 * DAY;

impl Book {
    pub(super) fn move_trial_end(
        &mut self,
        mut changed: Subscription,
        end: &str,
        now: i64,
    ) -> Result<Value, Refusal> {
        let id = changed.id.clone();
        if end == "now" {
            if changed.status == "trialing" {
                changed.anchor = now;
                changed.end = now;
                self.subscriptions.insert(id.clone(), changed);
                self.bill_at_once(&id, now);
            }
            return Ok(self.get_subscription(&id)?.show());
        }
        let end = require_ahead(end, now)?;
        if changed.status != "trialing" {
            (changed.status, changed.start) = ("trialing", now);
        }
        (changed.end, changed.anchor, changed.periods) = (end, end, 0);
        let shown = changed.show();
        self.subscriptions.insert(id, changed);
        self.tell("customer.subscription.updated", shown.clone(), now);
        Ok(shown)
    }
}

/// Reads a time that lies in the future and not too far.
fn require_ahead(end: &str, now: i64) -> Result<i64, Refusal> {
    let refuse = |message: &str| Refusal::invalid("parameter_invalid", "trial_end", message);
    let end = end.parse::<i64>().ok().filter(|end| *end > now).ok_or_else(|| {
        refuse("Invalid timestamp: must be an integer Unix timestamp in the future.")
    })?;
    if end - now > LONGEST {
        return Err(refuse("Invalid timestamp: can be no more than two years in the future."));
    }
    Ok(end)
}
