//! What time does at the stand-in for PayPal: subscriptions are charged, charged again, suspended.

use anyhow::{Result, bail};
use jiff::ToSpan;

use super::book::{Book, Subscription};

pub(super) const DAY: i64 = 86_400;
/// PayPal tries again after five days.
const RETRY: i64 = 5 * DAY;
const MOST_STEPS: usize = 10_000;

impl Book {
    pub(super) fn run_until(&mut self, then: i64) -> Result<()> {
        for _ in 0..MOST_STEPS {
            let active = self.subscriptions.values().filter(|known| known.status == "ACTIVE");
            let next = active.filter_map(|known| Some((known.next?, known.id.clone()))).min();
            match next {
                Some((at, id)) if at <= then => self.step(&id, at),
                Some(_) | None => return Ok(()),
            }
        }
        bail!("that is too far ahead")
    }

    fn step(&mut self, id: &str, at: i64) {
        let Some(known) = self.subscriptions.get(id).cloned() else { return };
        if known.pays {
            return self.charge(known, at);
        }
        let failures = known.failures + 1;
        let is_last = failures >= known.threshold;
        let failed = Subscription { failures, next: Some(at + RETRY), ..known };
        self.tell("BILLING.SUBSCRIPTION.PAYMENT.FAILED", &failed.show(""), at);
        let status = if is_last { "SUSPENDED" } else { failed.status };
        let next = failed.next.filter(|_| !is_last);
        let after = Subscription { status, next, ..failed };
        if is_last {
            self.tell("BILLING.SUBSCRIPTION.SUSPENDED", &after.show(""), at);
        }
        self.subscriptions.insert(id.to_owned(), after);
    }
}

/// `count` periods after `anchor`, on the same day of the month or its last one.
pub(super) fn later(anchor: i64, unit: &str, count: i32) -> i64 {
    let months = if unit == "YEAR" { count * 12 } else { count };
    let fallback = anchor + i64::from(months) * 30 * DAY;
    let Ok(instant) = jiff::Timestamp::from_second(anchor) else { return fallback };
    let begun = instant.to_zoned(jiff::tz::TimeZone::UTC);
    begun.checked_add(months.months()).map_or(fallback, |end| end.timestamp().as_second())
}

/// A time as PayPal writes it.
pub(super) fn show_time(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.to_string())
}
