//! Draws as tables: one row per iteration, inputs before outputs. A draw that gave no number is
//! empty in CSV and XLSX, and NaN in Parquet.

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
use crate::ops::simulate::finish::columns_of;
use crate::ops::simulate::{DrawsFile, Task};
use crate::run::Runner;
use crate::study::Study;

mod sheet;

use sheet::DrawsSheet;

const PARQUET: &str = "draws.parquet";
const XLSX: &str = "draws.xlsx";
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
    let mut files = Files::new(job, &names, &task.draws_as)?;
    for from in (0..rows).step_by(GROUP) {
        let to = rows.min(from + GROUP);
        let inputs = columns_of(&task.study, &plan, (from as u64, to as u64))?;
        let outputs = columns.iter().map(|c| &c[from..to]);
        let all: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).chain(outputs).collect();
        files.write(&all)?;
        job.check_cancelled()?;
    }
    files.finish(job)?;
    if task.draws_as.contains(&DrawsFile::Csv) && rows as u64 <= CSV_ROWS {
        let inputs = columns_of(&task.study, &plan, (0, rows as u64))?;
        let outputs = columns.iter().map(|c| &c[..rows]);
        let all: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).chain(outputs).collect();
        csv(job, &names, &all)?;
    }
    Ok(())
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
    let mut files = Files::new(job, &names(&task.study), &task.draws_as)?;
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
        files.write(&all)?;
    }
    files.finish(job)
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

/// The files that grow by row groups.
struct Files {
    parquet: Option<ParquetFile<ArtifactWriter>>,
    sheet: Option<DrawsSheet>,
}

impl Files {
    fn new(
        job: &BlockingContext,
        names: &[String],
        wanted: &[DrawsFile],
    ) -> Result<Self, MonteCarloError> {
        let mut files = Self { parquet: None, sheet: None };
        if wanted.contains(&DrawsFile::Parquet) {
            let writer = job.create_artifact(PARQUET, ArtifactRole::File)?;
            let file = ParquetFile::new(writer, names).map_err(|e| failed(PARQUET, &e))?;
            files.parquet = Some(file);
        }
        if wanted.contains(&DrawsFile::Xlsx) {
            if names.len() > sheet::COLUMNS {
                return Err(MonteCarloError::param(
                    format!("{} inputs and outputs do not fit into a sheet.", names.len()),
                    "Leave the draws as Parquet or CSV with `--draws-as parquet,csv`.",
                ));
            }
            let sheet = DrawsSheet::new(names, job.scratch()?).map_err(|e| failed(XLSX, &e))?;
            files.sheet = Some(sheet);
        }
        Ok(files)
    }

    fn write(&mut self, columns: &[&[f64]]) -> Result<(), MonteCarloError> {
        if let Some(file) = &mut self.parquet {
            file.write(columns).map_err(|e| failed(PARQUET, &e))?;
        }
        if let Some(sheet) = &mut self.sheet {
            sheet.write(columns).map_err(|e| failed(XLSX, &e))?;
        }
        Ok(())
    }

    fn finish(self, job: &BlockingContext) -> Result<(), MonteCarloError> {
        if let Some(file) = self.parquet {
            let writer = file.0.into_inner().map_err(|e| failed(PARQUET, &e))?;
            job.publish(writer.finish()?)?;
        }
        if let Some(sheet) = self.sheet {
            let mut writer = job.create_artifact(XLSX, ArtifactRole::File)?;
            sheet.save(&mut writer).map_err(|e| failed(XLSX, &e))?;
            job.publish(writer.finish()?)?;
        }
        Ok(())
    }
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
