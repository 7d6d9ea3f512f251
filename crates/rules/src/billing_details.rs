//! To whom invoices are written, as a customer says it.
//!
//! Invariants: every part is one line of a bounded length; a country is one that ISO 3166-1 names;
//! what an invoice shows follows from the details alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Characters of a part.
const LONGEST: usize = 120;
/// Lines of an address above its city.
const MOST_LINES: usize = 4;

/// The two letters of every country, by ISO 3166-1.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ \
    BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE \
    DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR \
    GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP \
    KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT \
    MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG \
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A part of billing details that cannot be so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidDetails {
    /// Which part.
    pub field: &'static str,
    /// What is wrong, and what is expected.
    pub reason: String,
}

/// A country, in the two letters of ISO 3166-1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CountryCode(String);

impl fmt::Display for CountryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for CountryCode {
    type Err = InvalidDetails;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.trim().to_ascii_uppercase();
        if COUNTRIES.split(' ').any(|known| known == code) {
            return Ok(Self(code));
        }
        let reason = "is no country; give the two letters of ISO 3166-1, such as DE or US";
        Err(InvalidDetails { field: "country", reason: reason.to_owned() })
    }
}

impl TryFrom<String> for CountryCode {
    type Error = InvalidDetails;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.0
    }
}

/// To whom invoices are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingDetails {
    /// Of the company or the person.
    pub name: String,
    /// The address above the city, line by line.
    pub lines: Vec<String>,
    /// The city.
    pub city: String,
    /// Where the country has such.
    pub postal_code: Option<String>,
    /// The country.
    pub country: CountryCode,
    /// The number under which taxes are paid, as it is printed.
    pub tax_id: Option<String>,
}

impl BillingDetails {
    /// The same without blanks around its parts and without parts that are blank.
    ///
    /// # Errors
    /// [`InvalidDetails`] for a part that is missing, too long, or more than a line.
    pub fn check(self) -> Result<Self, InvalidDetails> {
        let lines = self.lines.into_iter().filter(|line| !line.trim().is_empty());
        let lines = lines.map(|line| check_part("lines", &line)).collect::<Result<Vec<_>, _>>()?;
        if !(1..=MOST_LINES).contains(&lines.len()) {
            let reason = format!("are {}; give 1 to {MOST_LINES}, such as the street", lines.len());
            return Err(InvalidDetails { field: "lines", reason });
        }
        Ok(Self {
            name: check_part("name", &self.name)?,
            lines,
            city: check_part("city", &self.city)?,
            postal_code: check_given("postal_code", self.postal_code)?,
            country: self.country,
            tax_id: check_given("tax_id", self.tax_id)?,
        })
    }

    /// What an invoice shows below the name, line by line.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let city = match &self.postal_code {
            Some(code) => format!("{code} {}", self.city),
            None => self.city.clone(),
        };
        let tax_id = self.tax_id.iter().map(|id| format!("Tax ID {id}"));
        let place = [city, self.country.to_string()];
        self.lines.iter().cloned().chain(place).chain(tax_id).collect()
    }
}

fn check_given(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<String>, InvalidDetails> {
    let given = text.filter(|text| !text.trim().is_empty());
    given.map(|text| check_part(field, &text)).transpose()
}

fn check_part(field: &'static str, text: &str) -> Result<String, InvalidDetails> {
    let refuse = |reason: &str| Err(InvalidDetails { field, reason: reason.to_owned() });
    let text = text.trim();
    if text.is_empty() {
        return refuse("is missing; give 1 to 120 characters");
    }
    if text.chars().count() > LONGEST {
        return refuse("is longer than 120 characters; give a shorter one");
    }
    if text.chars().any(char::is_control) {
        return refuse("contains control characters; leave them out");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> BillingDetails {
        BillingDetails {
            name: " Engines Ltd ".to_owned(),
            lines: vec!["1 Mill Road".to_owned(), "  ".to_owned()],
            city: "London".to_owned(),
            postal_code: Some("N1 7AA".to_owned()),
            country: " gb".parse().unwrap(),
            tax_id: Some(String::new()),
        }
    }

    #[test]
    fn blanks_are_left_out() {
        let checked = details().check().unwrap();
        assert_eq!(checked.name, "Engines Ltd");
        assert_eq!(checked.describe(), ["1 Mill Road", "N1 7AA London", "GB"]);
        let taxed = BillingDetails { tax_id: Some("GB1".to_owned()), ..checked };
        assert_eq!(taxed.describe().last().map(String::as_str), Some("Tax ID GB1"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let field_of = |details: BillingDetails| details.check().unwrap_err().field;
        assert_eq!(field_of(BillingDetails { name: " ".to_owned(), ..details() }), "name");
        assert_eq!(field_of(BillingDetails { lines: Vec::new(), ..details() }), "lines");
        assert_eq!(field_of(BillingDetails { city: "a\nb".to_owned(), ..details() }), "city");
        let tax_id = Some("x".repeat(121));
        assert_eq!(field_of(BillingDetails { tax_id, ..details() }), "tax_id");
        for wrong in ["", "UK", "GBR", "xx"] {
            assert!(wrong.parse::<CountryCode>().is_err(), "{wrong}");
        }
        assert_eq!(COUNTRIES.split(' ').count(), 249);
    }
}
