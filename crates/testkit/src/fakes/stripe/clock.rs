//! What time does at the stand-in for Stripe: periods renew, invoices are asked for and asked for
//! again, pages that nobody paid on expire.

use super::book::{Book, Due, Line, Subscription};
use crate::fakes::calendar::{self, DAY};

/// After a period begins, its invoice stays a draft for so long.
const DRAFT: i64 = 3_600;
/// After how many days an invoice is asked for again; then the subscription ends.
const RETRIES_DAYS: [i64; 3] = [3, 5, 7];

/// Something that is due.
enum Step {
    Expire(String),
    Renew(String),
    Ask(String),
}

impl Book {
    /// Lets happen what is due next, until `then`; false when nothing is.
    pub(super) fn run_next(&mut self, then: i64) -> bool {
        match self.find_next().filter(|(at, _)| *at <= then) {
            None => return false,
            Some((at, Step::Expire(id))) => self.expire(&id, at),
            Some((at, Step::Renew(id))) => self.renew(&id, at),
            Some((at, Step::Ask(id))) => self.ask(&id, at),
        }
        true
    }

    fn find_next(&self) -> Option<(i64, Step)> {
        let open = self.sessions.values().filter(|session| session.status == "open");
        let pages = open.map(|session| (session.created + DAY, Step::Expire(session.id.clone())));
        let alive = || self.subscriptions.values().filter(|known| known.status != "canceled");
        let renewals = alive().map(|known| (known.end, Step::Renew(known.id.clone())));
        let due =
            alive().filter_map(|known| Some((known.due.as_ref()?.at, Step::Ask(known.id.clone()))));
        pages.chain(renewals).chain(due).min_by_key(|(at, _)| *at)
    }

    pub(super) fn expire(&mut self, id: &str, at: i64) {
        let Some(session) = self.sessions.get_mut(id) else { return };
        session.status = "expired";
        let shown = session.show("http://127.0.0.1");
        self.tell("checkout.session.expired", shown, at);
    }

    fn renew(&mut self, id: &str, at: i64) {
        let Some(mut known) = self.subscriptions.get(id).cloned() else { return };
        if known.cancels {
            return self.end(known, at);
        }
        let interval = known.price.interval.clone().unwrap_or_default();
        known.periods += 1;
        (known.start, known.end) = (known.end, later(known.anchor, &interval, known.periods));
        if known.status == "trialing" {
            known.status = "active";
        }
        let off = known.off(&known.price, at);
        known.use_discount(at);
        let shown = known.show();
        let line = Line::whole(known.price.clone(), (known.start, known.end));
        self.subscriptions.insert(id.to_owned(), known);
        self.tell("customer.subscription.updated", shown, at);
        let invoice = self.write_invoice(id, (vec![line], off, "subscription_cycle"), at);
        if let Some(known) = self.subscriptions.get_mut(id) {
            known.due = Some(Due { invoice, at: at + DRAFT, failures: 0 });
        }
    }

    /// Begins the next period now, and asks for its money without waiting.
    pub(super) fn bill_at_once(&mut self, id: &str, now: i64) {
        self.renew(id, now);
        self.ask(id, now);
    }

    /// Asks for the money of an invoice.
    fn ask(&mut self, id: &str, at: i64) {
        let Some(mut known) = self.subscriptions.get(id).cloned() else { return };
        let Some(mut due) = known.due.take() else { return };
        let over = self.invoices.get(&due.invoice).map_or(0, |invoice| invoice.due);
        let pays = self.customers.get(&known.customer).is_some_and(|who| who.card.pays_again());
        if over == 0 || pays {
            self.settle_invoice(&due.invoice, at);
            let was_due = known.status == "past_due";
            known.status = "active";
            let shown = known.show();
            self.subscriptions.insert(id.to_owned(), known);
            if was_due {
                self.tell("customer.subscription.updated", shown, at);
            }
            return;
        }
        if let Some(invoice) = self.invoices.get_mut(&due.invoice) {
            invoice.attempts += 1;
            let shown = invoice.show();
            self.tell("invoice.payment_failed", shown, at);
        }
        let Some(days) = RETRIES_DAYS.get(due.failures) else { return self.end(known, at) };
        due.failures += 1;
        due.at = at + days * DAY;
        (known.status, known.due) = ("past_due", Some(due));
        let shown = known.show();
        self.subscriptions.insert(id.to_owned(), known);
        self.tell("customer.subscription.updated", shown, at);
    }

    fn end(&mut self, mut known: Subscription, at: i64) {
        (known.status, known.due) = ("canceled", None);
        let shown = known.show();
        self.subscriptions.insert(known.id.clone(), known);
        self.tell("customer.subscription.deleted", shown, at);
    }
}

/// `count` intervals after `anchor`, on the same day of the month or its last one.
pub(super) fn later(anchor: i64, interval: &str, count: i32) -> i64 {
    calendar::later(anchor, if interval == "year" { count * 12 } else { count })
}
