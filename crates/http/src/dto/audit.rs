//! The audit log as a file.

use gantry_types::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat {
    /// A table, for people.
    #[default]
    Csv,
    /// A JSON object a line, with seals, for checks.
    Jsonl,
}

/// Which part of the audit log, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditExportParams {
    /// `csv` (if not given) or `jsonl`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub format: AuditFormat,
    /// From this time on (RFC 3339); from the beginning if not given.
    #[param(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// Before this time (RFC 3339); to the end if not given.
    #[param(value_type = Option<String>)]
    pub to: Option<Timestamp>,
}
