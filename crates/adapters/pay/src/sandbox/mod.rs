//! A payment provider without money: pages, test cards, subscriptions that renew and fail, signed
//! events, and a clock that can be moved on.
//!
//! Invariants: it behaves as a provider elsewhere would: what it does is told by events alone, each
//! at least once; its book is one file, replaced as a whole, so that a crash loses nothing that was
//! answered; no number but those of its own test cards is taken.

mod book;
mod cards;
mod desk;
mod provider;
mod renewals;

use std::path::PathBuf;
use std::sync::Arc;

use gantry_ports::Clock;
use gantry_ports::payments::PaymentError;
use gantry_types::Timestamp;
use tokio::sync::{Mutex, Notify};

use crate::signature;
use book::Book;
pub(crate) use book::later;

/// The sandbox's book cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox's book {file} cannot be used: {reason}")]
pub struct SandboxError {
    file: String,
    reason: String,
}

/// An event on its way, with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event's name.
    pub event_ref: String,
    /// What was signed.
    pub body: Vec<u8>,
    /// The headers that prove it; names in lower case.
    pub headers: Vec<(String, String)>,
}

/// The sandbox.
pub struct Sandbox {
    file: PathBuf,
    /// Where its pages are.
    pages: String,
    clock: Arc<dyn Clock>,
    secret: Vec<u8>,
    book: Mutex<Book>,
    news: Notify,
}

impl Sandbox {
    /// Opens the book in `file`, or begins one; `pages` is the address of the server that shows the
    /// sandbox's pages, such as `http://127.0.0.1:8080`, or empty for one on the same site.
    ///
    /// # Errors
    /// [`SandboxError`] when the file cannot be read or written.
    pub async fn open(
        file: PathBuf,
        pages: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SandboxError> {
        let refuse = |reason: String| SandboxError { file: file.display().to_string(), reason };
        let book = match tokio::fs::read(&file).await {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Book::begin().map_err(|error| refuse(error.to_string()))?
            }
            Err(error) => return Err(refuse(error.to_string())),
        };
        let secret = book.secret.clone().into_bytes();
        let (book, news) = (Mutex::new(book), Notify::new());
        Ok(Self { file, pages, clock, secret, book, news })
    }

    /// The sandbox's present time.
    fn now(&self, book: &Book) -> Timestamp {
        book.time(self.clock.now())
    }

    /// Changes the book, after everything that was due by now, and keeps it; nothing is changed
    /// when it cannot be kept.
    async fn change<T>(
        &self,
        act: impl FnOnce(&mut Book, Timestamp) -> Result<T, PaymentError> + Send,
    ) -> Result<T, PaymentError> {
        let mut book = self.book.lock().await;
        let mut changed = book.clone();
        let now = self.now(&book);
        changed.pass_to(now)?;
        let answer = act(&mut changed, now)?;
        let refuse = |reason: String| PaymentError::Unavailable { reason };
        let text = serde_json::to_vec(&changed).map_err(|error| refuse(error.to_string()))?;
        let beside = self.file.with_extension("new");
        tokio::fs::write(&beside, text).await.map_err(|error| refuse(error.to_string()))?;
        tokio::fs::rename(&beside, &self.file).await.map_err(|error| refuse(error.to_string()))?;
        *book = changed;
        self.news.notify_one();
        Ok(answer)
    }

    /// Waits until something may have to be delivered.
    pub async fn wait_for_news(&self) {
        self.news.notified().await;
    }

    /// Events that were not taken yet, oldest first, signed now.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`] for an event that cannot be written.
    pub async fn list_undelivered(&self) -> Result<Vec<Delivery>, PaymentError> {
        let book = self.book.lock().await;
        book.outbox
            .iter()
            .map(|event| {
                let body = serde_json::to_vec(event)
                    .map_err(|error| PaymentError::Unavailable { reason: error.to_string() })?;
                let signature = signature::sign(&self.secret, &body, self.clock.now());
                let headers = vec![(provider::SIGNATURE_HEADER.to_owned(), signature)];
                Ok(Delivery { event_ref: event.id.clone(), body, headers })
            })
            .collect()
    }

    /// Notes that an event was taken.
    ///
    /// # Errors
    /// [`PaymentError::Unavailable`] when the book cannot be written.
    pub async fn note_delivered(&self, event_ref: &str) -> Result<(), PaymentError> {
        self.change(|book, _| {
            book.outbox.retain(|event| event.id != event_ref);
            Ok(())
        })
        .await
    }
}
