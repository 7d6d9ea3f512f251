//! Who was recognised a moment ago, so that a busy program is not looked up on every request.
//!
//! Invariants: a change of identity in this process is heard before it is answered, and what was
//! looked up before the change is not kept after it; other processes hear of it by a hint, and
//! where the hint is lost within [`LIFETIME`]; a secret is kept as its hash alone; memory is
//! bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gantry_ports::{Bus, Hint};
use gantry_types::{Timestamp, UserId};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use crate::actor::{Actor, Via};
use crate::allowed_networks::AllowedNetworks;
use crate::secret::SecretHash;

/// How long an answer of the store is believed.
const LIFETIME: Duration = Duration::from_secs(5);
/// Answers that are kept at once.
const MANY: usize = 10_000;

/// What the store said about a session or key.
#[derive(Debug, Clone)]
pub(crate) struct Recognition {
    /// Who it is, without the address of a request.
    pub actor: Actor,
    /// Whose change of identity makes it old: the person's, or of who registered the client.
    pub holder: Option<UserId>,
    /// When it ends whatever happens.
    pub ends_at: Option<Timestamp>,
    /// How long it may stay unused.
    pub idle: Option<Duration>,
    /// When it was last used, as far as that was noted.
    pub last_used_at: Option<Timestamp>,
    /// From where it may be used.
    pub networks: AllowedNetworks,
}

impl Recognition {
    /// Whether its uses are noted in the store, which knows sessions and keys.
    pub const fn is_noted(&self) -> bool {
        match self.actor.via {
            Via::Session { .. } | Via::ApiKey { .. } => true,
            Via::Token | Via::System => false,
        }
    }

    /// Whether it has neither ended nor been unused for too long.
    pub fn is_good(&self, now: Timestamp) -> bool {
        let unused = self.last_used_at.map(|last| now.since(last));
        self.ends_at.is_none_or(|end| now < end)
            && self.idle.is_none_or(|idle| unused.is_none_or(|unused| unused < idle))
    }
}

/// How many changes of identity had been heard when somebody began to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighting(u64);

/// The answers of the last seconds.
pub(crate) struct RecentActors {
    state: Mutex<State>,
}

struct State {
    kept: HashMap<SecretHash, (Recognition, Timestamp)>,
    /// How many changes of identity were heard.
    changes: u64,
    hints: Receiver<Hint>,
}

impl RecentActors {
    /// Nobody yet; hears of changes over `bus`.
    pub fn new(bus: &dyn Bus) -> Self {
        let state = State { kept: HashMap::new(), changes: 0, hints: bus.subscribe() };
        Self { state: Mutex::new(state) }
    }

    /// What was recognised by this secret a moment before `now`.
    pub fn find(&self, secret: &SecretHash, now: Timestamp) -> Option<Recognition> {
        let state = self.listen();
        let (recognition, since) = state.kept.get(secret)?;
        is_fresh(*since, now).then(|| recognition.clone())
    }

    /// To be called before the store is asked.
    pub fn begin(&self) -> Sighting {
        Sighting(self.listen().changes)
    }

    /// Keeps what the store said at `now`, unless an identity changed since `begun`.
    pub fn keep(
        &self,
        secret: SecretHash,
        found: Recognition,
        (begun, now): (Sighting, Timestamp),
    ) {
        let mut state = self.listen();
        if state.changes != begun.0 {
            return;
        }
        if state.kept.len() >= MANY {
            state.kept.retain(|_, (_, since)| is_fresh(*since, now));
        }
        if state.kept.len() < MANY {
            state.kept.insert(secret, (found, now));
        }
    }

    /// Takes note of a use, so that the next request does not note it again.
    pub fn note_use(&self, secret: &SecretHash, now: Timestamp) {
        if let Some((recognition, _)) = self.listen().kept.get_mut(secret) {
            recognition.last_used_at = Some(now);
        }
    }

    /// Forgets a user whose sessions, keys, roles or status changed.
    pub fn forget_user(&self, user_id: UserId) {
        self.listen().forget(Some(user_id));
    }

    /// Forgets everybody, as it is unknown who changed.
    pub fn forget_everybody(&self) {
        self.listen().forget(None);
    }

    /// The state after everything that the bus has told so far.
    fn listen(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match state.hints.try_recv() {
                Ok(Hint::Identity { user_id }) => state.forget(Some(user_id)),
                Ok(
                    Hint::JobsReady | Hint::Job { .. } | Hint::Cancel { .. } | Hint::Account { .. },
                ) => {}
                // A change may have been among the hints that were lost.
                Ok(Hint::Missed) | Err(TryRecvError::Lagged(_)) => state.forget(None),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return state,
            }
        }
    }
}

impl State {
    /// Forgets one user, or everybody.
    fn forget(&mut self, user_id: Option<UserId>) {
        self.changes += 1;
        self.kept.retain(|_, (recognition, _)| {
            user_id.is_some_and(|user_id| recognition.holder != Some(user_id))
        });
    }
}

/// A clock that was set back makes an answer of the future, which is not believed either.
fn is_fresh(since: Timestamp, now: Timestamp) -> bool {
    since <= now && now.since(since) < LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::{OrganizationId, Role};
    use tokio::sync::broadcast;

    struct TestBus(broadcast::Sender<Hint>);

    impl Bus for TestBus {
        fn publish(&self, hint: Hint) {
            let _ = self.0.send(hint);
        }
        fn subscribe(&self) -> Receiver<Hint> {
            self.0.subscribe()
        }
    }

    const START: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn recognition(user_id: UserId) -> Recognition {
        let system = Actor::system(OrganizationId::generate());
        let actor = Actor { user_id: Some(user_id), role: Role::Member, ..system };
        let networks = AllowedNetworks::default();
        let holder = Some(user_id);
        Recognition {
            actor,
            holder,
            ends_at: None,
            idle: None,
            last_used_at: Some(START),
            networks,
        }
    }

    fn secret(text: &str) -> SecretHash {
        SecretHash::of(text)
    }

    #[test]
    fn an_answer_is_believed_for_its_lifetime() {
        let recent = RecentActors::new(&TestBus(broadcast::channel(8).0));
        let user_id = UserId::generate();
        recent.keep(secret("a"), recognition(user_id), (recent.begin(), START));
        let found = |now| recent.find(&secret("a"), now).is_some();
        assert!(found(START) && found(START.plus(LIFETIME).minus(Duration::from_micros(1))));
        assert!(!found(START.plus(LIFETIME)));
        assert!(!found(START.minus(Duration::from_secs(1))), "the clock was set back");
        assert!(recent.find(&secret("b"), START).is_none());
    }

    #[test]
    fn what_was_looked_up_before_a_change_is_not_kept_after_it() {
        let bus = TestBus(broadcast::channel(8).0);
        let recent = RecentActors::new(&bus);
        let (one, two) = (UserId::generate(), UserId::generate());
        recent.keep(secret("2"), recognition(two), (recent.begin(), START));
        let begun = recent.begin();
        recent.forget_user(one);
        recent.keep(secret("1"), recognition(one), (begun, START));
        assert!(recent.find(&secret("1"), START).is_none());
        let begun = recent.begin();
        bus.publish(Hint::Identity { user_id: one });
        recent.keep(secret("1"), recognition(one), (begun, START));
        assert!(recent.find(&secret("1"), START).is_none());
        assert!(recent.find(&secret("2"), START).is_some(), "others stay known");
    }

    #[test]
    fn lost_hints_forget_everybody() {
        let bus = TestBus(broadcast::channel(2).0);
        let recent = RecentActors::new(&bus);
        recent.keep(secret("a"), recognition(UserId::generate()), (recent.begin(), START));
        for _ in 0..2 {
            bus.publish(Hint::JobsReady);
        }
        assert!(recent.find(&secret("a"), START).is_some());
        for _ in 0..4 {
            bus.publish(Hint::JobsReady);
        }
        assert!(recent.find(&secret("a"), START).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let recent = RecentActors::new(&TestBus(broadcast::channel(8).0));
        let found = recognition(UserId::generate());
        for number in 0..MANY + 10 {
            recent.keep(secret(&number.to_string()), found.clone(), (recent.begin(), START));
        }
        assert_eq!(recent.listen().kept.len(), MANY);
        let later = START.plus(LIFETIME);
        recent.keep(secret("later"), found, (recent.begin(), later));
        assert_eq!(recent.listen().kept.len(), 1);
    }

    #[test]
    fn an_end_and_idleness_are_seen_on_every_use() {
        let mut found = recognition(UserId::generate());
        assert!(found.is_good(START.plus(Duration::from_secs(1_000_000))));
        found.idle = Some(Duration::from_secs(60));
        assert!(found.is_good(START.plus(Duration::from_secs(59))));
        assert!(!found.is_good(START.plus(Duration::from_secs(60))));
        found.idle = None;
        found.ends_at = Some(START.plus(Duration::from_secs(9)));
        assert!(found.is_good(START) && !found.is_good(START.plus(Duration::from_secs(9))));
    }
}
