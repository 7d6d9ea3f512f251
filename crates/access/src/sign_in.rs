//! A person signs in.
//!
//! Invariants: an e-mail address without an account costs the same work and gets the same answer
//! as a wrong password; the lock is checked again in the transaction that decides, so that many
//! guesses at once are no better than one after another.

use std::time::Duration;

use gantry_ports::store::{
    LinkPurpose, OneTimeLink, ReadAccess, Session, SessionPurpose, StoreExt, Tx, User,
};
use gantry_types::{Locale, OrganizationId, SessionId, Timestamp};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::allowed_networks::find_first_place;
use crate::audit::{AuditDraft, Origin};
use crate::email::parse_email;
use crate::error::AccessError;
use crate::guesses::Locks;
use crate::links::NewLink;
use crate::password::{PasswordCheck, Stored};
use crate::permission::Permission;
use crate::register_user::Credentials;
use crate::secret::{SessionToken, sha256_hex};
use crate::sessions::Profile;
use crate::settings::AdministratorFactor;
use crate::standing::require_good_standing;

const MAX_USER_AGENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The network address.
    pub ip: String,
    /// The browser's own description.
    pub user_agent: String,
    /// The language that the browser asks for.
    pub locale: Locale,
}

impl Default for Client {
    fn default() -> Self {
        Self { ip: String::new(), user_agent: String::new(), locale: Locale::English }
    }
}

/// Somebody who has just signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The actor.
    pub actor: Actor,
    /// What is known of the person.
    pub profile: Profile,
    /// The secret for the cookie.
    pub token: SessionToken,
    /// How long the cookie is good for at most.
    pub lifetime: Duration,
}

/// A session to be inserted, with its secret.
#[derive(Clone)]
pub(crate) struct NewSession {
    pub session: Session,
    pub token: SessionToken,
}

/// From when to when a session lives, and what for.
pub(crate) struct Lifetime {
    pub purpose: SessionPurpose,
    pub from: Timestamp,
    pub until: Timestamp,
}

impl NewSession {
    pub fn begin(
        user: &User,
        organization_id: OrganizationId,
        client: &Client,
        lifetime: Lifetime,
    ) -> Result<Self, AccessError> {
        let token = SessionToken::generate()?;
        let user_agent = client.user_agent.chars().filter(|c| !c.is_control());
        let session = Session {
            id: SessionId::generate(),
            token_sha256: sha256_hex(token.expose()),
            user_id: user.id,
            organization_id,
            user_agent: user_agent.take(MAX_USER_AGENT).collect(),
            ip: client.ip.clone(),
            created_at: lifetime.from,
            last_used_at: lifetime.from,
            expires_at: lifetime.until,
            purpose: lifetime.purpose,
        };
        Ok(Self { session, token })
    }

    /// Begins it; `proof` is how the person proved who they are, for the audit log.
    pub async fn insert(&self, tx: &dyn Tx, proof: &'static str) -> Result<(), AccessError> {
        let session = &self.session;
        tx.access().insert_session(session).await?;
        let action = match session.purpose {
            SessionPurpose::Everything => "session.begin",
            SessionPurpose::Administer => "admin_session.begin",
        };
        let draft = AuditDraft {
            action,
            subject: format!("session {}", session.id),
            details: json!({ "user_agent": session.user_agent, "proof": proof }),
        };
        let origin = Origin {
            organization_id: Some(session.organization_id),
            user_id: Some(session.user_id),
            ip: session.ip.clone(),
        };
        Ok(tx.audit().append(&draft.complete(origin, session.created_at)).await?)
    }
}

/// How the transaction of an attempt ended.
enum Decision {
    SignedIn,
    /// A code is needed too.
    Challenged,
    Wrong,
    Locked(Timestamp),
}

impl Access {
    /// Signs a person in by e-mail and password.
    ///
    /// # Errors
    /// [`AccessError::WrongCredentials`], [`AccessError::LockedOut`],
    /// [`AccessError::SecondFactorRequired`], [`AccessError::Suspended`],
    /// [`AccessError::Banned`] and [`AccessError::Leaving`] (only with the right password),
    /// [`AccessError::Busy`], [`AccessError::Store`].
    pub async fn sign_in(
        &self,
        credentials: Credentials,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        self.sign_in_for(SessionPurpose::Everything, credentials, client).await
    }

    /// The same, for a session with another purpose.
    pub(crate) async fn sign_in_for(
        &self,
        purpose: SessionPurpose,
        credentials: Credentials,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        let now = self.clock.now();
        // An address that cannot exist is treated like one that does not.
        let email =
            parse_email(&credentials.email).unwrap_or_else(|_| "(not an address)".to_owned());
        let locks = Locks::new(self, &email, client);
        let snapshot = self.store.read().await?;
        if let Some(until) = locks.find(snapshot.access(), now).await? {
            return Err(locked(until, now));
        }
        let user = snapshot.access().find_user_by_email(&email).await?;
        let imported_cost = snapshot.access().find_imported_cost().await?;
        let own = self.passwords.own_cost();
        let dearest = self.passwords.dearest().find(snapshot.access(), (own, now)).await?;
        drop(snapshot);
        let with_password = user.as_ref().filter(|user| user.has_password());
        let hash = with_password.map(|user| user.password_hash.clone());
        let stored = Stored { hash, imported_cost, dearest };
        let check = self.passwords.check(credentials.password, stored).await?;
        let (fits, renewed) = match check {
            PasswordCheck::Fits => (true, None),
            PasswordCheck::FitsOld { renewed } => (true, Some(renewed)),
            PasswordCheck::Wrong => (false, None),
        };
        let session = match &user {
            Some(user) if fits && may_have(user, purpose) => {
                let lifetime = self.lifetime_for(purpose, now);
                self.begin_where_let_in(user, client, lifetime).await?
            }
            Some(_) | None => None,
        };
        let challenge = match (&user, &session) {
            (Some(user), Some(_)) if user.second_factor_at.is_some() => {
                Some(NewLink::mint(user, &user.email, LinkPurpose::SecondFactor, now)?)
            }
            (Some(_) | None, _) => None,
        };
        let link = challenge.as_ref().map(|new| new.link.clone());
        let needs_factor = purpose == SessionPurpose::Administer
            && self.settings.administrator_factor == AdministratorFactor::Required;
        let begun = session.clone();
        let attempt =
            Attempt { user, session: begun, renewed, challenge: link, needs_factor, locks, now };
        let decision = self
            .store
            .write(move |tx| {
                let attempt = attempt.clone();
                Box::pin(async move { attempt.decide(tx).await })
            })
            .await?;
        let wrong = AccessError::WrongCredentials;
        match decision {
            Decision::SignedIn => self.answer(session.ok_or(wrong)?).await,
            Decision::Challenged => {
                let challenge = challenge.ok_or(wrong)?.token;
                Err(AccessError::SecondFactorRequired { challenge })
            }
            Decision::Wrong => Err(wrong),
            Decision::Locked(until) => Err(locked(until, now)),
        }
    }

    /// A session in the first place of a person that lets their address in; asked only once the
    /// password fits, so that no read tells that there is an account.
    async fn begin_where_let_in(
        &self,
        user: &User,
        client: &Client,
        lifetime: Lifetime,
    ) -> Result<Option<NewSession>, AccessError> {
        let snapshot = self.store.read().await?;
        let place = find_first_place(snapshot.as_ref(), user, &client.ip).await?;
        place.map(|place| NewSession::begin(user, place, client, lifetime)).transpose()
    }

    pub(crate) fn lifetime(&self, now: Timestamp) -> Lifetime {
        self.lifetime_for(SessionPurpose::Everything, now)
    }

    pub(crate) fn lifetime_for(&self, purpose: SessionPurpose, now: Timestamp) -> Lifetime {
        let whole = match purpose {
            SessionPurpose::Everything => self.settings.session_lifetime,
            SessionPurpose::Administer => self.settings.administrator_session_lifetime,
        };
        Lifetime { purpose, from: now, until: now.plus(whole) }
    }

    pub(crate) async fn answer(&self, new: NewSession) -> Result<SignedIn, AccessError> {
        let client = Client { ip: new.session.ip.clone(), ..Client::default() };
        let actor = self.authenticate_session(new.token.expose(), &client).await?;
        let profile = self.profile(&actor).await?;
        let lifetime = new.session.expires_at.since(new.session.created_at);
        Ok(SignedIn { actor, profile, token: new.token, lifetime })
    }
}

/// Whether a user can have a session with this purpose.
const fn may_have(user: &User, purpose: SessionPurpose) -> bool {
    match purpose {
        SessionPurpose::Everything => true,
        SessionPurpose::Administer => user.administrator,
    }
}

pub(crate) fn locked(until: Timestamp, now: Timestamp) -> AccessError {
    AccessError::LockedOut { until, retry_after: until.since(now) }
}

/// The personal organization of a user, in which their programs work.
pub(crate) async fn first_organization(
    access: &dyn ReadAccess,
    user: &User,
) -> Result<Option<OrganizationId>, AccessError> {
    let memberships = access.list_memberships(user.id).await?;
    Ok(memberships.first().map(|membership| membership.organization_id))
}

/// One attempt to sign in, after the password was checked.
#[derive(Clone)]
struct Attempt {
    user: Option<User>,
    /// The session to begin; `None` when the password was wrong.
    session: Option<NewSession>,
    /// A hash as they are made here, where theirs came from elsewhere and the password was right.
    renewed: Option<String>,
    /// What the code will answer, for users who have a second factor.
    challenge: Option<OneTimeLink>,
    /// Whether the password alone does not do.
    needs_factor: bool,
    locks: Locks,
    now: Timestamp,
}

impl Attempt {
    async fn decide(self, tx: &dyn Tx) -> Result<Decision, AccessError> {
        if let Some(until) = self.locks.hold(tx, self.now).await? {
            return Ok(Decision::Locked(until));
        }
        let access: &dyn gantry_ports::store::WriteAccess = tx.access();
        let (Some(user), Some(new)) = (&self.user, &self.session) else {
            let whose = self.user.as_ref().map(|user| user.id);
            self.locks.record_failure(tx, whose, self.now).await?;
            return Ok(Decision::Wrong);
        };
        let present = access.lock_user(user.id).await?.ok_or(AccessError::WrongCredentials)?;
        // What was checked may have been changed meanwhile, because a thief has the password.
        let proofs = |user: &User| (user.password_hash.clone(), user.second_factor_at);
        if proofs(&present) != proofs(user) {
            return Ok(Decision::Wrong);
        }
        require_good_standing(access, &present, self.now).await?;
        if let Some(renewed) = &self.renewed {
            tx.access().renew_password_hash(user.id, &user.password_hash, renewed).await?;
        }
        if let Some(challenge) = &self.challenge {
            tx.identity().replace_link(challenge).await?;
            return Ok(Decision::Challenged);
        }
        if self.needs_factor {
            return Err(AccessError::Forbidden { permission: Permission::Administer });
        }
        self.locks.clear_email(tx).await?;
        new.insert(tx, "password").await?;
        Ok(Decision::SignedIn)
    }
}
