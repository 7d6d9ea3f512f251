//! From the input file to a typed frame.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use gantry_engine_api::BlockingContext;
use gantry_kit::{
    Column, ColumnKind, Frame, Progress, ReadOptions, ReadWarning, Schema, TableError,
    read_frame_watched,
};

use crate::error::AutomlError;

/// Text this short on average, of which values repeat, is taken as labels.
const LABEL_CHARS: usize = 64;

/// A table and what had to be said about reading it.
pub(crate) struct Table {
    pub(crate) frame: Frame,
    pub(crate) warnings: Vec<String>,
    /// Cells that could not be read as the kind that their column has to have.
    pub(crate) unreadable: Vec<String>,
}

/// Reads the input of `slot` and finds out what its columns are. Columns that are numbers but
/// for a few cells become numbers with gaps, except `target`, whose values are left as they are.
pub(crate) fn read_table(
    context: &BlockingContext,
    slot: &str,
    target: &str,
) -> Result<Table, AutomlError> {
    let mut file = context.input(slot)?.open()?;
    let mut watch = |progress: Progress| report_reading(context, progress);
    let (frame, warnings) = read_frame_watched(&mut file, &ReadOptions::default(), &mut watch)?;
    let kinds: BTreeMap<String, ColumnKind> = warnings
        .iter()
        .filter_map(find_mostly_numbers)
        .filter(|column| *column != target)
        .map(|column| (column.to_owned(), ColumnKind::Number))
        .collect();
    let (frame, warnings) = if kinds.is_empty() {
        (frame, warnings)
    } else {
        // Many files write "inf", "n.a." or "> 100" into a column of numbers.
        file.rewind()?;
        let options = ReadOptions { kinds, ..ReadOptions::default() };
        read_frame_watched(&mut file, &options, &mut watch)?
    };
    Ok(finish(label_short_texts(frame)?, &warnings))
}

/// Reads a table as an earlier one was read.
pub(crate) fn read_table_as<R: Read + Seek>(
    reader: &mut R,
    schema: Schema,
    mut watch: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<Table, AutomlError> {
    let options = ReadOptions { schema: Some(schema), ..ReadOptions::default() };
    let (frame, warnings) = read_frame_watched(reader, &options, &mut watch)?;
    Ok(finish(frame, &warnings))
}

fn report_reading(context: &BlockingContext, progress: Progress) -> ControlFlow<()> {
    if context.is_cancelled() {
        return ControlFlow::Break(());
    }
    let share = progress.bytes_read as f64 / progress.bytes_total.max(1) as f64;
    context.progress(0.05 * share);
    ControlFlow::Continue(())
}

fn find_mostly_numbers(warning: &ReadWarning) -> Option<&str> {
    if let ReadWarning::MostlyNumbers { column, .. } = warning { Some(column) } else { None }
}

fn finish(frame: Frame, read_warnings: &[ReadWarning]) -> Table {
    let mut table = Table { frame, warnings: Vec::new(), unreadable: Vec::new() };
    for warning in read_warnings {
        match warning {
            // These two are counted by the model itself, by the levels that it knows.
            ReadWarning::NewLevels { .. } | ReadWarning::ColumnNotFound { .. } => {}
            ReadWarning::UnreadableCells { .. } => {
                table.unreadable.push(derive_sentence(warning));
                table.warnings.push(derive_sentence(warning));
            }
            ReadWarning::DuplicateHeader { .. }
            | ReadWarning::EmptyHeader { .. }
            | ReadWarning::ShortRows { .. }
            | ReadWarning::TrailingCells { .. }
            | ReadWarning::EncodingAssumed { .. }
            | ReadWarning::AmbiguousDates { .. }
            | ReadWarning::AmbiguousNumbers { .. }
            | ReadWarning::MostlyNumbers { .. } => table.warnings.push(derive_sentence(warning)),
        }
    }
    table
}

fn derive_sentence(warning: &ReadWarning) -> String {
    let text = warning.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The reader takes a column of very many labels for text; where they repeat, they are labels.
fn label_short_texts(frame: Frame) -> Result<Frame, TableError> {
    let columns = frame.into_columns().into_iter().map(|column| {
        let Some(texts) = column.find_texts().filter(|_| column.kind() == ColumnKind::Text) else {
            return column;
        };
        let present = column.len() - column.missing().count();
        let chars: usize = texts.iter().map(str::len).sum();
        if present == 0 || chars > present * LABEL_CHARS || column.count_distinct() * 2 > present {
            return column;
        }
        let labels = (0..column.len()).map(|r| (!column.is_missing(r)).then(|| texts.get(r)));
        Column::labels(column.name(), labels)
    });
    Frame::new(columns.collect())
}
