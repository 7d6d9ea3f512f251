//! Money as PayPal writes it: decimals in text beside a currency.
//!
//! Invariant: an amount is written with as many digits as PayPal takes for its currency, and is
//! never rounded: what does not fit is refused.

use gantry_ports::payments::{PaymentError, UnverifiedEvent};
use gantry_types::{Currency, Money};
use serde::Deserialize;
use serde_json::{Value, json};

/// Currencies that have a minor unit, of which PayPal takes whole units alone.
const WHOLE: [&str; 2] = ["HUF", "TWD"];

/// An amount, under the names of the second version of PayPal's APIs or of the first.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Amount {
    #[serde(alias = "total")]
    pub value: String,
    #[serde(alias = "currency")]
    pub currency_code: String,
}

impl Amount {
    /// # Errors
    /// [`UnverifiedEvent::Unreadable`] for what is no amount, or below zero.
    pub(super) fn tell(&self) -> Result<Money, UnverifiedEvent> {
        self.read(&self.value)
    }

    /// The same without a sign: what is taken back is sometimes told as less than nothing.
    ///
    /// # Errors
    /// As [`Amount::tell`].
    pub(super) fn tell_size(&self) -> Result<Money, UnverifiedEvent> {
        self.read(self.value.trim_start_matches('-'))
    }

    fn read(&self, value: &str) -> Result<Money, UnverifiedEvent> {
        let refuse = |reason: String| UnverifiedEvent::Unreadable { reason };
        let currency: Currency =
            self.currency_code.parse().map_err(|error| refuse(format!("{error}")))?;
        Money::parse(value, currency).map_err(|error| refuse(error.to_string()))
    }
}

/// An amount for a request of the second version.
///
/// # Errors
/// [`PaymentError::Refused`] for parts of a unit where PayPal takes whole units.
pub(super) fn write_amount(money: Money) -> Result<Value, PaymentError> {
    let (value, currency) = write(money)?;
    Ok(json!({ "value": value, "currency_code": currency }))
}

/// An amount for a request of the first version.
///
/// # Errors
/// As [`write_amount`].
pub(super) fn write_total(money: Money) -> Result<Value, PaymentError> {
    let (value, currency) = write(money)?;
    Ok(json!({ "total": value, "currency": currency }))
}

fn write(money: Money) -> Result<(String, String), PaymentError> {
    let (currency, text) = (money.currency.to_string(), money.to_string());
    let value = text.split(' ').next().unwrap_or_default();
    if !WHOLE.contains(&currency.as_str()) {
        return Ok((value.to_owned(), currency));
    }
    match value.strip_suffix(".00") {
        Some(whole) => Ok((whole.to_owned(), currency)),
        None => Err(PaymentError::Refused {
            reason: format!("PayPal takes whole {currency} alone, and this is {value}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, currency: &str) -> Money {
        Money { minor, currency: currency.parse().unwrap() }
    }

    #[test]
    fn every_currency_has_its_own_digits() {
        for (minor, currency, value) in [
            (999, "USD", "9.99"),
            (5, "EUR", "0.05"),
            (1_200, "JPY", "1200"),
            (120_000, "HUF", "1200"),
            (4_900, "TWD", "49"),
        ] {
            let sent = write_amount(money(minor, currency)).unwrap();
            assert_eq!(sent, json!({ "value": value, "currency_code": currency }));
            let read: Amount = serde_json::from_value(sent).unwrap();
            assert_eq!(read.tell(), Ok(money(minor, currency)));
            let sent = write_total(money(minor, currency)).unwrap();
            let read: Amount = serde_json::from_value(sent).unwrap();
            assert_eq!(read.tell(), Ok(money(minor, currency)));
        }
        assert!(matches!(write_amount(money(150, "HUF")), Err(PaymentError::Refused { .. })));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let amount = |value: &str, currency: &str| Amount {
            value: value.to_owned(),
            currency_code: currency.to_owned(),
        };
        for wrong in [amount("9.999", "USD"), amount("-1.00", "USD"), amount("1", "dollar")] {
            assert!(wrong.tell().is_err(), "{wrong:?}");
        }
        assert_eq!(amount("-1.00", "USD").tell_size(), Ok(money(100, "USD")));
    }
}
