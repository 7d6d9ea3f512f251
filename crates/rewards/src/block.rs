//! The list of devices and networks that fraud came from.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{FraudBlock, Page, PageRequest, StoreExt};
use gantry_rules::fraud::BlockKind;
use gantry_types::FraudBlockId;
use serde_json::json;

use crate::Rewards;
use crate::error::RewardsError;
use crate::place::parse_network;

/// Digits of a fingerprint's digest.
const DIGEST: usize = 64;
const LONGEST_REASON: usize = 200;

/// Something for the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlock {
    /// What it is.
    pub kind: BlockKind,
    /// A digest as decisions tell it, or a network.
    pub value: String,
    /// Why, in words.
    pub reason: String,
}

impl Rewards {
    /// The list.
    ///
    /// # Errors
    /// [`RewardsError::Access`], [`RewardsError::Store`].
    pub async fn list_fraud_blocks(
        &self,
        actor: &Actor,
        page: &PageRequest<FraudBlockId>,
    ) -> Result<Page<FraudBlock, FraudBlockId>, RewardsError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        Ok(snapshot.rewards().list_fraud_blocks(page).await?)
    }

    /// Puts something on the list.
    ///
    /// # Errors
    /// [`RewardsError::Access`], [`RewardsError::Invalid`], [`RewardsError::Store`] with
    /// [`gantry_ports::StoreError::AlreadyExists`] when it is there.
    pub async fn add_fraud_block(
        &self,
        actor: &Actor,
        new: &NewBlock,
    ) -> Result<FraudBlock, RewardsError> {
        require(actor, Permission::Administer)?;
        let reason = new.reason.trim();
        if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
            let message = format!("give a reason of 1 to {LONGEST_REASON} characters");
            return Err(RewardsError::Invalid { field: "reason", message });
        }
        let block = FraudBlock {
            id: FraudBlockId::generate(),
            kind: new.kind,
            value: read_value(new)?,
            reason: reason.to_owned(),
            created_by: actor.user_id,
            created_at: self.clock.now(),
        };
        let subject = format!("fraud_block {}", block.id);
        let details = json!({ "kind": block.kind.as_str(), "why": block.reason });
        let entry = actor.house_entry("fraud_block.add", &subject, details, block.created_at);
        let added = self.store.write::<_, RewardsError, _>(move |tx| {
            let (block, entry) = (block.clone(), entry.clone());
            Box::pin(async move {
                tx.rewards().insert_fraud_block(&block).await?;
                tx.audit().append(&entry).await?;
                Ok(block)
            })
        });
        added.await
    }

    /// Takes something off the list.
    ///
    /// # Errors
    /// [`RewardsError::Access`], [`RewardsError::Store`].
    pub async fn remove_fraud_block(
        &self,
        actor: &Actor,
        id: FraudBlockId,
    ) -> Result<(), RewardsError> {
        require(actor, Permission::Administer)?;
        let (actor, now) = (actor.clone(), self.clock.now());
        let removed = self.store.write::<_, RewardsError, _>(move |tx| {
            let actor = actor.clone();
            Box::pin(async move {
                let block = tx.rewards().delete_fraud_block(id).await?;
                let before = json!({ "kind": block.kind.as_str(), "why": block.reason });
                let details = json!({ "before": before, "after": null });
                let subject = format!("fraud_block {id}");
                let entry = actor.house_entry("fraud_block.remove", &subject, details, now);
                Ok(tx.audit().append(&entry).await?)
            })
        });
        removed.await
    }
}

fn read_value(new: &NewBlock) -> Result<String, RewardsError> {
    match new.kind {
        BlockKind::Network => parse_network(&new.value),
        BlockKind::Device => {
            let value = new.value.trim().to_lowercase();
            if value.len() == DIGEST && value.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Ok(value);
            }
            let message = format!("a device is named by the {DIGEST} digits of a fraud event");
            Err(RewardsError::Invalid { field: "value", message })
        }
    }
}
