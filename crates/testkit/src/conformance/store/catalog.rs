//! Datasets, uploads and artifacts.

use anyhow::{Context, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    Dataset, DatasetFilter, DatasetVersion, Order, PageRequest, StoreExt, Upload, UploadPart,
};
use gantry_types::{DatasetId, OrganizationId, UploadId};
use serde_json::json;

use super::World;
use super::world::START;
use crate::conformance::Outcome;

fn version(id: DatasetId, number: u32) -> DatasetVersion {
    DatasetVersion {
        dataset_id: id,
        version: number,
        file_name: "table.csv".into(),
        media_type: "text/csv".into(),
        bytes: 123,
        sha256: "00".repeat(32),
        blob_key: format!("datasets/{id}/{number}"),
        profile_job: None,
        profile: None,
        created_at: START,
    }
}

fn dataset(account: OrganizationId, name: &str) -> Dataset {
    let id = DatasetId::generate();
    Dataset {
        id,
        organization_id: account,
        name: name.into(),
        created_by: None,
        created_at: START,
        latest: version(id, 1),
    }
}

async fn insert(world: &World, datasets: Vec<Dataset>) -> Result<(), StoreError> {
    world
        .store
        .write(move |tx| {
            let datasets = datasets.clone();
            Box::pin(async move {
                for dataset in &datasets {
                    tx.catalog().insert_dataset(dataset).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A dataset's newest version is what is found; older ones and deleted ones stay readable.
pub async fn datasets_have_versions_and_profiles(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let first = dataset(account, "Table");
    let id = first.id;
    insert(world, vec![first]).await?;
    let profile = json!({"columns": [{"name": "a\u{0}b"}]});
    let kept = profile.clone();
    let taken = world
        .store
        .write::<Result<(), StoreError>, StoreError, _>(move |tx| {
            let profile = profile.clone();
            Box::pin(async move {
                let catalog = tx.catalog();
                catalog.insert_version(account, &version(id, 2)).await?;
                catalog.set_profile(account, id, 2, &profile).await?;
                Ok(catalog.set_profile(stranger, id, 2, &profile).await)
            })
        })
        .await?;
    ensure!(matches!(taken, Err(StoreError::NotFound { .. })), "{taken:?}");
    let again = world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.catalog().insert_version(account, &version(id, 2)).await })
        })
        .await;
    ensure!(matches!(again, Err(StoreError::AlreadyExists { .. })), "{again:?}");
    let read = world.read().await?;
    let found = read.catalog().find_dataset(account, id).await?.context("it is gone")?;
    ensure!(found.latest.version == 2 && found.latest.profile == Some(kept));
    ensure!(read.catalog().find_dataset(stranger, id).await?.is_none());
    ensure!(read.catalog().list_versions(account, id).await?.len() == 2);
    drop(read);
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.catalog().delete_dataset(account, id, START).await })
        })
        .await?;
    let read = world.read().await?;
    ensure!(read.catalog().find_dataset(account, id).await?.is_none());
    ensure!(read.catalog().find_version(account, id, 1).await?.is_some());
    Ok(())
}

/// Parts arrive in any order, may be replaced, and end with their upload.
pub async fn uploads_gather_parts(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let upload = Upload {
        id: UploadId::generate(),
        organization_id: account,
        created_by: None,
        dataset_id: None,
        name: "Table".into(),
        file_name: "table.csv".into(),
        bytes: 300,
        sha256: None,
        part_bytes: 200,
        created_at: START,
        expires_at: World::at(3600),
        parts: Vec::new(),
    };
    let part = |number: u32, sha: &str| UploadPart {
        number,
        bytes: 100,
        sha256: sha.into(),
        blob_key: format!("uploads/{number}"),
    };
    let (id, inserted) = (upload.id, upload.clone());
    let parts = [part(2, "b"), part(1, "a"), part(2, "c")];
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let (upload, parts) = (inserted.clone(), parts.clone());
            Box::pin(async move {
                tx.catalog().insert_upload(&upload).await?;
                for part in &parts {
                    tx.catalog().put_upload_part(upload.id, part).await?;
                }
                Ok(())
            })
        })
        .await?;
    let read = world.read().await?;
    let found = read.catalog().find_upload(account, id).await?.context("it is gone")?;
    ensure!(found.parts == [part(1, "a"), part(2, "c")], "{:?}", found.parts);
    drop(read);
    let purge = |seconds: u64| {
        let store = world.store.clone();
        async move {
            store
                .write::<Vec<String>, StoreError, _>(move |tx| {
                    Box::pin(async move { tx.catalog().purge_uploads(World::at(seconds)).await })
                })
                .await
        }
    };
    ensure!(purge(3599).await?.is_empty());
    ensure!(purge(3600).await?.len() == 2);
    ensure!(world.read().await?.catalog().find_upload(account, id).await?.is_none());
    Ok(())
}

/// Every row comes once, in either order, whatever was inserted meanwhile.
pub async fn lists_come_in_pages(world: &World) -> Outcome {
    let account = world.account(0).await?;
    let datasets: Vec<Dataset> =
        (0..7).map(|n| dataset(account, &format!("Table {n} 100%"))).collect();
    let ids: Vec<DatasetId> = datasets.iter().map(|dataset| dataset.id).collect();
    insert(world, datasets).await?;
    for (order, expected) in [
        (Order::OldestFirst, ids.clone()),
        (Order::NewestFirst, ids.iter().rev().copied().collect()),
    ] {
        let mut found = Vec::new();
        let mut page = PageRequest { after: None, limit: 3, order };
        loop {
            let filter = DatasetFilter { name_contains: Some("table".into()) };
            let read = world.read().await?;
            let part = read.catalog().list_datasets(account, &filter, &page).await?;
            found.extend(part.items.iter().map(|dataset| dataset.id));
            page.after = part.next;
            if page.after.is_none() {
                break;
            }
        }
        ensure!(found == expected, "{order:?} lists {found:?}");
    }
    let page = PageRequest { after: None, limit: 100, order: Order::NewestFirst };
    for (text, count) in [("3 100%", 1), ("_", 0), ("%", 7), ("100_", 0)] {
        let filter = DatasetFilter { name_contains: Some(text.into()) };
        let read = world.read().await?;
        let part = read.catalog().list_datasets(account, &filter, &page).await?;
        ensure!(part.items.len() == count, "`{text}` finds {}", part.items.len());
    }
    Ok(())
}
