//! A real mail server of another maker (`aiosmtpd`) takes the mails.

use std::net::TcpListener;

use anyhow::{Context, Result};
use gantry_mail::{Sender, SmtpMailer, SmtpSettings, SmtpSetupError, SmtpTls};
use gantry_ports::{Mail, MailError, Mailer};
use gantry_testkit::python::Peer;
use gantry_types::MailId;

fn start_peer() -> Result<Peer> {
    Peer::start(("mail", "aiosmtpd==1.4.6"), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py"))
}

fn settings(port: u16, tls: SmtpTls) -> Result<SmtpSettings> {
    let sender = Sender::parse("Gantry <no-reply@gantry.example>")?;
    Ok(SmtpSettings { host: "127.0.0.1".to_owned(), port, tls, login: None, sender })
}

fn mail_to(recipient: &str) -> Mail {
    Mail {
        id: MailId::generate(),
        recipient: recipient.to_owned(),
        subject: "Bitte bestätigen".to_owned(),
        text: "Guten Tag".to_owned(),
        html: "<p>Guten Tag</p>".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_arrive_whole_and_refusals_are_told_apart() -> Result<()> {
    let peer = start_peer()?;
    let mailer = SmtpMailer::new(settings(peer.port, SmtpTls::None)?)?;
    let mail = mail_to("ada@example.org");
    mailer.send(&mail).await?;
    let got = peer.next_line()?;
    assert_eq!(got["from"], "no-reply@gantry.example");
    assert_eq!(got["to"][0], "ada@example.org");
    let text = got["text"].as_str().context("a message")?;
    assert!(text.contains(&mail.id.to_string()), "{text}");
    assert!(text.contains("Guten Tag") && text.contains("<p>Guten Tag</p>"), "{text}");

    let nobody = mailer.send(&mail_to("nobody@example.org")).await;
    assert!(matches!(nobody, Err(MailError::Refused { .. })), "{nobody:?}");
    let busy = mailer.send(&mail_to("busy@example.org")).await;
    assert!(matches!(busy, Err(MailError::Unavailable { .. })), "{busy:?}");
    mailer.send(&mail_to("grace@example.org")).await?;
    assert_eq!(peer.next_line()?["to"][0], "grace@example.org");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_not_there_may_be_there_later() -> Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mailer = SmtpMailer::new(settings(port, SmtpTls::None)?)?;
    let error = mailer.send(&mail_to("ada@example.org")).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable { .. }), "{error}");
    Ok(())
}

#[test]
fn a_password_does_not_travel_in_the_clear() -> Result<()> {
    let login = Some(("user".to_owned(), "password".to_owned()));
    let open = SmtpSettings { login, ..settings(25, SmtpTls::None)? };
    assert_eq!(SmtpMailer::new(open).err(), Some(SmtpSetupError::OpenPassword));
    Ok(())
}
