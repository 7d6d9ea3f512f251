//! Referral codes, and who registered with them.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ListedReferral, Page, PageRequest, ReadReferrals, Referral, ReferralCode, ReferralEnd,
    WriteReferrals,
};
use gantry_rules::referral::RewardedWhen;
use gantry_types::{Credits, OrganizationId, ReferralId, Timestamp, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_serde_word, decode_time, decode_u32, encode_serde_word};
use super::page::PageSql;
use crate::session::Session;

const SELECT_REFERRAL: &str = "SELECT r.id, r.organization_id, r.referred_user_id, \
     r.referred_organization_id, r.state, r.reward, r.welcome, r.created_at, r.ended_at, u.email \
     FROM referrals r JOIN users u ON u.id = r.referred_user_id";

/// Of `payments p`: money that stayed.
const STAYED: &str = "p.status = 'received' AND p.amount_minor > p.refunded_minor \
     + CASE WHEN p.dispute = 'won' THEN 0 ELSE p.disputed_minor END";

/// A row of `referral_codes`.
#[derive(Debug, FromQueryResult)]
struct CodeRow {
    organization_id: Uuid,
    code: String,
    created_by: Option<Uuid>,
    created_at: i64,
}

impl CodeRow {
    fn decode(self) -> ReferralCode {
        ReferralCode {
            organization_id: OrganizationId::from_uuid(self.organization_id),
            code: self.code,
            created_by: self.created_by.map(UserId::from_uuid),
            created_at: decode_time(self.created_at),
        }
    }
}

/// A row of `referrals`, with the newcomer's address.
#[derive(Debug, FromQueryResult)]
struct ReferralRow {
    id: Uuid,
    organization_id: Uuid,
    referred_user_id: Uuid,
    referred_organization_id: Uuid,
    state: String,
    reward: i64,
    welcome: i64,
    created_at: i64,
    ended_at: Option<i64>,
    email: String,
}

impl ReferralRow {
    fn decode(self) -> Result<ListedReferral, StoreError> {
        let referral = Referral {
            id: ReferralId::from_uuid(self.id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            referred_user_id: UserId::from_uuid(self.referred_user_id),
            referred_organization_id: OrganizationId::from_uuid(self.referred_organization_id),
            state: decode_serde_word("state of a referral", &self.state)?,
            reward: Credits::new(self.reward),
            welcome: Credits::new(self.welcome),
            created_at: decode_time(self.created_at),
            ended_at: self.ended_at.map(decode_time),
        };
        Ok(ListedReferral { referral, email: self.email })
    }
}

#[async_trait]
impl ReadReferrals for Session {
    async fn find_code(
        &self,
        organization_id: OrganizationId,
    ) -> Result<Option<ReferralCode>, StoreError> {
        let sql = "SELECT organization_id, code, created_by, created_at FROM referral_codes \
                   WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        let row = self.sql().first::<CodeRow>("referral code", sql, values).await?;
        Ok(row.map(CodeRow::decode))
    }

    async fn find_code_owner(&self, code: &str) -> Result<Option<OrganizationId>, StoreError> {
        let sql = "SELECT organization_id, code, created_by, created_at FROM referral_codes \
                   WHERE code = $1";
        let row = self.sql().first::<CodeRow>("referral code", sql, vec![code.into()]).await?;
        Ok(row.map(|row| OrganizationId::from_uuid(row.organization_id)))
    }

    async fn list_referrals(
        &self,
        organization_id: OrganizationId,
        page: &PageRequest<ReferralId>,
    ) -> Result<Page<ListedReferral, ReferralId>, StoreError> {
        let whose = ("r.organization_id = $1", vec![organization_id.as_uuid().into()]);
        list(self, whose, page).await
    }

    async fn list_all_referrals(
        &self,
        page: &PageRequest<ReferralId>,
    ) -> Result<Page<ListedReferral, ReferralId>, StoreError> {
        list(self, ("1 = 1", Vec::new()), page).await
    }

    async fn list_ready_referrals(
        &self,
        when: RewardedWhen,
        limit: u32,
    ) -> Result<Vec<Referral>, StoreError> {
        let paid = match when {
            RewardedWhen::Verified => String::new(),
            RewardedWhen::FirstPayment => format!(
                " AND EXISTS (SELECT 1 FROM payments p \
                 WHERE p.organization_id = r.referred_organization_id AND {STAYED})"
            ),
        };
        let sql = format!(
            "{SELECT_REFERRAL} WHERE r.state = 'waiting' AND u.status = 'active' \
             AND u.email_verified_at IS NOT NULL{paid} ORDER BY r.id LIMIT $1"
        );
        let values = vec![i64::from(limit).into()];
        let rows = self.sql().all::<ReferralRow>("referral", sql, values).await?;
        rows.into_iter().map(|row| row.decode().map(|listed| listed.referral)).collect()
    }

    async fn count_rewarded(
        &self,
        organization_id: OrganizationId,
        since: Timestamp,
    ) -> Result<u32, StoreError> {
        let sql = "SELECT COUNT(*) FROM referrals \
                   WHERE organization_id = $1 AND reward > 0 AND ended_at >= $2";
        let values = vec![organization_id.as_uuid().into(), since.as_micros().into()];
        decode_u32("referrals", self.sql().number("referral", sql, values).await?)
    }

    async fn has_paid(&self, organization_id: OrganizationId) -> Result<bool, StoreError> {
        let sql =
            format!("SELECT COUNT(*) FROM payments p WHERE p.organization_id = $1 AND {STAYED}");
        let values = vec![organization_id.as_uuid().into()];
        Ok(self.sql().number("payment", sql, values).await? > 0)
    }
}

#[async_trait]
impl WriteReferrals for Session {
    async fn insert_code(&self, code: &ReferralCode) -> Result<(), StoreError> {
        let sql = "INSERT INTO referral_codes (organization_id, code, created_by, created_at) \
                   VALUES ($1, $2, $3, $4)";
        let values = vec![
            code.organization_id.as_uuid().into(),
            code.code.as_str().into(),
            code.created_by.map(UserId::as_uuid).into(),
            code.created_at.as_micros().into(),
        ];
        self.sql().run("referral code", sql, values).await.map(drop)
    }

    async fn lock_code(&self, organization_id: OrganizationId) -> Result<(), StoreError> {
        let sql = "UPDATE referral_codes SET created_at = created_at WHERE organization_id = $1";
        let values = vec![organization_id.as_uuid().into()];
        self.sql().run("referral code", sql, values).await.map(drop)
    }

    async fn insert_referral(&self, referral: &Referral) -> Result<(), StoreError> {
        let sql = "INSERT INTO referrals (id, organization_id, referred_user_id, \
                   referred_organization_id, state, reward, welcome, created_at, ended_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = vec![
            referral.id.as_uuid().into(),
            referral.organization_id.as_uuid().into(),
            referral.referred_user_id.as_uuid().into(),
            referral.referred_organization_id.as_uuid().into(),
            encode_serde_word("state of a referral", &referral.state)?.into(),
            referral.reward.get().into(),
            referral.welcome.get().into(),
            referral.created_at.as_micros().into(),
            referral.ended_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("referral", sql, values).await.map(drop)
    }

    async fn end_referral(&self, id: ReferralId, end: &ReferralEnd) -> Result<bool, StoreError> {
        let sql = "UPDATE referrals SET state = $2, reward = $3, welcome = $4, ended_at = $5 \
                   WHERE id = $1 AND state = 'waiting'";
        let values = vec![
            id.as_uuid().into(),
            encode_serde_word("state of a referral", &end.state)?.into(),
            end.reward.get().into(),
            end.welcome.get().into(),
            end.at.as_micros().into(),
        ];
        Ok(self.sql().run("referral", sql, values).await? > 0)
    }
}

/// A page of the referrals that a condition chooses.
async fn list(
    session: &Session,
    (condition, mut values): (&str, Vec<Value>),
    page: &PageRequest<ReferralId>,
) -> Result<Page<ListedReferral, ReferralId>, StoreError> {
    let tail = PageSql::new(page, "r.id", values.len() + 1, ReferralId::as_uuid);
    let sql = format!("{SELECT_REFERRAL} WHERE {condition}{}", tail.tail);
    values.extend(tail.values.iter().cloned());
    let rows = session.sql().all::<ReferralRow>("referral", sql, values).await?;
    let items = rows.into_iter().map(ReferralRow::decode).collect::<Result<_, _>>()?;
    Ok(tail.finish(items, |listed: &ListedReferral| listed.referral.id))
}
