//! How passwords are hashed and checked.
//!
//! Invariants: a hash is computed off the async threads, and at most a fixed number at once; a
//! check of a user that does not exist costs the same as one that does, hashes that came from
//! elsewhere included.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::argon2_cost::{self, Argon2Cost, Dearest};
use crate::error::AccessError;
use crate::imported_hash::{self, Work};
use crate::settings::PasswordCost;

/// A longer one is hashed no better; a bound keeps the request small.
pub(crate) const MAX_BYTES: usize = 1_024;
/// How long a sign-in waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a password fits a stored hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It fits.
    Fits,
    /// It fits a hash that came from elsewhere, or was made at another cost.
    FitsOld {
        /// A hash as they are made here.
        renewed: String,
    },
    /// It does not, or there is no such user.
    Wrong,
}

/// What a password is checked against.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The hash of the person; there is none without such a person, or one with a password.
    pub hash: Option<String>,
    /// The highest cost of hashes of bcrypt that anybody still has: whatever is checked, the work
    /// of that one is done.
    pub imported_cost: Option<u32>,
    /// The same of Argon2id, of other costs than that of new hashes.
    pub dearest: Option<Argon2Cost>,
}

/// Computes hashes.
pub struct PasswordHashing {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    dearest: Dearest,
}

impl PasswordHashing {
    /// With the given cost.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] for a cost that Argon2 does not have.
    pub fn new(cost: &PasswordCost) -> Result<Self, AccessError> {
        let params = Params::new(cost.memory_kib, cost.iterations, 1, None)
            .map_err(|error| AccessError::Hashing { reason: error.to_string() })?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            turns: Arc::new(Semaphore::new(cost.concurrent.max(1))),
            dearest: Dearest::default(),
        })
    }

    /// The cost of new hashes.
    pub(crate) const fn own_cost(&self) -> Argon2Cost {
        Argon2Cost::of(self.argon2.params())
    }

    /// The most expensive hash of Argon2id that is of another cost.
    pub(crate) const fn dearest(&self) -> &Dearest {
        &self.dearest
    }

    /// The hash of a new password in PHC form.
    ///
    /// # Errors
    /// [`AccessError::Busy`], [`AccessError::Hashing`].
    pub async fn hash(&self, password: String) -> Result<String, AccessError> {
        let argon2 = self.argon2.clone();
        self.compute(move || hash_now(&argon2, &password)).await?
    }

    /// Checks a password; without a stored hash it works as long and answers
    /// [`PasswordCheck::Wrong`].
    ///
    /// # Errors
    /// [`AccessError::Busy`], [`AccessError::Hashing`] for a stored hash that is none.
    pub async fn check(
        &self,
        password: String,
        Stored { hash: stored, imported_cost, dearest }: Stored,
    ) -> Result<PasswordCheck, AccessError> {
        let (argon2, own) = (self.argon2.clone(), self.own_cost());
        self.compute(move || {
            // A longer one cannot be right, and is not worth its hashing.
            let password = if password.len() > MAX_BYTES { String::new() } else { password };
            let cost = stored.as_deref().and_then(imported_hash::cost_of);
            imported_hash::complete(Work { done: cost, whole: imported_cost });
            let other = stored.as_deref().and_then(Argon2Cost::read).filter(|cost| *cost != own);
            if let Some(dearest) = dearest {
                argon2_cost::complete(dearest, other)?;
            }
            match stored {
                None => hash_now(&argon2, &password).map(|_| PasswordCheck::Wrong),
                Some(stored) if cost.is_some() => {
                    let fits = imported_hash::verify(&password, &stored)?;
                    renew_now(&argon2, &password, fits)
                }
                Some(stored) => verify_now(&argon2, &password, &stored),
            }
        })
        .await?
    }

    /// Works off the async threads when it is its turn.
    ///
    /// # Errors
    /// [`AccessError::Busy`], [`AccessError::Hashing`].
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccessError> {
        let turn: OwnedSemaphorePermit =
            tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned())
                .await
                .map_err(|_| AccessError::Busy)?
                .map_err(|_| AccessError::Busy)?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        })
        .await
        .map_err(|error| AccessError::Hashing { reason: error.to_string() })
    }
}

fn verify_now(
    argon2: &Argon2<'_>,
    password: &str,
    stored: &str,
) -> Result<PasswordCheck, AccessError> {
    let parsed = PasswordHash::new(stored)
        .map_err(|error| AccessError::Hashing { reason: error.to_string() })?;
    let fits = argon2.verify_password(password.as_bytes(), &parsed).is_ok();
    if Argon2Cost::read(stored) == Some(Argon2Cost::of(argon2.params())) {
        return Ok(if fits { PasswordCheck::Fits } else { PasswordCheck::Wrong });
    }
    renew_now(argon2, password, fits)
}

/// What a check of a hash of another cost says. The new hash is computed for a wrong password too,
/// which must not be told by its time.
fn renew_now(
    argon2: &Argon2<'_>,
    password: &str,
    fits: bool,
) -> Result<PasswordCheck, AccessError> {
    let renewed = hash_now(argon2, password)?;
    Ok(if fits { PasswordCheck::FitsOld { renewed } } else { PasswordCheck::Wrong })
}

fn hash_now(argon2: &Argon2<'_>, password: &str) -> Result<String, AccessError> {
    argon2
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| AccessError::Hashing { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> PasswordHashing {
        PasswordHashing::new(&PasswordCost { memory_kib: 64, iterations: 1, concurrent: 2 })
            .unwrap()
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let hashing = cheap();
        let stored = hashing.hash("a good long one".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let check = |password: &str, stored: Option<String>| {
            let password = password.to_owned();
            hashing.check(password, Stored { hash: stored, imported_cost: None, dearest: None })
        };
        assert_eq!(check("a good long one", Some(stored.clone())).await, Ok(PasswordCheck::Fits));
        assert_eq!(check("a good long onf", Some(stored)).await, Ok(PasswordCheck::Wrong));
        assert_eq!(check("a good long one", None).await, Ok(PasswordCheck::Wrong));
        assert!(check("a", Some("plain".to_owned())).await.is_err());
    }

    #[tokio::test]
    async fn a_hash_from_elsewhere_is_renewed_by_the_right_password() {
        let hashing = cheap();
        let old = bcrypt::hash("a good long one", 4).unwrap();
        let check = |password: &str, stored: Option<String>| {
            let password = password.to_owned();
            let dearest = Argon2Cost::read("$argon2id$v=19$m=64,t=3,p=1");
            hashing.check(password, Stored { hash: stored, imported_cost: Some(6), dearest })
        };
        let fits = check("a good long one", Some(old.clone())).await.unwrap();
        let PasswordCheck::FitsOld { renewed } = fits else { panic!("{fits:?}") };
        assert!(renewed.starts_with("$argon2id$"), "{renewed}");
        assert_eq!(check("a good long one", Some(renewed)).await, Ok(PasswordCheck::Fits));
        assert_eq!(check("a good long onf", Some(old)).await, Ok(PasswordCheck::Wrong));
        assert_eq!(check("a good long one", None).await, Ok(PasswordCheck::Wrong));
    }

    #[tokio::test]
    async fn the_same_password_never_hashes_twice_alike() {
        let hashing = cheap();
        let one = hashing.hash("a good long one".to_owned()).await.unwrap();
        let two = hashing.hash("a good long one".to_owned()).await.unwrap();
        assert_ne!(one, two);
    }
}
