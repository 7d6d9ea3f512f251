//! Removes what plans keep no longer, in bounded batches.
//!
//! Invariants: a tree of jobs is emptied as a whole, and only when nothing that runs, waits or is
//! scheduled reads a file of it; bytes are noted to be deleted in the transaction that removes
//! their rows.

use std::collections::BTreeSet;

use gantry_ports::StoreError;
use gantry_ports::store::{JobSweep, Swept};
use gantry_types::{DatasetId, JobId, OrganizationId, Timestamp};
use sea_orm::{FromQueryResult, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use super::convert::decode_json;
use super::sharing::forget;
use crate::dialect::{Dialect, JsonRows, Kind};
use crate::sql::Sql;

const IDS: &[(&str, Kind)] = &[("id", Kind::Id)];

#[derive(Debug, FromQueryResult)]
struct IdRow {
    id: Uuid,
}

#[derive(Debug, FromQueryResult)]
struct InputsRow {
    inputs: String,
}

#[derive(Debug, FromQueryResult)]
struct FileRow {
    id: Uuid,
    owner_id: Uuid,
}

#[derive(Debug, FromQueryResult)]
struct DeletedRow {
    id: Uuid,
    organization_id: Uuid,
}

/// Empties ended jobs with their children.
///
/// # Errors
/// What the database says.
pub(super) async fn sweep_jobs(sql: &Sql, sweep: &JobSweep) -> Result<Swept<JobId>, StoreError> {
    let roots = find_ended(sql, sweep).await?;
    let next = if roots.len() < sweep.limit as usize {
        None
    } else {
        roots.last().copied().map(JobId::from_uuid)
    };
    let text = format!(
        "SELECT a.id, j.root_id AS owner_id FROM ({}) t JOIN jobs j ON j.id = t.id \
         JOIN artifacts a ON a.job_id = t.id",
        select_trees(sql.dialect())
    );
    let files = sql.all::<FileRow>("artifact", text, vec![ids(roots.iter().copied())]).await?;
    let in_use = if files.is_empty() {
        BTreeSet::new()
    } else {
        find_inputs_in_use(sql, sweep.organization_id).await?
    };
    let kept: BTreeSet<Uuid> =
        files.iter().filter(|file| in_use.contains(&file.id)).map(|file| file.owner_id).collect();
    let free: Vec<Uuid> = roots.into_iter().filter(|root| !kept.contains(root)).collect();
    if !free.is_empty() {
        empty_trees(sql, sweep, &free).await?;
    }
    Ok(Swept { removed: free.len() as u64, next })
}

async fn find_ended(sql: &Sql, sweep: &JobSweep) -> Result<Vec<Uuid>, StoreError> {
    let text = "SELECT id FROM jobs WHERE organization_id = $1 AND parent_id IS NULL \
                AND id > $2 AND finished_at < $3 AND swept_at IS NULL ORDER BY id LIMIT $4";
    let after = sweep.after.map_or(Uuid::nil(), JobId::as_uuid);
    let values = vec![
        sweep.organization_id.as_uuid().into(),
        after.into(),
        sweep.ended_before.as_micros().into(),
        i64::from(sweep.limit).into(),
    ];
    let rows = sql.all::<IdRow>("job", text, values).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The roots of parameter 1 and everything below them.
fn select_trees(dialect: Dialect) -> String {
    let roots = dialect.rows(1, IDS);
    format!(
        "SELECT w.id FROM {roots} w UNION ALL SELECT c.id FROM {roots} w JOIN jobs c \
         ON c.root_id = w.id AND c.parent_id IS NOT NULL"
    )
}

async fn empty_trees(sql: &Sql, sweep: &JobSweep, roots: &[Uuid]) -> Result<(), StoreError> {
    let trees = select_trees(sql.dialect());
    let roots = || ids(roots.iter().copied());
    let doom = format!(
        "INSERT INTO doomed_blobs (blob_key, organization_id, delete_after) \
         SELECT blob_key, organization_id, $2 FROM artifacts WHERE job_id IN ({trees}) \
         ON CONFLICT (blob_key) DO NOTHING"
    );
    let values = vec![roots(), sweep.delete_after.as_micros().into()];
    sql.run("blob", doom, values).await?;
    let models = format!("SELECT id FROM artifacts WHERE job_id IN ({trees})");
    forget(sql, &models, &[roots()]).await?;
    for table in ["artifacts", "job_events", "job_results", "checkpoints"] {
        let text = format!("DELETE FROM {table} WHERE job_id IN ({trees})");
        sql.run("job", text, vec![roots()]).await?;
    }
    let mark = format!("UPDATE jobs SET swept_at = $2 WHERE id IN ({trees})");
    let values = vec![roots(), sweep.now.as_micros().into()];
    sql.run("job", mark, values).await.map(drop)
}

/// Removes datasets that their owners deleted.
///
/// # Errors
/// What the database says.
pub(super) async fn sweep_datasets(
    sql: &Sql,
    (after, limit): (Option<DatasetId>, u32),
    delete_after: Timestamp,
) -> Result<Swept<DatasetId>, StoreError> {
    let text = "SELECT id, organization_id FROM datasets WHERE deleted_at IS NOT NULL \
                AND id > $1 ORDER BY id LIMIT $2";
    let after = after.map_or(Uuid::nil(), DatasetId::as_uuid);
    let values = vec![after.into(), i64::from(limit).into()];
    let deleted = sql.all::<DeletedRow>("dataset", text, values).await?;
    let next = if deleted.len() < limit as usize {
        None
    } else {
        deleted.last().map(|row| DatasetId::from_uuid(row.id))
    };
    let owners: BTreeSet<Uuid> = deleted.iter().map(|row| row.organization_id).collect();
    let mut in_use = BTreeSet::new();
    for owner in owners {
        in_use.extend(find_inputs_in_use(sql, OrganizationId::from_uuid(owner)).await?);
    }
    let free: Vec<Uuid> =
        deleted.iter().map(|row| row.id).filter(|id| !in_use.contains(id)).collect();
    if !free.is_empty() {
        remove_datasets(sql, &free, delete_after).await?;
    }
    Ok(Swept { removed: free.len() as u64, next })
}

async fn remove_datasets(
    sql: &Sql,
    free: &[Uuid],
    delete_after: Timestamp,
) -> Result<(), StoreError> {
    let gone = format!("SELECT w.id FROM {} w", sql.dialect().rows(1, IDS));
    let named = format!("({gone})");
    let datasets = || ids(free.iter().copied());
    let doom = format!(
        "INSERT INTO doomed_blobs (blob_key, organization_id, delete_after) \
         SELECT blob_key, organization_id, $2 FROM dataset_versions WHERE dataset_id IN {named} \
         ON CONFLICT (blob_key) DO NOTHING"
    );
    sql.run("blob", doom, vec![datasets(), delete_after.as_micros().into()]).await?;
    forget(sql, &gone, &[datasets()]).await?;
    for (table, column) in [("dataset_versions", "dataset_id"), ("datasets", "id")] {
        let text = format!("DELETE FROM {table} WHERE {column} IN {named}");
        sql.run("dataset", text, vec![datasets()]).await?;
    }
    Ok(())
}

/// Datasets and artifacts that jobs which have not ended, and schedules, read.
async fn find_inputs_in_use(
    sql: &Sql,
    organization_id: OrganizationId,
) -> Result<BTreeSet<Uuid>, StoreError> {
    // State by state, because each has an index of its own: what has ended is never looked at.
    let mut text = String::from("SELECT inputs FROM schedules WHERE organization_id = $1");
    for states in ["= 'queued'", "= 'running'", "= 'waiting'", "IN ('scheduled', 'blocked')"] {
        text.push_str(&format!(
            " UNION ALL SELECT b.inputs FROM jobs j JOIN job_bodies b ON b.job_id = j.id \
             WHERE j.state {states} AND j.organization_id = $1"
        ));
    }
    let values = vec![organization_id.as_uuid().into()];
    let mut found = BTreeSet::new();
    for row in sql.all::<InputsRow>("input", text, values).await? {
        let inputs: Json = decode_json("inputs", &row.inputs)?;
        for input in inputs.as_object().into_iter().flat_map(|inputs| inputs.values()) {
            let id = input.get("id").and_then(Json::as_str);
            found.extend(id.and_then(|id| Uuid::parse_str(id).ok()));
        }
    }
    Ok(found)
}

/// For each kind of blob a query that answers which of `keys` are needed, with its parameter.
/// Keys begin with what they are and whose: `jobs/{job}/…`, `datasets/{dataset}/…`,
/// `uploads/{upload}/…`; a key of another kind belongs to nothing that this store knows.
pub(super) fn derive_owner_queries(dialect: Dialect, keys: &[String]) -> Vec<(String, Value)> {
    let rows = dialect.rows(1, &[("owner_id", Kind::Id), ("blob_key", Kind::Text)]);
    let named = |table: &str, column: &str| {
        format!(
            "SELECT w.blob_key FROM {rows} w JOIN {table} t ON t.{column} = w.owner_id \
             AND t.blob_key = w.blob_key"
        )
    };
    let kinds = [
        ("jobs", named("artifacts", "job_id")),
        (
            "jobs",
            format!(
                "SELECT w.blob_key FROM {rows} w JOIN jobs t ON t.id = w.owner_id \
                 WHERE t.finished_at IS NULL"
            ),
        ),
        ("datasets", named("dataset_versions", "dataset_id")),
        ("uploads", named("upload_parts", "upload_id")),
    ];
    let mut queries = Vec::new();
    for (kind, sql) in kinds {
        let mut owners = JsonRows::new();
        for key in keys {
            let mut words = key.split('/');
            if words.next() != Some(kind) {
                continue;
            }
            if let Some(owner) = words.next().and_then(|word| Uuid::parse_str(word).ok()) {
                owners.row().id(owner).text(key);
            }
        }
        if owners.len() > 0 {
            queries.push((sql, owners.finish()));
        }
    }
    // What waits to be deleted is looked after already.
    let mut all = JsonRows::new();
    for key in keys {
        all.row().text(key);
    }
    let rows = dialect.rows(1, &[("blob_key", Kind::Text)]);
    let doomed =
        format!("SELECT w.blob_key FROM {rows} w JOIN doomed_blobs d ON d.blob_key = w.blob_key");
    queries.push((doomed, all.finish()));
    queries
}

fn ids(ids: impl Iterator<Item = Uuid>) -> Value {
    let mut rows = JsonRows::new();
    for id in ids {
        rows.row().id(id);
    }
    rows.finish()
}
