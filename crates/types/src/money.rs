//! Money: an integer number of minor units in one currency.
//!
//! Invariant: amounts of different currencies never meet in one sum.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is not a currency code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a currency; expected three capital letters of ISO 4217, such as USD")]
pub struct InvalidCurrency {
    /// The text that was given.
    pub text: String,
}

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => {
                Ok(Self([*a, *b, *c]))
            }
            _ => Err(InvalidCurrency { text: text.chars().take(16).collect() }),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, InvalidCurrency> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0 {
            write!(formatter, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

/// An amount of money in minor units (cents, paise), possibly negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The number of minor units.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// The text is no amount of its currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an amount of {currency}; expected digits{}", describe_digits(*.digits))]
pub struct InvalidMoney {
    /// The text that was given.
    pub text: String,
    /// The currency.
    pub currency: Currency,
    /// How many digits may stand behind the point.
    pub digits: u32,
}

fn describe_digits(digits: u32) -> String {
    match digits {
        0 => " without a point, such as 49".to_owned(),
        1.. => format!(" with at most {digits} behind the point, such as 49.00"),
    }
}

impl Currency {
    /// The dollar of the United States.
    #[must_use]
    pub const fn usd() -> Self {
        Self(*b"USD")
    }

    /// How many digits the minor unit has (ISO 4217).
    #[must_use]
    pub const fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl Money {
    /// Reads an amount in major units, such as `49` or `9.99`; never negative.
    ///
    /// # Errors
    /// [`InvalidMoney`] for anything but digits with at most one point, and for more digits
    /// behind it than the currency has.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, InvalidMoney> {
        let digits = currency.minor_digits();
        let refuse = || InvalidMoney { text: text.chars().take(32).collect(), currency, digits };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let places = u32::try_from(part.len()).map_err(|_| refuse())?;
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let dangling = text.ends_with('.');
        if whole.is_empty() || dangling || !numeric(whole) || !numeric(part) || places > digits {
            return Err(refuse());
        }
        let shift = 10_i64.checked_pow(digits - places).ok_or_else(refuse)?;
        let number: i64 = format!("{whole}{part}").parse().map_err(|_| refuse())?;
        let minor = number.checked_mul(shift).ok_or_else(refuse)?;
        Ok(Self { minor, currency })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits();
        let sign = if self.minor < 0 { "-" } else { "" };
        let (minor, scale) = (self.minor.unsigned_abs(), 10_u64.pow(digits));
        match digits {
            0 => write!(formatter, "{sign}{minor} {}", self.currency),
            1.. => write!(
                formatter,
                "{sign}{}.{:0width$} {}",
                minor / scale,
                minor % scale,
                self.currency,
                width = digits as usize
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_in_major_units() {
        let money = |text: &str, currency: &str| {
            Money::parse(text, currency.parse().unwrap()).map(|money| money.to_string())
        };
        assert_eq!(money("9.99", "USD"), Ok("9.99 USD".to_owned()));
        assert_eq!(money("49", "USD"), Ok("49.00 USD".to_owned()));
        assert_eq!(money("0.5", "EUR"), Ok("0.50 EUR".to_owned()));
        assert_eq!(money("500", "JPY"), Ok("500 JPY".to_owned()));
        assert_eq!(money("1.234", "KWD"), Ok("1.234 KWD".to_owned()));
        for (wrong, currency) in [
            ("", "USD"),
            ("-1", "USD"),
            ("1.", "USD"),
            (".5", "USD"),
            ("1.999", "USD"),
            ("1,5", "USD"),
            ("5.0", "JPY"),
            ("99999999999999999999", "USD"),
        ] {
            assert!(money(wrong, currency).is_err(), "{wrong} {currency}");
        }
        let debt = Money { minor: -5, currency: "USD".parse().unwrap() };
        assert_eq!(debt.to_string(), "-0.05 USD");
    }

    #[test]
    fn currency_is_three_capital_letters() {
        assert_eq!("USD".parse::<Currency>().map(|c| c.to_string()), Ok("USD".to_owned()));
        for wrong in ["usd", "US", "USDX", "U$D", ""] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }
}
