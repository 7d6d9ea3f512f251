//! Mails on their way: the outbox.
//!
//! Invariant: the texts of a mail that was sent, or given up, are erased; they carried secrets.

use async_trait::async_trait;
use gantry_types::{MailId, Timestamp, UserId};

use super::error::StoreError;
use crate::mail::Mail;

/// A mail that somebody is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// The mail.
    pub mail: Mail,
    /// What it tells, such as `verify_email`.
    pub kind: String,
    /// Whom, if the recipient has an account.
    pub user_id: Option<UserId>,
    /// How often sending it was begun.
    pub attempts: u32,
    /// When it was written.
    pub created_at: Timestamp,
}

/// How an attempt to send a mail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Sent,
    /// It will be tried again.
    Later {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// It is given up.
    GivenUp {
        /// Why.
        reason: String,
    },
}

/// Looks into the outbox.
#[async_trait]
pub trait ReadMails: Send + Sync {
    /// When the next mail is due; `None` when nothing waits.
    async fn find_next_mail(&self) -> Result<Option<Timestamp>, StoreError>;
    /// When the newest mail of a kind to an address was written, whoever had it sent.
    async fn find_last_mail(
        &self,
        kind: &str,
        recipient: &str,
    ) -> Result<Option<Timestamp>, StoreError>;
}

/// Changes the outbox.
#[async_trait]
pub trait WriteMails: ReadMails {
    /// Puts a mail in, due at once.
    async fn insert_mail(&self, mail: &QueuedMail) -> Result<(), StoreError>;
    /// Takes mails that are due at `now`, at most `limit`, and hides them from others `until`
    /// then; a sender that dies leaves them to the next.
    async fn claim_mails(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError>;
    /// Notes how sending a mail ended.
    async fn note_delivery(
        &self,
        id: MailId,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
