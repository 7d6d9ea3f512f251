//! Coupons of the stand-in for Stripe, and what they take off.
//!
//! Invariants: what Stripe refuses of a coupon is refused; what lasts for some months ends at its
//! second, and what is taken off once is gone with the first invoice.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::book::{Price, Subscription};
use super::clock::later;
use super::errors::Refusal;
use super::fields::fill;
use super::routes::require_expandable;
use crate::fakes::form::Fields;

/// How much a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FakeOff {
    /// So many percent.
    Percent(i64),
    /// So many cents.
    Cents(i64),
}

/// How long a coupon takes something off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FakeDuration {
    /// From one payment.
    Once,
    /// From all payments of so many months.
    Months(i32),
    /// From all payments.
    Forever,
}

/// A coupon behind a promotion code.
#[derive(Debug, Clone)]
pub(super) struct Coupon {
    pub id: String,
    pub off: FakeOff,
    pub lasts: FakeDuration,
}

/// A coupon that a subscription has.
#[derive(Debug, Clone)]
pub(super) struct Discount {
    pub id: String,
    pub coupon: Coupon,
    pub start: i64,
    pub end: Option<i64>,
}

impl Coupon {
    /// A coupon as Stripe makes one.
    ///
    /// # Errors
    /// For what Stripe does not make.
    pub(super) fn make(id: &str, off: FakeOff, lasts: FakeDuration) -> Result<Self> {
        match off {
            FakeOff::Percent(percent) => {
                ensure!((1..=100).contains(&percent), "Invalid percent_off: {percent}");
            }
            FakeOff::Cents(cents) => ensure!(cents > 0, "Invalid amount_off: {cents}"),
        }
        match lasts {
            FakeDuration::Months(months) => {
                ensure!(months > 0, "Invalid duration_in_months: {months}");
            }
            FakeDuration::Once | FakeDuration::Forever => {}
        }
        Ok(Self { id: id.to_owned(), off, lasts })
    }

    /// What it takes off a price.
    ///
    /// # Errors
    /// For a price in another currency than the coupon's.
    pub(super) fn take_off(&self, price: &Price) -> Result<i64> {
        match self.off {
            // What is left is rounded down.
            FakeOff::Percent(percent) => Ok(price.amount - price.amount * (100 - percent) / 100),
            FakeOff::Cents(cents) => {
                ensure!(price.currency == "usd", "the coupon is for another currency");
                Ok(cents.min(price.amount))
            }
        }
    }

    pub(super) fn begin(&self, id: String, now: i64) -> Discount {
        let end = match self.lasts {
            FakeDuration::Once | FakeDuration::Forever => None,
            FakeDuration::Months(months) => Some(later(now, "month", months)),
        };
        Discount { id, coupon: self.clone(), start: now, end }
    }

    fn show(&self, created: i64) -> Value {
        let (percent, cents) = match self.off {
            FakeOff::Percent(percent) => (Some(percent), None),
            FakeOff::Cents(cents) => (None, Some(cents)),
        };
        let (duration, months) = match self.lasts {
            FakeDuration::Once => ("once", None),
            FakeDuration::Months(months) => ("repeating", Some(months)),
            FakeDuration::Forever => ("forever", None),
        };
        fill(json!({
            "id": self.id,
            "object": "coupon",
            "amount_off": cents,
            "created": created,
            "currency": cents.map(|_| "usd"),
            "duration": duration,
            "duration_in_months": months,
            "livemode": false,
            "metadata": {},
            "percent_off": percent,
            "times_redeemed": 1,
            "valid": true,
        }))
    }
}

impl Discount {
    fn show(&self, of: &Subscription, coupon: Value) -> Value {
        fill(json!({
            "id": self.id,
            "object": "discount",
            "customer": of.customer,
            "end": self.end,
            "source": { "type": "coupon", "coupon": coupon },
            "start": self.start,
            "subscription": of.id,
        }))
    }
}

impl Subscription {
    /// What is taken off its price at a time, or would be off another one.
    pub(super) fn off(&self, price: &Price, at: i64) -> i64 {
        let active = self.discount.as_ref().filter(|known| known.end.is_none_or(|end| at < end));
        active.map_or(0, |known| known.coupon.take_off(price).unwrap_or_default())
    }

    /// An invoice was written: what was taken off once is gone, and what is over too.
    pub(super) fn use_discount(&mut self, at: i64) {
        self.discount = self.discount.take().filter(|known| match known.coupon.lasts {
            FakeDuration::Once => false,
            FakeDuration::Months(_) => known.end.is_none_or(|end| at < end),
            FakeDuration::Forever => true,
        });
    }

    /// As [`Subscription::show`], with what is asked for in full.
    pub(super) fn show_expanded(&self, fields: &Fields) -> Result<Value, Refusal> {
        let mut shown = self.show();
        let wishes = fields.list("expand[]");
        require_expandable(&wishes, &["discounts", "discounts.source.coupon"])?;
        if wishes.is_empty() {
            return Ok(shown);
        }
        let in_full = wishes.contains(&"discounts.source.coupon");
        let discounts = self.discount.iter().map(|known| {
            let (coupon, id) = (&known.coupon, json!(known.coupon.id));
            known.show(self, if in_full { coupon.show(known.start) } else { id })
        });
        shown["discounts"] = discounts.collect();
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stripe_does_not_make_is_refused() {
        for (off, lasts) in [
            (FakeOff::Percent(0), FakeDuration::Once),
            (FakeOff::Percent(101), FakeDuration::Forever),
            (FakeOff::Cents(0), FakeDuration::Forever),
            (FakeOff::Percent(50), FakeDuration::Months(0)),
        ] {
            assert!(Coupon::make("none", off, lasts).is_err(), "{off:?}, {lasts:?}");
        }
    }
}
