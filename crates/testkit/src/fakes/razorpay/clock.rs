//! What time does at the stand-in for Razorpay: subscriptions are charged, charged again, halted.

use anyhow::{Result, bail};
use jiff::ToSpan;

use super::book::{Book, Subscription};

const DAY: i64 = 86_400;
/// Razorpay charges again on the three days after a failure, and then halts the subscription.
const RETRIES: usize = 3;
const MOST_STEPS: usize = 10_000;

impl Book {
    pub(super) fn run_until(&mut self, then: i64) -> Result<()> {
        for _ in 0..MOST_STEPS {
            let alive = self
                .subscriptions
                .values()
                .filter(|known| matches!(known.status, "active" | "pending" | "authenticated"));
            let next = alive.filter_map(|known| Some((due_at(known)?, known.id.clone()))).min();
            match next {
                Some((at, id)) if at <= then => self.step(&id, at),
                Some(_) | None => return Ok(()),
            }
        }
        bail!("that is too far ahead")
    }

    fn step(&mut self, id: &str, at: i64) {
        let Some(mut known) = self.subscriptions.get(id).cloned() else { return };
        if known.ends_with_cycle {
            return self.finish(known, ("cancelled", "subscription.cancelled"), at);
        }
        if !known.pays {
            known.failures += 1;
            if known.failures > RETRIES {
                return self.finish(known, ("halted", "subscription.halted"), at);
            }
            known.retry = Some(at + DAY);
            return self.finish(known, ("pending", "subscription.pending"), at);
        }
        let (period, was) = (self.period_of(&known.plan), known.status);
        if known.current.is_none() {
            (known.anchor, known.periods) = (at, 0);
        }
        let start = later(known.anchor, &period, known.periods);
        known.periods += 1;
        known.current = Some((start, later(known.anchor, &period, known.periods)));
        (known.status, known.failures, known.retry) = ("active", 0, None);
        let amount = self.amount_of(&known.plan);
        if was == "active" {
            self.subscriptions.insert(id.to_owned(), known);
        } else {
            self.finish(known, ("active", "subscription.activated"), at);
        }
        self.charge(id, &amount, at);
    }

    fn finish(&mut self, mut known: Subscription, (status, event): (&'static str, &str), at: i64) {
        known.status = status;
        self.tell(event, &[("subscription", known.show(""))], at);
        self.subscriptions.insert(known.id.clone(), known);
    }
}

fn due_at(known: &Subscription) -> Option<i64> {
    known.retry.or(known.current.map(|(_, end)| end)).or(known.start_at)
}

/// `count` periods after `anchor`, on the same day of the month or its last one.
pub(super) fn later(anchor: i64, period: &str, count: i32) -> i64 {
    let months = if period == "yearly" { count * 12 } else { count };
    let fallback = anchor + i64::from(months) * 30 * DAY;
    let Ok(instant) = jiff::Timestamp::from_second(anchor) else { return fallback };
    let begun = instant.to_zoned(jiff::tz::TimeZone::UTC);
    begun.checked_add(months.months()).map_or(fallback, |end| end.timestamp().as_second())
}
