//! From a mail to a message.

use gantry_ports::{Mail, MailError};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// Says that no answer is expected from machines (RFC 3834).
const AUTO_SUBMITTED: &str = "Auto-Submitted";

/// The sender's address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no sender; expected something like Gantry <no-reply@example.org>")]
pub struct InvalidSender {
    /// What was given.
    pub text: String,
}

/// Who sends.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `Name <address>` or an address.
    ///
    /// # Errors
    /// [`InvalidSender`].
    pub fn parse(text: &str) -> Result<Self, InvalidSender> {
        text.parse().map(Self).map_err(|_| InvalidSender { text: text.to_owned() })
    }

    /// The message of a mail.
    ///
    /// # Errors
    /// [`MailError::Refused`] for a recipient that is no address.
    pub(crate) fn write(&self, mail: &Mail) -> Result<Message, MailError> {
        let refuse = |reason: String| MailError::Refused { reason };
        let address = mail.recipient.parse();
        let address = address.map_err(|error| refuse(format!("{}: {error}", mail.recipient)))?;
        let domain = self.0.email.domain();
        Message::builder()
            .from(self.0.clone())
            .to(Mailbox::new(None, address))
            .subject(&mail.subject)
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str(AUTO_SUBMITTED),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| refuse(error.to_string()))
    }
}
