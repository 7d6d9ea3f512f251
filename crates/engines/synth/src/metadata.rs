//! What each column is: found out from its name and cells, and overruled by a JSON file.
//!
//! Invariant: a column whose cells name or describe single people gets a role that is made anew,
//! never one that is modelled, unless its owner says otherwise.

mod detect;
mod personal;

pub(crate) use detect::is_key_name;

use std::collections::BTreeMap;

use gantry_kit::{ColumnKind, Frame};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{SynthError, derive_list};

/// Rows that must share a value before it is given as it is.
pub(crate) const MIN_COUNT: usize = 5;

/// What a column is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Real numbers.
    Number,
    /// Whole numbers.
    Integer,
    /// Labels.
    Category,
    /// Labels with an order.
    Ordinal,
    /// Yes or no.
    Boolean,
    /// Points in time.
    Date,
    /// Texts of a fixed pattern, such as `AB-1234`; made anew.
    Pattern,
    /// Names the row; made anew and different in each row.
    Id,
    /// Names a row of another table; made anew.
    ForeignKey,
    /// Free text; made anew from words that many rows share.
    Text,
    /// First names; made anew, as are all that follow.
    FirstName,
    /// Family names.
    LastName,
    /// Full names.
    Name,
    /// E-mail addresses.
    Email,
    /// Phone numbers.
    Phone,
    /// Street addresses.
    Address,
    /// Names of companies.
    Company,
    /// Bank accounts.
    Iban,
    /// Numbers of payment cards.
    CardNumber,
    /// Internet addresses.
    Ip,
    /// Web addresses.
    Url,
    /// Universally unique identifiers.
    Uuid,
}

impl Role {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Category => "category",
            Self::Ordinal => "ordinal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Pattern => "pattern",
            Self::Id => "id",
            Self::ForeignKey => "foreign_key",
            Self::Text => "text",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Company => "company",
            Self::Iban => "iban",
            Self::CardNumber => "card_number",
            Self::Ip => "ip",
            Self::Url => "url",
            Self::Uuid => "uuid",
        }
    }

    /// Whether columns of this role are learned rather than made anew.
    #[must_use]
    pub const fn is_modelled(self) -> bool {
        match self {
            Self::Number
            | Self::Integer
            | Self::Category
            | Self::Ordinal
            | Self::Boolean
            | Self::Date => true,
            Self::Pattern
            | Self::Id
            | Self::ForeignKey
            | Self::Text
            | Self::FirstName
            | Self::LastName
            | Self::Name
            | Self::Email
            | Self::Phone
            | Self::Address
            | Self::Company
            | Self::Iban
            | Self::CardNumber
            | Self::Ip
            | Self::Url
            | Self::Uuid => false,
        }
    }

    /// How a file's column must be read for this role; `None` as it comes.
    const fn find_kind(self) -> Option<ColumnKind> {
        match self {
            Self::Number => Some(ColumnKind::Number),
            Self::Integer => Some(ColumnKind::Integer),
            Self::Category | Self::Ordinal => Some(ColumnKind::Category),
            Self::Date => Some(ColumnKind::Date),
            Self::Boolean => None,
            Self::Pattern
            | Self::Id
            | Self::ForeignKey
            | Self::Text
            | Self::FirstName
            | Self::LastName
            | Self::Name
            | Self::Email
            | Self::Phone
            | Self::Address
            | Self::Company
            | Self::Iban
            | Self::CardNumber
            | Self::Ip
            | Self::Url
            | Self::Uuid => Some(ColumnKind::Text),
        }
    }
}

/// What is known of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnMetadata {
    /// What it is.
    pub role: Role,
    /// The values of an `ordinal` column from the lowest to the highest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
}

/// What is known of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// By column name. Columns that are left out are found out.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnMetadata>,
    /// Rows that must share a value before it is given as it is.
    #[serde(default = "default_min_count")]
    pub min_count: usize,
}

const fn default_min_count() -> usize {
    MIN_COUNT
}

impl Default for Metadata {
    fn default() -> Self {
        Self { columns: BTreeMap::new(), min_count: MIN_COUNT }
    }
}

impl Metadata {
    /// Reads the JSON file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, SynthError> {
        let metadata: Self = serde_json::from_slice(bytes)
            .map_err(|error| SynthError::Metadata { reason: error.to_string() })?;
        if metadata.min_count == 0 {
            let reason = "`min_count` is 0, and a value that is given has at least one row";
            return Err(SynthError::Metadata { reason: reason.into() });
        }
        Ok(metadata)
    }

    /// How the named columns must be read.
    pub(crate) fn derive_kinds(&self) -> BTreeMap<String, ColumnKind> {
        let kind = |(name, column): (&String, &ColumnMetadata)| {
            Some((name.clone(), column.role.find_kind()?))
        };
        self.columns.iter().filter_map(kind).collect()
    }

    /// Adds what was not said about the columns of a table.
    pub(crate) fn complete(mut self, frame: &Frame) -> Result<Self, SynthError> {
        for name in self.columns.keys() {
            if frame.find_column(name).is_none() {
                let names: Vec<&str> = frame.names().collect();
                let available = derive_list(&names, 12);
                return Err(SynthError::ColumnNotFound { column: name.clone(), available });
            }
        }
        for column in frame.columns() {
            if !self.columns.contains_key(column.name()) {
                let about = ColumnMetadata { role: detect::detect_role(column), order: Vec::new() };
                self.columns.insert(column.name().to_owned(), about);
            }
        }
        Ok(self)
    }

    /// What is known of a column.
    pub(crate) fn get(&self, name: &str) -> Result<&ColumnMetadata, SynthError> {
        self.columns
            .get(name)
            .ok_or_else(|| SynthError::inconsistent(format!("Nothing is known of `{name}`.")))
    }
}
