//! A person signs in by an account elsewhere.
//!
//! Invariants: an account here is opened by an account elsewhere only once its owner has added it;
//! the same address is no proof. A new account needs an address that the provider says is proven.
//! Who has a second factor needs it here too.

use gantry_ports::store::{
    Ceremony, CeremonyPurpose, LinkPurpose, LinkedIdentity, Newcomer, OneTimeLink, StoreExt, Tx,
    User,
};
use gantry_ports::vouching::{AddressProof, Redemption, Vouched};
use gantry_types::{LinkedIdentityId, Timestamp, UserId};

use crate::Access;
use crate::actor::Actor;
use crate::allowed_networks::find_first_place;
use crate::ceremony::{Begun, Secrets, Wish};
use crate::email::{parse_email, parse_name};
use crate::error::AccessError;
use crate::links::NewLink;
use crate::newcomer::{Bringing, Brought};
use crate::providers::Provider;
use crate::secret::LinkToken;
use crate::settings::Registration;
use crate::sign_in::{Client, NewSession, SignedIn};
use crate::standing::require_good_standing;

/// How much of a provider's words about a failure is repeated.
const MAX_REASON: usize = 100;
/// Somebody may have made the same account at the same time.
const TRIES: usize = 2;

/// What a provider sent a browser back with.
#[derive(Clone, PartialEq, Eq)]
pub enum ReturnedWith {
    /// A code, to be exchanged for what it says of the person.
    Code(String),
    /// The provider, or the person there, said no.
    Refusal(String),
}

/// A browser that comes back from a provider.
#[derive(Clone)]
pub struct Return {
    /// What it was sent away with.
    pub state: String,
    /// What it brings.
    pub with: ReturnedWith,
    /// The secret that it kept; empty when it has none.
    pub browser: String,
    /// Who is signed in there.
    pub viewer: Option<Actor>,
}

/// How a ceremony ended.
#[derive(Debug, Clone)]
pub enum Finished {
    /// The person is signed in, and goes to this path.
    SignedIn(Box<SignedIn>, String),
    /// A code is needed too; afterwards they go to this path.
    Challenged(LinkToken, String),
    /// The account elsewhere was added, and they go to this path.
    Linked(String),
}

/// Somebody for whom a provider vouches, with an address that it says is proven.
#[derive(Clone)]
pub(crate) struct VouchedPerson {
    pub provider: String,
    pub subject: String,
    pub email: String,
    pub name: String,
}

impl VouchedPerson {
    /// The account elsewhere, which signs `user_id` in from now on.
    pub fn identity_of(&self, user_id: UserId, now: Timestamp) -> LinkedIdentity {
        LinkedIdentity {
            id: LinkedIdentityId::generate(),
            user_id,
            provider: self.provider.clone(),
            subject: self.subject.clone(),
            email: self.email.clone(),
            linked_at: now,
        }
    }
}

impl Access {
    /// Sends a browser to a provider, to sign in, or to get an account with what a newcomer brings
    /// along; `kept` is what it has from an earlier time.
    ///
    /// # Errors
    /// [`AccessError::NotFound`] for a provider that is none, [`AccessError::SetupRequired`],
    /// [`AccessError::ProviderUnavailable`], [`AccessError::Store`].
    pub async fn begin_federated_sign_in(
        &self,
        provider: &str,
        (next, newcomer): (&str, Bringing),
        kept: Option<&str>,
    ) -> Result<Begun, AccessError> {
        let provider = self.get_provider(provider)?.id.as_str();
        if self.is_setup_required().await? {
            return Err(AccessError::SetupRequired);
        }
        let newcomer = newcomer.hide();
        let wish = Wish { purpose: CeremonyPurpose::SignIn, user_id: None, next, newcomer };
        self.begin_ceremony(provider, wish, kept).await
    }

    /// Takes a browser back from a provider: signs the person in, makes their account, or adds the
    /// account elsewhere to the one that they have.
    ///
    /// # Errors
    /// [`AccessError::CeremonyNotGood`] for what another browser began, what took too long and
    /// what was finished before; [`AccessError::NotVouched`], [`AccessError::ProviderUnavailable`],
    /// [`AccessError::LinkFirst`], [`AccessError::AddressNotVouched`],
    /// [`AccessError::RegistrationClosed`], [`AccessError::SignupsPaused`],
    /// [`AccessError::Suspended`], [`AccessError::IdentityTaken`], [`AccessError::Store`].
    pub async fn finish_federated(
        &self,
        provider: &str,
        back: Return,
        client: &Client,
    ) -> Result<Finished, AccessError> {
        let now = self.clock.now();
        let provider = self.get_provider(provider)?;
        let secrets = Secrets { state: &back.state, browser: &back.browser };
        let ceremony = self.take_ceremony(provider.id.as_str(), &secrets, now).await?;
        let code = match back.with {
            ReturnedWith::Code(code) => code,
            ReturnedWith::Refusal(words) => {
                let plain = words.chars().filter(|c| !c.is_control()).take(MAX_REASON);
                return Err(AccessError::NotVouched {
                    provider: provider.label.clone(),
                    reason: format!("it answers “{}”", plain.collect::<String>()),
                });
            }
        };
        let redemption = Redemption { code, verifier: secrets.verifier(), nonce: secrets.nonce() };
        let redeemed = provider.port.redeem(&redemption).await;
        let vouched = redeemed.map_err(|error| provider.refuse(error))?;
        match ceremony.purpose {
            CeremonyPurpose::SignIn => {
                let Ceremony { next, newcomer, .. } = ceremony;
                self.sign_in_vouched((provider, vouched), newcomer, (client, next)).await
            }
            CeremonyPurpose::AddPasskey | CeremonyPurpose::UsePasskey => {
                Err(AccessError::CeremonyNotGood)
            }
            CeremonyPurpose::Link => {
                let viewer = back.viewer.filter(|viewer| viewer.user_id == ceremony.user_id);
                let viewer = viewer.ok_or(AccessError::CeremonyNotGood)?;
                self.link_vouched(provider, vouched, &viewer).await?;
                Ok(Finished::Linked(ceremony.next))
            }
        }
    }

    async fn sign_in_vouched(
        &self,
        (provider, vouched): (&Provider, Vouched),
        newcomer: Newcomer,
        (client, next): (&Client, String),
    ) -> Result<Finished, AccessError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let snapshot = self.store.read().await?;
            let id = provider.id.as_str();
            let identity = snapshot.vouching().find_identity(id, &vouched.subject).await?;
            drop(snapshot);
            if let Some(identity) = identity {
                return self.sign_in_linked(identity, client, next).await;
            }
            let made = match self.require_newcomer(provider, &vouched, &newcomer).await {
                Ok(brought) => self.insert_vouched_account(brought, client).await,
                Err(error) => Err(error),
            };
            match made {
                Ok(session) => {
                    return Ok(Finished::SignedIn(Box::new(self.answer(session).await?), next));
                }
                // Perhaps the same person in another window, a moment earlier.
                Err(AccessError::EmailTaken) if tries < TRIES => {}
                Err(AccessError::EmailTaken) => return Err(link_first(provider)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Somebody who may have an account and has none yet.
    async fn require_newcomer(
        &self,
        provider: &Provider,
        vouched: &Vouched,
        newcomer: &Newcomer,
    ) -> Result<(VouchedPerson, Brought), AccessError> {
        let unproven = || AccessError::AddressNotVouched { provider: provider.label.clone() };
        let address = vouched.address.as_ref().ok_or_else(unproven)?;
        match address.proof {
            AddressProof::Proven => {}
            AddressProof::Unproven => return Err(unproven()),
        }
        let email = parse_email(&address.email).map_err(|_| unproven())?;
        let snapshot = self.store.read().await?;
        let known = snapshot.access().find_user_by_email(&email).await?;
        // The same person in another window may have been faster.
        let id = provider.id.as_str();
        let is_linked = snapshot.vouching().find_identity(id, &vouched.subject).await?.is_some();
        drop(snapshot);
        match known {
            Some(_) if is_linked => return Err(AccessError::EmailTaken),
            Some(_) => return Err(link_first(provider)),
            None => {}
        }
        let brought = self.look_at(newcomer, &email).await?;
        match (self.settings.registration, &brought.invitation) {
            // Whom members invited comes in.
            (Registration::Open | Registration::Closed, Some(_)) => {}
            (Registration::Open, None) => self.require_signups().await?,
            (Registration::Closed, None) => return Err(AccessError::RegistrationClosed),
        }
        let local = email.split('@').next().unwrap_or(&email).to_owned();
        let name = vouched.name.as_deref().and_then(|name| parse_name(name).ok()).unwrap_or(local);
        let person = VouchedPerson {
            provider: id.to_owned(),
            subject: vouched.subject.clone(),
            email,
            name: parse_name(&name).unwrap_or_else(|_| "Somebody".to_owned()),
        };
        Ok((person, brought))
    }

    async fn sign_in_linked(
        &self,
        identity: LinkedIdentity,
        client: &Client,
        next: String,
    ) -> Result<Finished, AccessError> {
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let user = snapshot.access().find_user(identity.user_id).await?;
        let user = user.ok_or(AccessError::WrongCredentials)?;
        let organization_id = find_first_place(snapshot.as_ref(), &user, &client.ip).await?;
        drop(snapshot);
        let organization_id = organization_id.ok_or(AccessError::WrongCredentials)?;
        let session = NewSession::begin(&user, organization_id, client, self.lifetime(now))?;
        let challenge = match user.second_factor_at {
            Some(_) => Some(NewLink::mint(&user, &user.email, LinkPurpose::SecondFactor, now)?),
            None => None,
        };
        let link = challenge.as_ref().map(|new| new.link.clone());
        let attempt = LinkedAttempt { user, identity, session: session.clone(), link };
        self.store
            .write(move |tx| {
                let attempt = attempt.clone();
                Box::pin(async move { attempt.decide(tx).await })
            })
            .await?;
        match challenge {
            Some(challenge) => Ok(Finished::Challenged(challenge.token, next)),
            None => Ok(Finished::SignedIn(Box::new(self.answer(session).await?), next)),
        }
    }
}

fn link_first(provider: &Provider) -> AccessError {
    AccessError::LinkFirst { provider: provider.label.clone() }
}

/// A sign-in by an account elsewhere that was found.
#[derive(Clone)]
struct LinkedAttempt {
    user: User,
    identity: LinkedIdentity,
    session: NewSession,
    /// What a code will answer, for users who have a second factor.
    link: Option<OneTimeLink>,
}

impl LinkedAttempt {
    async fn decide(&self, tx: &dyn Tx) -> Result<(), AccessError> {
        let user = tx.access().lock_user(self.user.id).await?;
        let user = user.ok_or(AccessError::WrongCredentials)?;
        // A code may be asked of them since a moment ago.
        if user.second_factor_at != self.user.second_factor_at {
            return Err(AccessError::CeremonyNotGood);
        }
        let LinkedIdentity { provider, subject, .. } = &self.identity;
        // It may have been removed a moment ago.
        let still = tx.vouching().find_identity(provider, subject).await?;
        if still.as_ref() != Some(&self.identity) {
            return Err(AccessError::CeremonyNotGood);
        }
        require_good_standing(tx.access(), &user, self.session.session.created_at).await?;
        match &self.link {
            Some(link) => Ok(tx.identity().replace_link(link).await?),
            None => self.session.insert(tx, "identity provider").await,
        }
    }
}
