//! A person adds and removes accounts elsewhere that sign them in.
//!
//! Invariants: adding one needs the password, as it opens the account for good, and so does
//! removing one, which could shut its owner out; an account elsewhere signs one person in; the last
//! way in stays; every change is told by mail.

use gantry_letters::Letter;
use gantry_ports::StoreError;
use gantry_ports::store::{
    AuditEntry, CeremonyPurpose, LinkedIdentity, Newcomer, QueuedMail, Tx, User,
};
use gantry_ports::vouching::Vouched;
use gantry_types::{LinkedIdentityId, UserId};
use serde_json::{Value, json};

use crate::Access;
use crate::actor::Actor;
use crate::ceremony::{Begun, Wish};
use crate::confirm::lock_signed_in;
use crate::error::AccessError;
use crate::permission::{Permission, require};
use crate::providers::Provider;
use crate::sessions::require_person;

/// Where the person goes once an account elsewhere was added.
const SECURITY_PAGE: &str = "/app/account/security";

impl Access {
    /// The accounts elsewhere that sign a person in, oldest first.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Store`].
    pub async fn list_identities(&self, actor: &Actor) -> Result<Vec<LinkedIdentity>, AccessError> {
        require(actor, Permission::ManageSessions)?;
        let user_id = require_person(actor)?;
        Ok(self.store.read().await?.vouching().list_identities(user_id).await?)
    }

    /// Sends the browser of somebody who is signed in to a provider, to add an account there;
    /// `kept` is what it has from an earlier time.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::NotFound`] for a provider that is none,
    /// [`AccessError::Invalid`] for a wrong password, [`AccessError::LockedOut`],
    /// [`AccessError::ProviderUnavailable`], [`AccessError::Store`].
    pub async fn begin_link(
        &self,
        actor: &Actor,
        (provider, password): (&str, String),
        kept: Option<&str>,
    ) -> Result<Begun, AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let provider = self.get_provider(provider)?.id.as_str();
        self.confirm_password(&user, password, &actor.ip).await?;
        let wish = Wish {
            purpose: CeremonyPurpose::Link,
            user_id: Some(user.id),
            next: SECURITY_PAGE,
            newcomer: Newcomer::default(),
        };
        self.begin_ceremony(provider, wish, kept).await
    }

    pub(crate) async fn link_vouched(
        &self,
        provider: &Provider,
        vouched: Vouched,
        actor: &Actor,
    ) -> Result<(), AccessError> {
        let (user, session) = self.require_session(actor).await?;
        let snapshot = self.store.read().await?;
        let id = provider.id.as_str();
        let known = snapshot.vouching().find_identity(id, &vouched.subject).await?;
        drop(snapshot);
        let taken = || AccessError::IdentityTaken { provider: provider.label.clone() };
        match known {
            // Adding it twice changes nothing.
            Some(known) if known.user_id == user.id => return Ok(()),
            Some(_) => return Err(taken()),
            None => {}
        }
        let email = vouched.address.map(|address| address.email).unwrap_or_default();
        let identity = LinkedIdentity {
            id: LinkedIdentityId::generate(),
            user_id: user.id,
            provider: id.to_owned(),
            subject: vouched.subject,
            email,
            linked_at: self.clock.now(),
        };
        let told =
            self.tell_of_way(actor, (&user, Way::Elsewhere(&provider.label)), WayChange::Added)?;
        let added = self.change_identity(user.id, move |tx| {
            let (identity, told) = (identity.clone(), told.clone());
            Box::pin(async move {
                lock_signed_in(tx, (identity.user_id, session)).await?;
                tx.vouching().insert_identity(&identity).await?;
                told.insert(tx).await
            })
        });
        match added.await {
            Err(AccessError::Store(StoreError::AlreadyExists { .. })) => Err(taken()),
            Err(error) => Err(error),
            Ok(()) => {
                self.ring();
                Ok(())
            }
        }
    }

    /// Removes an account elsewhere.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::NotFound`], [`AccessError::Invalid`]
    /// for a wrong password, [`AccessError::LockedOut`], [`AccessError::LastWayIn`] when the person
    /// could not sign in any more, [`AccessError::Store`].
    pub async fn unlink(
        &self,
        actor: &Actor,
        (id, password): (LinkedIdentityId, String),
    ) -> Result<(), AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let identities = self.store.read().await?.vouching().list_identities(user.id).await?;
        let identity = identities.into_iter().find(|identity| identity.id == id);
        let identity = identity.ok_or(AccessError::NotFound { what: "linked identity" })?;
        self.confirm_password(&user, password, &actor.ip).await?;
        let way = Way::Elsewhere(self.label_of(&identity.provider));
        let told = self.tell_of_way(actor, (&user, way), WayChange::Removed)?;
        let user_id = user.id;
        self.change_identity(user_id, move |tx| {
            let told = told.clone();
            Box::pin(async move {
                tx.access().lock_user(user_id).await?;
                tx.vouching().delete_identity(user_id, id).await?;
                require_way_in(tx, user_id).await?;
                told.insert(tx).await
            })
        })
        .await?;
        self.ring();
        Ok(())
    }

    /// What the owner and the audit log are told of a change of the ways in.
    pub(crate) fn tell_of_way(
        &self,
        actor: &Actor,
        (user, way): (&User, Way<'_>),
        change: WayChange,
    ) -> Result<WayTold, AccessError> {
        let now = self.clock.now();
        let described = way.describe();
        let (added, action, details) = match change {
            WayChange::Added => (true, "way_in.add", json!({ "before": null, "after": described })),
            WayChange::Removed => {
                (false, "way_in.remove", json!({ "before": described, "after": null }))
            }
        };
        let letter =
            Letter::WayInChanged { name: user.name.clone(), way: way.name().to_owned(), added };
        let subject = format!("user {}", user.id);
        Ok(WayTold {
            mail: self.write_letter(&letter, user, now)?,
            entry: actor.audit_entry(action, &subject, details, now),
        })
    }
}

/// A way in, by its name for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way<'a> {
    /// An account elsewhere, by what its provider is called.
    Elsewhere(&'a str),
    /// A passkey, by what its owner calls it.
    Passkey(&'a str),
}

impl<'a> Way<'a> {
    const fn name(self) -> &'a str {
        match self {
            Self::Elsewhere(name) | Self::Passkey(name) => name,
        }
    }

    /// For the audit log: a word of the person's own stands where it can be erased.
    pub fn describe(self) -> Value {
        match self {
            Self::Elsewhere(label) => json!({ "way": label }),
            Self::Passkey(name) => json!({ "way": "passkey", "name": name }),
        }
    }
}

/// What happened to a way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WayChange {
    Added,
    Removed,
}

/// A mail and a line of the audit log.
#[derive(Clone)]
pub(crate) struct WayTold {
    mail: QueuedMail,
    entry: AuditEntry,
}

impl WayTold {
    pub async fn insert(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        tx.mails().insert_mail(&self.mail).await?;
        Ok(tx.audit().append(&self.entry).await?)
    }
}

/// Refuses a transaction after which the person could not sign in any more.
pub(crate) async fn require_way_in(tx: &dyn Tx, user_id: UserId) -> Result<(), AccessError> {
    let user = tx.access().find_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
    let others = tx.vouching().list_identities(user_id).await?;
    let passkeys = tx.vouching().list_passkeys(user_id).await?;
    if user.has_password() || !others.is_empty() || !passkeys.is_empty() {
        Ok(())
    } else {
        Err(AccessError::LastWayIn)
    }
}
