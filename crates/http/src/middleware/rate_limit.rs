//! How often somebody may call: one bucket of tokens each, kept as the time at which it is full
//! again.
//!
//! Invariants: a bucket that is full takes no memory for long; the number of buckets is bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use gantry_access::{Entrance, RequestRate};
use gantry_types::{OrganizationId, ProblemCode, UserId};

use crate::problem::Problem;

/// Buckets that are kept before the full ones are thrown away.
const MANY: usize = 10_000;
/// How long what a plan says is believed when it lets somebody in.
pub const ENTRANCE_LIFETIME: Duration = Duration::from_secs(30);
/// How long it is believed when it refuses: who has just paid for a faster plan is not held up.
pub const REFUSAL_LIFETIME: Duration = Duration::from_secs(1);

/// Whose bucket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateKey {
    /// A network address without a session or key.
    Address(IpAddr),
    /// A network address that tries to sign in.
    SignIn(IpAddr),
    /// A person, in browsers and by all of their keys together: another key is not another bucket.
    User(UserId),
    /// The programs of an organization that act for nobody.
    Programs(OrganizationId),
    /// Whom an organization has mails sent to that did not ask for them.
    Mails(OrganizationId),
}

/// A bucket after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateState {
    limit: u32,
    remaining: u32,
    reset: Duration,
    /// How long until the next token, when there was none.
    wait: Option<Duration>,
}

/// The buckets.
#[derive(Debug, Default)]
pub struct RateLimiter {
    full_at: Mutex<HashMap<RateKey, Instant>>,
    entrances: Mutex<HashMap<OrganizationId, (Arc<Entrance>, Instant)>>,
}

impl RateLimiter {
    /// Takes a token at `now`.
    pub fn take(&self, key: RateKey, rate: RequestRate, now: Instant) -> RateState {
        let capacity = rate.burst.max(1);
        if !rate.is_limited() {
            let reset = Duration::ZERO;
            return RateState { limit: capacity, remaining: capacity, reset, wait: None };
        }
        let per_token = Duration::from_secs(60) / rate.per_minute.max(1);
        let whole = per_token * capacity;
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY {
            buckets.retain(|_, full_at| *full_at > now);
        }
        // No bucket is emptier than empty: what was taken under a slower plan does not outlast it.
        let full_at = buckets.get(&key).copied().unwrap_or(now).clamp(now, now + whole);
        let after = full_at + per_token;
        let missing = after - now;
        if missing > whole {
            buckets.insert(key, full_at);
            let reset = full_at - now;
            let wait = Some(missing - whole);
            return RateState { limit: capacity, remaining: 0, reset, wait };
        }
        buckets.insert(key, after);
        let left = (whole - missing).as_nanos() / per_token.as_nanos().max(1);
        let remaining = u32::try_from(left).unwrap_or(u32::MAX);
        RateState { limit: capacity, remaining, reset: missing, wait: None }
    }

    /// What a plan says, if it was looked up within `lifetime`.
    pub fn find_entrance(
        &self,
        organization_id: OrganizationId,
        now: Instant,
        lifetime: Duration,
    ) -> Option<Arc<Entrance>> {
        let entrances = self.entrances.lock().unwrap_or_else(PoisonError::into_inner);
        let (entrance, at) = entrances.get(&organization_id)?;
        (now.duration_since(*at) < lifetime).then(|| Arc::clone(entrance))
    }

    /// Keeps what a plan says for a moment.
    pub fn keep_entrance(
        &self,
        organization_id: OrganizationId,
        entrance: Arc<Entrance>,
        now: Instant,
    ) {
        let mut entrances = self.entrances.lock().unwrap_or_else(PoisonError::into_inner);
        if entrances.len() >= MANY {
            entrances.retain(|_, (_, at)| now.duration_since(*at) < ENTRANCE_LIFETIME);
        }
        entrances.insert(organization_id, (entrance, now));
    }
}

impl RateState {
    /// Stops a caller without a token.
    ///
    /// # Errors
    /// 429.
    pub fn require(&self) -> Result<(), Problem> {
        self.require_by("There were too many requests")
    }

    /// The same where it is the caller's plan that says how often they may call.
    ///
    /// # Errors
    /// 429 that names the plan's rate.
    pub fn require_by_plan(&self, rate: RequestRate) -> Result<(), Problem> {
        if self.wait.is_none() {
            return Ok(());
        }
        let RequestRate { per_minute, burst } = rate;
        let cause = format!(
            "The plan allows {per_minute} requests a minute and {burst} at once, and {used} of \
             {burst} are used",
            used = self.count_used()
        );
        self.require_by(&cause).map_err(|problem| {
            problem.with("used", self.count_used()).with("requests_per_minute", per_minute)
        })
    }

    fn require_by(&self, cause: &str) -> Result<(), Problem> {
        let Some(wait) = self.wait else { return Ok(()) };
        let seconds = whole_seconds(wait).max(1);
        let detail = format!("{cause}; the next one is possible in {seconds} s.");
        Err(Problem::new(ProblemCode::RateLimited, detail)
            .with("limit", self.limit)
            .with_retry_after(seconds))
    }

    const fn count_used(&self) -> u32 {
        self.limit.saturating_sub(self.remaining)
    }

    /// Tells the caller where it stands.
    pub fn add_headers(&self, headers: &mut HeaderMap) {
        let reset = whole_seconds(self.reset);
        for (name, value) in [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", u64::from(self.remaining)),
            ("ratelimit-reset", reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: RequestRate = RequestRate { per_minute: 60, burst: 3 };

    #[test]
    fn a_burst_is_taken_and_refills_at_the_rate() {
        let limiter = RateLimiter::default();
        let key = RateKey::User(UserId::generate());
        let start = Instant::now();
        let take = |seconds: f64| limiter.take(key, RATE, start + Duration::from_secs_f64(seconds));
        assert_eq!(take(0.0).remaining, 2);
        assert_eq!(take(0.0).remaining, 1);
        let last = take(0.0);
        assert_eq!((last.remaining, last.wait), (0, None));
        let refused = take(0.2);
        assert_eq!(refused.wait, Some(Duration::from_millis(800)));
        assert!(refused.require().is_err());
        let told = refused.require_by_plan(RATE).unwrap_err();
        for words in ["60 requests a minute and 3 at once", "3 of 3 are used", "in 1 s"] {
            assert!(told.detail().contains(words), "{}", told.detail());
        }
        assert_eq!(take(1.0).wait, None);
        assert!(take(1.0).wait.is_some());
        assert_eq!(take(100.0).remaining, 2);
    }

    #[test]
    fn who_pays_for_a_faster_plan_does_not_wait_for_the_slower_one() {
        let limiter = RateLimiter::default();
        let key = RateKey::User(UserId::generate());
        let slow = RequestRate { per_minute: 1, burst: 2 };
        let now = Instant::now();
        for _ in 0..2 {
            assert_eq!(limiter.take(key, slow, now).wait, None);
        }
        assert!(
            limiter.take(key, slow, now).wait.is_some_and(|wait| wait > Duration::from_secs(30))
        );
        assert_eq!(limiter.take(key, RATE, now).wait, Some(Duration::from_secs(1)));
        assert_eq!(limiter.take(key, RATE, now + Duration::from_secs(1)).wait, None);
        let unlimited = RequestRate { per_minute: u32::MAX, burst: u32::MAX };
        for _ in 0..=RATE.burst {
            assert_eq!(limiter.take(key, unlimited, now).wait, None);
        }
    }

    #[test]
    fn buckets_do_not_touch_each_other() {
        let limiter = RateLimiter::default();
        let now = Instant::now();
        let (one, two) = (UserId::generate(), UserId::generate());
        for _ in 0..3 {
            assert!(limiter.take(RateKey::User(one), RATE, now).wait.is_none());
        }
        assert!(limiter.take(RateKey::User(one), RATE, now).wait.is_some());
        assert!(limiter.take(RateKey::User(two), RATE, now).wait.is_none());
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let limiter = RateLimiter::default();
        let now = Instant::now();
        for _ in 0..MANY {
            limiter.take(RateKey::User(UserId::generate()), RATE, now);
        }
        limiter.take(RateKey::User(UserId::generate()), RATE, now + Duration::from_secs(60));
        assert_eq!(limiter.full_at.lock().unwrap().len(), 1);
    }
}
