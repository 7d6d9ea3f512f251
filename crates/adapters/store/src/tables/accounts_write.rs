//! Changes plans and grants credits.
//!
//! Invariant: whatever may let a blocked job run makes it due, so that it runs at the next
//! release and not at its next routine check.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{LotGrant, OverrideRecord, PlanChoice, PlanFix, WriteAccounts};
use gantry_rules::account::LotOrigin;
use gantry_rules::ledger::{Movement, Posting};
use gantry_rules::overrides::LimitName;
use gantry_rules::plan::Plan;
use gantry_types::{Credits, OrganizationId, PlanId, Timestamp, UserId};
use sea_orm::Value;

use super::convert::{encode_json, encode_serde_word};
use super::{ledger, overrides};
use crate::error::broken;
use crate::session::Session;

#[async_trait]
impl WriteAccounts for Session {
    async fn insert_plan(&self, plan: &Plan) -> Result<(), StoreError> {
        let sql = "INSERT INTO plans (id, slug, version, title, concurrent_jobs, terms) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            plan.id.as_uuid().into(),
            plan.slug.as_str().into(),
            i64::from(plan.version).into(),
            plan.title.as_str().into(),
            i64::from(plan.terms.concurrent_jobs).into(),
            encode_json("plan terms", &plan.terms)?.into(),
        ];
        self.sql().run("plan", sql, values).await.map(drop)
    }

    async fn set_plan(
        &self,
        organization_id: OrganizationId,
        plan_id: PlanId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE accounts SET plan_id = $2, plan_since = $3 WHERE organization_id = $1";
        let values = vec![
            organization_id.as_uuid().into(),
            plan_id.as_uuid().into(),
            now.as_micros().into(),
        ];
        self.sql().run_on_row("account", sql, values).await?;
        self.delete_plan_choice(organization_id).await?;
        make_blocked_jobs_due(self, organization_id).await
    }

    async fn set_quota_anchor(
        &self,
        organization_id: OrganizationId,
        anchor: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE accounts SET quota_anchor = $2 WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into(), anchor.as_micros().into()];
        self.sql().run_on_row("account", sql, values).await?;
        make_blocked_jobs_due(self, organization_id).await
    }

    async fn put_override(&self, record: &OverrideRecord) -> Result<(), StoreError> {
        overrides::put(self, record).await
    }

    async fn delete_override(
        &self,
        organization_id: OrganizationId,
        limit: &LimitName,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        overrides::delete(self, organization_id, (limit, now)).await
    }

    async fn set_plan_choice(
        &self,
        organization_id: OrganizationId,
        choice: &PlanChoice,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO plan_choices (organization_id, plan, paid_each, chosen_at) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id) DO UPDATE SET \
                   plan = excluded.plan, paid_each = excluded.paid_each, \
                   chosen_at = excluded.chosen_at";
        let values = vec![
            organization_id.as_uuid().into(),
            choice.plan.as_str().into(),
            choice.interval.as_str().into(),
            now.as_micros().into(),
        ];
        self.sql().run("plan choice", sql, values).await.map(drop)
    }

    async fn delete_plan_choice(&self, organization_id: OrganizationId) -> Result<(), StoreError> {
        let sql = "DELETE FROM plan_choices WHERE organization_id = $1";
        self.sql().run("plan choice", sql, vec![organization_id.as_uuid().into()]).await.map(drop)
    }

    async fn fix_plan(&self, fix: &PlanFix) -> Result<(), StoreError> {
        let sql = "INSERT INTO plan_fixes (organization_id, expires_at, set_by, set_at) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id) DO UPDATE SET \
                   expires_at = excluded.expires_at, set_by = excluded.set_by, \
                   set_at = excluded.set_at";
        let values = vec![
            fix.organization_id.as_uuid().into(),
            fix.expires_at.map(Timestamp::as_micros).into(),
            fix.set_by.map(UserId::as_uuid).into(),
            fix.set_at.as_micros().into(),
        ];
        self.sql().run("plan fix", sql, values).await.map(drop)
    }

    async fn delete_plan_fix(&self, organization_id: OrganizationId) -> Result<(), StoreError> {
        let sql = "DELETE FROM plan_fixes WHERE organization_id = $1";
        self.sql().run("plan fix", sql, vec![organization_id.as_uuid().into()]).await.map(drop)
    }

    async fn insert_lot(&self, grant: &LotGrant) -> Result<(), StoreError> {
        if grant.lot.remaining <= Credits::ZERO {
            return Err(broken("grant", "the amount must be above zero"));
        }
        // The account's row comes first: it is the lock under which its lots change.
        let sql = "UPDATE accounts SET available = available + $2 WHERE organization_id = $1";
        let values = vec![grant.organization_id.as_uuid().into(), grant.lot.remaining.get().into()];
        self.sql().run_on_row("account", sql, values).await?;
        insert_lot_row(self, grant).await?;
        post_grant(self, grant).await?;
        make_blocked_jobs_due(self, grant.organization_id).await
    }

    async fn note_balance(
        &self,
        organization_id: OrganizationId,
        low: Credits,
    ) -> Result<bool, StoreError> {
        let rose = "UPDATE accounts SET had_enough = 1 WHERE organization_id = $1 \
                    AND had_enough = 0 AND available + held >= $2";
        let fell = "UPDATE accounts SET had_enough = 0 WHERE organization_id = $1 \
                    AND had_enough = 1 AND available + held < $2";
        let values: Vec<Value> = vec![organization_id.as_uuid().into(), low.get().into()];
        self.sql().run("account", rose, values.clone()).await?;
        Ok(self.sql().run("account", fell, values).await? > 0)
    }

    async fn has_grant(
        &self,
        organization_id: OrganizationId,
        origin: LotOrigin,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT COUNT(*) FROM lots \
                   WHERE organization_id = $1 AND origin = $2 AND reason = $3";
        let origin = encode_serde_word("lot origin", &origin)?;
        let values = vec![organization_id.as_uuid().into(), origin.into(), reason.into()];
        Ok(self.sql().number("lot", sql, values).await? > 0)
    }
}

async fn insert_lot_row(session: &Session, grant: &LotGrant) -> Result<(), StoreError> {
    let sql = "INSERT INTO lots (id, organization_id, origin, reason, granted, remaining, \
               expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $5, $6, $7)";
    let values = vec![
        grant.lot.id.as_uuid().into(),
        grant.organization_id.as_uuid().into(),
        encode_serde_word("lot origin", &grant.lot.origin)?.into(),
        grant.reason.as_str().into(),
        grant.lot.remaining.get().into(),
        grant.lot.expires_at.map(|time| time.as_micros()).into(),
        grant.at.as_micros().into(),
    ];
    session.sql().run("lot", sql, values).await.map(drop)
}

async fn post_grant(session: &Session, grant: &LotGrant) -> Result<(), StoreError> {
    let posting =
        Posting { movement: Movement::Grant, lot_id: grant.lot.id, amount: grant.lot.remaining };
    let whose = (grant.organization_id, grant.at);
    ledger::post(session, &posting, whose).await
}

pub(super) async fn make_blocked_jobs_due(
    session: &Session,
    organization_id: OrganizationId,
) -> Result<(), StoreError> {
    let sql = "UPDATE jobs SET due_at = 0 WHERE state = 'blocked' AND organization_id = $1";
    let values = vec![organization_id.as_uuid().into()];
    session.sql().run("job", sql, values).await.map(drop)
}
