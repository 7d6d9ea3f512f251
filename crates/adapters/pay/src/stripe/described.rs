//! What is read of Stripe's objects, held against Stripe's own description of them.
//!
//! Invariant: a field that is read is one that the description has, or one of `EARLIER`.

use gantry_testkit::fakes::stripe::{describes, list_words};
use serde::de::value::Error;
use serde::de::{DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::de::{Deserializer, IntoDeserializer};
use serde::forward_to_deserialize_any;
use serde_json::{Value, json};

use super::api::{List, Refusal};
use super::checkout::PageState;
use super::provider::PortalSession;
use crate::shapes::{
    Charge, CheckoutSession, Coupon, Discount, Dispute, Event, Invoice, InvoicePayment,
    Subscription, time_of,
};

/// What stood elsewhere before 2025-03-31, and coupons before 2025-09-30, and is read there as well.
const EARLIER: [(&str, &str); 6] = [
    ("charge", "invoice"),
    ("discount", "coupon"),
    ("invoice", "subscription"),
    ("subscription", "current_period_end"),
    ("subscription", "current_period_start"),
    ("subscription", "discount"),
];
const NO_NAMES: &[&str] = &[];

/// A value that is whatever it is asked to be, and notes every path that is asked for.
struct Probe<'n> {
    path: String,
    noted: &'n mut Vec<String>,
}

/// The fields of an object that has what it is asked for.
struct Fields<'n> {
    probe: Probe<'n>,
    names: std::slice::Iter<'static, &'static str>,
    present: &'static str,
}

/// An array of one.
struct One<'n>(Option<Probe<'n>>);

impl<'n> Probe<'n> {
    fn into_fields(self, names: &'static [&'static str]) -> Fields<'n> {
        Fields { probe: self, names: names.iter(), present: "" }
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("anything")
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(true)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(1)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(1.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(One(Some(self)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(self.into_fields(NO_NAMES))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(self.into_fields(fields))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 char str string bytes byte_buf unit
        unit_struct newtype_struct tuple tuple_struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.present = *name;
        seed.deserialize(self.present.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let within = &self.probe.path;
        let dot = if within.is_empty() { "" } else { "." };
        let path = format!("{within}{dot}{}", self.present);
        self.probe.noted.push(path.clone());
        seed.deserialize(Probe { path, noted: self.probe.noted })
    }
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|probe| seed.deserialize(probe)).transpose()
    }
}

/// The paths that are read of an object.
fn list_read<T: DeserializeOwned>() -> Vec<String> {
    let mut noted = Vec::new();
    let read = T::deserialize(Probe { path: String::new(), noted: &mut noted });
    assert!(read.is_ok(), "{:?}", read.err());
    noted
}

#[test]
fn what_is_read_is_what_stripe_describes() {
    let mut earlier = Vec::new();
    for (kind, read) in [
        ("billing_portal.session", list_read::<PortalSession>()),
        ("charge", list_read::<Charge>()),
        ("checkout.session", list_read::<CheckoutSession>()),
        ("checkout.session", list_read::<PageState>()),
        ("coupon", list_read::<Coupon>()),
        ("discount", list_read::<Discount>()),
        ("dispute", list_read::<Dispute>()),
        ("error", list_read::<Refusal>()),
        ("event", list_read::<Event>()),
        ("invoice", list_read::<Invoice>()),
        ("invoice_payment", list_read::<InvoicePayment>()),
        ("list", list_read::<List<Value>>()),
        ("subscription", list_read::<Subscription>()),
    ] {
        assert!(!read.is_empty(), "{kind}");
        for path in read.into_iter().filter(|path| !describes(kind, path)) {
            earlier.push((kind, path));
        }
    }
    earlier.sort();
    let told: Vec<(&str, &str)> =
        earlier.iter().map(|(kind, path)| (*kind, path.as_str())).collect();
    assert_eq!(told, EARLIER);
}

#[test]
fn what_is_within_objects_is_noted_too() {
    let read = list_read::<Subscription>();
    for path in ["items.data.current_period_end", "items.data.price.recurring.interval"] {
        assert!(read.iter().any(|known| known == path), "{path} of {read:?}");
    }
    let read = list_read::<Discount>();
    assert!(read.iter().any(|known| known == "source.coupon"), "{read:?}");
    let read = list_read::<Invoice>();
    assert!(read.iter().any(|known| known == "parent.subscription_details.metadata"), "{read:?}");
}

#[test]
fn every_state_that_stripe_describes_is_understood() {
    let states = list_words("subscription", "status");
    assert!(states.contains(&"past_due"), "{states:?}");
    for status in states {
        let price = json!({ "unit_amount": 1, "currency": "usd",
            "recurring": { "interval": "month" } });
        let item = json!({ "id": "si_1", "current_period_start": 1, "current_period_end": 2,
            "price": price });
        let told = json!({ "id": "sub_1", "status": status, "cancel_at_period_end": false,
            "items": { "data": [item] } });
        let subscription: Subscription = serde_json::from_value(told).unwrap();
        assert!(subscription.tell(time_of(1)).is_ok(), "{status}");
    }
    let states = list_words("invoice", "status");
    assert!(states.contains(&"uncollectible"), "{states:?}");
    for status in states {
        let told = json!({ "id": "in_1", "status": status, "amount_due": 1, "amount_paid": 0,
            "currency": "usd" });
        let invoice: Invoice = serde_json::from_value(told).unwrap();
        assert!(invoice.show().is_ok(), "{status}");
    }
}
