//! Looks up plans, balances, lots, the ledger and meters.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AccountOverview, LedgerEntry, LedgerFilter, LotRecord, OverrideRecord, Page, PageRequest,
    PlanChoice, PlanFix, ReadAccounts,
};
use gantry_rules::account::{Lot, MeterUse};
use gantry_rules::lots;
use gantry_rules::period::derive_since;
use gantry_rules::plan::Plan;
use gantry_types::{
    Credits, LedgerEntryId, LotId, MeterId, OrganizationId, PlanId, Timestamp, UserId,
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{
    decode_json, decode_opt_json, decode_serde_word, decode_time, decode_u32, decode_u64,
    decode_word,
};
use super::page::PageSql;
use super::{breaches, ledger, overrides};
use crate::session::Session;

/// A row of `plans`.
#[derive(Debug, FromQueryResult)]
struct PlanRow {
    id: Uuid,
    slug: String,
    version: i64,
    title: String,
    terms: String,
}

impl PlanRow {
    fn decode(self) -> Result<Plan, StoreError> {
        Ok(Plan {
            id: PlanId::from_uuid(self.id),
            slug: self.slug,
            version: decode_u32("plan version", self.version)?,
            title: self.title,
            terms: decode_json("plan terms", &self.terms)?,
        })
    }
}

/// A row of `plan_fixes`.
#[derive(Debug, FromQueryResult)]
struct FixRow {
    organization_id: Uuid,
    expires_at: Option<i64>,
    set_by: Option<Uuid>,
    set_at: i64,
}

impl FixRow {
    fn decode(self) -> PlanFix {
        PlanFix {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            expires_at: self.expires_at.map(decode_time),
            set_by: self.set_by.map(UserId::from_uuid),
            set_at: decode_time(self.set_at),
        }
    }
}

/// A row of `plan_choices`.
#[derive(Debug, FromQueryResult)]
struct ChoiceRow {
    plan: String,
    paid_each: String,
}

impl ChoiceRow {
    fn decode(self) -> Result<PlanChoice, StoreError> {
        let interval = decode_serde_word("interval", &self.paid_each)?;
        Ok(PlanChoice { plan: self.plan, interval })
    }
}

/// A row of `accounts`, as the overview needs it.
#[derive(Debug, FromQueryResult)]
struct OverviewRow {
    plan_id: Uuid,
    available: i64,
    held: i64,
    running_roots: i64,
    queued_roots: i64,
    cancellations: Option<String>,
    quota_anchor: i64,
    overrides: i64,
}

/// A row of `meter_usage`.
#[derive(Debug, FromQueryResult)]
struct MeterRow {
    meter: String,
    period_start: i64,
    used: i64,
    reserved: i64,
}

impl MeterRow {
    fn decode(self) -> Result<MeterUse, StoreError> {
        Ok(MeterUse {
            meter: decode_word::<MeterId>("meter", &self.meter)?,
            period_start: decode_time(self.period_start),
            used: decode_u64("meter use", self.used)?,
            reserved: decode_u64("meter reservation", self.reserved)?,
        })
    }
}

/// A row of `lots`.
#[derive(Debug, FromQueryResult)]
struct LotRow {
    id: Uuid,
    origin: String,
    expires_at: Option<i64>,
    remaining: i64,
}

impl LotRow {
    fn decode(self) -> Result<Lot, StoreError> {
        Ok(Lot {
            id: LotId::from_uuid(self.id),
            origin: decode_serde_word("lot origin", &self.origin)?,
            expires_at: self.expires_at.map(decode_time),
            remaining: Credits::new(self.remaining),
        })
    }
}

/// A row of `lots`, with how it came.
#[derive(Debug, FromQueryResult)]
struct LotRecordRow {
    id: Uuid,
    origin: String,
    reason: String,
    granted: i64,
    remaining: i64,
    expires_at: Option<i64>,
    created_at: i64,
}

impl LotRecordRow {
    fn decode(self) -> Result<LotRecord, StoreError> {
        let lot = LotRow {
            id: self.id,
            origin: self.origin,
            expires_at: self.expires_at,
            remaining: self.remaining,
        };
        Ok(LotRecord {
            lot: lot.decode()?,
            granted: Credits::new(self.granted),
            reason: self.reason,
            created_at: decode_time(self.created_at),
        })
    }
}

/// The order of use in SQL, as [`lots::sort_by_use`] has it: what never expires is last.
const ORDER_OF_USE: &str = "COALESCE(expires_at, 9223372036854775807), \
                            CASE origin WHEN 'promotional' THEN 0 WHEN 'earned' THEN 1 \
                            ELSE 2 END, id";

/// Whose account it is, alone.
#[derive(Debug, FromQueryResult)]
struct WhoseRow {
    organization_id: Uuid,
}

const SELECT_PLAN: &str = "SELECT id, slug, version, title, terms FROM plans";

#[async_trait]
impl ReadAccounts for Session {
    async fn find_plan(&self, id: PlanId) -> Result<Option<Plan>, StoreError> {
        let sql = format!("{SELECT_PLAN} WHERE id = $1");
        let row = self.sql().first::<PlanRow>("plan", sql, vec![id.as_uuid().into()]).await?;
        row.map(PlanRow::decode).transpose()
    }

    async fn find_plan_by_slug(&self, slug: &str) -> Result<Option<Plan>, StoreError> {
        let sql = format!("{SELECT_PLAN} WHERE slug = $1 ORDER BY version DESC LIMIT 1");
        let row = self.sql().first::<PlanRow>("plan", sql, vec![slug.into()]).await?;
        row.map(PlanRow::decode).transpose()
    }

    async fn list_newest_plans(&self) -> Result<Vec<Plan>, StoreError> {
        let sql = format!(
            "{SELECT_PLAN} p WHERE version = \
             (SELECT MAX(version) FROM plans n WHERE n.slug = p.slug) ORDER BY slug"
        );
        let rows = self.sql().all::<PlanRow>("plan", sql, Vec::new()).await?;
        rows.into_iter().map(PlanRow::decode).collect()
    }

    async fn get_account(
        &self,
        organization_id: OrganizationId,
        now: Timestamp,
    ) -> Result<AccountOverview, StoreError> {
        let sql = "SELECT plan_id, available, held, running_roots, queued_roots, \
                   cancellations, quota_anchor, overrides FROM accounts \
                   WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<OverviewRow>("account", sql, values).await?;
        let row = row.ok_or(StoreError::NotFound { what: "account" })?;
        let plan = self.find_plan(PlanId::from_uuid(row.plan_id)).await?;
        let plan = plan.ok_or(StoreError::NotFound { what: "plan" })?;
        let own = match row.overrides {
            0 => Vec::new(),
            _ => overrides::list(self.sql(), organization_id).await?,
        };
        let quota_anchor = decode_time(row.quota_anchor);
        let since = derive_since(plan.terms.quota_reset, quota_anchor, now);
        let sql = "SELECT meter, period_start, used, reserved FROM meter_usage \
                   WHERE organization_id = $1 AND period_start >= $2 ORDER BY meter, period_start";
        let values = vec![organization_id.as_uuid().into(), since.as_micros().into()];
        let meters = self.sql().all::<MeterRow>("meter", sql, values).await?;
        Ok(AccountOverview {
            organization_id,
            plan,
            available: Credits::new(row.available),
            held: Credits::new(row.held),
            running_roots: decode_u32("running jobs", row.running_roots)?,
            queued_roots: decode_u32("queued jobs", row.queued_roots)?,
            quota_anchor,
            overrides: own.into_iter().map(|record| record.own).collect(),
            meters: meters.into_iter().map(MeterRow::decode).collect::<Result<_, _>>()?,
            cancellations: decode_opt_json("cancellations", row.cancellations.as_deref())?
                .unwrap_or_default(),
        })
    }

    async fn list_overrides(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Vec<OverrideRecord>, StoreError> {
        overrides::list(self.sql(), organization_id).await
    }

    async fn find_plan_choice(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<PlanChoice>, StoreError> {
        let sql = "SELECT plan, paid_each FROM plan_choices WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<ChoiceRow>("plan choice", sql, values).await?;
        row.map(ChoiceRow::decode).transpose()
    }

    async fn find_plan_fix(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<PlanFix>, StoreError> {
        let sql = "SELECT organization_id, expires_at, set_by, set_at FROM plan_fixes \
                   WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<FixRow>("plan fix", sql, values).await?;
        Ok(row.map(FixRow::decode))
    }

    async fn list_ended_plan_fixes(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "SELECT organization_id, expires_at, set_by, set_at FROM plan_fixes \
                   WHERE expires_at <= $1 ORDER BY expires_at, organization_id LIMIT $2";
        let values = vec![now.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<FixRow>("plan fix", sql, values).await?;
        Ok(rows.into_iter().map(|row| row.decode().organization_id).collect())
    }

    async fn list_lots(&self, organization_id: OrganizationId) -> Result<Vec<Lot>, StoreError> {
        let sql = "SELECT id, origin, expires_at, remaining FROM lots \
                   WHERE organization_id = $1 AND remaining > 0";
        let values = vec![organization_id.as_uuid().into()];
        let rows = self.sql().all::<LotRow>("lot", sql, values).await?;
        let mut found = rows.into_iter().map(LotRow::decode).collect::<Result<Vec<_>, _>>()?;
        lots::sort_by_use(&mut found);
        Ok(found)
    }

    async fn list_usable_lots(
        &self,
        organization_id: OrganizationId,
        now: Timestamp,
        after: Option<LotId>,
        limit: u32,
    ) -> Result<Page<LotRecord, LotId>, StoreError> {
        let own = "lots WHERE organization_id = $1";
        let tail = PageSql::by_terms((after.map(LotId::as_uuid), limit), ORDER_OF_USE, own, 3);
        let sql = format!(
            "SELECT id, origin, reason, granted, remaining, expires_at, created_at FROM {own} \
             AND remaining > 0 AND (expires_at IS NULL OR expires_at > $2){}",
            tail.tail
        );
        let mut values = vec![organization_id.as_uuid().into(), now.as_micros().into()];
        values.extend(tail.values.iter().cloned());
        let rows = self.sql().all::<LotRecordRow>("lot", sql, values).await?;
        let records = rows.into_iter().map(LotRecordRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(records, |record: &LotRecord| record.lot.id))
    }

    async fn list_ledger(
        &self,
        organization_id: OrganizationId,
        filter: &LedgerFilter,
        page: &PageRequest<LedgerEntryId>,
    ) -> Result<Page<LedgerEntry, LedgerEntryId>, StoreError> {
        ledger::list(self.sql(), organization_id, filter, page).await
    }

    async fn list_moved_balances(
        &self,
        low: Credits,
        limit: u32,
    ) -> Result<Vec<OrganizationId>, StoreError> {
        let sql = "SELECT organization_id FROM accounts \
                   WHERE had_enough <> CASE WHEN available + held >= $1 THEN 1 ELSE 0 END \
                   ORDER BY organization_id LIMIT $2";
        let values = vec![low.get().into(), i64::from(limit).into()];
        let rows = self.sql().all::<WhoseRow>("account", sql, values).await?;
        let ids = rows.into_iter().map(|row| OrganizationId::from_uuid(row.organization_id));
        Ok(ids.collect())
    }

    async fn list_ledger_breaches(&self) -> Result<Vec<String>, StoreError> {
        breaches::list(self.sql()).await
    }
}
