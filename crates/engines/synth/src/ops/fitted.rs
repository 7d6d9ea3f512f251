//! A fitted generator, and a further table in its terms.

use gantry_engine_api::{BlockingContext, LogLevel};

use crate::encode::EncodedTable;
use crate::error::SynthError;
use crate::model_file::SynthModel;
use crate::table::{Table, read_as};

/// Reads the generator of the slot `model`.
pub(crate) fn read_model(job: &BlockingContext) -> Result<SynthModel, SynthError> {
    SynthModel::read_from(job.input("model")?.open()?)
}

/// Reads the table of the slot `data` as the generator's own was read.
pub(crate) fn read_further(job: &BlockingContext, model: &SynthModel) -> Result<Table, SynthError> {
    let encoding = &model.header.encoding;
    let mut metadata = model.header.metadata.clone();
    // Columns that are made anew tell nothing, and may be left out.
    metadata.columns.retain(|name, _| {
        encoding.modelled.iter().any(|column| encoding.columns[*column].name == *name)
    });
    let table = read_as(job, "data", metadata)?;
    for warning in &table.warnings {
        job.log(LogLevel::Warning, warning.clone());
    }
    Ok(table)
}

/// A further table as the generator's tier sees it.
pub(crate) fn encode_further(
    model: &SynthModel,
    table: &Table,
) -> Result<EncodedTable, SynthError> {
    let header = &model.header;
    let mut encoded = header.encoding.encode(&table.frame)?;
    let mut constraints = header.constraints.clone();
    constraints.transform(&mut encoded, header.metadata.min_count)?;
    Ok(encoded)
}
