//! Amounts as PayPal takes them: as many digits as the currency has, and more than nothing.

use serde_json::{Value, json};

use super::refusal::Refusal;

/// Money in the smallest unit that PayPal takes of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub units: i64,
    pub currency: String,
}

impl Sum {
    /// Reads an amount under the names of the second version of PayPal's APIs, or of the first.
    pub(super) fn read(amount: &Value) -> Result<Self, Refusal> {
        let field = |new: &str, old: &str| amount[new].as_str().or(amount[old].as_str());
        let (value, currency) = (field("value", "total"), field("currency_code", "currency"));
        let (Some(value), Some(currency)) = (value, currency) else {
            return Err(Refusal::invalid("MISSING_REQUIRED_PARAMETER", "An amount is required."));
        };
        let Some(digits) = digits_of(currency) else {
            let words = "Currency code is not supported.";
            return Err(Refusal::unprocessable("CURRENCY_NOT_SUPPORTED", words));
        };
        let (whole, part) = value.split_once('.').unwrap_or((value, ""));
        if digits == 0 && !part.is_empty() {
            let words = "Currency does not support decimals.";
            return Err(Refusal::unprocessable("DECIMALS_NOT_SUPPORTED", words));
        }
        if part.len() > digits {
            let words = "If the currency supports decimals, only two decimal place precision is \
                         supported.";
            return Err(Refusal::unprocessable("DECIMAL_PRECISION", words));
        }
        let units = format!("{whole}{part:0<digits$}").parse::<i64>();
        let units = units
            .map_err(|_| Refusal::invalid("INVALID_PARAMETER_SYNTAX", "The value is no amount."))?;
        if units <= 0 {
            let words = "Must be greater than zero.";
            return Err(Refusal::unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", words));
        }
        Ok(Self { units, currency: currency.to_owned() })
    }

    pub(super) fn with(&self, units: i64) -> Self {
        Self { units, currency: self.currency.clone() }
    }

    fn text(&self) -> String {
        match digits_of(&self.currency) {
            Some(0) | None => self.units.to_string(),
            Some(_) => format!("{}.{:02}", self.units / 100, self.units % 100),
        }
    }

    /// As the second version writes it.
    pub(super) fn show(&self) -> Value {
        json!({ "value": self.text(), "currency_code": self.currency })
    }

    /// As the first version writes it.
    pub(super) fn show_total(&self) -> Value {
        json!({ "total": self.text(), "currency": self.currency })
    }
}

fn digits_of(currency: &str) -> Option<usize> {
    match currency {
        "JPY" | "HUF" | "TWD" => Some(0),
        "AUD" | "BRL" | "CAD" | "CHF" | "CZK" | "DKK" | "EUR" | "GBP" | "HKD" | "ILS" | "MXN"
        | "MYR" | "NOK" | "NZD" | "PHP" | "PLN" | "SEK" | "SGD" | "THB" | "USD" => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        let read = |value: &str, currency: &str| {
            Sum::read(&json!({ "value": value, "currency_code": currency })).ok()
        };
        assert_eq!(read("9.9", "USD").map(|sum| sum.show()["value"].clone()), Some("9.90".into()));
        assert_eq!(read("1200", "JPY").map(|sum| sum.units), Some(1_200));
        for (value, currency) in
            [("12.00", "JPY"), ("1.234", "USD"), ("0", "USD"), ("-1", "EUR"), ("5", "INR")]
        {
            assert_eq!(read(value, currency), None, "{value} {currency}");
        }
    }
}
