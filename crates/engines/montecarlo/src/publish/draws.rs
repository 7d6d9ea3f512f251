//! Draws as tables: one row per iteration, inputs before outputs. A draw that gave no number is
//! empty in CSV and NaN in Parquet.

use std::sync::Arc;

use gantry_engine_api::{ArtifactRole, BlockingContext};
use gantry_kit::{Column, Frame, WriteOptions, write_csv};
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::data_type::DoubleType;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::error::MonteCarloError;

/// Rows of one group of a Parquet file.
const GROUP: usize = 1 << 18;

/// Leaves `draws.csv`.
pub(super) fn csv(
    job: &BlockingContext,
    names: &[String],
    columns: &[&[f64]],
) -> Result<(), MonteCarloError> {
    let failed = |e: &dyn std::fmt::Display| MonteCarloError::Written {
        what: "draws.csv",
        cause: e.to_string(),
    };
    let all = names.iter().zip(columns).map(|(n, c)| Column::number(n.clone(), c.to_vec()));
    let frame = Frame::new(all.collect()).map_err(|e| failed(&e))?;
    let mut writer = job.create_artifact("draws.csv", ArtifactRole::Table)?;
    write_csv(&frame, &mut writer, &WriteOptions::default()).map_err(|e| failed(&e))?;
    job.publish(writer.finish()?)?;
    Ok(())
}

/// Leaves `draws.parquet`.
pub(super) fn parquet(
    job: &BlockingContext,
    names: &[String],
    columns: &[&[f64]],
) -> Result<(), MonteCarloError> {
    let writer = job.create_artifact("draws.parquet", ArtifactRole::File)?;
    let writer = write(writer, names, columns)
        .map_err(|e| MonteCarloError::Written { what: "draws.parquet", cause: e.to_string() })?;
    job.publish(writer.finish()?)?;
    Ok(())
}

fn write<W: std::io::Write + Send>(
    sink: W,
    names: &[String],
    columns: &[&[f64]],
) -> Result<W, ParquetError> {
    let mut fields = Vec::with_capacity(names.len());
    for name in names {
        let field = Type::primitive_type_builder(name, PhysicalType::DOUBLE)
            .with_repetition(Repetition::REQUIRED)
            .build()?;
        fields.push(Arc::new(field));
    }
    let schema = Arc::new(Type::group_type_builder("draws").with_fields(fields).build()?);
    // Random numbers repeat too seldom for a dictionary.
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_created_by("gantry".into())
        .build();
    let mut writer = SerializedFileWriter::new(sink, schema, Arc::new(properties))?;
    let rows = columns.first().map_or(0, |c| c.len());
    for from in (0..rows).step_by(GROUP) {
        let to = rows.min(from + GROUP);
        let mut group = writer.next_row_group()?;
        for column in columns {
            if let Some(mut target) = group.next_column()? {
                target.typed::<DoubleType>().write_batch(&column[from..to], None, None)?;
                target.close()?;
            }
        }
        group.close()?;
    }
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use parquet::column::reader::ColumnReader;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn parquet_reads_back() {
        let columns: [&[f64]; 2] = [&[1.5, -2.0, 1e300], &[0.0, 0.25, f64::MIN_POSITIVE]];
        let bytes = write(Vec::new(), &["a".into(), "b!C1".into()], &columns).unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let schema = reader.metadata().file_metadata().schema();
        let names: Vec<&str> = schema.get_fields().iter().map(|f| f.name()).collect();
        assert_eq!(names, ["a", "b!C1"]);
        let group = reader.get_row_group(0).unwrap();
        for (i, want) in columns.iter().enumerate() {
            let ColumnReader::DoubleColumnReader(mut column) = group.get_column_reader(i).unwrap()
            else {
                panic!("column {i} holds no doubles");
            };
            let mut got = Vec::new();
            column.read_records(3, None, None, &mut got).unwrap();
            assert_eq!(got, *want);
        }
    }
}
