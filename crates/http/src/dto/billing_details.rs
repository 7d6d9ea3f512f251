//! To whom invoices are written.

use gantry_rules::billing_details::{BillingDetails, InvalidDetails};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// To whom invoices are written, as a customer says it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingDetailsBody {
    /// Of the company or the person; at most 120 characters, as every part.
    pub name: String,
    /// The address above the city: 1 to 4 lines.
    pub lines: Vec<String>,
    /// The city.
    pub city: String,
    /// Where the country has such.
    pub postal_code: Option<String>,
    /// The two letters of ISO 3166-1, such as `DE`.
    pub country: String,
    /// The number under which taxes are paid, as it is printed.
    pub tax_id: Option<String>,
}

/// What is kept; `null` where invoices carry the organization's name alone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillingDetailsAnswer {
    /// The details.
    pub details: Option<BillingDetailsBody>,
}

impl TryFrom<BillingDetailsBody> for BillingDetails {
    type Error = InvalidDetails;

    fn try_from(body: BillingDetailsBody) -> Result<Self, Self::Error> {
        let BillingDetailsBody { name, lines, city, postal_code, country, tax_id } = body;
        Ok(Self { name, lines, city, postal_code, country: country.parse()?, tax_id })
    }
}

impl From<BillingDetails> for BillingDetailsBody {
    fn from(details: BillingDetails) -> Self {
        let BillingDetails { name, lines, city, postal_code, country, tax_id } = details;
        Self { name, lines, city, postal_code, country: country.to_string(), tax_id }
    }
}

impl From<Option<BillingDetails>> for BillingDetailsAnswer {
    fn from(details: Option<BillingDetails>) -> Self {
        Self { details: details.map(Into::into) }
    }
}
