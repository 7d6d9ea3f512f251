//! Sending mail.
//!
//! Invariant: a mail is first written to the store, in the transaction of what it tells of, and
//! handed to a [`Mailer`] afterwards; so none is lost, and one may come twice after a crash.

use async_trait::async_trait;
use gantry_types::MailId;

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The identifier; becomes a part of `Message-ID`, so that a mail that comes twice is
    /// recognised.
    pub id: MailId,
    /// The one recipient's address.
    pub recipient: String,
    /// The subject, one line.
    pub subject: String,
    /// The text, for readers without HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Mails carry links that open accounts, so their texts are not printed.
impl std::fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Mail")
            .field("id", &self.id)
            .field("recipient", &self.recipient)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// A mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It will never be taken as it is.
    #[error("the mail was refused: {reason}")]
    Refused {
        /// What the other side said.
        reason: String,
    },
    /// It may be taken later.
    #[error("mail cannot be sent right now: {reason}")]
    Unavailable {
        /// What failed.
        reason: String,
    },
}

/// Something that sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a mail over; `Ok` once the other side has taken it.
    ///
    /// # Errors
    /// [`MailError`].
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}
