//! What an organization used, day by day, and the chore that keeps it.
//!
//! Invariants: days are rolled up one after another, each in a transaction of its own that also
//! takes the lease, so that servers do not do it at once and a pause is caught up in bounded steps;
//! a day is rolled up an hour after it is over, when allowances of that day have returned. Members
//! who do not look after money see of people themselves alone.

use std::collections::BTreeMap;
use std::time::Duration;

use gantry_access::{AccessError, Actor, Permission, require};
use gantry_ports::StoreError;
use gantry_ports::store::{
    ChoreLease, ModelSums, StoreExt, UsageBy, UsageFilter, UsageKey, UsageSums,
};
use gantry_rules::period::{Period, derive_day};
use gantry_types::{OrganizationId, Timestamp, UserId, WorkerId};

use crate::Billing;
use crate::error::BillingError;

/// How long after its end a day is rolled up.
const GRACE: Duration = Duration::from_hours(1);
/// How long a lease holds without being prolonged.
const LEASE: Duration = Duration::from_mins(10);
/// Days of one round.
const MOST_DAYS: u32 = 100;

/// What was used in a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageView {
    /// The start of the first day and the end of the last one.
    pub span: Period,
    /// By what was asked for; what has no use is left out.
    pub sums: BTreeMap<UsageKey, UsageSums>,
    /// All together.
    pub total: UsageSums,
    /// What was asked of language models, by model; nothing where one person's use is told.
    pub models: Vec<ModelSums>,
}

/// How far one step of the chore came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A day was rolled up.
    Done,
    /// There is none that is over.
    Nothing,
    /// Another server does it.
    Elsewhere,
}

impl Billing {
    /// What the actor's organization used on whole days, jobs that just ended included. By
    /// [`UsageBy::Member`], those who look after money see everybody, and others themselves.
    ///
    /// # Errors
    /// [`BillingError::Access`] without the permission, [`BillingError::Store`].
    pub async fn usage(
        &self,
        actor: &Actor,
        span: Period,
        by: UsageBy,
    ) -> Result<UsageView, BillingError> {
        require(actor, Permission::ReadAccount)?;
        let user_id = match by {
            UsageBy::Member => find_only_person(actor)?,
            UsageBy::Day | UsageBy::Operation | UsageBy::Organization => None,
        };
        self.sum_usage(span, by, (Some(actor.organization_id), user_id)).await
    }

    /// What one organization used, or all of them.
    ///
    /// # Errors
    /// [`BillingError::Access`] for anybody but administrators, [`BillingError::Store`].
    pub async fn usage_of(
        &self,
        actor: &Actor,
        organization_id: Option<OrganizationId>,
        (span, by): (Period, UsageBy),
    ) -> Result<UsageView, BillingError> {
        require(actor, Permission::Administer)?;
        self.sum_usage(span, by, (organization_id, None)).await
    }

    async fn sum_usage(
        &self,
        span: Period,
        by: UsageBy,
        (organization_id, user_id): (Option<OrganizationId>, Option<UserId>),
    ) -> Result<UsageView, BillingError> {
        let filter = UsageFilter { from: span.start, to: span.end, organization_id, user_id };
        let sums = self.store.read().await?.usage().sum_usage(&filter, by).await?;
        let mut total = UsageSums::default();
        for part in sums.values() {
            total.add(part);
        }
        let models = match user_id {
            None => self.sum_models(span, organization_id).await?,
            Some(_) => Vec::new(),
        };
        Ok(UsageView { span, sums, total, models })
    }

    /// Rolls up days that are over, at most a hundred; answers how many. `None` while another
    /// server does it.
    ///
    /// # Errors
    /// [`BillingError::Store`]; what is left is rolled up by the next round.
    pub async fn roll_up_usage(&self, holder: WorkerId) -> Result<Option<u32>, BillingError> {
        for done in 0..MOST_DAYS {
            match self.roll_up_next(holder).await? {
                Step::Done => {}
                Step::Nothing => return Ok(Some(done)),
                Step::Elsewhere => return Ok(None),
            }
        }
        Ok(Some(MOST_DAYS))
    }

    async fn roll_up_next(&self, holder: WorkerId) -> Result<Step, BillingError> {
        let now = self.clock.now();
        let lease = ChoreLease { name: "usage", holder, now, until: now.plus(LEASE) };
        let step = self
            .store
            .write::<Step, StoreError, _>(move |tx| {
                Box::pin(async move {
                    if !tx.chores().take_lease(&lease).await? {
                        return Ok::<_, StoreError>(Step::Elsewhere);
                    }
                    let begin = match tx.usage().find_rolled_up_to().await? {
                        Some(end) => Some(end),
                        None => tx.usage().find_first_usage().await?,
                    };
                    let Some(day) = begin.and_then(|begin| find_ended_day(begin, now)) else {
                        return Ok(Step::Nothing);
                    };
                    tx.usage().roll_up_day(day).await?;
                    Ok(Step::Done)
                })
            })
            .await?;
        Ok(step)
    }
}

/// The day of a time, once it is over for long enough.
fn find_ended_day(time: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let day = derive_day(time);
    (day.end.plus(GRACE) <= now).then_some(day.start)
}

/// The only person of whom an actor may know what they used; `None` means that they may know it
/// of everybody. What a key may be used for does not matter: it tells what its owner may see.
fn find_only_person(actor: &Actor) -> Result<Option<UserId>, AccessError> {
    let permission = Permission::ManageBilling;
    if permission.is_of_role(actor.role) {
        return Ok(None);
    }
    actor.user_id.map(Some).ok_or(AccessError::Forbidden { permission })
}

#[cfg(test)]
mod tests {
    use gantry_types::Role;

    use super::*;

    #[test]
    fn a_day_is_rolled_up_an_hour_after_its_end() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (noon, day) = (at("2028-02-29T12:00:00Z"), at("2028-02-29T00:00:00Z"));
        for (now, found) in [
            ("2028-02-29T23:59:59Z", None),
            ("2028-03-01T00:59:59Z", None),
            ("2028-03-01T01:00:00Z", Some(day)),
            ("2029-01-01T00:00:00Z", Some(day)),
        ] {
            assert_eq!(find_ended_day(noon, at(now)), found, "{now}");
        }
    }

    #[test]
    fn who_looks_after_money_sees_everybody() {
        let user_id = UserId::generate();
        let system = Actor::system(OrganizationId::generate());
        for (role, only) in [
            (Role::Owner, None),
            (Role::Admin, None),
            (Role::Billing, None),
            (Role::Member, Some(user_id)),
            (Role::Viewer, Some(user_id)),
        ] {
            let actor = Actor { user_id: Some(user_id), role, ..system.clone() };
            assert_eq!(find_only_person(&actor).unwrap(), only, "{role:?}");
        }
        let nobody = Actor { role: Role::Viewer, ..system };
        assert!(find_only_person(&nobody).is_err());
    }
}
