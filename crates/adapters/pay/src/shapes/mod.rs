//! The objects of Stripe's API, as far as they are used here, and what they say in our words.
//!
//! Field names and states are those of Stripe's public OpenAPI description. Invariants: a field
//! that is not needed is not read, so that a provider may add to its objects; where another object
//! is named, its name and the whole object are read alike; what moved between versions of the API
//! is found in both places.

mod discounts;
mod event;
mod objects;
mod older;
mod tell;

use std::collections::BTreeMap;

use gantry_ports::payments::UnverifiedEvent;
use gantry_types::{Currency, Money, Timestamp};
use serde::{Deserialize, Deserializer};

#[cfg(test)]
pub(crate) use discounts::{Coupon, Discount};
pub(crate) use event::{Event, EventData};
pub(crate) use objects::{
    Charge, CheckoutSession, Invoice, Items, Parent, Price, Recurring, Subscription,
    SubscriptionDetails, SubscriptionItem,
};
pub(crate) use objects::{Dispute, FailedCharge, InvoicePayment, Outcome, Refund};

/// What we hang on an object so that its events lead back to us.
pub(crate) type Metadata = BTreeMap<String, String>;

pub(crate) const ORGANIZATION: &str = "organization_id";
pub(crate) const PLAN: &str = "plan_id";

/// An object that is named, or there in full.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Name(String),
    Object { id: String },
}

/// The name of an object that is named or there in full, or `null`.
fn read_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Named>::deserialize(deserializer)?.map(|named| match named {
        Named::Name(name) => name,
        Named::Object { id } => id,
    }))
}

/// What may be `null` and then is empty.
fn read_or_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

fn parse<T>(read: Result<T, serde_json::Error>) -> Result<T, UnverifiedEvent> {
    read.map_err(|error| UnverifiedEvent::Unreadable { reason: error.to_string() })
}

fn find_id<T: std::str::FromStr>(metadata: &Metadata, key: &str) -> Option<T> {
    metadata.get(key)?.parse().ok()
}

/// Providers write currencies in small letters.
pub(crate) fn money_of(minor: i64, currency: &str) -> Result<Money, UnverifiedEvent> {
    let refuse = |reason: String| UnverifiedEvent::Unreadable { reason };
    let currency: Currency =
        currency.to_ascii_uppercase().parse().map_err(|error| refuse(format!("{error}")))?;
    if minor < 0 {
        return Err(refuse("an amount is below zero".to_owned()));
    }
    Ok(Money { minor, currency })
}

/// Providers count seconds.
pub(crate) const fn time_of(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

pub(crate) const fn seconds_of(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}
