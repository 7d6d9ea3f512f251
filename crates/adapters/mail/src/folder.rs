//! Mails as files: for a first hour without a mail server, and for tests.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use gantry_ports::{Mail, MailError, Mailer};

use crate::message::Sender;

/// Writes each mail to `{id}.eml`; identifiers sort by time, and so do the files.
pub struct FolderMailer {
    folder: PathBuf,
    sender: Sender,
}

impl FolderMailer {
    /// Into `folder`, which is made with the first mail.
    #[must_use]
    pub const fn new(folder: PathBuf, sender: Sender) -> Self {
        Self { folder, sender }
    }
}

/// Mails carry links that open accounts, so only the owner may read them. A file appears whole or
/// not at all.
fn write_private(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(unfinished, folder.join(name))
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let bytes = self.sender.write(mail)?.formatted();
        let (folder, name) = (self.folder.clone(), format!("{}.eml", mail.id));
        let written =
            tokio::task::spawn_blocking(move || write_private(&folder, &name, &bytes)).await;
        let unavailable = |reason: String| MailError::Unavailable {
            reason: format!("{}: {reason}", self.folder.display()),
        };
        written
            .map_err(|error| unavailable(error.to_string()))?
            .map_err(|error| unavailable(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::MailId;

    fn mail(subject: &str, recipient: &str) -> Mail {
        Mail {
            id: MailId::generate(),
            recipient: recipient.to_owned(),
            subject: subject.to_owned(),
            text: "Grüße\n".to_owned(),
            html: "<p>Grüße</p>".to_owned(),
        }
    }

    fn mailer(folder: &Path) -> FolderMailer {
        let sender = Sender::parse("Gantry <no-reply@gantry.example>").unwrap();
        FolderMailer::new(folder.join("mail"), sender)
    }

    #[tokio::test]
    async fn a_mail_becomes_a_message_with_text_and_html() {
        let folder = tempfile::tempdir().unwrap();
        let mail = mail("Bestätigen Sie", "ada@example.org");
        mailer(folder.path()).send(&mail).await.unwrap();
        let file = folder.path().join("mail").join(format!("{}.eml", mail.id));
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.contains("From: Gantry <no-reply@gantry.example>\r\n"), "{text}");
        assert!(text.contains("To: ada@example.org\r\n"), "{text}");
        assert!(text.contains(&format!("Message-ID: <{}@gantry.example>\r\n", mail.id)), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
        assert!(text.contains("Subject: =?utf-8?"), "{text}");
        assert!(text.contains("text/plain") && text.contains("text/html"), "{text}");
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let refused = mailer(folder.path()).send(&mail("x", "ada@@example")).await.unwrap_err();
        assert!(matches!(refused, MailError::Refused { .. }), "{refused}");
    }

    #[test]
    fn a_sender_that_is_none_is_told() {
        assert!(Sender::parse("nobody").is_err());
        assert!(Sender::parse("no-reply@example.org").is_ok());
    }
}
