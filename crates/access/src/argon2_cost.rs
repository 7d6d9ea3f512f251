//! What hashes of Argon2id cost that are not as they are made here: they came from elsewhere, or
//! from before the settings were changed.
//!
//! Invariant: as long as anybody has such a hash, every check does the work of the most expensive
//! one beside that of a hash of ours, so that its time does not tell who has which. A hash that
//! comes by another process is known after [`KNOWN_FOR`] at the latest.

use std::hint::black_box;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use gantry_ports::StoreError;
use gantry_ports::store::ReadAccess;
use gantry_types::Timestamp;
use tokio::sync::Mutex;

use crate::error::AccessError;

/// How long it is not asked again: all users are looked through.
const KNOWN_FOR: Duration = Duration::from_mins(10);

/// The cost of a hash of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Argon2Cost {
    /// The cost of hashes with these parameters.
    pub(crate) const fn of(params: &Params) -> Self {
        Self { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
    }

    /// The cost that a hash, or its beginning up to the salt, states; `None` for every other text.
    pub(crate) fn read(hash: &str) -> Option<Self> {
        let parsed = PasswordHash::new(hash).ok()?;
        Params::try_from(&parsed).ok().map(|params| Self::of(&params))
    }

    /// Kibibytes that all passes fill.
    fn derive_work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// Whole passes over its memory, and a part of one, that are its work less what is done.
    fn derive_missing(self, done: u64) -> Vec<Self> {
        let left = self.derive_work().saturating_sub(done);
        let memory = u64::from(self.memory_kib.max(Params::MIN_M_COST));
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let passes = Self {
            memory_kib: narrow(memory),
            passes: narrow(left / memory),
            lanes: Params::DEFAULT_P_COST,
        };
        let rest = Self { memory_kib: narrow(left % memory), passes: 1, ..passes };
        let is_worth_it = |piece: &Self| piece.passes > 0 && piece.memory_kib >= Params::MIN_M_COST;
        [passes, rest].into_iter().filter(is_worth_it).collect()
    }
}

/// The most expensive of the hashes that are not as they are made here.
#[derive(Default)]
pub(crate) struct Dearest {
    known: Mutex<Option<(Timestamp, Option<Argon2Cost>)>>,
}

impl Dearest {
    /// Its cost, where `own` is that of new hashes; `None` where nobody has any.
    pub(crate) async fn find(
        &self,
        access: &dyn ReadAccess,
        (own, now): (Argon2Cost, Timestamp),
    ) -> Result<Option<Argon2Cost>, StoreError> {
        let mut known = self.known.lock().await;
        if let Some((at, cost)) = *known
            && now.since(at) < KNOWN_FOR
        {
            return Ok(cost);
        }
        let cost = choose_dearest(&access.list_argon2_costs().await?, own);
        *known = Some((now, cost));
        Ok(cost)
    }

    /// Has it asked again.
    pub(crate) async fn forget(&self) {
        *self.known.lock().await = None;
    }
}

fn choose_dearest(beginnings: &[String], own: Argon2Cost) -> Option<Argon2Cost> {
    let costs = beginnings.iter().filter_map(|beginning| Argon2Cost::read(beginning));
    costs.filter(|cost| *cost != own).max_by_key(|cost| cost.derive_work())
}

/// Does the work of the most expensive hash for nobody, less that of the one of another cost than
/// ours that is checked, if there is one.
///
/// # Errors
/// [`AccessError::Hashing`] where there is not enough memory.
pub(crate) fn complete(whole: Argon2Cost, checked: Option<Argon2Cost>) -> Result<(), AccessError> {
    let done = checked.map_or(0, Argon2Cost::derive_work);
    for piece in whole.derive_missing(done) {
        work(piece).map_err(|error| AccessError::Hashing { reason: error.to_string() })?;
    }
    Ok(())
}

fn work(piece: Argon2Cost) -> Result<(), argon2::Error> {
    let params = Params::new(piece.memory_kib, piece.passes, piece.lanes, None)?;
    let mut hash = [0; Params::DEFAULT_OUTPUT_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(black_box(b"nobody"), &[0; 16], &mut hash)?;
    black_box(hash);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Argon2Cost = cost(64, 1);

    const fn cost(memory_kib: u32, passes: u32) -> Argon2Cost {
        Argon2Cost { memory_kib, passes, lanes: 1 }
    }

    #[test]
    fn the_dearest_is_that_of_most_work_and_none_of_ours() {
        let of = |memory: u32, passes: u32| format!("$argon2id$v=19$m={memory},t={passes},p=1");
        let told = [of(64, 1), of(100, 4), of(300, 1), "no hash".to_owned()];
        assert_eq!(choose_dearest(&told, OWN), Some(cost(100, 4)));
        assert_eq!(choose_dearest(&told[..1], OWN), None);
        let other_lanes = "$argon2id$v=19$m=64,t=1,p=2".to_owned();
        assert!(choose_dearest(&[other_lanes], OWN).is_some());
        let whole = "$argon2id$v=19$m=1024,t=2,p=1$egolVEXy0dbxdyfunAOyRg$WymSoN0cjkns7Aq9KrRcFwdHTGSCiOy2JZdy8YyDDBM";
        assert_eq!(Argon2Cost::read(whole), Some(cost(1_024, 2)));
        assert_eq!(Argon2Cost::read("$2b$05$abc"), None);
    }

    #[test]
    fn every_check_does_the_same_work() {
        let whole = cost(1_000, 3);
        assert_eq!(whole.derive_missing(0), [whole]);
        assert!(whole.derive_missing(whole.derive_work()).is_empty());
        let left = [cost(1_000, 2), cost(488, 1)];
        assert_eq!(whole.derive_missing(cost(256, 2).derive_work()), left);
        assert!(whole.derive_missing(cost(9_000, 9).derive_work()).is_empty());
        assert_eq!(complete(whole, Some(cost(256, 2))), Ok(()));
    }
}
