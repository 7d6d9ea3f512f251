//! Two servers with one outbox.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use gantry_letters::Outbox;
use gantry_ports::store::{QueuedMail, StoreExt};
use gantry_ports::{Clock, Mail, MailError, Mailer, StoreError};
use gantry_testkit::{TestApp, TestClock, TestSettings, WithWorker};
use gantry_types::MailId;
use tokio::sync::{Mutex, Notify};

/// More than the minutes of a claim.
const MAILS: usize = 15;

/// What was handed over, by whomever.
type Taken = Arc<Mutex<Vec<MailId>>>;

/// Takes every mail at once.
struct Quick {
    taken: Taken,
}

#[async_trait]
impl Mailer for Quick {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.taken.lock().await.push(mail.id);
        Ok(())
    }
}

/// Takes two minutes for a mail, in which another server looks after the outbox.
struct Slow {
    taken: Taken,
    clock: Arc<TestClock>,
    other: Outbox,
}

#[async_trait]
impl Mailer for Slow {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.clock.advance(Duration::from_mins(2));
        self.taken.lock().await.push(mail.id);
        let looked = self.other.send_due().await;
        looked.map(drop).map_err(|error| MailError::Unavailable { reason: error.to_string() })
    }
}

fn mail_to(number: usize, clock: &TestClock) -> QueuedMail {
    QueuedMail {
        mail: Mail {
            id: MailId::generate(),
            recipient: format!("reader{number}@example.org"),
            subject: "News".to_owned(),
            text: "There is news.".to_owned(),
            html: "<p>There is news.</p>".to_owned(),
        },
        kind: "story".to_owned(),
        user_id: None,
        attempts: 0,
        created_at: clock.now(),
    }
}

#[tokio::test]
async fn no_mail_goes_twice_however_long_each_takes() -> Result<()> {
    let settings = TestSettings { worker: WithWorker::No, ..TestSettings::default() };
    let (app, _) = TestApp::start(settings).await?;
    app.take_mails().await?;
    let mails: Vec<QueuedMail> = (0..MAILS).map(|number| mail_to(number, &app.clock)).collect();
    app.store
        .write::<(), StoreError, _>(move |tx| {
            let mails = mails.clone();
            Box::pin(async move {
                for mail in &mails {
                    tx.mails().insert_mail(mail).await?;
                }
                Ok(())
            })
        })
        .await?;

    let taken = Taken::default();
    let open = |mailer: Arc<dyn Mailer>| {
        let clock: Arc<dyn Clock> = app.clock.clone();
        Outbox::new(app.store.clone(), mailer, clock, Arc::new(Notify::new()))
    };
    let other = open(Arc::new(Quick { taken: taken.clone() }));
    let slow = Slow { taken: taken.clone(), clock: app.clock.clone(), other };
    open(Arc::new(slow)).send_due().await?;
    let taken = taken.lock().await;
    assert_eq!(taken.len(), MAILS);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), MAILS, "{taken:?}");
    Ok(())
}
