//! A real mail server of another maker (`aiosmtpd`) takes the mails.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use gantry_mail::{Sender, SmtpMailer, SmtpSettings, SmtpSetupError, SmtpTls};
use gantry_ports::{Mail, MailError, Mailer};
use gantry_testkit::python;
use gantry_types::MailId;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// The server, which ends with the test.
struct Peer {
    child: Child,
    port: u16,
    lines: Receiver<Value>,
}

impl Peer {
    fn start() -> Result<Self> {
        let python = python::environment("mail", "aiosmtpd==1.4.6")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
        let mut child = Command::new(python)
            .args([script, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("the peer has an output")?;
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { break };
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        let peer = Self { child, port, lines };
        let first = peer.next_line()?;
        anyhow::ensure!(first["ready"] == true, "{first}");
        Ok(peer)
    }

    fn next_line(&self) -> Result<Value> {
        self.lines.recv_timeout(PATIENCE).context("the mail server says nothing")
    }

    fn mailer(&self) -> Result<SmtpMailer> {
        Ok(SmtpMailer::new(settings(self.port, SmtpTls::None)?)?)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
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
    let peer = Peer::start()?;
    let mailer = peer.mailer()?;
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
