//! What is kept about a person is handed to them, and nothing of others.

use anyhow::{Context, Result, ensure};
use gantry_ports::store::{ExportPart, ExportRange, ExportScope, NewUser, SettleCommand, StoreExt};
use gantry_rules::outcome::{AttemptResult, NewArtifact};
use gantry_rules::submission::{Accounting, Submission};
use gantry_types::{ArtifactId, Credits, OrganizationId};
use serde_json::{Value, json};

use super::World;
use super::sweep::{dataset, finished};
use super::world::{START, submission, success};
use crate::conformance::Outcome;
use crate::installation::{insert_account, new_user};

async fn insert(world: &World, email: &str) -> Result<(NewUser, ExportScope)> {
    let new = new_user(email, world.plan.id, START);
    insert_account(&*world.store, new.clone(), Credits::new(100), START).await?;
    let scope = ExportScope {
        user_id: new.user.id,
        email: email.to_owned(),
        own: vec![new.organization.id],
    };
    Ok((new, scope))
}

async fn rows(world: &World, part: ExportPart, scope: &ExportScope) -> Result<Vec<Value>> {
    let range = ExportRange { offset: 0, limit: 100 };
    Ok(world.read().await?.exports().list_export_rows(part, scope, range).await?)
}

async fn keep_dataset(world: &World, owner: OrganizationId) -> Result<()> {
    let table = dataset(owner);
    let write = world.store.write::<(), gantry_ports::StoreError, _>(move |tx| {
        let table = table.clone();
        Box::pin(async move { tx.catalog().insert_dataset(&table).await })
    });
    Ok(write.await?)
}

/// Every part is a statement that both databases run, also for somebody who owns nothing, and
/// ranges follow one another.
pub async fn every_part_can_be_read(world: &World) -> Outcome {
    let (new, scope) = insert(world, "ada@example.org").await?;
    finished(world, new.organization.id).await?;
    keep_dataset(world, new.organization.id).await?;
    let nothing = ExportScope { own: Vec::new(), ..scope.clone() };
    for part in ExportPart::ALL {
        for scope in [&scope, &nothing] {
            let found = rows(world, *part, scope).await.with_context(|| part.as_str())?;
            ensure!(found.iter().all(Value::is_object), "{part:?}: {found:?}");
        }
    }
    let person = rows(world, ExportPart::Person, &scope).await?;
    ensure!(person.len() == 1 && person[0]["email"] == "ada@example.org", "{person:?}");
    ensure!(person[0]["administrator"] == json!(false) && person[0]["id"] == json!(new.user.id));
    ensure!(!format!("{person:?}").contains(&new.user.password_hash), "{person:?}");
    let events = rows(world, ExportPart::JobEvents, &scope).await?;
    ensure!(events.len() > 2, "{events:?}");
    let read = world.read().await?;
    let mut apart = Vec::new();
    for offset in 0..events.len() as u64 {
        let range = ExportRange { offset, limit: 1 };
        let exports = read.exports();
        apart.extend(exports.list_export_rows(ExportPart::JobEvents, &scope, range).await?);
    }
    ensure!(apart == events, "ranges repeat or hide rows");
    Ok(())
}

/// A job of the platform that leaves a file for a person.
async fn export(world: &World, new: &NewUser) -> Result<gantry_types::JobId> {
    let submission = Submission {
        accounting: Accounting::Platform,
        submitted_by: Some(new.user.id),
        ..submission(new.organization.id, 0)
    };
    let id = submission.job_id;
    world.try_submit(submission).await?;
    let job = world.claim_job(id).await?;
    let artifact = NewArtifact {
        id: ArtifactId::generate(),
        name: "export.zip".into(),
        media_type: "application/zip".into(),
        role: "file".into(),
        bytes: 3,
        sha256: "00".into(),
        blob_key: format!("jobs/{id}/1/export"),
    };
    let result = AttemptResult { ending: success(), charged: None, artifacts: vec![artifact] };
    let (job_id, attempt) = (job.job.id, job.job.attempt);
    world.store.settle(SettleCommand { job_id, attempt, result, now: START, jitter: 0.0 }).await?;
    Ok(id)
}

/// Rows and files of others are not handed out, and what an export left is found by who asked for
/// it alone.
pub async fn only_ones_own_is_handed_out(world: &World) -> Outcome {
    let (ada, scope) = insert(world, "ada@example.org").await?;
    let (eve, others) = insert(world, "eve@example.org").await?;
    let (job, artifact) = finished(world, ada.organization.id).await?;
    keep_dataset(world, ada.organization.id).await?;
    ensure!(rows(world, ExportPart::Jobs, &scope).await?[0]["id"] == json!(job));
    for part in [ExportPart::Jobs, ExportPart::Artifacts, ExportPart::Datasets] {
        ensure!(!rows(world, part, &scope).await?.is_empty(), "{part:?}");
        ensure!(rows(world, part, &others).await?.is_empty(), "{part:?}");
    }
    let done = export(world, &ada).await?;
    let read = world.read().await?;
    let home = ada.organization.id;
    let found = read.exports().find_export(ada.user.id, done).await?.context("the file")?;
    ensure!(read.exports().find_export(eve.user.id, done).await?.is_none());
    ensure!(read.exports().find_export(ada.user.id, job).await?.is_none());
    ensure!(read.catalog().find_artifact(home, found.id).await?.is_none());
    ensure!(read.catalog().list_artifacts(home, done).await?.is_empty());
    ensure!(read.catalog().find_artifact(home, artifact).await?.is_some());
    let files = read.exports().list_export_files(&scope, 10).await?;
    let folders: Vec<&str> =
        files.iter().filter_map(|file| file.folder.split('/').next()).collect();
    ensure!(folders == ["datasets", "artifacts"], "{files:?}");
    ensure!(read.exports().list_export_files(&scope, 1).await?.len() == 1);
    ensure!(read.exports().list_export_files(&others, 10).await?.is_empty());
    Ok(())
}
