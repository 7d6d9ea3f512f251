//! `[mail]`: how mails are sent.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// Where mails go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailTransport {
    /// Into files, for a first hour without a mail server.
    Folder,
    /// To an SMTP server.
    Smtp,
}

/// How a connection to the SMTP server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From the first byte, usually on port 465.
    Implicit,
    /// After a greeting, usually on port 587.
    StartTls,
    /// Not at all: for a server on this machine, without a password.
    None,
}

/// How mails are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// Where they go.
    pub transport: MailTransport,
    /// Who sends, such as `Gantry <no-reply@example.org>`.
    pub sender: String,
    /// The folder for files; `mail` in the data folder if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The SMTP server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: MailTls,
    /// The user's name, where the server wants one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            transport: MailTransport::Folder,
            sender: "Gantry <no-reply@gantry.localhost>".to_owned(),
            folder: None,
            host: "localhost".to_owned(),
            port: 587,
            tls: MailTls::StartTls,
            user: None,
            password: None,
        }
    }
}
