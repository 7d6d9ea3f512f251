//! What the columns of a table mean for an evaluation.
//!
//! It can be derived from a frame and overridden in a file: unknown fields are refused, so that a
//! misspelt one is not passed over.

use gantry_kit::Frame;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::FidelityError;
use crate::error::derive_name_list;

/// What a column means for an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Numbers with an order and distances; compared by their distribution function.
    Numerical,
    /// Points in time; compared as numbers.
    Datetime,
    /// A limited set of labels, which may be spelled as numbers; compared by their shares.
    Categorical,
    /// Yes or no; compared as two labels.
    Boolean,
    /// Names a row or refers to one; checked for uniqueness alone.
    Id,
    /// Personal data such as names or addresses, which are made anew and never compared.
    Pii,
    /// Free text; compared by what is missing alone.
    Text,
}

impl ColumnKind {
    /// Whether the values have an order and distances.
    #[must_use]
    pub fn is_continuous(self) -> bool {
        matches!(self, Self::Numerical | Self::Datetime)
    }

    /// Whether the values are labels.
    #[must_use]
    pub fn is_discrete(self) -> bool {
        matches!(self, Self::Categorical | Self::Boolean)
    }

    /// Whether distributions of the column are compared.
    #[must_use]
    pub fn is_compared(self) -> bool {
        self.is_continuous() || self.is_discrete()
    }

    /// The kind in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Numerical => "numerical",
            Self::Datetime => "datetime",
            Self::Categorical => "categorical",
            Self::Boolean => "boolean",
            Self::Id => "an id",
            Self::Pii => "personal data",
            Self::Text => "free text",
        }
    }
}

impl From<gantry_kit::ColumnKind> for ColumnKind {
    fn from(kind: gantry_kit::ColumnKind) -> Self {
        use gantry_kit::ColumnKind as Read;
        match kind {
            Read::Number | Read::Integer => Self::Numerical,
            Read::Category => Self::Categorical,
            Read::Boolean => Self::Boolean,
            Read::Date => Self::Datetime,
            Read::Text => Self::Text,
            Read::Id => Self::Id,
        }
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnMetadata {
    /// Name of the column, as in the header.
    pub name: String,
    /// What the column means.
    pub kind: ColumnKind,
}

impl ColumnMetadata {
    /// A column of this name and kind.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// The columns of a table, and which of them names its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableMetadata {
    /// The columns to evaluate; columns that are not listed are passed over.
    pub columns: Vec<ColumnMetadata>,
    /// The column that is different in every row.
    #[serde(default)]
    pub primary_key: Option<String>,
}

impl TableMetadata {
    /// What a frame's own kinds say. No primary key is guessed.
    #[must_use]
    pub fn derive(frame: &Frame) -> Self {
        let column = |column: &gantry_kit::Column| {
            ColumnMetadata::new(column.name(), ColumnKind::from(column.kind()))
        };
        Self { columns: frame.columns().iter().map(column).collect(), primary_key: None }
    }

    /// The same metadata with this column as another kind; nothing changes if it is not there.
    #[must_use]
    pub fn with_kind(mut self, name: &str, kind: ColumnKind) -> Self {
        for column in self.columns.iter_mut().filter(|column| column.name == name) {
            column.kind = kind;
        }
        self
    }

    /// The same metadata with this primary key.
    #[must_use]
    pub fn with_primary_key(self, name: impl Into<String>) -> Self {
        Self { primary_key: Some(name.into()), ..self }
    }

    /// The column of this name.
    #[must_use]
    pub fn find_column(&self, name: &str) -> Option<&ColumnMetadata> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether the column of this name is the primary key.
    #[must_use]
    pub fn is_primary_key(&self, name: &str) -> bool {
        self.primary_key.as_deref() == Some(name)
    }

    /// Refuses metadata that does not fit the real table.
    ///
    /// # Errors
    /// [`FidelityError::UnknownColumn`] or [`FidelityError::RepeatedColumn`].
    pub fn require_fits(&self, real: &Frame) -> Result<(), FidelityError> {
        let mut names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        let unknown = |name: &str| FidelityError::UnknownColumn {
            name: name.to_owned(),
            table: "real".to_owned(),
            available: derive_name_list(real.names()),
        };
        let named = names.iter().copied().chain(self.primary_key.as_deref());
        let known: std::collections::HashSet<&str> = real.names().collect();
        if let Some(name) = named.into_iter().find(|name| !known.contains(name)) {
            return Err(unknown(name));
        }
        names.sort_unstable();
        match names.iter().zip(names.iter().skip(1)).find(|(name, next)| name == next) {
            Some((name, _)) => Err(FidelityError::RepeatedColumn { name: (*name).to_owned() }),
            None => Ok(()),
        }
    }
}
