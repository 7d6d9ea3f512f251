//! Invoices: how they are numbered, and what of a price is tax.
//!
//! Invariants: numbers of one series have no gaps as long as their places have none; net and tax of
//! an amount add up to it, and those of its parts to those of the whole.

use std::fmt;
use std::str::FromStr;

use gantry_types::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

const YEAR: &str = "{year}";
const NUMBER: &str = "{number}";
/// Characters of a format.
const LONGEST: usize = 40;
/// A hundred percent, in hundredths of a percent.
const WHOLE: i128 = 10_000;

/// The text is not a format of numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` numbers no invoices; expected at most 40 of A-Z, a-z, 0-9, `-`, `_` and `.`, with \
     {{number}} once and {{year}} at most once, such as INV-{{year}}-{{number}}"
)]
pub struct InvalidNumberFormat {
    /// The text that was given.
    pub text: String,
}

/// What numbers of invoices look like, such as `INV-{year}-{number}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat(String);

impl NumberFormat {
    /// The series in which an invoice of this time is numbered: the format with its year. With a
    /// year in it, numbers begin at 1 in each.
    #[must_use]
    pub fn derive_series(&self, at: Timestamp) -> String {
        self.0.replace(YEAR, &year_of(at).to_string())
    }
}

/// The number at a place of a series, from 1.
#[must_use]
pub fn derive_number(series: &str, place: u64) -> String {
    series.replace(NUMBER, &place.to_string())
}

/// The year in UTC; the last one of the calendar for times beyond it.
fn year_of(at: Timestamp) -> i16 {
    let instant = jiff::Timestamp::from_microsecond(at.as_micros());
    let instant = instant.unwrap_or(jiff::Timestamp::MAX);
    TimeZone::UTC.to_datetime(instant).year()
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self(format!("INV-{YEAR}-{NUMBER}"))
    }
}

impl FromStr for NumberFormat {
    type Err = InvalidNumberFormat;

    fn from_str(text: &str) -> Result<Self, InvalidNumberFormat> {
        let example = text.replacen(NUMBER, "1", 1).replacen(YEAR, "1", 1);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let fits = text.len() <= LONGEST && text.contains(NUMBER) && example.chars().all(allowed);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidNumberFormat { text: text.chars().take(LONGEST).collect() })
        }
    }
}

impl fmt::Display for NumberFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A tax that prices contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxTerms {
    /// What it is called, such as `VAT`.
    pub name: String,
    /// How much of the net price, in hundredths of a percent: 1900 is 19 %.
    pub hundredths: u32,
}

impl fmt::Display for TaxTerms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.hundredths / 100, self.hundredths % 100);
        match (part, part % 10) {
            (0, _) => write!(formatter, "{} {whole} %", self.name),
            (_, 0) => write!(formatter, "{} {whole}.{} %", self.name, part / 10),
            (_, _) => write!(formatter, "{} {whole}.{part:02} %", self.name),
        }
    }
}

impl TaxTerms {
    /// The tax in a gross amount, both in minor units, rounded half up.
    #[must_use]
    pub fn derive_tax(&self, gross_minor: i64) -> i64 {
        let rate = i128::from(self.hundredths);
        let whole = WHOLE + rate;
        let tax = (i128::from(gross_minor) * rate * 2 + whole).div_euclid(whole * 2);
        i64::try_from(tax).unwrap_or(gross_minor)
    }
}

/// What an installation writes on its invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceTerms {
    /// What their numbers look like.
    pub number: NumberFormat,
    /// Who sells, line by line: name, address, tax number.
    pub seller: Vec<String>,
    /// The tax that prices contain, where they do.
    pub tax: Option<TaxTerms>,
    /// What else is to be said of tax, such as why there is none.
    pub note: Option<String>,
}

impl InvoiceTerms {
    /// A seller of one line, whose prices contain no tax that is told apart.
    #[must_use]
    pub fn plain(seller: &str) -> Self {
        let seller = vec![seller.to_owned()];
        Self { number: NumberFormat::default(), seller, tax: None, note: None }
    }
}

/// An amount and what it is made of, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxedAmount {
    /// Without tax.
    pub net_minor: i64,
    /// The tax.
    pub tax_minor: i64,
    /// Both.
    pub gross_minor: i64,
}

impl TaxedAmount {
    /// Takes a gross amount apart.
    #[must_use]
    pub fn of(gross_minor: i64, tax: Option<&TaxTerms>) -> Self {
        let tax_minor = tax.map_or(0, |tax| tax.derive_tax(gross_minor));
        Self { net_minor: gross_minor - tax_minor, tax_minor, gross_minor }
    }

    /// A gross amount whose tax somebody else worked out; what is more than all of it is all of it.
    #[must_use]
    pub fn told(gross_minor: i64, tax_minor: i64) -> Self {
        let tax_minor = tax_minor.clamp(0, gross_minor.max(0));
        Self { net_minor: gross_minor - tax_minor, tax_minor, gross_minor }
    }

    /// A part of the gross amount, with as much of the tax as it is of the whole, rounded half up.
    #[must_use]
    pub fn derive_part(self, gross_minor: i64) -> Self {
        let whole = i128::from(self.gross_minor);
        if whole <= 0 {
            return Self::told(gross_minor, 0);
        }
        let tax = i128::from(gross_minor) * i128::from(self.tax_minor) * 2 + whole;
        let tax = i64::try_from(tax.div_euclid(whole * 2)).unwrap_or(gross_minor);
        Self::told(gross_minor, tax)
    }

    /// What is between two amounts that were taken apart: parts of a price add up to the whole.
    #[must_use]
    pub const fn minus(self, before: Self) -> Self {
        Self {
            net_minor: self.net_minor - before.net_minor,
            tax_minor: self.tax_minor - before.tax_minor,
            gross_minor: self.gross_minor - before.gross_minor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_its_year_and_a_number_its_place() {
        let at: Timestamp = "2027-12-31T23:59:59Z".parse().unwrap();
        let series = NumberFormat::default().derive_series(at);
        assert_eq!(series, "INV-2027-{number}");
        assert_eq!(derive_number(&series, 7), "INV-2027-7");
        let endless: NumberFormat = "R{number}".parse().unwrap();
        assert_eq!(endless.derive_series(at), "R{number}");
        for wrong in [
            "",
            "INV-{year}",
            "{number}{number}",
            "a/{number}",
            "a {number}",
            "{x}{number}",
            "{{number}year}",
        ] {
            assert!(wrong.parse::<NumberFormat>().is_err(), "{wrong}");
        }
        assert!(format!("{}{{number}}", "a".repeat(40)).parse::<NumberFormat>().is_err());
    }

    #[test]
    fn a_rate_is_told_without_needless_digits() {
        for (hundredths, text) in [
            (1_900, "VAT 19 %"),
            (770, "VAT 7.7 %"),
            (825, "VAT 8.25 %"),
            (1_005, "VAT 10.05 %"),
            (5, "VAT 0.05 %"),
        ] {
            assert_eq!(TaxTerms { name: "VAT".to_owned(), hundredths }.to_string(), text);
        }
    }

    #[test]
    fn net_and_tax_add_up_and_so_do_parts() {
        let tax = TaxTerms { name: "VAT".to_owned(), hundredths: 1_900 };
        let whole = TaxedAmount::of(1_000, Some(&tax));
        assert_eq!(whole, TaxedAmount { net_minor: 840, tax_minor: 160, gross_minor: 1_000 });
        for gross in 1..2_000 {
            let mut before = TaxedAmount::of(0, Some(&tax));
            let mut sum = before;
            for after in [gross / 3, gross / 2, gross] {
                let after = TaxedAmount::of(after, Some(&tax));
                let part = after.minus(before);
                assert_eq!(part.net_minor + part.tax_minor, part.gross_minor);
                assert!(part.tax_minor >= 0 && part.net_minor >= 0, "{gross}: {part:?}");
                sum = TaxedAmount {
                    net_minor: sum.net_minor + part.net_minor,
                    tax_minor: sum.tax_minor + part.tax_minor,
                    gross_minor: sum.gross_minor + part.gross_minor,
                };
                before = after;
            }
            assert_eq!(sum, TaxedAmount::of(gross, Some(&tax)));
        }
        assert_eq!(TaxedAmount::of(999, None).net_minor, 999);
        assert_eq!(tax.derive_tax(i64::MAX), 1_472_639_232_775_132_272);
    }

    #[test]
    fn parts_of_what_was_told_add_up_too() {
        let whole = TaxedAmount::told(4_815, 315);
        assert_eq!(whole, TaxedAmount { net_minor: 4_500, tax_minor: 315, gross_minor: 4_815 });
        let mut before = whole.derive_part(0);
        assert_eq!(before, TaxedAmount::told(0, 0));
        let (mut net, mut tax) = (0, 0);
        for after in (0..=4_815).step_by(15) {
            let after = whole.derive_part(after);
            let part = after.minus(before);
            assert_eq!(part.net_minor + part.tax_minor, part.gross_minor);
            assert!(part.tax_minor >= 0 && part.net_minor >= 0, "{part:?}");
            (net, tax) = (net + part.net_minor, tax + part.tax_minor);
            before = after;
        }
        assert_eq!((net, tax), (4_500, 315));
        assert_eq!(TaxedAmount::told(100, 0).derive_part(40), TaxedAmount::of(40, None));
        assert_eq!(TaxedAmount::told(100, 101).net_minor, 0, "no more than all of it");
        assert_eq!(TaxedAmount::told(0, 0).derive_part(5).tax_minor, 0);
    }
}
