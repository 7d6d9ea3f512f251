//! What time does at the stand-in for Razorpay: subscriptions are charged, charged again, halted; one
//! that is halted goes on, period by period, with invoices that nobody is asked to pay.

use super::book::{Book, Subscription};
use crate::fakes::calendar::{self, DAY};

/// Razorpay charges again on the three days after a failure, and then halts the subscription.
const RETRIES: usize = 3;

impl Book {
    /// Lets happen what is due next, until `then`; false when nothing is.
    pub(super) fn run_next(&mut self, then: i64) -> bool {
        let alive = self.subscriptions.values().filter(|known| {
            matches!(known.status, "active" | "pending" | "authenticated" | "halted")
        });
        let next = alive.filter_map(|known| Some((due_at(known)?, known.id.clone()))).min();
        let Some((at, id)) = next.filter(|(at, _)| *at <= then) else { return false };
        self.step(&id, at);
        true
    }

    fn step(&mut self, id: &str, at: i64) {
        let Some(mut known) = self.subscriptions.get(id).cloned() else { return };
        if known.ends_with_cycle {
            return self.finish(known, ("cancelled", "subscription.cancelled"), at);
        }
        if known.status == "halted" {
            return self.go_on_unpaid(known, at);
        }
        if !known.pays {
            known.failures += 1;
            self.ask_in_vain(&known.plan, at);
            if known.failures > RETRIES {
                // The period that was asked for has begun all the same.
                let begun = known.current.map(|(_, end)| end).or(known.start_at).unwrap_or(at);
                known.current = Some((begun, later(begun, &self.period_of(&known.plan), 1)));
                known.retry = None;
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

    /// The next period of one that was halted.
    fn go_on_unpaid(&mut self, mut known: Subscription, at: i64) {
        known.current = Some((at, later(at, &self.period_of(&known.plan), 1)));
        let amount = self.amount_of(&known.plan);
        self.write_invoice((&known, &amount), "issued", at);
        self.subscriptions.insert(known.id.clone(), known);
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
    calendar::later(anchor, if period == "yearly" { count * 12 } else { count })
}
