//! Accounts elsewhere and passkeys that sign people in, and ceremonies on their way.

use async_trait::async_trait;
use gantry_ports::StoreError;
use gantry_ports::store::{
    Ceremony, CeremonyPurpose, LinkedIdentity, Passkey, ReadVouching, WriteVouching,
};
use gantry_types::{LinkedIdentityId, PasskeyId, Timestamp, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_opt_json, decode_time, decode_u32, encode_json};
use crate::error::broken;
use crate::session::Session;

const SELECT_IDENTITY: &str =
    "SELECT id, user_id, provider, subject, email, linked_at FROM linked_identities";

const SELECT_PASSKEY: &str = "SELECT id, user_id, credential_id, public_key, counter, name, \
     created_at, last_used_at FROM passkeys";

const fn encode_purpose(purpose: CeremonyPurpose) -> &'static str {
    match purpose {
        CeremonyPurpose::SignIn => "sign_in",
        CeremonyPurpose::Link => "link",
        CeremonyPurpose::AddPasskey => "add_passkey",
        CeremonyPurpose::UsePasskey => "use_passkey",
    }
}

fn decode_purpose(text: &str) -> Result<CeremonyPurpose, StoreError> {
    const ALL: [CeremonyPurpose; 4] = [
        CeremonyPurpose::SignIn,
        CeremonyPurpose::Link,
        CeremonyPurpose::AddPasskey,
        CeremonyPurpose::UsePasskey,
    ];
    let found = ALL.into_iter().find(|purpose| encode_purpose(*purpose) == text);
    found.ok_or_else(|| broken("purpose of a ceremony", text))
}

/// A row of `ceremonies`.
#[derive(Debug, FromQueryResult)]
struct CeremonyRow {
    state_sha256: String,
    purpose: String,
    provider: String,
    user_id: Option<Uuid>,
    browser_sha256: String,
    next: String,
    newcomer: Option<String>,
    expires_at: i64,
}

impl CeremonyRow {
    fn decode(self) -> Result<Ceremony, StoreError> {
        Ok(Ceremony {
            purpose: decode_purpose(&self.purpose)?,
            state_sha256: self.state_sha256,
            provider: self.provider,
            user_id: self.user_id.map(UserId::from_uuid),
            browser_sha256: self.browser_sha256,
            next: self.next,
            newcomer: decode_opt_json("newcomer", self.newcomer.as_deref())?.unwrap_or_default(),
            expires_at: decode_time(self.expires_at),
        })
    }
}

/// A row of `linked_identities`.
#[derive(Debug, FromQueryResult)]
struct IdentityRow {
    id: Uuid,
    user_id: Uuid,
    provider: String,
    subject: String,
    email: String,
    linked_at: i64,
}

impl IdentityRow {
    fn decode(self) -> LinkedIdentity {
        LinkedIdentity {
            id: LinkedIdentityId::from_uuid(self.id),
            user_id: UserId::from_uuid(self.user_id),
            provider: self.provider,
            subject: self.subject,
            email: self.email,
            linked_at: decode_time(self.linked_at),
        }
    }
}

/// A row of `passkeys`.
#[derive(Debug, FromQueryResult)]
struct PasskeyRow {
    id: Uuid,
    user_id: Uuid,
    credential_id: String,
    public_key: String,
    counter: i64,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl PasskeyRow {
    fn decode(self) -> Result<Passkey, StoreError> {
        Ok(Passkey {
            id: PasskeyId::from_uuid(self.id),
            user_id: UserId::from_uuid(self.user_id),
            credential_id: self.credential_id,
            public_key: self.public_key,
            counter: decode_u32("counter of a passkey", self.counter)?,
            name: self.name,
            created_at: decode_time(self.created_at),
            last_used_at: self.last_used_at.map(decode_time),
        })
    }
}

#[async_trait]
impl ReadVouching for Session {
    async fn find_ceremony(&self, state_sha256: &str) -> Result<Option<Ceremony>, StoreError> {
        let sql = "SELECT state_sha256, purpose, provider, user_id, browser_sha256, next, \
                   newcomer, expires_at FROM ceremonies WHERE state_sha256 = $1";
        let values = vec![state_sha256.into()];
        let row = self.sql().first::<CeremonyRow>("ceremony", sql, values).await?;
        row.map(CeremonyRow::decode).transpose()
    }

    async fn find_identity(
        &self,
        provider: &str,
        subject: &str,
    ) -> Result<Option<LinkedIdentity>, StoreError> {
        let sql = format!("{SELECT_IDENTITY} WHERE provider = $1 AND subject = $2");
        let values = vec![provider.into(), subject.into()];
        let row = self.sql().first::<IdentityRow>("linked identity", sql, values).await?;
        Ok(row.map(IdentityRow::decode))
    }

    async fn list_identities(&self, user: UserId) -> Result<Vec<LinkedIdentity>, StoreError> {
        let sql = format!("{SELECT_IDENTITY} WHERE user_id = $1 ORDER BY id");
        let values = vec![user.as_uuid().into()];
        let rows = self.sql().all::<IdentityRow>("linked identity", sql, values).await?;
        Ok(rows.into_iter().map(IdentityRow::decode).collect())
    }

    async fn find_passkey(&self, credential_id: &str) -> Result<Option<Passkey>, StoreError> {
        let sql = format!("{SELECT_PASSKEY} WHERE credential_id = $1");
        let values = vec![credential_id.into()];
        let row = self.sql().first::<PasskeyRow>("passkey", sql, values).await?;
        row.map(PasskeyRow::decode).transpose()
    }

    async fn list_passkeys(&self, user: UserId) -> Result<Vec<Passkey>, StoreError> {
        let sql = format!("{SELECT_PASSKEY} WHERE user_id = $1 ORDER BY id");
        let values = vec![user.as_uuid().into()];
        let rows = self.sql().all::<PasskeyRow>("passkey", sql, values).await?;
        rows.into_iter().map(PasskeyRow::decode).collect()
    }
}

#[async_trait]
impl WriteVouching for Session {
    async fn insert_ceremony(&self, ceremony: &Ceremony) -> Result<(), StoreError> {
        let sql = "INSERT INTO ceremonies (state_sha256, purpose, provider, user_id, \
                   browser_sha256, next, newcomer, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            ceremony.state_sha256.as_str().into(),
            encode_purpose(ceremony.purpose).into(),
            ceremony.provider.as_str().into(),
            ceremony.user_id.map(UserId::as_uuid).into(),
            ceremony.browser_sha256.as_str().into(),
            ceremony.next.as_str().into(),
            encode_json("newcomer", &ceremony.newcomer)?.into(),
            ceremony.expires_at.as_micros().into(),
        ];
        self.sql().run("ceremony", sql, values).await.map(drop)
    }

    async fn use_ceremony(&self, state_sha256: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM ceremonies WHERE state_sha256 = $1";
        self.sql().run_on_row("ceremony", sql, vec![state_sha256.into()]).await
    }

    async fn insert_identity(&self, identity: &LinkedIdentity) -> Result<(), StoreError> {
        let sql = "INSERT INTO linked_identities (id, user_id, provider, subject, email, \
                   linked_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = vec![
            identity.id.as_uuid().into(),
            identity.user_id.as_uuid().into(),
            identity.provider.as_str().into(),
            identity.subject.as_str().into(),
            identity.email.as_str().into(),
            identity.linked_at.as_micros().into(),
        ];
        self.sql().run("linked identity", sql, values).await.map(drop)
    }

    async fn delete_identity(&self, user: UserId, id: LinkedIdentityId) -> Result<(), StoreError> {
        let sql = "DELETE FROM linked_identities WHERE id = $1 AND user_id = $2";
        let values = vec![id.as_uuid().into(), user.as_uuid().into()];
        self.sql().run_on_row("linked identity", sql, values).await
    }

    async fn insert_passkey(&self, passkey: &Passkey) -> Result<(), StoreError> {
        let sql = "INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, name, \
                   created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = vec![
            passkey.id.as_uuid().into(),
            passkey.user_id.as_uuid().into(),
            passkey.credential_id.as_str().into(),
            passkey.public_key.as_str().into(),
            i64::from(passkey.counter).into(),
            passkey.name.as_str().into(),
            passkey.created_at.as_micros().into(),
            passkey.last_used_at.map(Timestamp::as_micros).into(),
        ];
        self.sql().run("passkey", sql, values).await.map(drop)
    }

    async fn use_passkey(
        &self,
        id: PasskeyId,
        counter: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE passkeys SET counter = $2, last_used_at = $3 WHERE id = $1 \
                   AND (counter < $2 OR (counter = 0 AND $2 = 0))";
        let values = vec![id.as_uuid().into(), i64::from(counter).into(), now.as_micros().into()];
        self.sql().run_on_row("passkey", sql, values).await
    }

    async fn rename_passkey(
        &self,
        user: UserId,
        id: PasskeyId,
        name: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2";
        let values = vec![id.as_uuid().into(), user.as_uuid().into(), name.into()];
        self.sql().run_on_row("passkey", sql, values).await
    }

    async fn delete_passkey(&self, user: UserId, id: PasskeyId) -> Result<(), StoreError> {
        let sql = "DELETE FROM passkeys WHERE id = $1 AND user_id = $2";
        let values = vec![id.as_uuid().into(), user.as_uuid().into()];
        self.sql().run_on_row("passkey", sql, values).await
    }
}
