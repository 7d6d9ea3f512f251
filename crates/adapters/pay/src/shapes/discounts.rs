//! What is taken off a subscription, in any version of Stripe's API: before 2025-09-30 the coupon
//! stands on the discount itself.
//!
//! Invariants: what is taken off one payment alone is not told; where one of the discounts is named
//! and not shown, or of a kind that there was not, nothing is said of any.

use gantry_rules::discount::{Discount as OurDiscount, ToldDiscount};
use gantry_types::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Price, time_of};

/// A discount that is named, or there in full.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum NamedDiscount {
    Name(String),
    Shown(Discount),
}

/// A coupon that somebody has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Discount {
    /// When it ends, where it lasts for some months.
    #[serde(default)]
    pub end: Option<i64>,
    #[serde(default)]
    pub source: Option<DiscountSource>,
    /// Where versions before 2025-09-30 have what it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<NamedCoupon>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DiscountSource {
    #[serde(default)]
    pub coupon: Option<NamedCoupon>,
}

/// A coupon that is named, or there in full.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum NamedCoupon {
    Name(String),
    Shown(Coupon),
}

/// What a coupon takes off, and how often.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Coupon {
    #[serde(default)]
    pub amount_off: Option<i64>,
    /// Of the amount.
    #[serde(default)]
    pub currency: Option<String>,
    /// `once`, `repeating` or `forever`.
    pub duration: String,
    /// With two places after the point.
    #[serde(default)]
    pub percent_off: Option<f64>,
}

impl NamedDiscount {
    /// When it ends, and its coupon; `None` where that is not shown.
    fn read(&self) -> Option<(Option<Timestamp>, &Coupon)> {
        let Self::Shown(discount) = self else { return None };
        let source = discount.source.as_ref().and_then(|source| source.coupon.as_ref());
        let Some(NamedCoupon::Shown(coupon)) = source.or(discount.coupon.as_ref()) else {
            return None;
        };
        Some((discount.end.map(time_of), coupon))
    }
}

impl Coupon {
    /// What it takes off an amount.
    fn take_off(&self, minor: i64, currency: &str) -> i64 {
        if let Some(percent) = self.percent_off {
            let hundredths = (percent.clamp(0.0, 100.0) * 100.0).round() as i64;
            return minor.saturating_mul(hundredths).saturating_add(5_000).div_euclid(10_000);
        }
        let is_of_it = self.currency.as_deref() == Some(currency);
        self.amount_off.filter(|_| is_of_it).unwrap_or_default().clamp(0, minor.max(0))
    }

    /// Whether it is of every payment; `None` for a duration that there was not.
    fn is_recurring(&self) -> Option<bool> {
        match self.duration.as_str() {
            "once" => Some(false),
            "repeating" | "forever" => Some(true),
            _ => None,
        }
    }
}

/// What discounts take off a price together, one after the other. Of several that end, the first end
/// is told: what is left then is told at the next change.
pub(super) fn tell_discounts(
    discounts: &[NamedDiscount],
    price: &Price,
    told_at: Timestamp,
) -> ToldDiscount {
    if discounts.is_empty() {
        return ToldDiscount::None;
    }
    match add_up(discounts, price, told_at) {
        None => ToldDiscount::Unknown,
        Some(discount) if discount.minor > 0 => ToldDiscount::Off(discount),
        Some(_) => ToldDiscount::None,
    }
}

fn add_up(discounts: &[NamedDiscount], price: &Price, told_at: Timestamp) -> Option<OurDiscount> {
    let mut sum = OurDiscount { minor: 0, until: None };
    let whole = price.unit_amount?;
    for discount in discounts {
        let (end, coupon) = discount.read()?;
        let is_over = end.is_some_and(|end| end <= told_at);
        let off = coupon.take_off(whole - sum.minor, &price.currency);
        if !coupon.is_recurring()? || is_over || off == 0 {
            continue;
        }
        sum.minor += off;
        sum.until = match (sum.until, end) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn tell(discounts: &Value) -> ToldDiscount {
        let discounts: Vec<NamedDiscount> = serde_json::from_value(discounts.clone()).unwrap();
        let price = Price { unit_amount: Some(999), currency: "usd".to_owned(), recurring: None };
        tell_discounts(&discounts, &price, time_of(100))
    }

    fn off(minor: i64, until: Option<i64>) -> ToldDiscount {
        ToldDiscount::Off(OurDiscount { minor, until: until.map(time_of) })
    }

    fn discount(end: Option<i64>, coupon: &Value) -> Value {
        json!({ "id": "di_1", "object": "discount", "start": 1, "end": end,
            "source": { "type": "coupon", "coupon": coupon } })
    }

    fn percent(duration: &str, percent: f64) -> Value {
        json!({ "id": "half", "object": "coupon", "duration": duration, "percent_off": percent,
            "amount_off": null, "currency": null })
    }

    fn amount(minor: i64, currency: &str) -> Value {
        json!({ "id": "three", "object": "coupon", "duration": "forever", "percent_off": null,
            "amount_off": minor, "currency": currency })
    }

    #[test]
    fn recurring_discounts_are_told_and_one_off_ones_are_not() {
        assert_eq!(tell(&json!([])), ToldDiscount::None);
        assert_eq!(tell(&json!([discount(None, &percent("once", 50.0))])), ToldDiscount::None);
        assert_eq!(tell(&json!([discount(None, &percent("forever", 50.0))])), off(500, None));
        let third = discount(Some(200), &percent("repeating", 33.33));
        assert_eq!(tell(&json!([third])), off(333, Some(200)));
        let over = discount(Some(100), &percent("repeating", 33.33));
        assert_eq!(tell(&json!([over])), ToldDiscount::None);
        assert_eq!(tell(&json!([discount(None, &amount(300, "usd"))])), off(300, None));
        assert_eq!(tell(&json!([discount(None, &amount(3_000, "usd"))])), off(999, None));
        assert_eq!(tell(&json!([discount(None, &amount(300, "eur"))])), ToldDiscount::None);
    }

    #[test]
    fn several_are_taken_off_one_after_the_other_until_the_first_ends() {
        let half = discount(Some(300), &percent("repeating", 50.0));
        let three = discount(Some(200), &amount(300, "usd"));
        assert_eq!(tell(&json!([half, three])), off(800, Some(200)));
        assert_eq!(tell(&json!([three, half])), off(650, Some(200)));
    }

    #[test]
    fn what_is_named_and_not_shown_is_not_known() {
        let half = discount(None, &percent("forever", 50.0));
        assert_eq!(tell(&json!(["di_1"])), ToldDiscount::Unknown);
        assert_eq!(tell(&json!([half, "di_2"])), ToldDiscount::Unknown);
        assert_eq!(tell(&json!([discount(None, &json!("half"))])), ToldDiscount::Unknown);
        assert_eq!(tell(&json!([discount(None, &percent("daily", 5.0))])), ToldDiscount::Unknown);
    }

    #[test]
    fn a_coupon_is_found_in_its_old_place() {
        let old = json!({ "id": "di_1", "object": "discount", "end": null,
            "coupon": percent("forever", 50.0) });
        assert_eq!(tell(&json!([old])), off(500, None));
    }
}
