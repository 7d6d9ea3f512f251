//! The registry of models.

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{
    FlowNode, Forked, ModelCard, ModelFilter, NodePhase, Order, PageRequest, SettleCommand,
    StoreExt,
};
use gantry_rules::outcome::{AttemptResult, NewArtifact};
use gantry_rules::submission::Submission;
use gantry_types::{ArtifactId, DatasetId, OrganizationId};
use serde_json::{Value, json};

use super::World;
use super::fork::fork;
use super::world::{START, submission, success};
use crate::conformance::Outcome;

fn artifact(name: &str, role: &str) -> NewArtifact {
    let id = ArtifactId::generate();
    NewArtifact {
        id,
        name: name.into(),
        media_type: "application/octet-stream".into(),
        role: role.into(),
        bytes: 7,
        sha256: "ab".repeat(32),
        blob_key: format!("jobs/{id}"),
    }
}

/// A job that left a model and a table; answers the model.
async fn train(world: &World, account: OrganizationId, inputs: Value) -> Result<ArtifactId> {
    let new = Submission { inputs, ..submission(account, 0) };
    let id = world.try_submit(new).await?.job_id;
    let claim = world.claim_job(id).await?;
    let model = artifact("model.bin", "model");
    let model_id = model.id;
    let artifacts = vec![model, artifact("scores.csv", "table")];
    let result = AttemptResult { ending: success(), charged: None, artifacts };
    let attempt = claim.job.attempt;
    let command = SettleCommand { job_id: id, attempt, result, now: START, jitter: 0.0 };
    world.store.settle(command).await?;
    Ok(model_id)
}

async fn write_card(
    world: &World,
    (account, id): (OrganizationId, ArtifactId),
    card: &ModelCard,
) -> Result<(), StoreError> {
    let card = card.clone();
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let card = card.clone();
            Box::pin(async move { tx.models().put_model_card(account, id, &card).await })
        })
        .await
}

async fn list(
    world: &World,
    account: OrganizationId,
    filter: ModelFilter,
) -> Result<Vec<ArtifactId>> {
    let page = PageRequest { after: None, limit: 10, order: Order::OldestFirst };
    let found = world.read().await?.models().list_models(account, &filter, &page).await?;
    Ok(found.items.into_iter().map(|model| model.artifact.id).collect())
}

/// Models are listed by what made them and by what is on their cards.
pub async fn models_have_cards_and_versions(world: &World) -> Outcome {
    let (account, stranger) = (world.account(0).await?, world.account(0).await?);
    let dataset = DatasetId::generate();
    let inputs = json!({"data": {"kind": "dataset", "id": dataset, "version": 1}});
    let first = train(world, account, inputs).await?;
    let second = train(world, account, json!({})).await?;
    let all = ModelFilter::default();
    ensure!(list(world, account, all.clone()).await? == [first, second]);
    ensure!(list(world, stranger, all).await?.is_empty());
    let of_dataset = ModelFilter { dataset: Some(dataset), ..ModelFilter::default() };
    ensure!(list(world, account, of_dataset).await? == [first]);
    let card = ModelCard {
        name: "Churn \"v\"".into(),
        version: 1,
        tags: vec!["live".into(), "eu-west".into()],
        note: Some("Best on é.".into()),
        changed_at: World::at(3),
    };
    write_card(world, (account, first), &card).await?;
    let taken = write_card(world, (account, second), &card).await;
    ensure!(matches!(taken, Err(StoreError::AlreadyExists { .. })), "taken twice: {taken:?}");
    let next = ModelCard { version: 2, tags: Vec::new(), note: None, ..card.clone() };
    write_card(world, (account, second), &next).await?;
    let read = world.read().await?;
    let models = read.models();
    ensure!(models.get_last_model_version(account, &card.name).await? == 2);
    ensure!(models.get_last_model_version(stranger, &card.name).await? == 0);
    let found = models.find_model(account, first).await?.context("the model")?;
    ensure!(found.card == Some(card.clone()) && found.operation == "story.run");
    ensure!(models.find_model(stranger, first).await?.is_none());
    drop(read);
    let tagged = |tag: &str| ModelFilter { tag: Some(tag.into()), ..ModelFilter::default() };
    ensure!(list(world, account, tagged("eu-west")).await? == [first]);
    ensure!(list(world, account, tagged("eu")).await?.is_empty(), "a part of a tag is a tag");
    let named = ModelFilter { name: Some(card.name), ..ModelFilter::default() };
    ensure!(list(world, account, named).await? == [first, second]);
    Ok(())
}

/// What is deleted has no card, no bytes, and is no result of a node any more.
pub async fn a_deleted_model_is_gone_and_not_used_again(world: &World) -> Outcome {
    let (account, stranger) = (world.account(10).await?, world.account(0).await?);
    let root_id = world.submit(account, 0).await?;
    let root = world.claim_job(root_id).await?;
    ensure!(fork(world, &root, 1, 0).await? == Forked::Waiting);
    let node = FlowNode {
        node: "train".into(),
        phase: NodePhase::Started,
        key: Some("key".into()),
        ordinal: Some(0),
        job_id: None,
        message: None,
    };
    world
        .store
        .write::<(), StoreError, _>(move |tx| {
            let node = node.clone();
            Box::pin(async move { tx.flows().put_flow_nodes(account, root_id, &[node]).await })
        })
        .await?;
    let claim = world.claim(1).await?.pop().context("the child")?;
    let model = artifact("model.bin", "model");
    let (id, key) = (model.id, model.blob_key.clone());
    let result = AttemptResult { ending: success(), charged: None, artifacts: vec![model] };
    let (job_id, attempt) = (claim.job.id, claim.job.attempt);
    let command = SettleCommand { job_id, attempt, result, now: START, jitter: 0.0 };
    world.store.settle(command).await?;
    let of_tree = ModelFilter { job: Some(root_id), ..ModelFilter::default() };
    ensure!(list(world, account, of_tree.clone()).await? == [id], "not found by its tree");
    ensure!(
        world.read().await?.flows().find_reusable(account, "key", root_id).await? == Some(job_id)
    );
    let delete = |who: OrganizationId| {
        world.store.write::<(), StoreError, _>(move |tx| {
            Box::pin(async move { tx.models().delete_model(who, id, World::at(9)).await })
        })
    };
    ensure!(matches!(delete(stranger).await, Err(StoreError::NotFound { .. })));
    delete(account).await?;
    ensure!(list(world, account, of_tree).await?.is_empty());
    let read = world.read().await?;
    ensure!(
        read.flows().find_reusable(account, "key", root_id).await?.is_none(),
        "it is used again"
    );
    ensure!(read.catalog().find_artifact(account, id).await?.is_none());
    ensure!(read.chores().list_doomed_blobs(World::at(8), 9).await?.is_empty(), "too early");
    ensure!(read.chores().list_doomed_blobs(World::at(9), 9).await? == [key], "bytes are left");
    drop(read);
    let again = world.claim_job(root_id).await?;
    world.end(&again, success(), Some(0)).await?;
    Ok(())
}
