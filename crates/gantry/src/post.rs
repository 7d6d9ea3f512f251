//! How this installation sends its mails.

use std::path::Path;
use std::sync::Arc;

use gantry_mail::{FolderMailer, Sender, SmtpMailer, SmtpSettings, SmtpTls};
use gantry_ports::Mailer;

use crate::config::{MailConfig, MailTls, MailTransport};
use crate::failure::Failure;

const MAIL: &str = "mail";

/// The mailer of the settings.
///
/// # Errors
/// A usage failure that names the setting which cannot be used.
pub fn open_mailer(config: &MailConfig, data_dir: &Path) -> Result<Arc<dyn Mailer>, Failure> {
    let sender = Sender::parse(&config.sender)
        .map_err(|error| Failure::usage(format!("`mail.sender`: {error}")))?;
    match config.transport {
        MailTransport::Folder => {
            let folder = config.folder.clone().unwrap_or_else(|| data_dir.join(MAIL));
            Ok(Arc::new(FolderMailer::new(folder, sender)))
        }
        MailTransport::Smtp => {
            let mailer = SmtpMailer::new(derive_smtp(config, sender)?)
                .map_err(|error| Failure::usage(format!("`mail`: {error}")))?;
            Ok(Arc::new(mailer))
        }
    }
}

fn derive_smtp(config: &MailConfig, sender: Sender) -> Result<SmtpSettings, Failure> {
    let login = match (&config.user, &config.password) {
        (Some(user), Some(password)) => Some((user.clone(), password.expose().to_owned())),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Failure::usage("`mail.user` and `mail.password` go together")
                .with_next("set both, or neither for a server that wants no password"));
        }
    };
    Ok(SmtpSettings {
        host: config.host.clone(),
        port: config.port,
        tls: match config.tls {
            MailTls::Implicit => SmtpTls::Implicit,
            MailTls::StartTls => SmtpTls::StartTls,
            MailTls::None => SmtpTls::None,
        },
        login,
        sender,
    })
}
