//! Stories of the order in which the audit log is read.
//!
//! Invariant: the order is that of the identifiers, whatever the times say; the seals build on it.

use anyhow::ensure;
use gantry_ports::StoreError;
use gantry_ports::store::{AuditEntry, StoreExt};
use gantry_types::{AuditEntryId, Timestamp};
use serde_json::json;

use super::World;
use crate::conformance::Outcome;

/// A line of a request that began at a second of the story.
fn entry_at(seconds: u64) -> AuditEntry {
    AuditEntry {
        id: AuditEntryId::generate(),
        organization_id: None,
        user_id: None,
        action: "story.tell".to_owned(),
        subject: "a story".to_owned(),
        details: json!({}),
        ip: String::new(),
        at: World::at(seconds),
    }
}

/// A request that began first may write its line last: it stands where its identifier does.
pub async fn lines_are_read_by_identifier_whatever_their_times(world: &World) -> Outcome {
    let [quick, slow, last] = [20, 10, 30].map(entry_at);
    // They need not be written in the order of their identifiers either.
    for entry in [&slow, &last, &quick] {
        let appended = entry.clone();
        world
            .store
            .write::<(), StoreError, _>(move |tx| {
                let entry = appended.clone();
                Box::pin(async move { tx.audit().append(&entry).await })
            })
            .await?;
    }
    let read = world.read().await?;
    let far = Timestamp::from_micros(i64::MAX);
    let all = read.audit().list_entries_in_order(None, far, 9).await?;
    ensure!(all == [quick.clone(), slow.clone(), last.clone()], "{all:?}");
    let two = read.audit().list_entries_in_order(None, far, 2).await?;
    ensure!(two == [quick.clone(), slow.clone()], "{two:?}");
    let behind = read.audit().list_entries_in_order(Some(quick.id), far, 9).await?;
    ensure!(behind == [slow.clone(), last], "{behind:?}");
    // A time leaves out what is not before it, and nothing else.
    let early = read.audit().list_entries_in_order(None, quick.at, 9).await?;
    ensure!(early == [slow], "{early:?}");
    Ok(())
}
