//! What is taken off every payment of a subscription, as its provider tells.
//!
//! Invariants: what is taken off one payment alone is no discount here; what is not told leaves what
//! is known as it was, and is asked for again.

use gantry_types::Timestamp;
use serde::{Deserialize, Serialize};

/// What is taken off payment after payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discount {
    /// How much of each payment, in minor units of its currency; more than nothing.
    pub minor: i64,
    /// When it ends; `None` never.
    pub until: Option<Timestamp>,
}

/// What a provider says of the discount of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldDiscount {
    /// Nothing: there may be one.
    Unknown,
    /// There is none.
    None,
    /// There is this one.
    Off(Discount),
}

/// Whether a provider said last what it takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscountNews {
    /// It did.
    Told,
    /// It said something else since, and is to be asked.
    Awaited,
}

/// What is known of the discount of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDiscount {
    /// The last one that was told of.
    pub off: Option<Discount>,
    /// Whether that is news.
    pub news: DiscountNews,
}

impl Discount {
    /// Whether it is taken off what is paid at a time.
    #[must_use]
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.until.is_none_or(|until| at < until)
    }
}

impl KnownDiscount {
    /// What is known of a subscription of which its provider said that nothing is taken off.
    pub const NOTHING: Self = Self { off: None, news: DiscountNews::Told };
}

impl ToldDiscount {
    /// What is known afterwards.
    #[must_use]
    pub fn learn(self, known: Option<KnownDiscount>) -> KnownDiscount {
        match self {
            Self::Unknown => {
                let off = known.and_then(|known| known.off);
                KnownDiscount { off, news: DiscountNews::Awaited }
            }
            Self::None => KnownDiscount::NOTHING,
            Self::Off(discount) => KnownDiscount { off: Some(discount), news: DiscountNews::Told },
        }
    }

    /// Whether it says something that is not known.
    #[must_use]
    pub fn is_news(self, known: KnownDiscount) -> bool {
        match self {
            Self::Unknown => false,
            Self::None | Self::Off(_) => self.learn(Some(known)) != known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: Timestamp = Timestamp::from_micros(100);
    const HALF: Discount = Discount { minor: 500, until: Some(UNTIL) };

    #[test]
    fn a_discount_ends_at_its_end_or_never() {
        assert!(HALF.is_active(Timestamp::from_micros(99)));
        assert!(!HALF.is_active(UNTIL));
        assert!(Discount { until: None, ..HALF }.is_active(Timestamp::from_micros(i64::MAX)));
    }

    #[test]
    fn what_is_not_told_is_what_was_known_and_is_asked_for() {
        let told = ToldDiscount::Off(HALF).learn(None);
        assert_eq!((told.off, told.news), (Some(HALF), DiscountNews::Told));
        let kept = ToldDiscount::Unknown.learn(Some(told));
        assert_eq!((kept.off, kept.news), (Some(HALF), DiscountNews::Awaited));
        assert_eq!(ToldDiscount::None.learn(Some(kept)), KnownDiscount::NOTHING);
        assert_eq!(ToldDiscount::Unknown.learn(None).off, None);
    }

    #[test]
    fn news_is_what_differs_and_what_was_awaited() {
        let told = ToldDiscount::Off(HALF).learn(None);
        assert!(!ToldDiscount::Off(HALF).is_news(told));
        assert!(ToldDiscount::None.is_news(told));
        assert!(!ToldDiscount::Unknown.is_news(told));
        let awaited = ToldDiscount::Unknown.learn(Some(told));
        assert!(ToldDiscount::Off(HALF).is_news(awaited));
        assert!(!ToldDiscount::None.is_news(KnownDiscount::NOTHING));
    }
}
