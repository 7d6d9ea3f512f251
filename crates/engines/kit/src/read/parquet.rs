//! Apache Parquet as rows of text cells, so that its columns are judged as those of text files are.
//!
//! Invariants: a damaged file is refused and never ends the program; nulls and numbers that are none
//! are absent cells.

use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::Decimal;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::ColumnDescriptor;

use super::{ReadLimits, Record};
use crate::error::TableError;
use crate::value::{DateFormat, write_date};

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Digits behind the point of a decimal, at most.
const MOST_DECIMALS: usize = 64;

/// The rows of a Parquet file.
pub(crate) struct ParquetRows {
    rows: RowIter<'static>,
    names: Vec<String>,
    /// Whether a column holds nanoseconds, which come as whole numbers.
    nanos: Vec<bool>,
    read: u64,
    total: u64,
    bytes: u64,
    limits: ReadLimits,
}

impl ParquetRows {
    /// Reads the whole file into memory and looks at its columns.
    pub(crate) fn open<R: Read + Seek>(
        mut reader: R,
        limits: ReadLimits,
    ) -> Result<Self, TableError> {
        reader.seek(SeekFrom::Start(0))?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let length = bytes.len() as u64;
        let file = guard(|| SerializedFileReader::new(Bytes::from(bytes)))??;
        require_compression(file.metadata())?;
        let about = file.metadata().file_metadata();
        let (schema, total) = (about.schema_descr_ptr(), about.num_rows().max(0) as u64);
        let columns = schema.columns();
        if columns.len() > limits.max_columns {
            let limit = limits.max_columns;
            return Err(TableError::TooManyColumns { line: 1, columns: columns.len(), limit });
        }
        if let Some(column) = columns.iter().find(|column| !is_readable(column)) {
            let reason = format!(
                "its column `{}` holds lists, groups or values of a rare kind; leave it out",
                column.path().string()
            );
            return Err(TableError::Parquet { reason });
        }
        let names = columns.iter().map(|column| column.name().to_owned()).collect();
        let nanos = columns.iter().map(|column| is_nanos(column)).collect();
        let rows = RowIter::from_file_into(Box::new(file));
        Ok(Self { rows, names, nanos, read: 0, total, bytes: length, limits })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Bytes of the file that are read, as far as its rows tell.
    pub(crate) fn bytes_read(&self) -> u64 {
        (self.bytes as f64 * self.read as f64 / self.total.max(1) as f64) as u64
    }

    /// Reads the next row; false at the end of the file.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool, TableError> {
        let rows = &mut self.rows;
        let Some(row) = guard(|| rows.next())? else { return Ok(false) };
        self.read += 1;
        let cells = self.derive_cells(row?)?;
        record.begin(self.read);
        record.fill(cells.iter().map(Option::as_deref));
        Ok(true)
    }

    fn derive_cells(&self, row: Row) -> Result<Vec<Option<String>>, TableError> {
        let fields = row.into_columns().into_iter().zip(&self.nanos);
        fields
            .map(|((name, field), nanos)| {
                let cell = derive_cell(field, *nanos).map_err(|reason| TableError::Parquet {
                    reason: format!("row {} has {reason} in column `{name}`", self.read),
                })?;
                let is_long = |cell: &String| cell.len() > self.limits.max_cell_bytes;
                match cell.as_ref().is_some_and(is_long) {
                    false => Ok(cell),
                    true => Err(TableError::CellTooLong {
                        line: self.read,
                        limit: self.limits.max_cell_bytes,
                    }),
                }
            })
            .collect()
    }
}

/// Runs code of the Parquet library, which gives up on some damaged files by a panic.
fn guard<T>(work: impl FnOnce() -> T) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| TableError::Parquet { reason: "it is damaged; write it again".to_owned() })
}

/// Refuses compressions that this program does not know.
fn require_compression(about: &ParquetMetaData) -> Result<(), TableError> {
    let columns = about.row_groups().iter().flat_map(|group| group.columns());
    for compression in columns.map(|column| column.compression()) {
        match compression {
            Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) => {}
            other => {
                let reason = format!("it is compressed as {other}; write it with Snappy or gzip");
                return Err(TableError::Parquet { reason });
            }
        }
    }
    Ok(())
}

/// Whether the library makes cells of such a column.
fn is_readable(column: &ColumnDescriptor) -> bool {
    let is_flat = column.path().parts().len() == 1 && column.max_rep_level() == 0;
    let converted = column.converted_type();
    let known = match column.physical_type() {
        Physical::BOOLEAN | Physical::INT96 | Physical::FLOAT | Physical::DOUBLE => true,
        Physical::INT32 => !matches!(converted, ConvertedType::INT_64 | ConvertedType::UINT_64),
        Physical::INT64 => matches!(
            converted,
            ConvertedType::NONE
                | ConvertedType::INT_64
                | ConvertedType::UINT_64
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
                | ConvertedType::DECIMAL
        ),
        Physical::BYTE_ARRAY => !matches!(converted, ConvertedType::INTERVAL),
        Physical::FIXED_LEN_BYTE_ARRAY => {
            matches!(converted, ConvertedType::DECIMAL | ConvertedType::NONE)
        }
    };
    is_flat && known
}

fn is_nanos(column: &ColumnDescriptor) -> bool {
    matches!(column.logical_type_ref(), Some(LogicalType::Timestamp { unit: TimeUnit::NANOS, .. }))
}

/// The text of a cell, or what it is that has none.
fn derive_cell(field: Field, nanos: bool) -> Result<Option<String>, &'static str> {
    let number = |value: f64, text: String| (!value.is_nan()).then_some(text);
    Ok(match field {
        Field::Null => None,
        Field::Bool(value) => Some(value.to_string()),
        Field::Byte(value) => Some(value.to_string()),
        Field::Short(value) => Some(value.to_string()),
        Field::Int(value) => Some(value.to_string()),
        Field::Long(value) if nanos => Some(derive_instant(value.div_euclid(1_000))),
        Field::Long(value) => Some(value.to_string()),
        Field::UByte(value) => Some(value.to_string()),
        Field::UShort(value) => Some(value.to_string()),
        Field::UInt(value) => Some(value.to_string()),
        Field::ULong(value) => Some(value.to_string()),
        Field::Float16(value) => number(value.to_f64(), value.to_string()),
        Field::Float(value) => number(f64::from(value), format!("{value:?}")),
        Field::Double(value) => number(value, format!("{value:?}")),
        Field::Decimal(value) => Some(derive_decimal(&value).ok_or("a number out of range")?),
        Field::Str(text) => Some(text),
        Field::Bytes(bytes) => {
            let text = std::str::from_utf8(bytes.data()).map_err(|_| "bytes that are no text")?;
            Some(text.to_owned())
        }
        Field::Date(days) => {
            Some(write_date(i64::from(days) * MICROS_PER_DAY, DateFormat::default()))
        }
        Field::TimeMillis(millis) => Some(derive_clock(i64::from(millis) * 1_000)),
        Field::TimeMicros(micros) => Some(derive_clock(micros)),
        Field::TimestampMillis(millis) => Some(derive_instant(millis.saturating_mul(1_000))),
        Field::TimestampMicros(micros) => Some(derive_instant(micros)),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => {
            return Err("a list or group");
        }
    })
}

fn derive_instant(micros: i64) -> String {
    write_date(micros, DateFormat { time: true, ..DateFormat::default() })
}

/// A time of day.
fn derive_clock(micros: i64) -> String {
    let whole = derive_instant(micros.rem_euclid(MICROS_PER_DAY));
    whole.split_once('T').map_or_else(|| whole.clone(), |(_, clock)| clock.to_owned())
}

/// A decimal of at most 16 bytes.
fn derive_decimal(value: &Decimal) -> Option<String> {
    let bytes = value.data();
    let scale = usize::try_from(value.scale()).ok().filter(|scale| *scale <= MOST_DECIMALS)?;
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let fill = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [fill; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    let whole = i128::from_be_bytes(wide);
    let sign = if whole < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", whole.unsigned_abs(), width = scale + 1);
    let (before, behind) = digits.split_at(digits.len() - scale);
    Some(if scale == 0 { format!("{sign}{before}") } else { format!("{sign}{before}.{behind}") })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::frame::{Column, Frame};
    use crate::read::{ReadOptions, read_frame};
    use crate::write::write_parquet;

    fn bytes() -> Vec<u8> {
        let values = (0..300).map(f64::from).collect();
        let frame = Frame::new(vec![Column::integer("n", values)]).unwrap();
        write_parquet(&frame, Vec::new()).unwrap()
    }

    #[test]
    fn decimals_and_times_have_texts() {
        let decimal = |value: i32, scale| derive_decimal(&Decimal::from_i32(value, 9, scale));
        assert_eq!(decimal(-1_234, 2).as_deref(), Some("-12.34"));
        assert_eq!(decimal(5, 3).as_deref(), Some("0.005"));
        assert_eq!(decimal(7, 0).as_deref(), Some("7"));
        assert_eq!(decimal(7, -1), None);
        assert_eq!(derive_clock(3_723_000_000), "01:02:03");
        let nanos = derive_cell(Field::Long(1_500_000_000), true).unwrap();
        assert_eq!(nanos.as_deref(), Some("1970-01-01T00:00:01.500000"));
        assert_eq!(derive_cell(Field::Double(f64::NAN), false), Ok(None));
    }

    #[test]
    fn damaged_files_are_refused_in_words() {
        let whole = bytes();
        let mut seen = 0;
        for cut in [40, 200, whole.len() / 2, whole.len() - 1] {
            let read = read_frame(Cursor::new(&whole[..cut]), &ReadOptions::default());
            let error = read.unwrap_err().to_string();
            assert!(error.contains("Parquet"), "{error}");
        }
        for place in 4..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 0x5a;
            // Some changes are not seen, but none may end the program.
            seen += usize::from(read_frame(Cursor::new(changed), &ReadOptions::default()).is_err());
        }
        assert!(seen > 20, "{seen} of {} changes were seen", whole.len());
    }
}
