//! Looks up and changes flags.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{FlagRecord, ReadFlags, WriteFlags};
use gantry_rules::flags::Flag;
use gantry_types::UserId;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_json, decode_time, decode_u32, decode_word, encode_json};
use crate::session::Session;

const COLUMNS: &str = "flag_key, description, enabled, visible, rules, variants, revision, \
                       updated_by, updated_at";

/// A row of `flags`.
#[derive(Debug, FromQueryResult)]
struct FlagRow {
    flag_key: String,
    description: String,
    enabled: bool,
    visible: bool,
    rules: String,
    variants: String,
    revision: i64,
    updated_by: Option<Uuid>,
    updated_at: i64,
}

impl FlagRow {
    fn decode(self) -> Result<FlagRecord, StoreError> {
        let flag = Flag {
            key: decode_word("flag", &self.flag_key)?,
            description: self.description,
            enabled: self.enabled,
            visible: self.visible,
            rules: decode_json("rules of a flag", &self.rules)?,
            variants: decode_json("variants of a flag", &self.variants)?,
        };
        Ok(FlagRecord {
            flag,
            revision: decode_u32("revision", self.revision)?,
            updated_by: self.updated_by.map(UserId::from_uuid),
            updated_at: decode_time(self.updated_at),
        })
    }
}

/// The values of [`COLUMNS`].
fn values_of(record: &FlagRecord) -> Result<Vec<Value>, StoreError> {
    let flag = &record.flag;
    Ok(vec![
        flag.key.as_str().into(),
        flag.description.as_str().into(),
        flag.enabled.into(),
        flag.visible.into(),
        encode_json("rules of a flag", &flag.rules)?.into(),
        encode_json("variants of a flag", &flag.variants)?.into(),
        i64::from(record.revision).into(),
        record.updated_by.map(UserId::as_uuid).into(),
        record.updated_at.as_micros().into(),
    ])
}

#[async_trait]
impl ReadFlags for Session {
    async fn find_flag(&self, key: &str) -> Result<Option<FlagRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM flags WHERE flag_key = $1");
        let row = self.sql().first::<FlagRow>("flag", sql, vec![key.into()]).await?;
        row.map(FlagRow::decode).transpose()
    }

    async fn list_flags(&self) -> Result<Vec<FlagRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM flags");
        let rows = self.sql().all::<FlagRow>("flag", sql, Vec::new()).await?;
        let mut flags: Vec<FlagRecord> =
            rows.into_iter().map(FlagRow::decode).collect::<Result<_, _>>()?;
        // Databases order text each in its own way.
        flags.sort_by(|one, other| one.flag.key.cmp(&other.flag.key));
        Ok(flags)
    }
}

#[async_trait]
impl WriteFlags for Session {
    async fn insert_flag(&self, record: &FlagRecord) -> Result<(), StoreError> {
        let sql =
            format!("INSERT INTO flags ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
        self.sql().run("flag", sql, values_of(record)?).await.map(drop)
    }

    async fn update_flag(&self, record: &FlagRecord) -> Result<(), StoreError> {
        let sql = "UPDATE flags SET description = $2, enabled = $3, visible = $4, rules = $5, \
                   variants = $6, revision = $7, updated_by = $8, updated_at = $9 \
                   WHERE flag_key = $1 AND revision = $7 - 1";
        self.sql().run_on_row("flag", sql, values_of(record)?).await
    }

    async fn delete_flag(&self, key: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM flags WHERE flag_key = $1";
        self.sql().run_on_row("flag", sql, vec![key.into()]).await
    }
}
