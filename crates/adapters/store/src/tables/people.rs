//! Looks up people over all organizations.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Home, Page, PageRequest, PersonFilter, PersonRecord, ReadPeople, Restriction, UserStatus,
};
use gantry_types::{Credits, OrganizationId, Role, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::access_rows::{decode_status, encode_status};
use super::convert::{decode_time, decode_word};
use super::page::{PageSql, contains_pattern};
use crate::session::Session;

const SELECT_PERSON: &str = "SELECT u.id, u.email, u.name, u.administrator, u.status, \
     u.email_verified_at, u.created_at, r.reason, r.at AS restricted_at, \
     r.ends_at AS restricted_until, r.restricted_by, \
     (SELECT MAX(s.last_used_at) FROM sessions s WHERE s.user_id = u.id) AS session_at, \
     (SELECT MAX(k.last_used_at) FROM api_keys k WHERE k.user_id = u.id) AS key_at, \
     o.id AS home_id, o.name AS home_name, m.role AS home_role, p.slug AS home_plan, \
     a.available AS home_available, a.held AS home_held \
     FROM users u LEFT JOIN restrictions r ON r.user_id = u.id \
     LEFT JOIN memberships m ON m.user_id = u.id AND m.personal = TRUE \
     LEFT JOIN organizations o ON o.id = m.organization_id \
     LEFT JOIN accounts a ON a.organization_id = o.id \
     LEFT JOIN plans p ON p.id = a.plan_id";

const SELECT_HOME: &str = "SELECT o.id, o.name, m.role, p.slug AS plan, a.available, a.held \
     FROM memberships m JOIN organizations o ON o.id = m.organization_id \
     JOIN accounts a ON a.organization_id = o.id JOIN plans p ON p.id = a.plan_id";

const SELECT_HALTED: &str = "SELECT DISTINCT j.organization_id FROM users u \
     JOIN memberships m ON m.user_id = u.id AND m.role = 'owner' \
     JOIN jobs j ON j.organization_id = m.organization_id AND j.parent_id IS NULL \
     WHERE u.status = 'banned' AND j.cancel_requested = FALSE \
     AND j.state NOT IN ('succeeded', 'failed', 'cancelled', 'dead') \
     AND NOT EXISTS (SELECT 1 FROM memberships o JOIN users p ON p.id = o.user_id \
     WHERE o.organization_id = m.organization_id AND o.role = 'owner' \
     AND p.status <> 'banned') ORDER BY j.organization_id LIMIT $1";

/// A row of `users` with what administrators see of it.
#[derive(Debug, FromQueryResult)]
struct PersonRow {
    id: Uuid,
    email: String,
    name: String,
    administrator: bool,
    status: String,
    email_verified_at: Option<i64>,
    created_at: i64,
    reason: Option<String>,
    restricted_at: Option<i64>,
    restricted_until: Option<i64>,
    restricted_by: Option<Uuid>,
    session_at: Option<i64>,
    key_at: Option<i64>,
    home_id: Option<Uuid>,
    home_name: Option<String>,
    home_role: Option<String>,
    home_plan: Option<String>,
    home_available: Option<i64>,
    home_held: Option<i64>,
}

impl PersonRow {
    fn decode(self) -> Result<PersonRecord, StoreError> {
        let id = UserId::from_uuid(self.id);
        let restriction = self.reason.zip(self.restricted_at).map(|(reason, at)| Restriction {
            user_id: id,
            reason,
            at: decode_time(at),
            until: self.restricted_until.map(decode_time),
            by: self.restricted_by.map(UserId::from_uuid),
        });
        let home = match (self.home_id, self.home_role, self.home_plan) {
            (Some(home), Some(role), Some(plan)) => Some(HomeRow {
                id: home,
                name: self.home_name.unwrap_or_default(),
                role,
                plan,
                available: self.home_available.unwrap_or_default(),
                held: self.home_held.unwrap_or_default(),
            }),
            (_, _, _) => None,
        };
        Ok(PersonRecord {
            id,
            email: self.email,
            name: self.name,
            administrator: self.administrator,
            status: decode_status(&self.status)?,
            restriction,
            email_verified_at: self.email_verified_at.map(decode_time),
            created_at: decode_time(self.created_at),
            last_seen_at: self.session_at.max(self.key_at).map(decode_time),
            home: home.map(HomeRow::decode).transpose()?,
        })
    }
}

/// A row of `memberships` with the organization's plan and balance.
#[derive(Debug, FromQueryResult)]
struct HomeRow {
    id: Uuid,
    name: String,
    role: String,
    plan: String,
    available: i64,
    held: i64,
}

impl HomeRow {
    fn decode(self) -> Result<Home, StoreError> {
        Ok(Home {
            organization_id: OrganizationId::from_uuid(self.id),
            name: self.name,
            role: decode_word::<Role>("role", &self.role)?,
            plan: self.plan,
            available: Credits::new(self.available),
            held: Credits::new(self.held),
        })
    }
}

/// Which organization, alone.
#[derive(Debug, FromQueryResult)]
struct HaltedRow {
    organization_id: Uuid,
}

#[async_trait]
impl ReadPeople for Session {
    async fn list_people(
        &self,
        filter: &PersonFilter,
        page: &PageRequest<UserId>,
    ) -> Result<Page<PersonRecord, UserId>, StoreError> {
        let (wanted, mut values) = derive_conditions(filter);
        let tail = PageSql::new(page, "u.id", values.len() + 1, UserId::as_uuid);
        values.extend(tail.values.iter().cloned());
        let sql = format!("{SELECT_PERSON} WHERE {wanted}{}", tail.tail);
        let rows = self.sql().all::<PersonRow>("user", sql, values).await?;
        let people = rows.into_iter().map(PersonRow::decode).collect::<Result<_, _>>()?;
        Ok(tail.finish(people, |person: &PersonRecord| person.id))
    }

    async fn find_person(&self, id: UserId) -> Result<Option<PersonRecord>, StoreError> {
        let sql = format!("{SELECT_PERSON} WHERE u.id = $1");
        let row = self.sql().first::<PersonRow>("user", sql, vec![id.as_uuid().into()]).await?;
        row.map(PersonRow::decode).transpose()
    }

    async fn list_homes(&self, id: UserId) -> Result<Vec<Home>, StoreError> {
        let sql = format!("{SELECT_HOME} WHERE m.user_id = $1 ORDER BY m.personal DESC, o.id");
        let rows = self.sql().all::<HomeRow>("membership", sql, vec![id.as_uuid().into()]).await?;
        rows.into_iter().map(HomeRow::decode).collect()
    }

    async fn list_halted(&self, limit: u32) -> Result<Vec<OrganizationId>, StoreError> {
        let values = vec![i64::from(limit).into()];
        let rows = self.sql().all::<HaltedRow>("organization", SELECT_HALTED, values).await?;
        let ids = rows.into_iter().map(|row| OrganizationId::from_uuid(row.organization_id));
        Ok(ids.collect())
    }
}

fn derive_conditions(filter: &PersonFilter) -> (String, Vec<Value>) {
    let mut wanted = String::from("TRUE");
    let mut values: Vec<Value> = Vec::new();
    if let Some(text) = &filter.text {
        values.push(contains_pattern(text).into());
        wanted.push_str(
            " AND (LOWER(u.email) LIKE $1 ESCAPE '\\' OR LOWER(u.name) LIKE $1 ESCAPE '\\')",
        );
    }
    let Some(status) = filter.status else { return (wanted, values) };
    values.push(encode_status(status).into());
    let (word, now) = (values.len(), values.len() + 1);
    let condition = match status {
        UserStatus::Active => {
            format!(" AND (u.status = ${word} OR u.status = 'suspended' AND r.ends_at <= ${now})")
        }
        UserStatus::Suspended => {
            format!(" AND u.status = ${word} AND (r.ends_at IS NULL OR r.ends_at > ${now})")
        }
        UserStatus::Banned | UserStatus::Leaving | UserStatus::Erased => {
            wanted.push_str(&format!(" AND u.status = ${word}"));
            return (wanted, values);
        }
    };
    wanted.push_str(&condition);
    values.push(filter.now.as_micros().into());
    (wanted, values)
}
