//! Sends what waits in the outbox.
//!
//! Invariants: a mail is claimed before it is sent, and sending it ends before the claim does, so
//! that two servers do not send it both; one that is not taken is tried again for about two days;
//! one that is refused for good is not.

use std::sync::Arc;
use std::time::Duration;

use gantry_ports::store::{Delivery, QueuedMail, StoreExt};
use gantry_ports::{Clock, MailError, Mailer, Store, StoreError};
use gantry_types::Timestamp;
use tokio::sync::Notify;

/// How long a sender has for a mail before another may send it.
const CLAIM: Duration = Duration::from_mins(10);
/// How long sending it may take, however often the other side answers in time.
const PATIENCE: Duration = Duration::from_mins(5);
/// Pauses before the second attempt, the third and so on.
const PAUSES: [Duration; 8] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(8),
    Duration::from_hours(12),
    Duration::from_hours(24),
];

/// The outbox. Clones share everything.
#[derive(Clone)]
pub struct Outbox {
    store: Arc<dyn Store>,
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    news: Arc<Notify>,
}

impl Outbox {
    /// Sends by `mailer`; `news` rings when something was put in.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        news: Arc<Notify>,
    ) -> Self {
        Self { store, mailer, clock, news }
    }

    /// Waits until something was put in by this process.
    pub async fn wait(&self) {
        self.news.notified().await;
    }

    /// Tries to send everything that is due; answers how many mails were sent.
    ///
    /// # Errors
    /// [`StoreError`]; what the mailer answers is noted at the mail instead.
    pub async fn send_due(&self) -> Result<u64, StoreError> {
        let mut sent = 0;
        while let Some(queued) = self.claim().await? {
            let delivery = self.send(&queued).await;
            sent += u64::from(delivery == Delivery::Sent);
            self.note(&queued, delivery).await?;
        }
        Ok(sent)
    }

    /// How long until a mail is due that has to be tried again; `None` when none waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_pause(&self) -> Result<Option<Duration>, StoreError> {
        let next = self.store.read().await?.mails().find_next_mail().await?;
        Ok(next.map(|next| next.since(self.clock.now())))
    }

    /// One mail at a time: those that wait for it are anybody's.
    async fn claim(&self) -> Result<Option<QueuedMail>, StoreError> {
        let now = self.clock.now();
        let claimed = self.store.write(move |tx| {
            Box::pin(async move { tx.mails().claim_mails(now, now.plus(CLAIM), 1).await })
        });
        Ok(claimed.await?.into_iter().next())
    }

    async fn send(&self, queued: &QueuedMail) -> Delivery {
        let (id, kind) = (queued.mail.id, queued.kind.as_str());
        let taken = tokio::time::timeout(PATIENCE, self.mailer.send(&queued.mail)).await;
        let late = format!("it was not taken within {} minutes", PATIENCE.as_secs() / 60);
        match taken.unwrap_or(Err(MailError::Unavailable { reason: late })) {
            Ok(()) => {
                tracing::info!(mail = %id, kind, "a mail was sent");
                Delivery::Sent
            }
            Err(error @ MailError::Refused { .. }) => {
                tracing::warn!(mail = %id, kind, %error, "a mail was given up");
                Delivery::GivenUp { reason: error.to_string() }
            }
            Err(error @ MailError::Unavailable { .. }) => {
                let delivery = derive_retry(queued.attempts, &error, self.clock.now());
                tracing::warn!(mail = %id, kind, %error, ?delivery, "a mail was not sent");
                delivery
            }
        }
    }

    async fn note(&self, queued: &QueuedMail, delivery: Delivery) -> Result<(), StoreError> {
        let (id, now) = (queued.mail.id, self.clock.now());
        self.store
            .write(move |tx| {
                let delivery = delivery.clone();
                Box::pin(async move { tx.mails().note_delivery(id, &delivery, now).await })
            })
            .await
    }
}

/// What follows a failed attempt, the `attempts`-th.
fn derive_retry(attempts: u32, error: &MailError, now: Timestamp) -> Delivery {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let reason = error.to_string();
    match PAUSES.get(index) {
        Some(pause) => Delivery::Later { at: now.plus(*pause), reason },
        None => Delivery::GivenUp { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_get_rarer_and_end_after_two_days() {
        let error = MailError::Unavailable { reason: "no route".to_owned() };
        let start = Timestamp::from_micros(0);
        let mut now = start;
        for attempt in 1..=8 {
            match derive_retry(attempt, &error, now) {
                Delivery::Later { at, .. } => {
                    assert!(at > now);
                    now = at;
                }
                other @ (Delivery::Sent | Delivery::GivenUp { .. }) => panic!("{other:?}"),
            }
        }
        let hours = now.since(start).as_secs() / 3_600;
        assert!((40..60).contains(&hours), "{hours}");
        assert!(matches!(derive_retry(9, &error, now), Delivery::GivenUp { .. }));
    }
}
