//! A token or a key becomes an actor.
//!
//! Invariants: what ended, was revoked, or belongs to a suspended or banned user or a former
//! member is nobody, at once in the process that changed it and within seconds in others; the
//! last use is written at most once a minute.

use std::time::Duration;

use gantry_ports::store::{ApiKey, ReadAccess, ReadTx, Session, SessionPurpose, StoreExt, User};
use gantry_types::{OrganizationId, Role, Scope, Timestamp, UserId};

use crate::Access;
use crate::actor::{Actor, Desk, Via};
use crate::allowed_networks::AllowedNetworks;
use crate::close_organization::require_open;
use crate::error::AccessError;
use crate::recent::Recognition;
use crate::secret::{API_KEY_PREFIX, SecretHash, derive_csrf_token};
use crate::settings::{AdministratorFactor, AdministratorSignIn, Unverified};
use crate::sign_in::Client;
use crate::standing::{Standing, find_standing, require_owner};

/// How old the note of the last use may be.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// What somebody shows to prove who they are.
#[derive(Clone, Copy)]
enum Proof<'a> {
    /// A session's token, from which its anti-forgery token follows.
    Token(&'a str),
    /// An API key.
    Key,
    /// A token of another issuer.
    Foreign(&'a str),
}

impl Access {
    /// The actor of a browser session's token.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`], [`AccessError::Store`].
    pub async fn authenticate_session(
        &self,
        token: &str,
        client: &Client,
    ) -> Result<Actor, AccessError> {
        self.authenticate((SecretHash::of(token), Proof::Token(token)), client).await
    }

    /// The actor of an API key, or of another issuer's token.
    ///
    /// # Errors
    /// [`AccessError::NotSignedIn`], [`AccessError::Store`].
    pub async fn authenticate_key(&self, key: &str, client: &Client) -> Result<Actor, AccessError> {
        let proof = if key.starts_with(API_KEY_PREFIX) {
            Proof::Key
        } else if self.is_foreign_token(key) {
            Proof::Foreign(key)
        } else {
            return Err(AccessError::NotSignedIn);
        };
        self.authenticate((SecretHash::of(key), proof), client).await
    }

    async fn authenticate(
        &self,
        (secret, proof): (SecretHash, Proof<'_>),
        client: &Client,
    ) -> Result<Actor, AccessError> {
        let now = self.clock.now();
        let found = match self.recent.find(&secret, now) {
            Some(found) => found,
            None => {
                let begun = self.recent.begin();
                let found = self.recognise(&secret, (proof, now), client).await?;
                self.recent.keep(secret, found.clone(), (begun, now));
                found
            }
        };
        if !found.is_good(now) {
            return Err(AccessError::NotSignedIn);
        }
        if !found.networks.allow(&client.ip) {
            return Err(AccessError::AddressNotAllowed { ip: client.ip.clone() });
        }
        if found.is_noted() && found.last_used_at.is_none_or(|last| now.since(last) >= TOUCH_EVERY)
        {
            self.recent.note_use(&secret, now);
            self.touch(&found.actor.via, now).await?;
        }
        Ok(Actor { ip: client.ip.clone(), ..found.actor })
    }

    /// Asks the store.
    async fn recognise(
        &self,
        secret: &SecretHash,
        (proof, now): (Proof<'_>, Timestamp),
        client: &Client,
    ) -> Result<Recognition, AccessError> {
        if let Proof::Foreign(token) = proof {
            return self.recognise_token(token, client).await;
        }
        let snapshot = self.store.read().await?;
        let access = snapshot.access();
        let mut found = match proof {
            Proof::Token(token) => {
                let session = access.find_session(&secret.to_hex()).await?;
                let session = session.ok_or(AccessError::NotSignedIn)?;
                let whose = (session.user_id, session.organization_id);
                let (user, role) = get_member(access, whose, now).await?;
                self.recognise_session(token, session, &user, role)
            }
            Proof::Key | Proof::Foreign(_) => {
                let key = access.find_api_key(&secret.to_hex()).await?;
                let key = key.filter(|key| key.revoked_at.is_none());
                let key = key.ok_or(AccessError::NotSignedIn)?;
                if let Some(client) = key.client
                    && snapshot.clients().find_client(client).await?.is_none()
                {
                    return Err(AccessError::NotSignedIn);
                }
                if is_of_client_itself(&key) {
                    let whose = (access, snapshot.identity());
                    require_owner(whose, key.organization_id, now).await?;
                    let mut found = recognise_client(key);
                    found.networks = read_networks(snapshot.as_ref(), &found).await?;
                    return Ok(found);
                }
                let whose = (key.user_id, key.organization_id);
                let (user, role) = get_member(access, whose, now).await?;
                self.recognise_key(key, &user, role)
            }
        };
        found.networks = read_networks(snapshot.as_ref(), &found).await?;
        Ok(found)
    }

    fn recognise_session(
        &self,
        token: &str,
        session: Session,
        user: &User,
        role: Role,
    ) -> Recognition {
        let desk = self.desk_of(user, session.purpose);
        let scopes = self.scopes_of(user).into_iter();
        let actor = Actor {
            user_id: Some(user.id),
            organization_id: session.organization_id,
            role,
            scopes: scopes
                .filter(|scope| desk != Desk::Elsewhere || *scope != Scope::Admin)
                .collect(),
            administrator: user.administrator,
            via: Via::Session { id: session.id, csrf_token: derive_csrf_token(token), desk },
            ip: String::new(),
        };
        Recognition {
            actor,
            holder: Some(user.id),
            ends_at: Some(session.expires_at),
            idle: Some(self.idle_of(user, session.purpose)),
            last_used_at: Some(session.last_used_at),
            networks: AllowedNetworks::default(),
        }
    }

    fn recognise_key(&self, key: ApiKey, user: &User, role: Role) -> Recognition {
        let theirs = self.scopes_of(user);
        let via = via_key(&key);
        let scopes: Vec<Scope> =
            key.scopes.into_iter().filter(|scope| theirs.contains(scope)).collect();
        let actor = Actor {
            user_id: Some(user.id),
            organization_id: key.organization_id,
            role,
            administrator: user.administrator && scopes.contains(&Scope::Admin),
            scopes,
            via,
            ip: String::new(),
        };
        Recognition {
            actor,
            holder: Some(user.id),
            ends_at: key.expires_at,
            idle: None,
            last_used_at: key.last_used_at,
            networks: AllowedNetworks::default(),
        }
    }

    /// What the person may use a session or key for, by what they proved of themselves.
    pub(crate) fn scopes_of(&self, user: &User) -> Vec<Scope> {
        let administers = user.administrator
            && match self.settings.administrator_factor {
                AdministratorFactor::Required => user.second_factor_at.is_some(),
                AdministratorFactor::Optional => true,
            };
        let trusted = match self.settings.unverified {
            Unverified::Trusted => true,
            // Whoever set the installation up needs no mail to prove it.
            Unverified::ReadOnly => user.administrator || user.email_verified_at.is_some(),
        };
        let may = |scope: Scope| match scope {
            Scope::Read | Scope::Account => true,
            Scope::Run | Scope::Data => trusted,
            Scope::Admin => administers,
        };
        Scope::ALL.iter().copied().filter(|scope| may(*scope)).collect()
    }

    /// Notes that a session or key is in use.
    async fn touch(&self, via: &Via, now: Timestamp) -> Result<(), AccessError> {
        let via = via.clone();
        self.store
            .write(move |tx| {
                let via = via.clone();
                Box::pin(async move {
                    match via {
                        Via::Session { id, .. } => tx.access().touch_session(id, now).await?,
                        Via::ApiKey { id, .. } => tx.access().touch_api_key(id, now).await?,
                        Via::Token | Via::System => {}
                    }
                    Ok(())
                })
            })
            .await
    }

    /// How a user's session stands to administering.
    fn desk_of(&self, user: &User, purpose: SessionPurpose) -> Desk {
        match (purpose, self.settings.administrator_sign_in) {
            (SessionPurpose::Administer, _) => Desk::Own,
            (SessionPurpose::Everything, AdministratorSignIn::Separate) if user.administrator => {
                Desk::Elsewhere
            }
            (
                SessionPurpose::Everything,
                AdministratorSignIn::Separate | AdministratorSignIn::Shared,
            ) => Desk::Shared,
        }
    }

    /// How long a user's session may stay unused.
    pub(crate) fn idle_of(&self, user: &User, purpose: SessionPurpose) -> Duration {
        match self.desk_of(user, purpose) {
            Desk::Own => self.settings.administrator_session_idle,
            Desk::Shared if user.administrator => self.settings.administrator_idle,
            Desk::Shared | Desk::Elsewhere => self.settings.session_idle,
        }
    }
}

/// Whether a client acts as its organization, and not for a person.
const fn is_of_client_itself(key: &ApiKey) -> bool {
    key.client.is_some() && key.family.is_none()
}

const fn via_key(key: &ApiKey) -> Via {
    Via::ApiKey { id: key.id, client: key.client, family: key.family, ends_at: key.expires_at }
}

/// A client in the name of its organization: it works like a member, and is nobody.
fn recognise_client(key: ApiKey) -> Recognition {
    let via = via_key(&key);
    let actor = Actor {
        user_id: None,
        organization_id: key.organization_id,
        role: Role::Member,
        scopes: key.scopes,
        administrator: false,
        via,
        ip: String::new(),
    };
    Recognition {
        actor,
        holder: Some(key.user_id),
        ends_at: key.expires_at,
        idle: None,
        last_used_at: key.last_used_at,
        networks: AllowedNetworks::default(),
    }
}

/// From where the organization of an actor may be used; from nowhere while it closes.
async fn read_networks(
    snapshot: &dyn ReadTx,
    found: &Recognition,
) -> Result<AllowedNetworks, AccessError> {
    let organization = found.actor.organization_id;
    require_open(snapshot.closings(), organization).await?;
    let networks = snapshot.identity().list_allowed_networks(organization).await?;
    AllowedNetworks::parse(&networks)
}

/// A user in good standing at `now`, and their role in an organization.
pub(crate) async fn get_member(
    access: &dyn ReadAccess,
    (user_id, organization_id): (UserId, OrganizationId),
    now: Timestamp,
) -> Result<(User, Role), AccessError> {
    let user = access.find_user(user_id).await?.ok_or(AccessError::NotSignedIn)?;
    let membership = access.find_membership(user_id, organization_id).await?;
    let membership = membership.ok_or(AccessError::NotSignedIn)?;
    match find_standing(access, &user, now).await? {
        Standing::Good => Ok((user, membership.role)),
        Standing::Suspended | Standing::Banned | Standing::Leaving | Standing::Erased => {
            Err(AccessError::NotSignedIn)
        }
    }
}
