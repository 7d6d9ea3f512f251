//! A person adds passkeys, and signs in by one.
//!
//! Invariants: a passkey stands for both factors, so that only an authenticator that checked its
//! user counts; each answers a question that is good once; one whose counter goes back was copied,
//! and is refused; adding or removing one needs the password.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gantry_ports::StoreError;
use gantry_ports::store::{Ceremony, CeremonyPurpose, Newcomer, Passkey, StoreExt, Tx, User};
use gantry_types::{PasskeyId, Timestamp, UserId};
use serde_json::json;

use crate::Access;
use crate::actor::Actor;
use crate::allowed_networks::find_first_place;
use crate::audit::{AuditDraft, Origin};
use crate::ceremony::{BrowserToken, LIFETIME, NewCeremony, Secrets};
use crate::confirm::lock_signed_in;
use crate::email::parse_name;
use crate::error::AccessError;
use crate::linked_identities::{Way, WayChange, require_way_in};
use crate::permission::{Permission, require};
use crate::secret::LinkToken;
use crate::sessions::require_person;
use crate::sign_in::{Client, NewSession, SignedIn};
use crate::standing::require_good_standing;
use crate::webauthn::{Assertion, Site, read_challenge, register};

/// More than anybody needs.
const MANY: usize = 20;

/// A question to an authenticator, to make a credential.
#[derive(Debug, Clone)]
pub struct PasskeyCreation {
    /// The question; its bytes are those of the text.
    pub challenge: String,
    /// For which site: a host.
    pub site: String,
    /// The product's name.
    pub brand: String,
    /// Whose it will be.
    pub user_id: UserId,
    /// What the authenticator shows of them.
    pub email: String,
    /// Their name for people.
    pub name: String,
    /// Credentials that are there already, in URL-safe base 64.
    pub known: Vec<String>,
}

/// A question to an authenticator, to sign in.
#[derive(Debug, Clone)]
pub struct PasskeyQuestion {
    /// The question; its bytes are those of the text.
    pub challenge: String,
    /// For which site: a host.
    pub site: String,
    /// What the browser keeps.
    pub browser: BrowserToken,
    /// How long it keeps it.
    pub lifetime: std::time::Duration,
}

/// What a browser brings of a credential that was made.
#[derive(Clone)]
pub struct PasskeyCreated {
    /// What the person calls it.
    pub name: String,
    /// What the browser collected.
    pub client_data: Vec<u8>,
    /// What the authenticator answered.
    pub attestation: Vec<u8>,
}

/// What a browser brings of a credential that signed.
#[derive(Clone)]
pub struct PasskeyAnswer {
    /// Which credential, in URL-safe base 64.
    pub credential_id: String,
    /// What the browser collected.
    pub client_data: Vec<u8>,
    /// What the authenticator says.
    pub authenticator_data: Vec<u8>,
    /// Its signature over both.
    pub signature: Vec<u8>,
    /// Whose it is, as the authenticator remembers.
    pub user_handle: Vec<u8>,
}

fn refuse(error: impl std::fmt::Display) -> AccessError {
    AccessError::PasskeyRefused { reason: error.to_string() }
}

impl Access {
    fn site(&self) -> Site {
        Site::of(&self.settings.public_url)
    }

    /// A person's passkeys, oldest first.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`], [`AccessError::Store`].
    pub async fn list_passkeys(&self, actor: &Actor) -> Result<Vec<Passkey>, AccessError> {
        require(actor, Permission::ManageSessions)?;
        let user_id = require_person(actor)?;
        Ok(self.store.read().await?.vouching().list_passkeys(user_id).await?)
    }

    /// Begins to add a passkey.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::Invalid`] for a wrong password and for
    /// one passkey too many, [`AccessError::LockedOut`], [`AccessError::Store`].
    pub async fn begin_passkey(
        &self,
        actor: &Actor,
        password: String,
    ) -> Result<PasskeyCreation, AccessError> {
        let (user, _) = self.require_session(actor).await?;
        self.confirm_password(&user, password, &actor.ip).await?;
        let passkeys = self.store.read().await?.vouching().list_passkeys(user.id).await?;
        if passkeys.len() >= MANY {
            let message = format!("there are {MANY} already; remove one first");
            return Err(AccessError::invalid("passkey", message));
        }
        let new = NewCeremony {
            purpose: CeremonyPurpose::AddPasskey,
            provider: "",
            user_id: Some(user.id),
            next: "",
            newcomer: Newcomer::default(),
            // The session is what binds it to the browser.
            browser: "",
        };
        let challenge = LinkToken::generate()?;
        self.insert_ceremony(&challenge, new).await?;
        Ok(PasskeyCreation {
            challenge: challenge.expose().to_owned(),
            site: self.site().id,
            brand: self.settings.brand.clone(),
            user_id: user.id,
            email: user.email,
            name: user.name,
            known: passkeys.into_iter().map(|passkey| passkey.credential_id).collect(),
        })
    }

    /// Adds a passkey that an authenticator made.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for a key, [`AccessError::CeremonyNotGood`],
    /// [`AccessError::PasskeyRefused`], [`AccessError::Invalid`] for a name that is none,
    /// [`AccessError::NotSignedIn`] when the session ended meanwhile, [`AccessError::Store`].
    pub async fn finish_passkey(
        &self,
        actor: &Actor,
        created: PasskeyCreated,
    ) -> Result<Passkey, AccessError> {
        let (user, session) = self.require_session(actor).await?;
        let now = self.clock.now();
        let name = parse_name(&created.name)?;
        let (challenge, ceremony) = self
            .take_question(&created.client_data, ("", CeremonyPurpose::AddPasskey), now)
            .await?;
        if ceremony.user_id != Some(user.id) {
            return Err(AccessError::CeremonyNotGood);
        }
        let asked = (challenge.as_str(), &self.site());
        let made = register(&created.client_data, &created.attestation, asked).map_err(refuse)?;
        let passkey = Passkey {
            id: PasskeyId::generate(),
            user_id: user.id,
            credential_id: URL_SAFE_NO_PAD.encode(made.id),
            public_key: URL_SAFE_NO_PAD.encode(made.public_key),
            counter: made.counter,
            name,
            created_at: now,
            last_used_at: None,
        };
        let told =
            self.tell_of_way(actor, (&user, Way::Passkey(&passkey.name)), WayChange::Added)?;
        let added = passkey.clone();
        let result = self.change_identity(user.id, move |tx| {
            let (added, told) = (added.clone(), told.clone());
            Box::pin(async move {
                lock_signed_in(tx, (added.user_id, session)).await?;
                tx.vouching().insert_passkey(&added).await?;
                told.insert(tx).await
            })
        });
        match result.await {
            Err(AccessError::Store(StoreError::AlreadyExists { .. })) => {
                Err(refuse("this passkey is there already"))
            }
            Err(error) => Err(error),
            Ok(()) => {
                self.ring();
                Ok(passkey)
            }
        }
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// As [`Access::unlink`].
    pub async fn remove_passkey(
        &self,
        actor: &Actor,
        (id, password): (PasskeyId, String),
    ) -> Result<(), AccessError> {
        let (user, _) = self.require_session(actor).await?;
        let passkeys = self.store.read().await?.vouching().list_passkeys(user.id).await?;
        let passkey = passkeys.into_iter().find(|passkey| passkey.id == id);
        let passkey = passkey.ok_or(AccessError::NotFound { what: "passkey" })?;
        self.confirm_password(&user, password, &actor.ip).await?;
        let told =
            self.tell_of_way(actor, (&user, Way::Passkey(&passkey.name)), WayChange::Removed)?;
        let user_id = user.id;
        self.change_identity(user_id, move |tx| {
            let told = told.clone();
            Box::pin(async move {
                tx.access().lock_user(user_id).await?;
                tx.vouching().delete_passkey(user_id, id).await?;
                require_way_in(tx, user_id).await?;
                told.insert(tx).await
            })
        })
        .await?;
        self.ring();
        Ok(())
    }

    /// Asks for a passkey to sign in by; `kept` is what the browser has from an earlier time.
    ///
    /// # Errors
    /// [`AccessError::Store`].
    pub async fn ask_for_passkey(
        &self,
        kept: Option<&str>,
    ) -> Result<PasskeyQuestion, AccessError> {
        let browser = BrowserToken::keep_or_generate(kept)?;
        let new = NewCeremony {
            purpose: CeremonyPurpose::UsePasskey,
            provider: "",
            user_id: None,
            next: "",
            newcomer: Newcomer::default(),
            browser: browser.expose(),
        };
        let challenge = LinkToken::generate()?;
        self.insert_ceremony(&challenge, new).await?;
        Ok(PasskeyQuestion {
            challenge: challenge.expose().to_owned(),
            site: self.site().id,
            browser,
            lifetime: LIFETIME,
        })
    }

    /// Signs somebody in by a passkey; `browser` is what the browser kept, or empty.
    ///
    /// # Errors
    /// [`AccessError::CeremonyNotGood`], [`AccessError::PasskeyRefused`],
    /// [`AccessError::Suspended`], [`AccessError::Banned`], [`AccessError::Leaving`],
    /// [`AccessError::Store`].
    pub async fn sign_in_by_passkey(
        &self,
        answer: PasskeyAnswer,
        browser: &str,
        client: &Client,
    ) -> Result<SignedIn, AccessError> {
        let now = self.clock.now();
        let (challenge, _) = self
            .take_question(&answer.client_data, (browser, CeremonyPurpose::UsePasskey), now)
            .await?;
        let snapshot = self.store.read().await?;
        let passkey = snapshot.vouching().find_passkey(&answer.credential_id).await?;
        let unknown = || refuse("this passkey is not known here");
        let passkey = passkey.ok_or_else(unknown)?;
        let user = snapshot.access().find_user(passkey.user_id).await?.ok_or_else(unknown)?;
        let organization_id = find_first_place(snapshot.as_ref(), &user, &client.ip).await?;
        drop(snapshot);
        if answer.user_handle != user.id.as_uuid().as_bytes() {
            return Err(unknown());
        }
        let assertion = Assertion {
            client_data: &answer.client_data,
            authenticator_data: &answer.authenticator_data,
            signature: &answer.signature,
        };
        let public_key = URL_SAFE_NO_PAD.decode(&passkey.public_key).map_err(refuse)?;
        let counter = assertion.verify(&public_key, (&challenge, &self.site())).map_err(refuse)?;
        let organization_id = organization_id.ok_or_else(unknown)?;
        let session = NewSession::begin(&user, organization_id, client, self.lifetime(now))?;
        let attempt = PasskeyAttempt { user, passkey, counter, session: session.clone(), now };
        let decision = self
            .store
            .write(move |tx| {
                let attempt = attempt.clone();
                Box::pin(async move { attempt.decide(tx).await })
            })
            .await?;
        match decision {
            Decision::SignedIn => self.answer(session).await,
            Decision::Copied => Err(refuse("its counter went back, so that it may be a copy")),
        }
    }

    /// The question that an authenticator answered, which is good once.
    async fn take_question(
        &self,
        client_data: &[u8],
        (browser, purpose): (&str, CeremonyPurpose),
        now: Timestamp,
    ) -> Result<(String, Ceremony), AccessError> {
        let challenge = read_challenge(client_data).map_err(refuse)?;
        let secrets = Secrets { state: &challenge, browser };
        let ceremony = self.take_ceremony("", &secrets, now).await?;
        if ceremony.purpose == purpose {
            Ok((challenge, ceremony))
        } else {
            Err(AccessError::CeremonyNotGood)
        }
    }
}

/// How the transaction of a sign-in ended.
enum Decision {
    SignedIn,
    /// The counter went back.
    Copied,
}

/// A sign-in by a passkey whose signature is good.
#[derive(Clone)]
struct PasskeyAttempt {
    user: User,
    passkey: Passkey,
    counter: u32,
    session: NewSession,
    now: Timestamp,
}

impl PasskeyAttempt {
    async fn decide(&self, tx: &dyn Tx) -> Result<Decision, AccessError> {
        let user = tx.access().lock_user(self.user.id).await?;
        let user = user.ok_or_else(|| refuse("this passkey is not known here"))?;
        require_good_standing(tx.access(), &user, self.now).await?;
        let Passkey { id, credential_id, .. } = &self.passkey;
        // It may have been removed a moment ago.
        if tx.vouching().find_passkey(credential_id).await?.is_none() {
            return Err(AccessError::CeremonyNotGood);
        }
        match tx.vouching().use_passkey(*id, self.counter, self.now).await {
            Ok(()) => {
                self.session.insert(tx, "passkey").await?;
                Ok(Decision::SignedIn)
            }
            Err(StoreError::NotFound { .. }) => {
                let draft = AuditDraft {
                    action: "passkey.refuse_copy",
                    subject: format!("passkey {id}"),
                    details: json!({ "counter": self.counter }),
                };
                let origin = Origin {
                    organization_id: None,
                    user_id: Some(self.user.id),
                    ip: self.session.session.ip.clone(),
                };
                tx.audit().append(&draft.complete(origin, self.now)).await?;
                Ok(Decision::Copied)
            }
            Err(error) => Err(error.into()),
        }
    }
}
