//! What time does to subscriptions: trials end, periods renew, missing payments are asked for
//! again, and what was cancelled ends.

use gantry_ports::payments::{PaymentError, TrialEnd};
use gantry_types::Timestamp;

use super::book::{Book, invoice_of, later};
use crate::shapes::seconds_of;
use crate::trial;

/// After how many days a bill that was not paid is asked for again; then the subscription ends.
const RETRIES_DAYS: [i64; 3] = [3, 5, 7];
const DAY: i64 = 86_400;
/// The furthest that a trial is moved to, as with Stripe.
const LONGEST_TRIAL_DAYS: i64 = 730;
/// Renewals of one step of the clock, so that a leap of a century ends.
const MOST_STEPS: usize = 10_000;

impl Book {
    /// Lets everything happen that is due by `now`.
    pub(super) fn pass_to(&mut self, now: Timestamp) -> Result<(), PaymentError> {
        self.renew_until(seconds_of(now))?;
        self.end_disputes(seconds_of(now))
    }

    /// Renews in the order in which it is due.
    fn renew_until(&mut self, then: i64) -> Result<(), PaymentError> {
        for _ in 0..MOST_STEPS {
            let next = self
                .subscriptions
                .iter()
                .filter(|(_, renewing)| renewing.shape.status != "canceled")
                .map(|(id, renewing)| {
                    let end = renewing.shape.items.data.first();
                    let end = end.map_or(i64::MAX, |item| item.current_period_end);
                    (renewing.retry_s.unwrap_or(end), id.clone())
                })
                .min();
            match next {
                Some((due, id)) if due <= then => self.renew(&id, due)?,
                Some(_) | None => return Ok(()),
            }
        }
        Err(PaymentError::Refused { reason: "that is too far ahead; go there in steps".to_owned() })
    }

    fn renew(&mut self, id: &str, at: i64) -> Result<(), PaymentError> {
        let renewing = self.get_subscription(id)?;
        if renewing.shape.cancel_at_period_end {
            return self.end(id, at);
        }
        let due = (renewing.price.minor - renewing.credit_minor).max(0);
        if due > 0 && !renewing.card.pays_again() {
            return self.fail(id, due, at);
        }
        let credit = (renewing.credit_minor - renewing.price.minor).max(0);
        let end = later(renewing.anchor_s, renewing.interval, renewing.periods + 1);
        renewing.periods += 1;
        renewing.credit_minor = credit;
        (renewing.failures, renewing.retry_s) = (0, None);
        "active".clone_into(&mut renewing.shape.status);
        if let Some(item) = renewing.shape.items.data.first_mut() {
            item.current_period_start = item.current_period_end;
            item.current_period_end = end;
        }
        let paid = renewing.clone();
        self.bill((id, &paid), due, at)?;
        self.tell_subscription("customer.subscription.updated", id, at)
    }

    /// Moves the end of a trial; one that ends now is paid for now.
    pub(super) fn move_trial_end(
        &mut self,
        id: &str,
        end: TrialEnd,
        now: Timestamp,
    ) -> Result<(), PaymentError> {
        let now_s = seconds_of(now);
        let renewing = self.get_subscription(id)?;
        trial::require(&renewing.shape)?;
        let end_s = match end {
            TrialEnd::Now => now_s,
            TrialEnd::At(at) => require_ahead(seconds_of(at), now_s)?,
        };
        renewing.anchor_s = end_s;
        if let Some(item) = renewing.shape.items.data.first_mut() {
            item.current_period_end = end_s;
        }
        match end {
            TrialEnd::Now => self.renew(id, now_s),
            TrialEnd::At(_) => Ok(()),
        }
    }

    fn fail(&mut self, id: &str, due: i64, at: i64) -> Result<(), PaymentError> {
        let renewing = self.get_subscription(id)?;
        let Some(days) = RETRIES_DAYS.get(renewing.failures) else { return self.end(id, at) };
        renewing.failures += 1;
        renewing.retry_s = Some(at + days * DAY);
        "past_due".clone_into(&mut renewing.shape.status);
        let invoice = invoice_of((id, renewing), (due, 0), at);
        self.tell("invoice.payment_failed", &invoice, at)?;
        self.tell_subscription("customer.subscription.updated", id, at)
    }

    fn end(&mut self, id: &str, at: i64) -> Result<(), PaymentError> {
        let renewing = self.get_subscription(id)?;
        "canceled".clone_into(&mut renewing.shape.status);
        renewing.retry_s = None;
        self.tell_subscription("customer.subscription.deleted", id, at)
    }
}

/// The end of a trial, which lies in the future and not too far.
fn require_ahead(end: i64, now: i64) -> Result<i64, PaymentError> {
    if (1..=LONGEST_TRIAL_DAYS * DAY).contains(&end.saturating_sub(now)) {
        return Ok(end);
    }
    let reason = format!("a trial ends in the future, at most {LONGEST_TRIAL_DAYS} days from now");
    Err(PaymentError::Refused { reason })
}
