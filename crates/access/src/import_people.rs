//! Accounts that people had elsewhere are taken over with their passwords.
//!
//! Invariants: all of them or none: every row is checked before the first is written, and all are
//! written in one transaction; each is audited; nobody becomes an administrator.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use gantry_ports::StoreError;
use gantry_ports::store::{NewUser, ReadAccess, StoreExt, User, UserStatus};
use gantry_types::{Locale, Timestamp, UserId};

use crate::Access;
use crate::email::{parse_email, parse_name};
use crate::error::AccessError;
use crate::imported_hash;
use crate::new_account::{ImportedHash, NewAccount};
use crate::register_user::{Standing, derive_organization};

/// An account as it was elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPerson {
    /// Where it stands, for whoever mends it.
    pub line: u64,
    /// The e-mail address.
    pub email: String,
    /// The name for people; what stands before the address's @ where it is empty.
    pub name: String,
    /// A hash of bcrypt or Argon2id.
    pub password_hash: String,
    /// Whether they proved to read the mails of their address.
    pub verified: bool,
}

/// What is done with addresses that have an account here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody is imported.
    Refuse,
    /// They are left out, and their accounts stay as they are.
    Skip,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Accounts that were made.
    pub made: usize,
    /// Addresses that had one, with their lines.
    pub known: Vec<(u64, String)>,
}

/// Why nobody was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unimported {
    /// Rows that cannot be taken, by line.
    #[error("{} rows cannot be taken", .0.len())]
    Rows(Vec<(u64, String)>),
    /// Something else.
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl From<StoreError> for Unimported {
    fn from(error: StoreError) -> Self {
        Self::Access(error.into())
    }
}

/// Somebody whose row is right.
struct Checked {
    line: u64,
    new: NewUser,
    imported: ImportedHash,
}

impl Access {
    /// Makes accounts of people who had one elsewhere; they sign in by their passwords.
    ///
    /// # Errors
    /// [`Unimported::Rows`] for every row that cannot be taken, [`AccessError::SetupRequired`]
    /// before the first administrator, [`AccessError::NoSuchPlan`], [`AccessError::Store`].
    pub async fn import_people(
        &self,
        people: &[ImportedPerson],
        known: Known,
    ) -> Result<Imported, Unimported> {
        if self.is_setup_required().await? {
            return Err(AccessError::SetupRequired.into());
        }
        let (checked, mut wrong) = check_all(people, self.clock.now());
        let (new, had) = self.part_by_account(checked).await?;
        if known == Known::Refuse {
            let refuse = |(line, email): &(u64, String)| {
                (*line, format!("`{email}` has an account here already"))
            };
            wrong.extend(had.iter().map(refuse));
        }
        if !wrong.is_empty() {
            wrong.sort_unstable();
            return Err(Unimported::Rows(wrong));
        }
        let made = new.len();
        let accounts: Arc<[NewAccount]> =
            new.into_iter().map(|checked| self.derive_imported(checked)).collect();
        self.store
            .write::<_, AccessError, _>(move |tx| {
                let accounts = Arc::clone(&accounts);
                Box::pin(async move {
                    for account in accounts.iter() {
                        account.clone().insert(tx).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.passwords.dearest().forget().await;
        Ok(Imported { made, known: had })
    }

    /// Sets apart who has an account here.
    async fn part_by_account(
        &self,
        checked: Vec<Checked>,
    ) -> Result<(Vec<Checked>, Vec<(u64, String)>), Unimported> {
        let snapshot = self.store.read().await?;
        let access: &dyn ReadAccess = snapshot.access();
        let (mut new, mut had) = (Vec::new(), Vec::new());
        for person in checked {
            match access.find_user_by_email(&person.new.user.email).await? {
                Some(user) => had.push((person.line, user.email)),
                None => new.push(person),
            }
        }
        Ok((new, had))
    }

    fn derive_imported(&self, checked: Checked) -> NewAccount {
        NewAccount {
            new: checked.new,
            slug: self.settings.default_plan.clone(),
            session: None,
            standing: Standing::User,
            verification: None,
            invitation: None,
            identity: None,
            referral_code: None,
            plan_choice: None,
            imported: Some(checked.imported),
        }
    }
}

/// The rows that are right, and what is wrong with the others.
fn check_all(people: &[ImportedPerson], now: Timestamp) -> (Vec<Checked>, Vec<(u64, String)>) {
    let mut lines = HashMap::new();
    let (mut checked, mut wrong) = (Vec::new(), Vec::new());
    for person in people {
        match check(person, now) {
            Err(reason) => wrong.push((person.line, reason)),
            Ok(right) => match lines.entry(right.new.user.email.clone()) {
                Entry::Occupied(first) => {
                    let reason = format!("`{}` stands in line {} too", first.key(), first.get());
                    wrong.push((person.line, reason));
                }
                Entry::Vacant(free) => {
                    free.insert(person.line);
                    checked.push(right);
                }
            },
        }
    }
    (checked, wrong)
}

fn check(person: &ImportedPerson, now: Timestamp) -> Result<Checked, String> {
    let in_words = |error: AccessError| error.to_string();
    let email = parse_email(&person.email).map_err(in_words)?;
    let name = match person.name.trim() {
        "" => email.split('@').next().unwrap_or(&email),
        name => name,
    };
    let name = parse_name(name).map_err(in_words)?;
    let password_hash = person.password_hash.trim().to_owned();
    let cost = imported_hash::inspect(&password_hash)
        .map_err(|reason| format!("password_hash: {reason}"))?;
    let user = User {
        id: UserId::generate(),
        email,
        name: name.clone(),
        password_hash,
        administrator: false,
        status: UserStatus::Active,
        locale: Locale::English,
        email_verified_at: person.verified.then_some(now),
        second_factor_at: None,
        created_at: now,
    };
    let new = NewUser { user, organization: derive_organization(name, now) };
    Ok(Checked { line: person.line, new, imported: ImportedHash { cost } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$argon2id$v=19$m=1024,t=2,p=1$egolVEXy0dbxdyfunAOyRg$WymSoN0cjkns7Aq9KrRcFwdHTGSCiOy2JZdy8YyDDBM";

    fn person(line: u64, email: &str, password_hash: &str) -> ImportedPerson {
        ImportedPerson {
            line,
            email: email.to_owned(),
            name: String::new(),
            password_hash: password_hash.to_owned(),
            verified: line.is_multiple_of(2),
        }
    }

    #[test]
    fn every_row_is_checked_and_named_by_its_line() {
        let now = Timestamp::from_micros(1_000);
        let (checked, wrong) = check_all(
            &[
                person(2, "Ada@Example.org ", HASH),
                person(3, "ada@example.org", HASH),
                person(4, "nobody", HASH),
                person(5, "eve@example.org", "5f4dcc3b5aa765d61d8327deb882cf99"),
            ],
            now,
        );
        let [ada] = checked.as_slice() else { panic!("{} rows", checked.len()) };
        assert_eq!(
            (ada.new.user.email.as_str(), ada.new.user.name.as_str()),
            ("ada@example.org", "ada")
        );
        assert_eq!(ada.new.user.email_verified_at, Some(now));
        let lines: Vec<u64> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5]);
        for ((_, reason), part) in wrong.iter().zip(["line 2 too", "e-mail", "password_hash"]) {
            assert!(reason.contains(part), "{reason}");
        }
    }
}
