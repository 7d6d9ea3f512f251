//! Who somebody is and what they may do: accounts, members, sessions, API keys, second factors,
//! roles and the audit log.
//!
//! Invariants: a password, a session token and an API key are never stored, only their hashes;
//! every change is audited in the transaction that makes it; what an actor may do is decided by
//! one pure table ([`Permission::allows`]) and nowhere else.

mod actor;
mod administer;
mod allowed_networks;
mod api_keys;
mod append_alone;
mod argon2_cost;
mod audit;
mod audit_export;
mod audit_file;
mod authenticate;
mod authenticator;
mod ceremony;
mod change_identity;
mod change_password;
mod close_organization;
mod confirm;
mod email;
mod email_address;
mod entrance;
mod erase;
mod erase_closed;
mod error;
mod federated_sign_in;
mod finish_sign_in;
mod flags;
mod guesses;
mod household;
mod import_people;
mod imported_hash;
mod invitations;
mod issuers;
mod leave;
mod linked_identities;
mod links;
mod lock_out;
mod mail_pause;
mod members;
mod new_account;
mod newcomer;
mod oauth;
mod organizations;
mod passkeys;
mod password;
mod password_rules;
mod people;
mod permission;
mod post;
mod providers;
mod recent;
mod register_user;
mod rename_passkey;
mod reset_password;
mod restrict;
mod seal_audit;
mod sealing;
mod second_factor;
mod secret;
mod sessions;
mod settings;
mod setup;
mod sharing;
mod sign_in;
mod standing;
mod tokens;
mod turn_flags;
mod unproven_account;
mod webauthn;
mod withdraw_invitations;

pub use actor::{Actor, Desk, Via};
pub use allowed_networks::AllowedNetworks;
pub use api_keys::{IssuedKey, NewApiKey};
pub use append_alone::append_alone;
pub use audit_export::{
    AuditBatch, AuditExport, AuditSpan, describe_anchor, describe_entry, describe_seal,
};
pub use audit_file::{AuditFile, AuditFileError, AuditFileProof};
pub use ceremony::{Begun, BrowserToken};
pub use change_password::ProfileChange;
pub use close_organization::{ClosingPlace, require_open};
pub use confirm::Confirmed;
pub use entrance::{CallCount, Entrance, RequestRate, require_feature};
pub use error::AccessError;
pub use federated_sign_in::{Finished, Return, ReturnedWith};
pub use flags::{Asker, Flags};
pub use household::household_of;
pub use import_people::{Imported, ImportedPerson, Known, Unimported};
pub use invitations::NewInvitation;
pub use issuers::{Issuer, Provision};
pub use lock_out::LockOut;
pub use members::Roster;
pub use newcomer::Bringing;
pub use oauth::{
    AuthorizationRequest, ClientCredentials, ClientDraft, Consent, GrantRequest, IssuedClient,
    IssuedTokens, OAuthError, TokenFacts, TokenKind, origin_of_redirect,
};
pub use passkeys::{PasskeyAnswer, PasskeyCreated, PasskeyCreation, PasskeyQuestion};
pub use people::PersonFacts;
pub use permission::{Permission, require};
pub use providers::{InvalidProviderId, Provider, ProviderId};
pub use register_user::{Credentials, Registrant};
pub use restrict::{NewRestriction, Restrained};
pub use seal_audit::AuditProof;
pub use sealing::{Sealing, SealingKeyError};
pub use second_factor::{Enrolment, RecoveryCodes};
pub use secret::{LinkToken, SessionToken, SetupToken};
pub use sessions::{Profile, SessionView};
pub use settings::{
    AccessSettings, AdministratorFactor, AdministratorSignIn, PasswordCost, Registration,
    Unverified,
};
pub use sharing::{Sharing, find_sight, require_change};
pub use sign_in::{Client, SignedIn};
pub use standing::{Standing, find_standing};
pub use tokens::TokenPair;

use std::sync::{Arc, Mutex};

use gantry_letters::Letters;
use gantry_ports::{BreachedPasswords, Bus, Clock, Store};
use tokio::sync::Notify;

use password::PasswordHashing;
use recent::RecentActors;

/// The use-cases of access. Clones share everything.
#[derive(Clone)]
pub struct Access {
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    settings: Arc<AccessSettings>,
    recent: Arc<RecentActors>,
    passwords: Arc<PasswordHashing>,
    /// Which passwords were stolen elsewhere, where the operator has a list.
    breached: Option<Arc<dyn BreachedPasswords>>,
    letters: Arc<Letters>,
    /// Who else vouches for people.
    providers: Arc<[Provider]>,
    /// Whose tokens programs may show.
    issuers: Arc<[Issuer]>,
    /// Under what secrets are kept that must be read again; in the clear without it.
    sealing: Option<Arc<Sealing>>,
    /// Rings when a letter was put into the outbox.
    posted: Arc<Notify>,
    /// What operators turn on and off.
    flags: Flags,
    /// The hash of the token with which the first administrator registers.
    setup_token: Arc<Mutex<Option<String>>>,
}

impl Access {
    /// Works on `store`, tells and hears over `bus` whose identity changed, and turns `flags`.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] when the settings ask for a cost that Argon2 does not have,
    /// [`AccessError::Letters`] when a template is wrong.
    pub fn new(
        (store, clock): (Arc<dyn Store>, Arc<dyn Clock>),
        bus: Arc<dyn Bus>,
        settings: AccessSettings,
        flags: Flags,
    ) -> Result<Self, AccessError> {
        let passwords = Arc::new(PasswordHashing::new(&settings.password_cost)?);
        let recent = Arc::new(RecentActors::new(bus.as_ref()));
        let setup_token = Arc::new(Mutex::new(None));
        let letters = Arc::new(Letters::new(&settings.brand, &settings.public_url)?);
        let posted = Arc::new(Notify::new());
        let settings = Arc::new(settings);
        let providers = Arc::from([]);
        Ok(Self {
            store,
            bus,
            clock,
            settings,
            recent,
            passwords,
            breached: None,
            letters,
            providers,
            issuers: Arc::from([]),
            sealing: None,
            posted,
            flags,
            setup_token,
        })
    }

    /// Keeps secrets that must be read again sealed.
    #[must_use]
    pub fn with_sealing(mut self, sealing: Sealing) -> Self {
        self.sealing = Some(Arc::new(sealing));
        self
    }

    /// Refuses new passwords that were stolen elsewhere.
    #[must_use]
    pub fn with_breached_passwords(mut self, list: Arc<dyn BreachedPasswords>) -> Self {
        self.breached = Some(list);
        self
    }

    /// Takes the tokens of these from programs.
    #[must_use]
    pub fn with_issuers(mut self, issuers: Vec<Issuer>) -> Self {
        self.issuers = issuers.into();
        self
    }

    /// Lets these vouch for people too.
    #[must_use]
    pub fn with_providers(mut self, providers: Vec<Provider>) -> Self {
        self.providers = providers.into();
        self
    }

    /// Writes the product's letters.
    #[must_use]
    pub fn letters(&self) -> Arc<Letters> {
        Arc::clone(&self.letters)
    }

    /// Rings when a letter was put into the outbox.
    #[must_use]
    pub fn posted(&self) -> Arc<Notify> {
        Arc::clone(&self.posted)
    }

    /// What operators turn on and off.
    #[must_use]
    pub const fn flags(&self) -> &Flags {
        &self.flags
    }

    /// What the installation allows.
    #[must_use]
    pub fn settings(&self) -> &AccessSettings {
        &self.settings
    }
}
