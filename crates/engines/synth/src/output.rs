//! The files that made tables are left as.
//!
//! Invariant: a format changes how cells are written and nothing of what they hold.

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::{ColumnKind, ColumnSpec, Frame, ParquetWriter, Schema, WriteOptions, write_csv};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::encode::{ColumnPlan, Encoding, Treatment};
use crate::error::SynthError;

/// How a made table is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// Text, which every program reads.
    #[default]
    Csv,
    /// Apache Parquet, which is smaller and keeps the types of columns.
    Parquet,
}

impl OutputFormat {
    /// The name of a table's file.
    pub(crate) fn derive_name(self, stem: &str) -> String {
        match self {
            Self::Csv => format!("{stem}.csv"),
            Self::Parquet => format!("{stem}.parquet"),
        }
    }
}

impl Encoding {
    /// The types of the columns.
    pub(crate) fn derive_schema(&self) -> Schema {
        Schema { columns: self.columns.iter().map(derive_spec).collect() }
    }
}

fn derive_spec(plan: &ColumnPlan) -> ColumnSpec {
    let kind = match &plan.treatment {
        Treatment::Levels { labels, boolean: true } if labels.len() == 2 => ColumnKind::Boolean,
        Treatment::Levels { .. } | Treatment::Ordinal { .. } => ColumnKind::Category,
        Treatment::Number { integer: true, .. } => ColumnKind::Integer,
        Treatment::Number { integer: false, .. } => ColumnKind::Number,
        Treatment::Date { .. } => ColumnKind::Date,
        Treatment::Regenerated { with, .. } if with.is_numeric() => ColumnKind::Integer,
        Treatment::Regenerated { .. } => ColumnKind::Text,
    };
    let mut spec = ColumnSpec::new(plan.name.clone(), kind);
    if let Treatment::Date { format, .. } = &plan.treatment {
        spec.date_format = *format;
    }
    spec
}

/// Leaves a whole table as a file of the job.
pub(crate) fn publish_table(
    job: &BlockingContext,
    (stem, format): (&str, OutputFormat),
    (frame, schema): (&Frame, &Schema),
) -> Result<(), SynthError> {
    let mut out = job.create_artifact(format.derive_name(stem), ArtifactRole::Table)?;
    let out = match format {
        OutputFormat::Csv => {
            write_csv(frame, &mut out, &WriteOptions::default())?;
            out
        }
        OutputFormat::Parquet => {
            let mut file = ParquetWriter::new(out, schema)?;
            file.write(frame)?;
            file.finish()?
        }
    };
    job.publish(out.finish()?)?;
    Ok(())
}
