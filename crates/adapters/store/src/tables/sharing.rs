//! Restrictions of single things, and grants of them.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    ObjectAccess, ObjectGrant, ObjectRef, ObjectRestrainer, ReadSharing, Sight, WriteSharing,
};
use gantry_rules::sharing::{GrantLevel, Visibility, reaches_everything};
use gantry_types::{JobId, OrganizationId, Role, UserId};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::convert::{decode_serde_word, decode_word, encode_serde_word};
use super::sight::{Thing, and_seen};
use crate::session::Session;
use crate::sql::Sql;

const GRANT: &str = "grant";

/// A thing with its maker.
#[derive(Debug, FromQueryResult)]
struct ObjectRow {
    object_id: Uuid,
    made_by: Option<Uuid>,
}

/// A row of `object_grants`.
#[derive(Debug, FromQueryResult)]
struct GrantRow {
    user_id: Uuid,
    level: String,
}

impl GrantRow {
    fn decode(self) -> Result<ObjectGrant, StoreError> {
        Ok(ObjectGrant {
            user_id: UserId::from_uuid(self.user_id),
            level: decode_serde_word::<GrantLevel>(GRANT, &self.level)?,
        })
    }
}

/// Who asked for a job, and as what they belong to its organization now.
#[derive(Debug, FromQueryResult)]
struct AskerRow {
    submitted_by: Option<Uuid>,
    role: Option<String>,
}

impl AskerRow {
    fn decode(self) -> Result<Sight, StoreError> {
        let Some(person) = self.submitted_by else {
            return Ok(Sight::Everything);
        };
        let role = self.role.map(|role| decode_word::<Role>("role", &role)).transpose()?;
        Ok(if role.is_some_and(reaches_everything) {
            Sight::Everything
        } else {
            Sight::Member(UserId::from_uuid(person))
        })
    }
}

#[async_trait]
impl ReadSharing for Session {
    async fn find_object_access(
        &self,
        organization_id: OrganizationId,
        object: ObjectRef,
    ) -> Result<Option<ObjectAccess>, StoreError> {
        let mut values: Vec<Value> = vec![organization_id.as_uuid().into(), id_of(object).into()];
        let seen = and_seen(self.sight(), things_of(object), &mut values);
        let sql = format!("{}{seen}", select(object));
        let Some(row) = self.sql().first::<ObjectRow>(object.kind(), sql, values).await? else {
            return Ok(None);
        };
        let key = || vec![organization_id.as_uuid().into(), row.object_id.into()];
        let sql = "SELECT COUNT(*) FROM object_restrictions \
                   WHERE organization_id = $1 AND object_id = $2";
        let visibility = match self.sql().number("restriction", sql, key()).await? {
            0 => Visibility::Organization,
            _ => Visibility::Restricted,
        };
        Ok(Some(ObjectAccess {
            object: with_id(object, row.object_id),
            made_by: row.made_by.map(UserId::from_uuid),
            visibility,
            grants: list_grants(self.sql(), key()).await?,
        }))
    }

    async fn find_sight_of_job(
        &self,
        organization_id: OrganizationId,
        job_id: JobId,
    ) -> Result<Option<Sight>, StoreError> {
        let sql = "SELECT o.submitted_by, m.role FROM jobs j JOIN jobs o ON o.id = j.root_id \
                   LEFT JOIN memberships m ON m.organization_id = j.organization_id \
                   AND m.user_id = o.submitted_by \
                   WHERE j.organization_id = $1 AND j.id = $2";
        let values = vec![organization_id.as_uuid().into(), job_id.as_uuid().into()];
        let row = self.sql().first::<AskerRow>("job", sql, values).await?;
        row.map(AskerRow::decode).transpose()
    }
}

#[async_trait]
impl WriteSharing for Session {
    async fn set_object_access(
        &self,
        restrainer: ObjectRestrainer,
        access: &ObjectAccess,
    ) -> Result<(), StoreError> {
        let organization_id = restrainer.organization_id;
        let object_id = id_of(access.object);
        let key = || -> Vec<Value> { vec![organization_id.as_uuid().into(), object_id.into()] };
        match access.visibility {
            Visibility::Organization => {
                let sql = "DELETE FROM object_restrictions \
                           WHERE organization_id = $1 AND object_id = $2";
                self.sql().run("restriction", sql, key()).await?;
            }
            Visibility::Restricted => {
                let sql = "INSERT INTO object_restrictions (organization_id, object_id, kind, \
                           restricted_by, restricted_at) VALUES ($1, $2, $3, $4, $5) \
                           ON CONFLICT (object_id) DO NOTHING";
                let mut values = key();
                values.push(access.object.kind().into());
                values.push(restrainer.by.map(UserId::as_uuid).into());
                values.push(restrainer.at.as_micros().into());
                self.sql().run("restriction", sql, values).await?;
            }
        }
        let known = list_grants(self.sql(), key()).await?;
        for gone in known.iter().filter(|known| !has(&access.grants, known.user_id)) {
            let sql = "DELETE FROM object_grants \
                       WHERE organization_id = $1 AND object_id = $2 AND user_id = $3";
            let mut values = key();
            values.push(gone.user_id.as_uuid().into());
            self.sql().run(GRANT, sql, values).await?;
        }
        for grant in access.grants.iter().filter(|grant| !known.contains(grant)) {
            self.put_grant(restrainer, access.object, *grant).await?;
        }
        Ok(())
    }
}

impl Session {
    async fn put_grant(
        &self,
        restrainer: ObjectRestrainer,
        object: ObjectRef,
        grant: ObjectGrant,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO object_grants (organization_id, object_id, kind, user_id, level, \
                   granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (object_id, user_id) DO UPDATE SET level = excluded.level, \
                   granted_by = excluded.granted_by, granted_at = excluded.granted_at";
        let values = vec![
            restrainer.organization_id.as_uuid().into(),
            id_of(object).into(),
            object.kind().into(),
            grant.user_id.as_uuid().into(),
            encode_serde_word(GRANT, &grant.level)?.into(),
            restrainer.by.map(UserId::as_uuid).into(),
            restrainer.at.as_micros().into(),
        ];
        self.sql().run(GRANT, sql, values).await.map(drop)
    }
}

/// Forgets who saw things that go: `gone` selects their identifiers from the parameters `values`.
///
/// # Errors
/// What the database says.
pub(super) async fn forget(sql: &Sql, gone: &str, values: &[Value]) -> Result<(), StoreError> {
    for table in ["object_grants", "object_restrictions"] {
        let text = format!("DELETE FROM {table} WHERE object_id IN ({gone})");
        sql.run("restriction", text, values.to_vec()).await?;
    }
    Ok(())
}

/// Takes back what was granted to somebody in an organization.
///
/// # Errors
/// What the database says.
pub(super) async fn forget_grants(
    sql: &Sql,
    organization_id: OrganizationId,
    person: UserId,
) -> Result<(), StoreError> {
    let text = "DELETE FROM object_grants WHERE organization_id = $1 AND user_id = $2";
    let values = vec![organization_id.as_uuid().into(), person.as_uuid().into()];
    sql.run(GRANT, text, values).await.map(drop)
}

async fn list_grants(sql: &Sql, key: Vec<Value>) -> Result<Vec<ObjectGrant>, StoreError> {
    let text = "SELECT user_id, level FROM object_grants \
                WHERE organization_id = $1 AND object_id = $2 ORDER BY user_id";
    let rows = sql.all::<GrantRow>(GRANT, text, key).await?;
    rows.into_iter().map(GrantRow::decode).collect()
}

fn has(grants: &[ObjectGrant], person: UserId) -> bool {
    grants.iter().any(|grant| grant.user_id == person)
}

const fn select(object: ObjectRef) -> &'static str {
    match object {
        ObjectRef::Job(_) => {
            "SELECT j.root_id AS object_id, o.submitted_by AS made_by \
             FROM jobs j JOIN jobs o ON o.id = j.root_id \
             WHERE j.organization_id = $1 AND j.id = $2"
        }
        ObjectRef::Dataset(_) => {
            "SELECT d.id AS object_id, d.created_by AS made_by FROM datasets d \
             WHERE d.organization_id = $1 AND d.id = $2 AND d.deleted_at IS NULL"
        }
        ObjectRef::Workflow(_) => {
            "SELECT w.id AS object_id, w.created_by AS made_by FROM workflows w \
             WHERE w.organization_id = $1 AND w.id = $2"
        }
        ObjectRef::Model(_) => {
            "SELECT a.id AS object_id, o.submitted_by AS made_by \
             FROM artifacts a JOIN jobs j ON j.id = a.job_id JOIN jobs o ON o.id = j.root_id \
             WHERE a.organization_id = $1 AND a.id = $2 AND a.role = 'model'"
        }
    }
}

const fn things_of(object: ObjectRef) -> &'static [Thing] {
    match object {
        ObjectRef::Job(_) => &[Thing::Job],
        ObjectRef::Dataset(_) => &[Thing::Dataset],
        ObjectRef::Workflow(_) => &[Thing::Workflow],
        ObjectRef::Model(_) => &[Thing::Job, Thing::Model],
    }
}

const fn id_of(object: ObjectRef) -> Uuid {
    match object {
        ObjectRef::Job(id) => id.as_uuid(),
        ObjectRef::Dataset(id) => id.as_uuid(),
        ObjectRef::Workflow(id) => id.as_uuid(),
        ObjectRef::Model(id) => id.as_uuid(),
    }
}

/// The thing that is asked in the name of `object`: of a job its root.
const fn with_id(object: ObjectRef, id: Uuid) -> ObjectRef {
    match object {
        ObjectRef::Job(_) => ObjectRef::Job(JobId::from_uuid(id)),
        ObjectRef::Dataset(_) | ObjectRef::Workflow(_) | ObjectRef::Model(_) => object,
    }
}
