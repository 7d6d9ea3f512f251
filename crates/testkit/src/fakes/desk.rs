//! The desk of a provider of payments that stands in: it listens, keeps the book and the clock, and
//! lets go wrong what a test expects to.
//!
//! Invariants: one request at a time has the book; the clock moves on alone, and what is due until
//! then is done first; what goes wrong goes wrong once; every answer says when it was given.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use gantry_ports::Clock;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::server::{Answering, FakeServer, serve};
use super::{FakeAnswer, FakeRequest, Trouble};
use crate::TestClock;

const MOST_STEPS: usize = 10_000;

/// The book of a provider, and what it says.
pub(super) trait Provider: Default + Send + 'static {
    /// Answers what was asked of a host at a second.
    fn answer(&mut self, request: &FakeRequest, ground: (&str, i64)) -> FakeAnswer;

    /// What it says when there is too much to do.
    fn busy() -> FakeAnswer;

    /// What it says when it fails.
    fn broken() -> FakeAnswer;

    /// Sees every answer before it is sent; false loses it on the way.
    fn lets_go(&mut self, _: &FakeRequest, _: &FakeAnswer) -> bool {
        true
    }
}

/// A desk on a free port of this machine; stops when it is dropped.
pub(super) struct Desk<B> {
    counter: Arc<Counter<B>>,
    server: FakeServer,
}

struct Counter<B> {
    book: Mutex<B>,
    clock: TestClock,
    /// By how many seconds the provider's clock is ahead.
    ahead: AtomicI64,
    troubles: Mutex<VecDeque<Trouble>>,
}

impl<B: Provider> Desk<B> {
    pub(super) async fn open() -> Result<Self> {
        let counter = Arc::new(Counter {
            book: Mutex::new(B::default()),
            clock: TestClock::default(),
            ahead: AtomicI64::new(0),
            troubles: Mutex::new(VecDeque::new()),
        });
        let server = serve(counter.clone()).await?;
        Ok(Self { counter, server })
    }

    pub(super) fn base(&self) -> String {
        format!("http://{}", self.server.address)
    }

    pub(super) fn book(&self) -> MutexGuard<'_, B> {
        lock(&self.counter.book)
    }

    /// The provider's time in seconds.
    pub(super) fn now(&self) -> i64 {
        self.counter.now()
    }

    /// The time in seconds of those who do not move the provider's clock on.
    pub(super) fn now_outside(&self) -> i64 {
        self.counter.now_outside()
    }

    /// Moves the clock on by whole seconds; `run_next` does what is due next until then, and says
    /// whether anything was.
    pub(super) fn advance(&self, by: Duration, run_next: fn(&mut B, i64) -> bool) -> Result<()> {
        let seconds = i64::try_from(by.as_secs())?;
        let then = self.now() + seconds;
        let mut book = self.book();
        for _ in 0..MOST_STEPS {
            if !run_next(&mut book, then) {
                self.counter.ahead.fetch_add(seconds, Ordering::SeqCst);
                return Ok(());
            }
        }
        bail!("that is too far ahead")
    }

    /// What goes wrong with the next requests, one after the other.
    pub(super) fn expect_trouble(&self, troubles: &[Trouble]) {
        lock(&self.counter.troubles).extend(troubles);
    }
}

impl<B> Counter<B> {
    fn now(&self) -> i64 {
        self.now_outside() + self.ahead.load(Ordering::SeqCst)
    }

    fn now_outside(&self) -> i64 {
        self.clock.now().as_micros() / 1_000_000
    }
}

impl<B: Provider> Answering for Counter<B> {
    fn answer(&self, request: &FakeRequest) -> Option<FakeAnswer> {
        let now = self.now();
        let host = request.headers.get("host").map(String::as_str).unwrap_or_default();
        let mut book = lock(&self.book);
        let trouble = lock(&self.troubles).pop_front();
        let mut answer = match trouble {
            Some(Trouble::Busy) => B::busy(),
            Some(Trouble::Broken) => B::broken(),
            Some(Trouble::Cut) | None => book.answer(request, (host, now)),
        };
        let arrives = book.lets_go(request, &answer);
        let date = jiff::Timestamp::from_second(now).ok()?;
        answer.headers.push(("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        (arrives && trouble != Some(Trouble::Cut)).then_some(answer)
    }
}

/// The HMAC-SHA-256 of `bytes`, with which events are signed.
pub(super) fn seal(secret: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
    let mut code = Hmac::<Sha256>::new_from_slice(secret)
        .map_err(|_| anyhow::anyhow!("a key of any length is right"))?;
    code.update(bytes);
    Ok(code.finalize().into_bytes().to_vec())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
