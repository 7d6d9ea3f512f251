//! Postings and their lines.
//!
//! Invariants: a posting is one row, never changed and never removed; its identifier is also that
//! of the line that takes, and the line that gives has the same one as a UUID of version 8, so
//! that a page of lines can begin between the two.

use gantry_ports::StoreError;
use gantry_ports::store::{LedgerEntry, LedgerFilter, Order, Page, PageRequest};
use gantry_rules::ledger::{LedgerAccount, Posting};
use gantry_types::{Credits, JobId, LedgerEntryId, LotId, OrganizationId, Timestamp};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_serde_word, decode_time};
use super::page::PageSql;
use crate::session::Session;
use crate::sql::Sql;

/// Where the version of a UUID stands among its 128 bits.
const VERSION_SHIFT: u32 = 76;

/// A row of `postings`.
#[derive(Debug, FromQueryResult)]
struct PostingRow {
    id: Uuid,
    organization_id: Uuid,
    taken_from: String,
    given_to: String,
    amount: i64,
    lot_id: Uuid,
    job_id: Option<Uuid>,
    reason: String,
    at: i64,
}

impl PostingRow {
    /// The line that takes and the line that gives.
    fn decode(self) -> Result<[LedgerEntry; 2], StoreError> {
        let line = |id, account: LedgerAccount, amount| LedgerEntry {
            id: LedgerEntryId::from_uuid(id),
            organization_id: OrganizationId::from_uuid(self.organization_id),
            account,
            amount: Credits::new(amount),
            lot_id: LotId::from_uuid(self.lot_id),
            job_id: self.job_id.map(JobId::from_uuid),
            reason: self.reason.clone(),
            at: decode_time(self.at),
        };
        let taken_from = decode_serde_word("ledger account", &self.taken_from)?;
        let given_to = decode_serde_word("ledger account", &self.given_to)?;
        let taken = self.amount.wrapping_neg();
        Ok([line(self.id, taken_from, taken), line(derive_giving(self.id), given_to, self.amount)])
    }
}

/// The identifier of the line that gives.
const fn derive_giving(posting: Uuid) -> Uuid {
    Uuid::from_u128(posting.as_u128() & !(0xf << VERSION_SHIFT) | 8 << VERSION_SHIFT)
}

/// The posting of a line.
const fn derive_posting(line: Uuid) -> Uuid {
    Uuid::from_u128(line.as_u128() & !(0xf << VERSION_SHIFT) | 7 << VERSION_SHIFT)
}

/// Writes a posting that is for no job.
///
/// # Errors
/// What the database says.
pub(super) async fn post(
    session: &Session,
    posting: &Posting,
    (organization_id, at): (OrganizationId, Timestamp),
) -> Result<(), StoreError> {
    let (taken_from, given_to) = posting.movement.sides();
    let sql = "INSERT INTO postings (organization_id, id, taken_from, given_to, amount, lot_id, \
               job_id, reason, at) VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)";
    let values = vec![
        organization_id.as_uuid().into(),
        Uuid::now_v7().into(),
        taken_from.as_str().into(),
        given_to.as_str().into(),
        posting.amount.get().into(),
        posting.lot_id.as_uuid().into(),
        posting.movement.as_str().into(),
        at.as_micros().into(),
    ];
    session.sql().run("posting", sql, values).await.map(drop)
}

/// What of a lot expired and was not taken back.
const EXPIRED: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN given_to = 'expired' THEN amount \
                       ELSE -amount END), 0) AS BIGINT) FROM postings \
                       WHERE lot_id = $1 AND (taken_from = 'expired' OR given_to = 'expired')";
/// What of a lot had expired when it was taken back.
const TAKEN_BACK: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN taken_from = 'expired' THEN amount \
                          ELSE -amount END), 0) AS BIGINT) FROM postings \
                          WHERE lot_id = $1 AND (taken_from = 'expired' OR given_to = 'expired') \
                          AND reason IN ('refund_expired', 'restore_expired')";

/// How much of a lot expired and was not taken back.
///
/// # Errors
/// What the database says.
pub(super) async fn sum_expired(sql: &Sql, lot_id: LotId) -> Result<i64, StoreError> {
    sql.number("posting", EXPIRED, vec![lot_id.as_uuid().into()]).await
}

/// How much of a lot had expired when it was taken back, and was not given again.
///
/// # Errors
/// What the database says.
pub(super) async fn sum_taken_back_expired(sql: &Sql, lot_id: LotId) -> Result<i64, StoreError> {
    sql.number("posting", TAKEN_BACK, vec![lot_id.as_uuid().into()]).await
}

/// A page of lines.
///
/// # Errors
/// What the database says.
pub(super) async fn list(
    sql: &Sql,
    organization_id: OrganizationId,
    filter: &LedgerFilter,
    page: &PageRequest<LedgerEntryId>,
) -> Result<Page<LedgerEntry, LedgerEntryId>, StoreError> {
    // The posting of the last line may have another one, so it is read again.
    let after = page.after.map(|line| {
        let posting = derive_posting(line.as_uuid()).as_u128();
        Uuid::from_u128(match page.order {
            Order::NewestFirst => posting.saturating_add(1),
            Order::OldestFirst => posting.saturating_sub(1),
        })
    });
    let request = PageRequest { after, limit: page.limit, order: page.order };
    let (conditions, mut values) = derive_conditions(organization_id, filter);
    let tail = PageSql::new(&request, "id", values.len() + 1, |id: Uuid| id);
    let select = format!(
        "SELECT id, organization_id, taken_from, given_to, amount, lot_id, job_id, reason, at \
         FROM postings WHERE {conditions}{}",
        tail.tail
    );
    values.extend(tail.values.iter().cloned());
    let rows = sql.all::<PostingRow>("posting", select, values).await?;
    let mut lines = Vec::with_capacity(2 * rows.len());
    for row in rows {
        let [taking, giving] = row.decode()?;
        lines.extend(match page.order {
            Order::NewestFirst => [giving, taking],
            Order::OldestFirst => [taking, giving],
        });
    }
    if let Some(seen) = page.after.and_then(|last| lines.iter().position(|line| line.id == last)) {
        lines.drain(..=seen);
    }
    Ok(tail.finish(lines, |line: &LedgerEntry| line.id))
}

/// Both lines of a posting fit, or neither.
fn derive_conditions(
    organization_id: OrganizationId,
    filter: &LedgerFilter,
) -> (String, Vec<Value>) {
    let mut conditions = String::from("organization_id = $1");
    let mut values: Vec<Value> = vec![organization_id.as_uuid().into()];
    let mut require = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            values.push(value);
            conditions.push_str(&format!(" AND {condition} ${}", values.len()));
        }
    };
    require("reason =", filter.reason.as_deref().map(Value::from));
    require("job_id =", filter.job_id.map(|id| id.as_uuid().into()));
    require("at >=", filter.from.map(|from| from.as_micros().into()));
    require("at <", filter.to.map(|to| to.as_micros().into()));
    (conditions, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_posting_name_it() {
        let posting = Uuid::now_v7();
        let giving = derive_giving(posting);
        assert_eq!((posting.get_version_num(), giving.get_version_num()), (7, 8));
        assert_eq!([posting, giving].map(derive_posting), [posting, posting]);
    }
}
