//! Draws as tables: one row per iteration, inputs before outputs. A draw that gave no number is
//! empty in CSV and NaN in Parquet.

use std::sync::Arc;

use gantry_engine_api::{ArtifactRole, ArtifactWriter, BlockingContext};
use gantry_kit::{Column, Frame, WriteOptions, write_csv};
use gantry_sampling::Plan;
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::data_type::DoubleType;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use crate::error::MonteCarloError;
use crate::ops::simulate::Task;
use crate::ops::simulate::finish::columns_of;
use crate::run::Runner;
use crate::study::Study;

const PARQUET: &str = "draws.parquet";
/// Rows of one group of a Parquet file.
const GROUP: usize = 1 << 18;

/// Rows that are left as CSV too.
const CSV_ROWS: u64 = 1_000_000;

/// Leaves the first draws of a run that are in memory.
///
/// # Errors
/// What cannot be written.
pub fn of_columns(
    job: &BlockingContext,
    task: &Task,
    columns: &[Vec<f64>],
) -> Result<(), MonteCarloError> {
    let rows = columns.first().map_or(0, Vec::len).min(task.draws as usize);
    if rows == 0 {
        return Ok(());
    }
    let names = names(&task.study);
    let plan = plan(job, task)?;
    let mut file = begin(job, &names)?;
    for from in (0..rows).step_by(GROUP) {
        let to = rows.min(from + GROUP);
        let inputs = columns_of(&task.study, &plan, (from as u64, to as u64))?;
        let outputs = columns.iter().map(|c| &c[from..to]);
        let all: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).chain(outputs).collect();
        file.write(&all).map_err(|e| failed(PARQUET, &e))?;
        if rows as u64 <= CSV_ROWS && to == rows && from == 0 {
            csv(job, &names, &all)?;
        }
        job.check_cancelled()?;
    }
    finish(job, file)
}

/// Leaves the first draws of a run, computed again row group by row group.
///
/// # Errors
/// What cannot be written.
pub fn of_runner(
    job: &BlockingContext,
    task: &Task,
    runner: &Runner<'_>,
) -> Result<(), MonteCarloError> {
    let rows = task.simulation.iterations.min(task.draws);
    if rows == 0 {
        return Ok(());
    }
    let plan = plan(job, task)?;
    let mut file = begin(job, &names(&task.study))?;
    for from in (0..rows).step_by(GROUP) {
        let to = rows.min(from + GROUP as u64);
        let inputs = columns_of(&task.study, &plan, (from, to))?;
        let mut outputs = vec![Vec::with_capacity((to - from) as usize); task.study.outputs.len()];
        runner.run((from, to), &|| job.is_cancelled(), &mut |block| {
            for (all, part) in outputs.iter_mut().zip(&block) {
                all.extend_from_slice(part);
            }
            Ok(())
        })?;
        let all: Vec<&[f64]> = inputs.iter().chain(&outputs).map(Vec::as_slice).collect();
        file.write(&all).map_err(|e| failed(PARQUET, &e))?;
    }
    finish(job, file)
}

fn names(study: &Study) -> Vec<String> {
    let inputs = study.inputs.iter().map(|i| i.name.clone());
    inputs.chain(study.outputs.iter().map(|o| o.name.clone())).collect()
}

fn plan(job: &BlockingContext, task: &Task) -> Result<Plan, MonteCarloError> {
    let simulation = &task.simulation;
    task.study.plan(job.seed(), simulation.iterations, simulation.sampling.design())
}

fn failed(what: &'static str, cause: &dyn std::fmt::Display) -> MonteCarloError {
    MonteCarloError::Written { what, cause: cause.to_string() }
}

/// Leaves `draws.csv`.
fn csv(job: &BlockingContext, names: &[String], columns: &[&[f64]]) -> Result<(), MonteCarloError> {
    const CSV: &str = "draws.csv";
    let all = names.iter().zip(columns).map(|(n, c)| Column::number(n.clone(), c.to_vec()));
    let frame = Frame::new(all.collect()).map_err(|e| failed(CSV, &e))?;
    let mut writer = job.create_artifact(CSV, ArtifactRole::Table)?;
    write_csv(&frame, &mut writer, &WriteOptions::default()).map_err(|e| failed(CSV, &e))?;
    job.publish(writer.finish()?)?;
    Ok(())
}

fn begin(
    job: &BlockingContext,
    names: &[String],
) -> Result<ParquetFile<ArtifactWriter>, MonteCarloError> {
    let writer = job.create_artifact(PARQUET, ArtifactRole::File)?;
    ParquetFile::new(writer, names).map_err(|e| failed(PARQUET, &e))
}

fn finish(job: &BlockingContext, file: ParquetFile<ArtifactWriter>) -> Result<(), MonteCarloError> {
    let writer = file.0.into_inner().map_err(|e| failed(PARQUET, &e))?;
    job.publish(writer.finish()?)?;
    Ok(())
}

/// A Parquet file of columns of numbers, which grows by row groups.
struct ParquetFile<W: std::io::Write + Send>(SerializedFileWriter<W>);

impl<W: std::io::Write + Send> ParquetFile<W> {
    fn new(sink: W, names: &[String]) -> Result<Self, ParquetError> {
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
        Ok(Self(SerializedFileWriter::new(sink, schema, Arc::new(properties))?))
    }

    /// Adds a row group.
    fn write(&mut self, columns: &[&[f64]]) -> Result<(), ParquetError> {
        let mut group = self.0.next_row_group()?;
        for column in columns {
            if let Some(mut target) = group.next_column()? {
                target.typed::<DoubleType>().write_batch(column, None, None)?;
                target.close()?;
            }
        }
        group.close()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::column::reader::ColumnReader;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn parquet_reads_back() {
        let columns: [&[f64]; 2] = [&[1.5, -2.0, 1e300], &[0.0, 0.25, f64::MIN_POSITIVE]];
        let mut file = ParquetFile::new(Vec::new(), &["a".into(), "b!C1".into()]).unwrap();
        file.write(&columns).unwrap();
        let bytes = file.0.into_inner().unwrap();
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
