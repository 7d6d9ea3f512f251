//! Flags that operators turn while the server runs, asked for from memory.
//!
//! Invariants: an answer is as new as the last change that this process made, and at most
//! [`Flags::STALENESS`] older than a change of another; a change and its line in the audit log
//! are one transaction; a key that no flag has changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gantry_ports::store::{FlagRecord, StoreExt};
use gantry_ports::{Clock, Store, StoreError};
use gantry_rules::flags::{Flag, FlagAnswer, FlagContext, derive_flag};
use gantry_types::{OrganizationId, Timestamp, UserId};
use tokio::sync::Mutex;

use crate::actor::Actor;
use crate::error::AccessError;
use crate::turn_flags::FlagChange;

/// Who asks for a flag; somebody without an account has neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asker {
    /// The person.
    pub user_id: Option<UserId>,
    /// The organization that they work in.
    pub organization_id: Option<OrganizationId>,
}

impl From<&Actor> for Asker {
    fn from(actor: &Actor) -> Self {
        Self { user_id: actor.user_id, organization_id: Some(actor.organization_id) }
    }
}

/// All flags as the store had them.
struct Kept {
    read_at: Timestamp,
    flags: Arc<BTreeMap<String, Flag>>,
}

/// The flags of the installation. Clones share everything.
#[derive(Clone)]
pub struct Flags {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    kept: Arc<Mutex<Option<Kept>>>,
}

impl Flags {
    /// How long flags are believed before the store is asked again.
    pub const STALENESS: Duration = Duration::from_secs(5);

    /// Reads the flags of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, kept: Arc::new(Mutex::new(None)) }
    }

    /// What somebody has of a flag; nothing where there is no flag of this name.
    ///
    /// # Errors
    /// What the store says.
    pub async fn find_answer(
        &self,
        key: &str,
        asker: Asker,
    ) -> Result<Option<FlagAnswer>, StoreError> {
        let flags = self.read().await?;
        match flags.get(key) {
            None => Ok(None),
            Some(flag) => Ok(Some(self.answer(flag, asker).await?)),
        }
    }

    /// Whether a flag of this name is there and off for somebody.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_off(&self, key: &str, asker: Asker) -> Result<bool, StoreError> {
        Ok(self.find_answer(key, asker).await?.is_some_and(|answer| !answer.on))
    }

    /// What the actor has of every flag that people are told of.
    ///
    /// # Errors
    /// What the store says.
    pub async fn list_answers(
        &self,
        actor: &Actor,
    ) -> Result<BTreeMap<String, FlagAnswer>, StoreError> {
        let flags = self.read().await?;
        let asker = Asker::from(actor);
        let visible: Vec<&Flag> = flags.values().filter(|flag| flag.visible).collect();
        let is_asked = visible.iter().any(|flag| flag.asks_for_plan());
        let plan = if is_asked { self.find_plan(asker).await? } else { None };
        let context = derive_context(asker, plan.as_deref());
        let answer = |flag: &Flag| (flag.key.to_string(), derive_flag(flag, &context));
        Ok(visible.into_iter().map(answer).collect())
    }

    /// What somebody has of this flag, kept or not.
    pub(crate) async fn answer(&self, flag: &Flag, asker: Asker) -> Result<FlagAnswer, StoreError> {
        let plan = if flag.asks_for_plan() { self.find_plan(asker).await? } else { None };
        Ok(derive_flag(flag, &derive_context(asker, plan.as_deref())))
    }

    /// Lets the next answer come from the store.
    pub(crate) async fn forget(&self) {
        *self.kept.lock().await = None;
    }

    /// The slug of the plan that an organization is on; an organization that is gone has none.
    async fn find_plan(&self, asker: Asker) -> Result<Option<String>, StoreError> {
        let Some(organization_id) = asker.organization_id else { return Ok(None) };
        let snapshot = self.store.read().await?;
        let Some(organization) = snapshot.access().find_organization(organization_id).await? else {
            return Ok(None);
        };
        let plan = snapshot.accounts().find_plan(organization.plan_id).await?;
        Ok(plan.map(|plan| plan.slug))
    }

    /// The flags as they were a moment ago. Who comes while they are read waits for that, so
    /// that many askers are one look at the store, and a change is not overtaken by a look that
    /// began before it.
    async fn read(&self) -> Result<Arc<BTreeMap<String, Flag>>, StoreError> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| is_fresh(kept.read_at, now)) {
            return Ok(Arc::clone(&kept.flags));
        }
        let records = self.store.read().await?.flags().list_flags().await?;
        let named = |record: FlagRecord| (record.flag.key.to_string(), record.flag);
        let flags: Arc<BTreeMap<_, _>> = Arc::new(records.into_iter().map(named).collect());
        *kept = Some(Kept { read_at: now, flags: Arc::clone(&flags) });
        Ok(flags)
    }

    /// Runs a change in a transaction; what was read before is not believed after it.
    pub(crate) async fn write(&self, change: FlagChange) -> Result<FlagRecord, AccessError> {
        let written = self.store.write::<FlagRecord, AccessError, _>(move |tx| {
            let change = change.clone();
            Box::pin(async move { change.apply(tx).await })
        });
        let written = written.await;
        self.forget().await;
        written
    }
}

fn derive_context(asker: Asker, plan: Option<&str>) -> FlagContext<'_> {
    FlagContext { user_id: asker.user_id, organization_id: asker.organization_id, plan }
}

/// A clock that was set back makes an answer of the future, which is not believed either.
fn is_fresh(read_at: Timestamp, now: Timestamp) -> bool {
    read_at <= now && now.since(read_at) < Flags::STALENESS
}
