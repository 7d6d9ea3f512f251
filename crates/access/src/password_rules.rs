//! Which new passwords are taken: long enough, hard to guess, and not stolen elsewhere.
//!
//! Invariants: the answer depends on the password and its owner alone; a refusal says what to do
//! better and never repeats the password; nothing is asked of another machine.

use std::sync::Arc;

use gantry_ports::BreachedPasswords;
use gantry_ports::store::User;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zxcvbn::{Score, zxcvbn};

use crate::Access;
use crate::error::AccessError;
use crate::password::MAX_BYTES;

const MIN_CHARACTERS: usize = 10;
/// How hard to guess the password of a person is at least: 10^6 guesses do not do.
const OF_PEOPLE: Score = Score::Two;
/// The same for administrators: 10^8 guesses do not do.
const OF_ADMINISTRATORS: Score = Score::Three;
/// Parts of names that are shorter say nothing of somebody.
const MIN_PART: usize = 3;
/// So many characters are weighed, because the work grows with their cube; what follows only helps.
const MOST_WEIGHED: usize = 40;
/// Long, and the first that everybody thinks of.
const FAMOUS: [&str; 3] =
    ["correct horse battery staple", "correct-horse-battery-staple", "correcthorsebatterystaple"];

/// Whose password it is to be.
#[derive(Debug, Clone)]
pub(crate) struct PasswordOwner {
    pub email: String,
    pub name: String,
    pub administrator: bool,
}

impl PasswordOwner {
    /// Somebody who has an account.
    pub fn of(user: &User) -> Self {
        Self {
            email: user.email.clone(),
            name: user.name.clone(),
            administrator: user.administrator,
        }
    }

    /// What who knows them would try first.
    fn list_hints(&self) -> Vec<&str> {
        let is_apart = |c: char| !c.is_alphanumeric();
        let parts = self.email.split(is_apart).chain(self.name.split(is_apart));
        let local = self.email.split('@').next();
        [self.email.as_str(), self.name.as_str()]
            .into_iter()
            .chain(local)
            .chain(parts)
            .filter(|part| part.chars().count() >= MIN_PART)
            .collect()
    }
}

impl Access {
    /// Refuses a new password that is too short, too easy to guess, or was stolen elsewhere.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] that says what to do better, [`AccessError::Busy`],
    /// [`AccessError::Hashing`].
    pub(crate) async fn require_good_password(
        &self,
        password: &str,
        owner: PasswordOwner,
    ) -> Result<(), AccessError> {
        check_form(password, &owner)?;
        // It was drawn at random; to weigh a password takes 6 MB of lists, which a run on the command
        // line can do without.
        if self.is_setup_token(password) {
            return Ok(());
        }
        let (password, list) = (password.to_owned(), self.breached.clone());
        let brand = self.settings.brand.clone();
        self.passwords
            .compute(move || {
                check_strength(&password, &owner, &brand)?;
                check_breaches(&password, list.as_ref())
            })
            .await?
    }
}

fn refuse(message: impl Into<String>) -> AccessError {
    AccessError::invalid("password", message)
}

fn check_form(password: &str, owner: &PasswordOwner) -> Result<(), AccessError> {
    if password.chars().count() < MIN_CHARACTERS {
        return Err(refuse("is too short; use at least 10 characters"));
    }
    if password.len() > MAX_BYTES {
        return Err(refuse("is longer than 1,024 bytes; use a shorter one"));
    }
    let lowered = password.to_lowercase();
    let email = owner.email.as_str();
    let local = email.split('@').next().unwrap_or(email);
    if lowered == email || (local.len() >= MIN_CHARACTERS && lowered == local) {
        return Err(refuse("must not be your e-mail address; choose another"));
    }
    Ok(())
}

fn check_strength(password: &str, owner: &PasswordOwner, brand: &str) -> Result<(), AccessError> {
    if FAMOUS.contains(&password.to_lowercase().as_str()) {
        return Err(refuse("is one of the first that attackers try; choose another"));
    }
    let mut hints = owner.list_hints();
    hints.push(brand);
    let weighed: String = password.chars().take(MOST_WEIGHED).collect();
    let estimate = zxcvbn(&weighed, &hints);
    let (least, whom) = if owner.administrator {
        (OF_ADMINISTRATORS, " for an administrator")
    } else {
        (OF_PEOPLE, "")
    };
    if estimate.score() >= least {
        return Ok(());
    }
    let advice = estimate.feedback().map(ToString::to_string).unwrap_or_default();
    let advice = match advice.trim() {
        "" => "Use a few uncommon words.",
        advice => advice,
    };
    Err(refuse(format!("is too easy to guess{whom}. {advice}")))
}

/// A list that cannot be read lets a password pass that is hard to guess, and says so in the log:
/// a broken disk must not keep everybody out.
fn check_breaches(
    password: &str,
    list: Option<&Arc<dyn BreachedPasswords>>,
) -> Result<(), AccessError> {
    let Some(list) = list else { return Ok(()) };
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let mut sha1 = [0_u8; 20];
    sha1.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    match list.contains(&sha1) {
        Ok(false) => Ok(()),
        Ok(true) => Err(refuse(
            "was stolen from another service, so that attackers try it; choose another, and \
             change it where else you use it",
        )),
        Err(error) => {
            tracing::error!(%error, "a new password was not looked up");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_ports::BreachListError;

    fn ada(administrator: bool) -> PasswordOwner {
        PasswordOwner {
            email: "ada.lovelace@example.org".to_owned(),
            name: "Ada Lovelace".to_owned(),
            administrator,
        }
    }

    fn check(password: &str, administrator: bool) -> Result<(), AccessError> {
        let owner = ada(administrator);
        check_form(password, &owner)?;
        check_strength(password, &owner, "Gantry")
    }

    #[test]
    fn weak_passwords_are_refused_with_a_reason() {
        for good in ["a good long one", "pässwörter sind", "a long enough password"] {
            assert_eq!(check(good, true), Ok(()), "{good}");
        }
        for (weak, reason) in [
            ("tiny", "too short"),
            ("Ada.Lovelace@example.org", "e-mail"),
            ("ADA.LOVELACE", "e-mail"),
            ("Password123", "common password. Add another word"),
            ("qwertyuiop", "easy to guess"),
            ("aaaaaaaaaaaa", "Repeats like"),
            ("1qaz2wsx3edc", "easy to guess"),
            ("adminadmin", "easy to guess"),
            ("lovelace1815", "easy to guess"),
            ("Correct Horse Battery Staple", "attackers"),
        ] {
            let refusal = check(weak, false).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{weak}: {refusal}");
            let repeated = refusal.to_lowercase().contains(&weak.to_lowercase());
            assert!(!repeated, "{weak}: {refusal}");
        }
        assert!(check(&"long ".repeat(300), false).is_err());
    }

    #[test]
    fn administrators_need_better_ones() {
        let middling = "summer2024!";
        assert_eq!(check(middling, false), Ok(()));
        let refusal = check(middling, true).unwrap_err().to_string();
        assert!(refusal.contains("for an administrator"), "{refusal}");
    }

    /// Knows one password, and fails for another.
    struct OneLine;

    impl BreachedPasswords for OneLine {
        fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachListError> {
            match hex::encode(sha1).as_str() {
                // SHA-1 of `a stolen long one`.
                "1baae6b002fe6c74cb7484498cc1cbea1d5949cd" => Ok(true),
                // SHA-1 of `an unlucky long one`.
                "02f09af50b7f2c862c70c2e7eaad81507be4e914" => {
                    Err(BreachListError { reason: "the disk broke".to_owned() })
                }
                _ => Ok(false),
            }
        }
    }

    #[test]
    fn what_was_stolen_elsewhere_is_refused_and_a_broken_list_stops_nobody() {
        let list: Arc<dyn BreachedPasswords> = Arc::new(OneLine);
        let look_up = |password| check_breaches(password, Some(&list));
        let refusal = look_up("a stolen long one").unwrap_err().to_string();
        assert!(refusal.contains("stolen from another service"), "{refusal}");
        assert_eq!(look_up("a good long one"), Ok(()));
        assert_eq!(look_up("an unlucky long one"), Ok(()));
        assert_eq!(check_breaches("a stolen long one", None), Ok(()));
    }
}
