//! A plan that an administrator said holds until it is released or its time is over.
//!
//! Invariant: when it ends, the account is on the plan that its subscription gives it, in the same
//! transaction.

use gantry_access::{Actor, Permission, require};
use gantry_ports::store::{PlanFix, StoreExt, Tx};
use gantry_types::OrganizationId;
use serde_json::json;

use crate::Billing;
use crate::apply_event::Ground;
use crate::audit::append_all;
use crate::error::BillingError;
use crate::notice::BillingNotice;

/// Fixes that are ended together.
const ROUND: u32 = 100;

/// Which fix is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Whatever it says.
    Wanted,
    /// One whose time is over.
    Due,
}

impl Billing {
    /// Lets an organization follow its subscription again; nothing happens where it does.
    ///
    /// # Errors
    /// [`BillingError::Access`], [`BillingError::Store`].
    pub async fn release_plan(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
    ) -> Result<(), BillingError> {
        require(actor, Permission::Administer)?;
        self.end_fix(actor, organization_id, Ending::Wanted).await
    }

    /// Ends the plans whose time is over that administrators gave; answers how many were looked at.
    ///
    /// # Errors
    /// [`BillingError::Store`].
    pub async fn end_plan_fixes(&self) -> Result<usize, BillingError> {
        let now = self.clock.now();
        let ended = self.store.read().await?.accounts().list_ended_plan_fixes(now, ROUND).await?;
        for organization_id in &ended {
            let actor = Actor::system(*organization_id);
            self.end_fix(&actor, *organization_id, Ending::Due).await?;
        }
        Ok(ended.len())
    }

    async fn end_fix(
        &self,
        actor: &Actor,
        organization_id: OrganizationId,
        ending: Ending,
    ) -> Result<(), BillingError> {
        // No provider tells of it.
        let (actor, ground) = (actor.clone(), self.derive_ground_without(""));
        let notice = self
            .store
            .write(move |tx| {
                let (actor, ground) = (actor.clone(), ground.clone());
                Box::pin(async move { end(tx, (&actor, &ground), organization_id, ending).await })
            })
            .await?;
        self.announce(notice.as_slice());
        Ok(())
    }
}

async fn end(
    tx: &dyn Tx,
    (actor, ground): (&Actor, &Ground),
    organization_id: OrganizationId,
    ending: Ending,
) -> Result<Option<BillingNotice>, BillingError> {
    tx.access().lock_organization(organization_id).await?;
    let fix: Option<PlanFix> = tx.accounts().find_plan_fix(organization_id).await?;
    let fix = match ending {
        Ending::Wanted => fix,
        // It may have been lengthened since it was looked for.
        Ending::Due => fix.filter(|fix| !fix.holds(ground.now)),
    };
    let Some(fix) = fix else { return Ok(None) };
    tx.accounts().delete_plan_fix(organization_id).await?;
    let details = json!({ "before": { "until": fix.expires_at }, "after": null });
    let subject = format!("organization {organization_id}");
    match ending {
        Ending::Wanted => {
            let about = ("plan.release", subject.as_str());
            let entries = actor.house_entries(organization_id, about, details, ground.now);
            append_all(tx, &entries).await?;
        }
        Ending::Due => {
            let entry = actor.audit_entry("plan.release", &subject, details, ground.now);
            tx.audit().append(&entry).await?;
        }
    }
    let notice = ground.follow_subscription(tx, organization_id).await?;
    ground.post(tx, notice.as_slice()).await?;
    Ok(notice)
}
