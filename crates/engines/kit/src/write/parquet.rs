//! Frames out as Apache Parquet, which keeps what columns are: whole numbers, dates, yes and no.
//!
//! A file grows by row groups, so that memory holds no more than one frame. Labels, texts and keys
//! are strings; a date without a time of day is a date, and one with it an instant in microseconds.
//!
//! Invariant: all row groups of a file have the columns that it was begun with.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use crate::error::TableError;
use crate::frame::{Column, ColumnData, ColumnKind, ColumnSpec, Frame, Schema};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A Parquet file that is being written.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<ColumnSpec>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file of these columns. Texts of a column that the schema calls whole numbers are
    /// written as numbers.
    ///
    /// # Errors
    /// [`TableError::Parquet`] or [`TableError::Io`].
    pub fn new(out: W, schema: &Schema) -> Result<Self, TableError> {
        let fields = schema.columns.iter().map(|column| derive_field(column).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let root = Type::group_type_builder("table").with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("gantry".to_owned())
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(root), Arc::new(properties))?;
        Ok(Self { file, columns: schema.columns.clone() })
    }

    /// Adds the rows of a frame as a row group.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`] where the frame lacks a column of the file, and as
    /// [`ParquetWriter::new`].
    pub fn write(&mut self, frame: &Frame) -> Result<(), TableError> {
        let mut group = self.file.next_row_group()?;
        for spec in &self.columns {
            let column = frame.get_column(&spec.name)?;
            if let Some(mut out) = group.next_column()? {
                write_column(&mut out, column, spec)?;
                out.close()?;
            }
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file and gives back what it was written to.
    ///
    /// # Errors
    /// As [`ParquetWriter::new`].
    pub fn finish(self) -> Result<W, TableError> {
        Ok(self.file.into_inner()?)
    }
}

/// Writes a whole frame as a file of one row group.
///
/// # Errors
/// As [`ParquetWriter::new`].
pub fn write_parquet<W: Write + Send>(frame: &Frame, out: W) -> Result<W, TableError> {
    let mut writer = ParquetWriter::new(out, &frame.schema())?;
    writer.write(frame)?;
    writer.finish()
}

fn derive_field(spec: &ColumnSpec) -> Result<Type, ParquetError> {
    let instant = LogicalType::Timestamp { is_adjusted_to_u_t_c: true, unit: TimeUnit::MICROS };
    let (physical, logical) = match spec.kind {
        ColumnKind::Number => (Physical::DOUBLE, None),
        ColumnKind::Integer => (Physical::INT64, None),
        ColumnKind::Boolean => (Physical::BOOLEAN, None),
        ColumnKind::Date if spec.date_format.time => (Physical::INT64, Some(instant)),
        ColumnKind::Date => (Physical::INT32, Some(LogicalType::Date)),
        ColumnKind::Category | ColumnKind::Text | ColumnKind::Id => {
            (Physical::BYTE_ARRAY, Some(LogicalType::String))
        }
    };
    Type::primitive_type_builder(&spec.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn write_column(
    out: &mut SerializedColumnWriter<'_>,
    column: &Column,
    spec: &ColumnSpec,
) -> Result<(), ParquetError> {
    let rows = column.len();
    match (spec.kind, column.data()) {
        (ColumnKind::Number, ColumnData::Number(values)) => {
            write_cells::<DoubleType>(out, rows, |row| present(column, row)?.then(|| values[row]))
        }
        (ColumnKind::Integer, ColumnData::Number(values)) => {
            write_cells::<Int64Type>(out, rows, |row| {
                present(column, row)?.then(|| values[row].round() as i64)
            })
        }
        (ColumnKind::Integer, _) => {
            write_cells::<Int64Type>(out, rows, |row| column.find_cell(row)?.parse().ok())
        }
        (ColumnKind::Boolean, ColumnData::Category { codes, .. }) => {
            write_cells::<BoolType>(out, rows, |row| present(column, row)?.then(|| codes[row] == 1))
        }
        (ColumnKind::Date, ColumnData::Date { micros, .. }) if spec.date_format.time => {
            write_cells::<Int64Type>(out, rows, |row| present(column, row)?.then(|| micros[row]))
        }
        (ColumnKind::Date, ColumnData::Date { micros, .. }) => {
            write_cells::<Int32Type>(out, rows, |row| {
                present(column, row)?.then(|| micros[row].div_euclid(MICROS_PER_DAY) as i32)
            })
        }
        (ColumnKind::Category, ColumnData::Category { codes, levels }) => {
            let levels: Vec<ByteArray> =
                levels.iter().map(|level| ByteArray::from(level.as_str())).collect();
            write_cells::<ByteArrayType>(out, rows, |row| {
                present(column, row)?.then(|| levels.get(codes[row] as usize).cloned())?
            })
        }
        (ColumnKind::Category | ColumnKind::Text | ColumnKind::Id, _) => {
            write_cells::<ByteArrayType>(out, rows, |row| {
                column.find_cell(row).map(|cell| ByteArray::from(cell.as_ref()))
            })
        }
        (ColumnKind::Number | ColumnKind::Boolean | ColumnKind::Date, _) => {
            let kinds = format!("column `{}` is of another kind than the file's", spec.name);
            Err(ParquetError::General(kinds))
        }
    }
}

/// Some where the cell is there.
fn present(column: &Column, row: usize) -> Option<bool> {
    (!column.is_missing(row)).then_some(true)
}

fn write_cells<T: DataType>(
    out: &mut SerializedColumnWriter<'_>,
    rows: usize,
    cell: impl Fn(usize) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let mut values = Vec::with_capacity(rows);
    let mut levels = Vec::with_capacity(rows);
    for row in 0..rows {
        let found = cell(row);
        levels.push(i16::from(found.is_some()));
        values.extend(found);
    }
    out.typed::<T>().write_batch(&values, Some(&levels), None)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::read::{ReadOptions, read_frame};
    use crate::value::DateFormat;

    fn table() -> Frame {
        let time = DateFormat { time: true, ..DateFormat::default() };
        Frame::new(vec![
            Column::integer("n", vec![1.0, f64::NAN, -3.0]),
            Column::number("x", vec![0.5, f64::NAN, 1e300]),
            Column::labels("c", [Some("a"), None, Some("b, c")]),
            Column::boolean("ok", &[Some(true), None, Some(false)], ["no", "yes"]),
            Column::date("day", &[Some(-MICROS_PER_DAY), None, Some(0)], DateFormat::default()),
            Column::date("at", &[Some(1_500_000), None, Some(-1)], time),
            Column::id("key", [Some("7"), None, Some("9")]),
        ])
        .unwrap()
    }

    #[test]
    fn what_is_written_reads_back_with_its_kinds() {
        let bytes = write_parquet(&table(), Vec::new()).unwrap();
        let (read, _) = read_frame(Cursor::new(bytes), &ReadOptions::default()).unwrap();
        for (column, wanted) in read.columns().iter().zip(table().columns()) {
            assert_eq!(column.name(), wanted.name());
            for row in 0..3 {
                let cell = column.find_cell(row);
                match wanted.kind() {
                    // The words of a Boolean column are the file's own.
                    ColumnKind::Boolean => {
                        assert_eq!(cell.as_deref(), [Some("true"), None, Some("false")][row]);
                    }
                    _ => assert_eq!(cell, wanted.find_cell(row), "{}", column.name()),
                }
            }
        }
        let kinds: Vec<ColumnKind> = read.columns().iter().map(Column::kind).collect();
        assert_eq!(kinds[0], ColumnKind::Integer);
        assert_eq!(kinds[3..6], [ColumnKind::Boolean, ColumnKind::Date, ColumnKind::Date]);
    }

    #[test]
    fn row_groups_follow_each_other_and_keys_can_be_numbers() {
        let mut schema = table().schema();
        schema.columns[6].kind = ColumnKind::Integer;
        let mut writer = ParquetWriter::new(Vec::new(), &schema).unwrap();
        writer.write(&table()).unwrap();
        writer.write(&table().take(&[2, 0])).unwrap();
        let bytes = writer.finish().unwrap();
        let (read, _) = read_frame(Cursor::new(bytes), &ReadOptions::default()).unwrap();
        assert_eq!(read.rows(), 5);
        let keys = read.get_column("key").unwrap().find_numbers().unwrap();
        assert_eq!((keys[0], keys[3], keys[4]), (7.0, 9.0, 7.0));
        let lacks = Frame::new(vec![Column::integer("n", vec![1.0])]).unwrap();
        let mut writer = ParquetWriter::new(Vec::new(), &schema).unwrap();
        assert!(matches!(writer.write(&lacks), Err(TableError::UnknownColumn { .. })));
    }
}
