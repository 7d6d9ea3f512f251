//! Reads what is kept about a person, part by part.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Artifact, ExportFile, ExportPart, ExportRange, ExportScope, ReadExports,
};
use gantry_types::{JobId, UserId};
use sea_orm::{FromQueryResult, QueryResult, TryGetable, Value};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::catalog::SELECT_ARTIFACT;
use super::catalog_rows::ArtifactRow;
use super::convert::{decode_time, decode_u64, encode_u64};
use super::export_parts::{Cell, source_of};
use super::job_rows::decode_seed;
use crate::dialect::{Dialect, JsonRows, Kind};
use crate::error::derive_store_error;
use crate::session::Session;

const WHAT: &str = "row of an export";

/// A file of a dataset or of a job.
#[derive(Debug, FromQueryResult)]
struct FileRow {
    owner_id: Uuid,
    version: i64,
    name: String,
    bytes: i64,
    blob_key: String,
}

impl FileRow {
    fn decode(self, folder: String) -> Result<ExportFile, StoreError> {
        Ok(ExportFile {
            folder,
            name: self.name,
            bytes: decode_u64("size", self.bytes)?,
            blob_key: self.blob_key,
        })
    }
}

#[async_trait]
impl ReadExports for Session {
    async fn list_export_rows(
        &self,
        part: ExportPart,
        scope: &ExportScope,
        range: ExportRange,
    ) -> Result<Vec<Json>, StoreError> {
        let source = source_of(part);
        let columns: Vec<&str> = source.columns.iter().map(|(column, _)| *column).collect();
        let (whose, mut values) = bind(source.whose, scope, self.sql().dialect());
        values.push(i64::from(range.limit).into());
        values.push(encode_u64("offset", range.offset)?.into());
        let (limit, offset) = (values.len() - 1, values.len());
        let sql = format!(
            "SELECT {} FROM {} WHERE {whose} ORDER BY {} LIMIT ${limit} OFFSET ${offset}",
            columns.join(", "),
            source.from,
            source.order,
        );
        self.sql().all_by(WHAT, sql, values, |row| read_object(row, source.columns)).await
    }

    async fn list_export_files(
        &self,
        scope: &ExportScope,
        limit: u32,
    ) -> Result<Vec<ExportFile>, StoreError> {
        let (own, mut values) = bind("organization_id IN {own}", scope, self.sql().dialect());
        values.push(i64::from(limit).into());
        let place = values.len();
        let versions = format!(
            "SELECT dataset_id AS owner_id, version, file_name AS name, bytes, blob_key \
             FROM dataset_versions WHERE {own} ORDER BY dataset_id, version LIMIT ${place}"
        );
        let artifacts = format!(
            "SELECT id AS owner_id, CAST(1 AS BIGINT) AS version, name, bytes, blob_key FROM artifacts \
             WHERE {own} AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = artifacts.job_id \
             AND j.accounting = 'metered') ORDER BY id LIMIT ${place}"
        );
        let mut files = Vec::new();
        for row in self.sql().all::<FileRow>(WHAT, versions, values.clone()).await? {
            let folder = format!("datasets/{}/{}", row.owner_id, row.version);
            files.push(row.decode(folder)?);
        }
        for row in self.sql().all::<FileRow>(WHAT, artifacts, values).await? {
            let folder = format!("artifacts/{}", row.owner_id);
            files.push(row.decode(folder)?);
        }
        files.truncate(limit as usize);
        Ok(files)
    }

    async fn find_export(
        &self,
        user_id: UserId,
        job_id: JobId,
    ) -> Result<Option<Artifact>, StoreError> {
        let sql = format!(
            "{SELECT_ARTIFACT} WHERE job_id = $1 AND EXISTS (SELECT 1 FROM jobs j \
             WHERE j.id = artifacts.job_id AND j.accounting = 'platform' \
             AND j.submitted_by = $2) ORDER BY name LIMIT 1"
        );
        let values = vec![job_id.as_uuid().into(), user_id.as_uuid().into()];
        let row = self.sql().first::<ArtifactRow>("artifact", sql, values).await?;
        row.map(ArtifactRow::decode).transpose()
    }
}

/// Puts values in the place of the words of a condition.
fn bind(whose: &str, scope: &ExportScope, dialect: Dialect) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let mut text = whose.to_owned();
    let mut put = |word: &str, value: Value| {
        if text.contains(word) {
            values.push(value);
            text = text.replace(word, &format!("${}", values.len()));
        }
    };
    put("{user}", scope.user_id.as_uuid().into());
    put("{email}", scope.email.as_str().into());
    put("{locked}", format!("email {}", scope.email).into());
    if text.contains("{own}") {
        let mut own = JsonRows::new();
        for id in &scope.own {
            own.row().id(id.as_uuid());
        }
        values.push(own.finish());
        let place = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let rows = dialect.rows(place, &[("id", Kind::Id)]);
        text = text.replace("{own}", &format!("(SELECT r.id FROM {rows} r)"));
    }
    (text, values)
}

/// A row as a JSON object.
fn read_object(row: &QueryResult, columns: &[(&str, Cell)]) -> Result<Json, StoreError> {
    let mut object = Map::new();
    for (place, (column, cell)) in columns.iter().enumerate() {
        object.insert(name_of(column).to_owned(), read_cell(row, place, *cell)?);
    }
    Ok(Json::Object(object))
}

/// The last word of a column.
fn name_of(column: &str) -> &str {
    column.rsplit(['.', ' ']).next().unwrap_or(column)
}

fn read_cell(row: &QueryResult, place: usize, cell: Cell) -> Result<Json, StoreError> {
    Ok(match cell {
        Cell::Id => json!(get::<Uuid>(row, place)?),
        Cell::Int => json!(get::<i64>(row, place)?),
        Cell::Seed => json!(get::<i64>(row, place)?.map(decode_seed)),
        Cell::Time => json!(get::<i64>(row, place)?.map(decode_time)),
        Cell::Bool => json!(get::<bool>(row, place)?),
        Cell::Text => json!(get::<String>(row, place)?),
        // What is a single word stays one.
        Cell::Json => get::<String>(row, place)?
            .map_or(Json::Null, |text| serde_json::from_str(&text).unwrap_or(Json::String(text))),
    })
}

fn get<T: TryGetable>(row: &QueryResult, place: usize) -> Result<Option<T>, StoreError> {
    row.try_get_by_index::<Option<T>>(place).map_err(|error| derive_store_error(&error, WHAT))
}

#[cfg(test)]
mod tests {
    use gantry_types::OrganizationId;

    use super::*;

    #[test]
    fn a_condition_takes_the_values_that_it_names() {
        let scope = ExportScope {
            user_id: UserId::generate(),
            email: "ada@example.org".to_owned(),
            own: vec![OrganizationId::generate()],
        };
        let (text, values) =
            bind("(a = {user} OR b = {user}) AND c = {email}", &scope, Dialect::Sqlite);
        assert_eq!(text, "(a = $1 OR b = $1) AND c = $2");
        assert_eq!(values.len(), 2);
        let (text, values) = bind("a IN {own}", &scope, Dialect::Sqlite);
        assert!(text.starts_with("a IN (SELECT r.id FROM ") && text.contains("$1"), "{text}");
        assert_eq!(values.len(), 1);
    }

    #[test]
    fn a_member_is_called_by_the_last_word_of_its_column() {
        let names = ["id", "j.id", "p.slug AS plan"].map(name_of);
        assert_eq!(names, ["id", "id", "plan"]);
    }

    #[test]
    fn no_column_is_a_secret() {
        for part in ExportPart::ALL {
            for (column, _) in source_of(*part).columns {
                let name = name_of(column);
                let is_file = name == "sha256";
                let is_secret = name.contains("hash")
                    || name.contains("token")
                    || name.contains("secret")
                    || name.contains("blob")
                    || (name.contains("sha256") && !is_file);
                assert!(!is_secret, "{part:?} hands out {column}");
            }
        }
    }
}
