//! The outbox.

use async_trait::async_trait;
use gantry_ports::store::{Delivery, QueuedMail, ReadMails, WriteMails};
use gantry_ports::{Mail, StoreError};
use gantry_types::{MailId, Timestamp, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::convert::{decode_time, decode_u32};
use crate::session::Session;

/// How much of a reason is kept.
const MAX_REASON: usize = 500;

/// A row of `mails`.
#[derive(FromQueryResult)]
struct MailRow {
    id: Uuid,
    kind: String,
    user_id: Option<Uuid>,
    recipient: String,
    subject: String,
    text: String,
    html: String,
    attempts: i64,
    created_at: i64,
}

impl MailRow {
    fn decode(self) -> Result<QueuedMail, StoreError> {
        Ok(QueuedMail {
            mail: Mail {
                id: MailId::from_uuid(self.id),
                recipient: self.recipient,
                subject: self.subject,
                text: self.text,
                html: self.html,
            },
            kind: self.kind,
            user_id: self.user_id.map(UserId::from_uuid),
            attempts: decode_u32("attempts", self.attempts)?,
            created_at: decode_time(self.created_at),
        })
    }
}

/// When the next mail is due.
#[derive(Debug, FromQueryResult)]
struct DueRow {
    due_at: Option<i64>,
}

/// When a mail was written.
#[derive(Debug, FromQueryResult)]
struct WrittenRow {
    created_at: i64,
}

#[async_trait]
impl ReadMails for Session {
    async fn find_next_mail(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MIN(due_at) AS due_at FROM mails WHERE due_at IS NOT NULL";
        let row = self.sql().first::<DueRow>("mail", sql, vec![]).await?;
        Ok(row.and_then(|row| row.due_at).map(decode_time))
    }

    async fn find_last_mail(
        &self,
        kind: &str,
        recipient: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT created_at FROM mails WHERE recipient = $1 AND kind = $2 \
                   ORDER BY created_at DESC LIMIT 1";
        let values = vec![recipient.into(), kind.into()];
        let row = self.sql().first::<WrittenRow>("mail", sql, values).await?;
        Ok(row.map(|row| decode_time(row.created_at)))
    }
}

#[async_trait]
impl WriteMails for Session {
    async fn insert_mail(&self, queued: &QueuedMail) -> Result<(), StoreError> {
        let sql = "INSERT INTO mails (id, kind, user_id, recipient, subject, text, html, \
                   attempts, created_at, due_at, ended_at, outcome, reason) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, NULL, 'waiting', '')";
        let mail = &queued.mail;
        let values = vec![
            mail.id.as_uuid().into(),
            queued.kind.as_str().into(),
            queued.user_id.map(UserId::as_uuid).into(),
            mail.recipient.as_str().into(),
            mail.subject.as_str().into(),
            mail.text.as_str().into(),
            mail.html.as_str().into(),
            i64::from(queued.attempts).into(),
            queued.created_at.as_micros().into(),
        ];
        self.sql().run("mail", sql, values).await.map(drop)
    }

    async fn claim_mails(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        // The outer condition is looked at again by a second sender that waited for the row.
        let sql = "UPDATE mails SET due_at = $2, attempts = attempts + 1 WHERE due_at <= $1 \
                   AND id IN (SELECT id FROM mails WHERE due_at <= $1 ORDER BY due_at LIMIT $3) \
                   RETURNING id, kind, user_id, recipient, subject, text, html, attempts, \
                   created_at";
        let values =
            vec![now.as_micros().into(), until.as_micros().into(), i64::from(limit).into()];
        let rows = self.sql().all::<MailRow>("mail", sql, values).await?;
        rows.into_iter().map(MailRow::decode).collect()
    }

    async fn note_delivery(
        &self,
        id: MailId,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let end = "UPDATE mails SET text = '', html = '', due_at = NULL, ended_at = $2, \
                   outcome = $3, reason = $4 WHERE id = $1";
        let later = "UPDATE mails SET due_at = $2, outcome = $3, reason = $4 WHERE id = $1";
        let (sql, at, outcome, reason) = match delivery {
            Delivery::Sent => (end, now, "sent", ""),
            Delivery::GivenUp { reason } => (end, now, "given_up", reason.as_str()),
            Delivery::Later { at, reason } => (later, *at, "waiting", reason.as_str()),
        };
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let values =
            vec![id.as_uuid().into(), at.as_micros().into(), outcome.into(), reason.into()];
        self.sql().run_on_row("mail", sql, values).await
    }
}
