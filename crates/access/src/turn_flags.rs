//! Administrators make, change, try and remove flags.
//!
//! Invariant: of two changes to one state the second is refused, and told the newest revision.

use gantry_ports::StoreError;
use gantry_ports::store::{FlagRecord, Tx};
use gantry_rules::flags::{Flag, FlagAnswer};
use gantry_types::Timestamp;
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::error::AccessError;
use crate::flags::{Asker, Flags};
use crate::permission::{Permission, require};

/// Flags of one installation: they are read whole, and often.
const MOST_FLAGS: usize = 500;
const MISSING: AccessError = AccessError::NotFound { what: "flag" };

/// What is done to a flag.
#[derive(Clone)]
enum Deed {
    Create(Flag),
    /// With the revision that was changed, if that is to be held to.
    Change(Flag, Option<u32>),
    Delete(String),
}

/// A change of a flag, with who makes it.
#[derive(Clone)]
pub(crate) struct FlagChange {
    deed: Deed,
    actor: Actor,
    now: Timestamp,
}

impl Flags {
    /// All flags, by their names.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] but for administrators, [`AccessError::Store`].
    pub async fn list_flags(&self, actor: &Actor) -> Result<Vec<FlagRecord>, AccessError> {
        require(actor, Permission::Administer)?;
        Ok(self.store.read().await?.flags().list_flags().await?)
    }

    /// One flag.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn get_flag(&self, actor: &Actor, key: &str) -> Result<FlagRecord, AccessError> {
        require(actor, Permission::Administer)?;
        let found = self.store.read().await?.flags().find_flag(key).await?;
        found.ok_or(MISSING)
    }

    /// Adds a flag, which is obeyed from now on.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Invalid`], [`AccessError::TooManyFlags`],
    /// [`AccessError::Store`] for one that exists.
    pub async fn create_flag(&self, actor: &Actor, flag: Flag) -> Result<FlagRecord, AccessError> {
        require_sound(&flag)?;
        self.turn(actor, Deed::Create(flag)).await
    }

    /// Changes a flag. With `base`, only if that is its newest revision; a change that says what
    /// the newest revision says is none.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Invalid`], [`AccessError::NotFound`],
    /// [`AccessError::FlagChanged`], [`AccessError::Store`].
    pub async fn change_flag(
        &self,
        actor: &Actor,
        flag: Flag,
        base: Option<u32>,
    ) -> Result<FlagRecord, AccessError> {
        require_sound(&flag)?;
        self.turn(actor, Deed::Change(flag, base)).await
    }

    /// Removes a flag: all is as if it had never been.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::NotFound`], [`AccessError::Store`].
    pub async fn delete_flag(&self, actor: &Actor, key: &str) -> Result<(), AccessError> {
        self.turn(actor, Deed::Delete(key.to_owned())).await.map(drop)
    }

    /// What somebody has of a flag, as the store has it now.
    ///
    /// # Errors
    /// As [`Flags::get_flag`].
    pub async fn try_flag(
        &self,
        actor: &Actor,
        key: &str,
        asker: Asker,
    ) -> Result<FlagAnswer, AccessError> {
        let record = self.get_flag(actor, key).await?;
        Ok(self.answer(&record.flag, asker).await?)
    }

    async fn turn(&self, actor: &Actor, deed: Deed) -> Result<FlagRecord, AccessError> {
        require(actor, Permission::Administer)?;
        let change = FlagChange { deed, actor: actor.clone(), now: self.clock.now() };
        self.write(change).await
    }
}

fn require_sound(flag: &Flag) -> Result<(), AccessError> {
    flag.require_sound().map_err(|wrong| AccessError::invalid(wrong.field, wrong.message))
}

impl FlagChange {
    /// Answers the flag as it is afterwards, or was before it was removed.
    pub async fn apply(&self, tx: &dyn Tx) -> Result<FlagRecord, AccessError> {
        match &self.deed {
            Deed::Create(flag) => self.create(tx, flag).await,
            Deed::Change(flag, base) => self.change(tx, flag, *base).await,
            Deed::Delete(key) => self.delete(tx, key).await,
        }
    }

    async fn create(&self, tx: &dyn Tx, flag: &Flag) -> Result<FlagRecord, AccessError> {
        let present = tx.flags().list_flags().await?.len();
        if present >= MOST_FLAGS {
            return Err(AccessError::TooManyFlags { limit: MOST_FLAGS });
        }
        let made = self.record(flag, 1);
        tx.flags().insert_flag(&made).await?;
        let details = json!({ "before": null, "after": describe(&made)? });
        self.audit(tx, ("flag.create", made.flag.key.as_str()), details).await?;
        Ok(made)
    }

    async fn change(
        &self,
        tx: &dyn Tx,
        flag: &Flag,
        base: Option<u32>,
    ) -> Result<FlagRecord, AccessError> {
        let before = tx.flags().find_flag(flag.key.as_str()).await?.ok_or(MISSING)?;
        if base.is_some_and(|base| base != before.revision) {
            return Err(AccessError::FlagChanged { newest: before.revision });
        }
        if *flag == before.flag {
            return Ok(before);
        }
        let next = self.record(flag, before.revision + 1);
        tx.flags().update_flag(&next).await.map_err(|error| match error {
            // Another change came in between, or the flag was removed and made anew.
            StoreError::NotFound { .. } => AccessError::FlagChanged { newest: next.revision },
            other @ (StoreError::AlreadyExists { .. }
            | StoreError::Overloaded
            | StoreError::Unavailable { .. }
            | StoreError::Broken { .. }) => other.into(),
        })?;
        let details = json!({ "before": describe(&before)?, "after": describe(&next)? });
        self.audit(tx, ("flag.change", next.flag.key.as_str()), details).await?;
        Ok(next)
    }

    async fn delete(&self, tx: &dyn Tx, key: &str) -> Result<FlagRecord, AccessError> {
        let before = tx.flags().find_flag(key).await?.ok_or(MISSING)?;
        tx.flags().delete_flag(key).await?;
        let details = json!({ "before": describe(&before)?, "after": null });
        self.audit(tx, ("flag.delete", key), details).await?;
        Ok(before)
    }

    fn record(&self, flag: &Flag, revision: u32) -> FlagRecord {
        let (updated_by, updated_at) = (self.actor.user_id, self.now);
        FlagRecord { flag: flag.clone(), revision, updated_by, updated_at }
    }

    async fn audit(
        &self,
        tx: &dyn Tx,
        (action, key): (&'static str, &str),
        details: Value,
    ) -> Result<(), AccessError> {
        let subject = format!("flag {key}");
        let entry = self.actor.house_entry(action, &subject, details, self.now);
        Ok(tx.audit().append(&entry).await?)
    }
}

/// A flag as the audit log has it.
fn describe(record: &FlagRecord) -> Result<Value, AccessError> {
    let flag = serde_json::to_value(&record.flag)
        .map_err(|error| StoreError::Broken { reason: error.to_string() })?;
    Ok(json!({ "revision": record.revision, "flag": flag }))
}
