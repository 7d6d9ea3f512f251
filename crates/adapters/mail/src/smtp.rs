//! Mails by SMTP.
//!
//! Invariant: a password travels encrypted, or not at all; a refusal that the other side calls
//! permanent (RFC 5321, 5yz) is final, everything else is tried again.

use std::time::Duration;

use async_trait::async_trait;
use gantry_ports::{Mail, MailError, Mailer};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::message::Sender;

const TIMEOUT: Duration = Duration::from_secs(30);

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte (port 465).
    Implicit,
    /// After a greeting (port 587).
    StartTls,
    /// Not at all: for a server on this machine.
    None,
}

/// Where mails are handed over.
#[derive(Clone)]
pub struct SmtpSettings {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// User and password, where the server wants them.
    pub login: Option<(String, String)>,
    /// Who sends.
    pub sender: Sender,
}

/// The settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpSetupError {
    /// A password over an open line.
    #[error("a password is set, and `tls` is `none`; choose `starttls` or `implicit`")]
    OpenPassword,
    /// The server's name is none.
    #[error("`{host}` cannot be reached encrypted: {reason}")]
    Tls {
        /// The name.
        host: String,
        /// What is wrong.
        reason: String,
    },
}

/// Hands mails to an SMTP server; connections are kept for the next mail.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Sender,
}

impl SmtpMailer {
    /// Sets the transport up; nothing is sent yet.
    ///
    /// # Errors
    /// [`SmtpSetupError`].
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpSetupError> {
        if settings.tls == SmtpTls::None && settings.login.is_some() {
            return Err(SmtpSetupError::OpenPassword);
        }
        let parameters = || {
            TlsParameters::new(settings.host.clone()).map_err(|error| SmtpSetupError::Tls {
                host: settings.host.clone(),
                reason: error.to_string(),
            })
        };
        let tls = match settings.tls {
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::StartTls => Tls::Required(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(TIMEOUT))
            .tls(tls);
        if let Some((user, password)) = settings.login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), sender: settings.sender })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.sender.write(mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let reason = error.to_string();
                if error.is_permanent() {
                    Err(MailError::Refused { reason })
                } else {
                    Err(MailError::Unavailable { reason })
                }
            }
        }
    }
}
