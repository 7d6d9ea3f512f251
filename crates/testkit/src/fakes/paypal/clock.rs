//! What time does at the stand-in for PayPal: subscriptions are charged, charged again, suspended.

use super::book::{Book, Subscription};
use crate::fakes::calendar::{self, DAY};

/// PayPal tries again after five days.
const RETRY: i64 = 5 * DAY;

impl Book {
    /// Lets happen what is due next, until `then`; false when nothing is.
    pub(super) fn run_next(&mut self, then: i64) -> bool {
        if self.is_late {
            return false;
        }
        let active = self.subscriptions.values().filter(|known| known.status == "ACTIVE");
        let next = active.filter_map(|known| Some((known.next?, known.id.clone()))).min();
        let Some((at, id)) = next.filter(|(at, _)| *at <= then) else { return false };
        self.step(&id, at);
        true
    }

    fn step(&mut self, id: &str, at: i64) {
        let Some(known) = self.subscriptions.get(id).cloned() else { return };
        if known.pays {
            return self.charge(known, at);
        }
        let failures = known.failures + 1;
        let is_last = failures >= known.threshold;
        let next = Some(at + RETRY);
        let failed = Subscription { failures, last_failed: Some(at), next, ..known };
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
    calendar::later(anchor, if unit == "YEAR" { count * 12 } else { count })
}

/// A time as PayPal writes it.
pub(super) fn show_time(second: i64) -> String {
    jiff::Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.to_string())
}
