//! Sample tables.

use gantry_catalog::Sample;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A table that comes with the installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sample)]
pub struct SampleBody {
    /// Its name in addresses.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What is in it, in one sentence.
    pub summary: String,
    /// The name of the file.
    pub file_name: String,
    /// The size of the file.
    pub bytes: u64,
    /// Rows, without the header.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Whose data it is, and its licence.
    pub source: String,
    /// A job to begin with.
    pub suggestion: Option<SuggestionBody>,
}

/// A job to begin with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suggestion)]
pub struct SuggestionBody {
    /// The operation.
    pub operation: String,
    /// Its parameters.
    #[schema(value_type = Object)]
    pub params: Value,
}

impl From<&Sample> for SampleBody {
    fn from(sample: &Sample) -> Self {
        Self {
            name: sample.name.to_owned(),
            title: sample.title.to_owned(),
            summary: sample.summary.to_owned(),
            file_name: sample.file_name.to_owned(),
            bytes: sample.content.len() as u64,
            rows: sample.rows,
            columns: sample.columns,
            source: sample.source.to_owned(),
            suggestion: sample.suggestion.as_ref().map(|suggestion| SuggestionBody {
                operation: suggestion.operation.to_owned(),
                params: suggestion.params.clone(),
            }),
        }
    }
}
