//! Looks up models and writes their cards.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ModelCard, ModelFilter, ModelRecord, Page, PageRequest, ReadModels, WriteModels,
};
use gantry_types::{ArtifactId, DatasetId, JobId, OrganizationId, Timestamp};
use sea_orm::{FromQueryResult, Value};

use super::catalog_rows::ArtifactRow;
use super::convert::{decode_json, decode_time, decode_u32, encode_json};
use super::page::{PageSql, contains_pattern};
use super::sharing::forget;
use super::sight::{Thing, and_seen};
use crate::session::Session;

const MODEL_COLUMNS: &str = "a.id, a.organization_id, a.job_id, a.name, a.media_type, a.role, \
     a.bytes, a.sha256, a.blob_key, a.created_at, j.operation, j.label, b.inputs, \
     c.name AS card_name, c.version AS card_version, c.tags, c.note, c.changed_at";
const MODEL_TABLES: &str = "artifacts a JOIN jobs j ON j.id = a.job_id \
     JOIN job_bodies b ON b.job_id = a.job_id LEFT JOIN model_cards c ON c.artifact_id = a.id";

/// A model is seen by who sees its job and was not kept from the model itself.
const MODEL: &[Thing] = &[Thing::Job, Thing::Model];

#[derive(Debug, FromQueryResult)]
struct ModelRow {
    #[sea_orm(nested)]
    artifact: ArtifactRow,
    operation: String,
    label: Option<String>,
    inputs: String,
    card_name: Option<String>,
    card_version: Option<i64>,
    tags: Option<String>,
    note: Option<String>,
    changed_at: Option<i64>,
}

impl ModelRow {
    fn decode(self) -> Result<ModelRecord, StoreError> {
        let card = match (self.card_name, self.card_version, self.tags, self.changed_at) {
            (Some(name), Some(version), Some(tags), Some(changed_at)) => Some(ModelCard {
                name,
                version: decode_u32("model version", version)?,
                tags: decode_json("tags", &tags)?,
                note: self.note,
                changed_at: decode_time(changed_at),
            }),
            (Some(_) | None, _, _, _) => None,
        };
        Ok(ModelRecord {
            artifact: self.artifact.decode()?,
            operation: self.operation,
            label: self.label,
            inputs: decode_json("inputs", &self.inputs)?,
            card,
        })
    }
}

#[async_trait]
impl ReadModels for Session {
    async fn find_model(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
    ) -> Result<Option<ModelRecord>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id.as_uuid().into()];
        let seen = and_seen(self.sight(), MODEL, &mut values);
        let sql = format!(
            "SELECT {MODEL_COLUMNS} FROM {MODEL_TABLES} \
             WHERE a.organization_id = $1 AND a.id = $2 AND a.role = 'model'{seen}"
        );
        let row = self.sql().first::<ModelRow>("model", sql, values).await?;
        row.map(ModelRow::decode).transpose()
    }

    async fn list_models(
        &self,
        organization_id: OrganizationId,
        filter: &ModelFilter,
        page: &PageRequest<ArtifactId>,
    ) -> Result<Page<ModelRecord, ArtifactId>, StoreError> {
        let (mut conditions, mut values) = derive_conditions(organization_id, filter);
        conditions.push_str(&and_seen(self.sight(), MODEL, &mut values));
        let tail = PageSql::new(page, "a.id", values.len() + 1, ArtifactId::as_uuid);
        values.extend(tail.values.iter().cloned());
        let sql =
            format!("SELECT {MODEL_COLUMNS} FROM {MODEL_TABLES} WHERE {conditions}{}", tail.tail);
        let rows = self.sql().all::<ModelRow>("model", sql, values).await?;
        let models = rows.into_iter().map(ModelRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(models, |model: &ModelRecord| model.artifact.id))
    }

    async fn get_last_model_version(
        &self,
        organization_id: OrganizationId,
        name: &str,
    ) -> Result<u32, StoreError> {
        let sql = "SELECT COALESCE(MAX(version), 0) FROM model_cards \
                   WHERE organization_id = $1 AND name = $2";
        let values = vec![organization_id.as_uuid().into(), name.into()];
        decode_u32("model version", self.sql().number("model", sql, values).await?)
    }

    async fn is_model_in_use(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM jobs j JOIN job_bodies b ON b.job_id = j.id \
                   WHERE j.organization_id = $1 AND j.finished_at IS NULL \
                   AND b.inputs LIKE $2 ESCAPE '\\'";
        let pattern = contains_pattern(&id.to_string());
        let values = vec![organization_id.as_uuid().into(), pattern.into()];
        Ok(self.sql().number("job", sql, values).await? > 0)
    }
}

#[async_trait]
impl WriteModels for Session {
    async fn put_model_card(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
        card: &ModelCard,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO model_cards (artifact_id, organization_id, name, version, tags, \
                   note, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (artifact_id) DO UPDATE SET name = excluded.name, \
                   version = excluded.version, tags = excluded.tags, note = excluded.note, \
                   changed_at = excluded.changed_at";
        let values = vec![
            id.as_uuid().into(),
            organization_id.as_uuid().into(),
            card.name.as_str().into(),
            i64::from(card.version).into(),
            encode_json("tags", &card.tags)?.into(),
            card.note.clone().into(),
            card.changed_at.as_micros().into(),
        ];
        self.sql().run("model version", sql, values).await.map(drop)
    }

    async fn delete_model(
        &self,
        organization_id: OrganizationId,
        id: ArtifactId,
        delete_after: Timestamp,
    ) -> Result<(), StoreError> {
        let key = || -> Vec<Value> { vec![organization_id.as_uuid().into(), id.as_uuid().into()] };
        let doom = "INSERT INTO doomed_blobs (blob_key, organization_id, delete_after) \
                    SELECT blob_key, organization_id, $3 FROM artifacts \
                    WHERE organization_id = $1 AND id = $2 AND role = 'model' \
                    ON CONFLICT (blob_key) DO NOTHING";
        let mut values = key();
        values.push(delete_after.as_micros().into());
        self.sql().run("blob", doom, values).await?;
        let uncache = "UPDATE flow_nodes SET result_key = NULL WHERE organization_id = $1 \
                      AND EXISTS (SELECT 1 FROM artifacts a JOIN jobs j ON j.id = a.job_id \
                      WHERE a.id = $2 AND a.organization_id = $1 \
                      AND j.parent_id = flow_nodes.job_id AND j.ordinal = flow_nodes.ordinal)";
        self.sql().run("workflow node", uncache, key()).await?;
        let card = "DELETE FROM model_cards WHERE organization_id = $1 AND artifact_id = $2";
        self.sql().run("model", card, key()).await?;
        let gone = "SELECT id FROM artifacts \
                    WHERE organization_id = $1 AND id = $2 AND role = 'model'";
        forget(self.sql(), gone, &key()).await?;
        let file =
            "DELETE FROM artifacts WHERE organization_id = $1 AND id = $2 AND role = 'model'";
        self.sql().run_on_row("model", file, key()).await
    }
}

fn derive_conditions(
    organization_id: OrganizationId,
    filter: &ModelFilter,
) -> (String, Vec<Value>) {
    let mut conditions = String::from("a.organization_id = $1 AND a.role = 'model'");
    let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
    let mut require = |condition: &str, value: Value| {
        values.push(value);
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace("$?", &format!("${}", values.len())));
    };
    if let Some(tag) = &filter.tag {
        // Tags are lower-case words without quotes, each in quotes in the stored list.
        let quoted = contains_pattern(&format!("\"{tag}\""));
        require("c.tags LIKE $? ESCAPE '\\'", quoted.into());
    }
    if let Some(operation) = &filter.operation {
        require("j.operation = $?", operation.as_str().into());
    }
    if let Some(dataset) = filter.dataset {
        require("b.inputs LIKE $? ESCAPE '\\'", derive_input_pattern(dataset).into());
    }
    if let Some(name) = &filter.name {
        require("c.name = $?", name.as_str().into());
    }
    if let Some(job) = filter.job {
        let below = "(j.id = $? OR j.parent_id = $? OR j.root_id = $?)";
        require(below, JobId::as_uuid(job).into());
    }
    (conditions, values)
}

/// An identifier is in lower case in the stored inputs, and nothing else in them looks like one.
fn derive_input_pattern(dataset: DatasetId) -> String {
    contains_pattern(&dataset.to_string())
}
