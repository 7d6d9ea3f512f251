//! Limits that administrators give single accounts in place of their plan's.
//!
//! Invariants: a list of limits is set as a whole or not at all; every one stands in the audit log,
//! before and after, in the transaction that sets it.

use gantry_access::{Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_ports::store::{OverrideRecord, ReadAccounts, StoreExt, Tx};
use gantry_rules::overrides::{LimitName, LimitOverride};
use gantry_types::{MeterId, OrganizationId, Timestamp, find_nearest};
use serde_json::{Value, json};

use crate::Billing;
use crate::audit::append_all;
use crate::error::BillingError;
use crate::offers::list;

const LONGEST_REASON: usize = 200;

/// A limit that an account is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitDraft {
    /// Its name, such as `seats` or `per_month.rows`.
    pub limit: String,
    /// How much; `None` does not limit.
    pub value: Option<u64>,
    /// When the plan's limit holds again; `None` never by itself.
    pub expires_at: Option<Timestamp>,
    /// Why, for administrators.
    pub reason: String,
}

/// A limit of an account beside its plan's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitView {
    /// What the account has.
    pub record: OverrideRecord,
    /// What its plan says; `None` does not limit.
    pub of_plan: Option<u64>,
    /// Whether its time is not over.
    pub in_force: bool,
}

impl Billing {
    /// The limits that an account has of its own, by name, also those whose time is over.
    ///
    /// # Errors
    /// [`BillingError::Access`] for anybody but administrators, [`BillingError::Store`].
    pub async fn limits(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
    ) -> Result<Vec<LimitView>, BillingError> {
        require(actor, Permission::Administer)?;
        let snapshot = self.store.read().await?;
        Ok(read_limits(snapshot.accounts(), organization_id, self.clock.now()).await?)
    }

    /// Gives an account limits of its own; those that it has and that are not named stay. Answers
    /// all of them.
    ///
    /// # Errors
    /// [`BillingError::WrongLimit`], and as [`Billing::limits`].
    pub async fn set_limits(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        drafts: &[LimitDraft],
    ) -> Result<Vec<LimitView>, BillingError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        let records = drafts.iter().enumerate().map(|(place, draft)| {
            Ok(OverrideRecord {
                organization_id,
                own: self.derive_own(draft, now).map_err(|wrong| wrong.at(place))?,
                reason: draft.reason.trim().to_owned(),
                set_by: actor.user_id,
                set_at: now,
            })
        });
        let records = records.collect::<Result<Vec<_>, BillingError>>()?;
        let actor = actor.clone();
        self.store
            .write(move |tx| {
                let (actor, records) = (actor.clone(), records.clone());
                Box::pin(async move {
                    tx.access().lock_organization(organization_id).await?;
                    for record in &records {
                        set_limit(tx, &actor, record).await?;
                    }
                    Ok::<_, BillingError>(read_limits(tx.accounts(), organization_id, now).await?)
                })
            })
            .await
    }

    /// Takes a limit of an account's own back, so that the plan's holds again.
    ///
    /// # Errors
    /// [`BillingError::Store`] not found when it has none of that name, and as
    /// [`Billing::limits`].
    pub async fn drop_limit(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        limit: &str,
    ) -> Result<(), BillingError> {
        require(actor, Permission::Administer)?;
        let missing = || StoreError::NotFound { what: "limit of the account's own" };
        let limit: LimitName = limit.parse().map_err(|_| missing())?;
        let (actor, now) = (actor.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let (actor, limit) = (actor.clone(), limit.clone());
                Box::pin(async move {
                    tx.access().lock_organization(organization_id).await?;
                    let before = find_own(tx, organization_id, &limit).await?;
                    let before = before.ok_or_else(missing)?;
                    tx.accounts().delete_override(organization_id, &limit, now).await?;
                    let details = json!({
                        "limit": limit.to_string(), "before": describe(&before.own), "after": null,
                    });
                    let subject = format!("organization {organization_id}");
                    let about = ("limit.restore", subject.as_str());
                    let entries = actor.house_entries(organization_id, about, details, now);
                    Ok::<(), BillingError>(append_all(tx, &entries).await?)
                })
            })
            .await
    }

    /// The limit that a draft means.
    fn derive_own(&self, draft: &LimitDraft, now: Timestamp) -> Result<LimitOverride, Wrong> {
        let limit: LimitName = draft.limit.parse().map_err(|error| Wrong::new("limit", &error))?;
        if let Some(meter) = limit.meter().filter(|meter| !self.meters.contains(*meter)) {
            let names = || self.meters.iter().map(MeterId::as_str);
            let remedy = match find_nearest(meter.as_str(), names()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("known are {}", list(names())),
            };
            return Err(Wrong::new("limit", &format!("nothing here counts `{meter}`; {remedy}")));
        }
        let own = LimitOverride { limit, value: draft.value, expires_at: draft.expires_at };
        own.check().map_err(|error| Wrong::new("value", &error))?;
        if !own.is_in_force(now) {
            let reason = "the time is over already; give a later one, or leave it out";
            return Err(Wrong::new("expires_at", &reason));
        }
        if !(1..=LONGEST_REASON).contains(&draft.reason.trim().chars().count()) {
            let reason = format!("give a reason of 1 to {LONGEST_REASON} characters");
            return Err(Wrong::new("reason", &reason));
        }
        Ok(own)
    }
}

/// What is wrong with a draft, before its place is known.
struct Wrong {
    field: &'static str,
    reason: String,
}

impl Wrong {
    fn new(field: &'static str, reason: &dyn std::fmt::Display) -> Self {
        Self { field, reason: reason.to_string() }
    }

    fn at(self, place: usize) -> BillingError {
        BillingError::WrongLimit { place, field: self.field, reason: self.reason }
    }
}

async fn set_limit(tx: &dyn Tx, actor: &Actor, record: &OverrideRecord) -> Result<(), StoreError> {
    let before = find_own(tx, record.organization_id, &record.own.limit).await?;
    tx.accounts().put_override(record).await?;
    let details = json!({
        "limit": record.own.limit.to_string(),
        "before": before.map(|before| describe(&before.own)),
        "after": describe(&record.own),
        "why": record.reason,
    });
    let subject = format!("organization {}", record.organization_id);
    let about = ("limit.override", subject.as_str());
    let entries = actor.house_entries(record.organization_id, about, details, record.set_at);
    append_all(tx, &entries).await
}

fn describe(own: &LimitOverride) -> Value {
    json!({ "value": own.value, "expires_at": own.expires_at })
}

async fn find_own(
    tx: &dyn Tx,
    organization_id: OrganizationId,
    limit: &LimitName,
) -> Result<Option<OverrideRecord>, StoreError> {
    let records = tx.accounts().list_overrides(organization_id).await?;
    Ok(records.into_iter().find(|record| record.own.limit == *limit))
}

async fn read_limits(
    accounts: &dyn ReadAccounts,
    organization_id: OrganizationId,
    now: Timestamp,
) -> Result<Vec<LimitView>, StoreError> {
    let plan = accounts.get_account(organization_id, now).await?.plan;
    let records = accounts.list_overrides(organization_id).await?;
    let views = records.into_iter().map(|record| LimitView {
        of_plan: record.own.limit.read(&plan.terms),
        in_force: record.own.is_in_force(now),
        record,
    });
    Ok(views.collect())
}
