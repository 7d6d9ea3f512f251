//! Flags: kept whole, changed by revisions, removed.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use gantry_ports::StoreError;
use gantry_ports::store::{FlagRecord, StoreExt, WriteFlags};
use gantry_rules::flag_words::Percentage;
use gantry_rules::flags::{Flag, FlagRule, FlagVariant};
use gantry_types::{OrganizationId, UserId};

use super::World;
use super::world::START;
use crate::conformance::Outcome;

fn record(key: &str) -> Result<FlagRecord> {
    let rule = FlagRule {
        users: BTreeSet::from([UserId::generate()]),
        organizations: BTreeSet::from([OrganizationId::generate()]),
        plans: BTreeSet::from(["pro".to_owned()]),
        percentage: Some(Percentage::from_hundredths(1_234)?),
        on: true,
    };
    let variants = vec![FlagVariant { name: "a".to_owned(), weight: 3 }];
    let flag = Flag {
        key: key.parse()?,
        description: "The \"new\" shop, é".to_owned(),
        enabled: true,
        visible: false,
        rules: vec![rule],
        variants,
    };
    Ok(FlagRecord { flag, revision: 1, updated_by: None, updated_at: START })
}

/// Writes through the flags of a transaction.
async fn write<F>(world: &World, change: F) -> Result<(), StoreError>
where
    F: for<'t> Fn(&'t dyn WriteFlags) -> futures::future::BoxFuture<'t, Result<(), StoreError>>
        + Send
        + Sync
        + 'static,
{
    world.store.write::<(), StoreError, _>(move |tx| change(tx.flags())).await
}

async fn insert(world: &World, record: &FlagRecord) -> Result<(), StoreError> {
    let record = record.clone();
    write(world, move |flags| {
        let record = record.clone();
        Box::pin(async move { flags.insert_flag(&record).await })
    })
    .await
}

async fn update(world: &World, record: &FlagRecord) -> Result<(), StoreError> {
    let record = record.clone();
    write(world, move |flags| {
        let record = record.clone();
        Box::pin(async move { flags.update_flag(&record).await })
    })
    .await
}

async fn delete(world: &World, key: &'static str) -> Result<(), StoreError> {
    write(world, move |flags| Box::pin(async move { flags.delete_flag(key).await })).await
}

/// A change follows the newest revision, or is refused and changes nothing.
pub async fn a_flag_is_kept_changed_and_removed(world: &World) -> Outcome {
    let (shop, other) = (record("shop.new")?, record("shop-old")?);
    insert(world, &shop).await?;
    insert(world, &other).await?;
    let twin = insert(world, &shop).await;
    ensure!(matches!(twin, Err(StoreError::AlreadyExists { .. })), "a twin: {twin:?}");
    let read = world.read().await?;
    ensure!(read.flags().find_flag("shop.new").await?.as_ref() == Some(&shop));
    ensure!(read.flags().find_flag("shop").await?.is_none());
    ensure!(read.flags().list_flags().await? == [other.clone(), shop.clone()]);
    drop(read);
    let off = Flag { enabled: false, visible: true, rules: Vec::new(), ..shop.flag.clone() };
    let second = FlagRecord {
        flag: off,
        revision: 2,
        updated_by: Some(UserId::generate()),
        updated_at: World::at(5),
    };
    update(world, &second).await?;
    let stale = update(world, &FlagRecord { revision: 2, ..shop.clone() }).await;
    ensure!(matches!(stale, Err(StoreError::NotFound { .. })), "a stale revision: {stale:?}");
    let found = world.read().await?.flags().find_flag("shop.new").await?;
    ensure!(found.context("the flag")? == second);
    delete(world, "shop.new").await?;
    let gone = delete(world, "shop.new").await;
    ensure!(matches!(gone, Err(StoreError::NotFound { .. })), "removed twice: {gone:?}");
    ensure!(world.read().await?.flags().list_flags().await? == [other]);
    Ok(())
}
