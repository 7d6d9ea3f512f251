//! From the job's input, or a built-in dataset, to a frame with what is known of its columns.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek};
use std::ops::ControlFlow;

use gantry_engine_api::BlockingContext;
use gantry_kit::{ColumnKind, Frame, Progress, ReadOptions, ReadWarning, read_frame_watched};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SynthError;
use crate::metadata::Metadata;

/// Columns that are learned together, at most.
const MAX_COLUMNS: usize = 2_000;
/// Fewer rows say nothing about how columns hang together.
const FEWEST_ROWS: usize = 10;

/// A table that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BuiltInDataset {
    /// AIDS Clinical Trials Group Study 175: 2,139 patients, 24 columns.
    #[serde(rename = "AIDS", alias = "aids")]
    Aids,
}

impl BuiltInDataset {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Aids => include_bytes!("../data/aids.csv"),
        }
    }
}

/// A table, what its columns are, and what should be said about reading it.
pub(crate) struct Table {
    pub(crate) frame: Frame,
    pub(crate) metadata: Metadata,
    pub(crate) warnings: Vec<String>,
}

/// Reads the table of a job.
pub(crate) fn read_table(
    job: &BlockingContext,
    dataset: Option<BuiltInDataset>,
) -> Result<Table, SynthError> {
    match (job.has_input("data"), dataset) {
        (true, Some(_)) => Err(SynthError::TwoTables),
        (false, None) => Err(SynthError::NoTable),
        (true, None) => read_slot(job, "data"),
        (false, Some(dataset)) => {
            read_with(job, &mut Cursor::new(dataset.bytes()), read_metadata(job)?)
        }
    }
}

/// Reads the table of a slot.
pub(crate) fn read_slot(job: &BlockingContext, slot: &str) -> Result<Table, SynthError> {
    let table = read_with(job, &mut job.input(slot)?.open()?, read_metadata(job)?)?;
    require_rows(&table.frame)?;
    Ok(table)
}

/// Reads the table of a slot whose columns are known.
pub(crate) fn read_as(
    job: &BlockingContext,
    slot: &str,
    metadata: Metadata,
) -> Result<Table, SynthError> {
    read_with(job, &mut job.input(slot)?.open()?, metadata)
}

/// Reads a table as an earlier one was read.
pub(crate) fn read_like(
    job: &BlockingContext,
    slot: &str,
    like: &Frame,
) -> Result<Frame, SynthError> {
    let mut watch = |_: Progress| {
        if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ReadOptions { schema: Some(like.schema()), ..ReadOptions::default() };
    Ok(read_frame_watched(&mut job.input(slot)?.open()?, &options, &mut watch)?.0)
}

fn read_metadata(job: &BlockingContext) -> Result<Metadata, SynthError> {
    if !job.has_input("metadata") {
        return Ok(Metadata::default());
    }
    let mut bytes = Vec::new();
    job.input("metadata")?.open()?.read_to_end(&mut bytes)?;
    Metadata::parse(&bytes)
}

fn read_with<R: Read + Seek>(
    job: &BlockingContext,
    reader: &mut R,
    metadata: Metadata,
) -> Result<Table, SynthError> {
    let mut watch = |progress: Progress| {
        let share = progress.bytes_read as f64 / progress.bytes_total.max(1) as f64;
        job.progress(0.1 * share);
        if job.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let declared = metadata.derive_kinds();
    let options = ReadOptions { kinds: declared.clone(), ..ReadOptions::default() };
    let (mut frame, mut warnings) = read_frame_watched(reader, &options, &mut watch)?;
    // Many files write "inf", "n.a." or "> 100" into a column of numbers.
    let mixed: BTreeMap<String, ColumnKind> = warnings
        .iter()
        .filter_map(find_mostly_numbers)
        .filter(|column| !declared.contains_key(*column))
        .map(|column| (column.to_owned(), ColumnKind::Number))
        .collect();
    if !mixed.is_empty() {
        reader.rewind()?;
        let kinds = declared.into_iter().chain(mixed).collect();
        let options = ReadOptions { kinds, ..ReadOptions::default() };
        (frame, warnings) = read_frame_watched(reader, &options, &mut watch)?;
    }
    require_columns(&frame)?;
    let metadata = metadata.complete(&frame)?;
    let warnings = warnings.iter().map(derive_sentence).collect();
    Ok(Table { frame, metadata, warnings })
}

fn require_columns(frame: &Frame) -> Result<(), SynthError> {
    let columns = frame.columns().len();
    if columns > MAX_COLUMNS {
        return Err(SynthError::TooManyColumns { columns, limit: MAX_COLUMNS });
    }
    Ok(())
}

fn require_rows(frame: &Frame) -> Result<(), SynthError> {
    let (rows, columns) = (frame.rows(), frame.columns().len());
    if rows < FEWEST_ROWS {
        return Err(SynthError::TooFewRows { rows, columns, needed: FEWEST_ROWS });
    }
    Ok(())
}

fn find_mostly_numbers(warning: &ReadWarning) -> Option<&str> {
    if let ReadWarning::MostlyNumbers { column, .. } = warning { Some(column) } else { None }
}

fn derive_sentence(warning: &ReadWarning) -> String {
    let text = warning.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
