//! Who somebody is and what they may do: accounts, sessions, API keys, roles and the audit log.
//!
//! Invariants: a password, a session token and an API key are never stored, only their hashes;
//! every change is audited in the transaction that makes it; what an actor may do is decided by
//! one pure table ([`Permission::allows`]) and nowhere else.

mod actor;
mod api_keys;
mod audit;
mod authenticate;
mod change_identity;
mod email;
mod entrance;
mod error;
mod lock_out;
mod password;
mod permission;
mod recent;
mod register_user;
mod secret;
mod sessions;
mod settings;
mod setup;
mod sign_in;

pub use actor::{Actor, Via};
pub use api_keys::{IssuedKey, NewApiKey};

pub use entrance::{CallCount, Entrance, RequestRate, require_feature};
pub use error::AccessError;
pub use lock_out::LockOut;
pub use permission::{Permission, require};
pub use register_user::{Credentials, Registrant};
pub use secret::{SessionToken, SetupToken};
pub use sessions::{Profile, SessionView};
pub use settings::{AccessSettings, PasswordCost, Registration};
pub use sign_in::{Client, SignedIn};

use std::sync::{Arc, Mutex};

use gantry_ports::{Bus, Clock, Store};

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
    /// The hash of the token with which the first administrator registers.
    setup_token: Arc<Mutex<Option<String>>>,
}

impl Access {
    /// Works on `store`, and tells and hears over `bus` whose identity changed.
    ///
    /// # Errors
    /// [`AccessError::Hashing`] when the settings ask for a cost that Argon2 does not have.
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        settings: AccessSettings,
    ) -> Result<Self, AccessError> {
        let passwords = Arc::new(PasswordHashing::new(&settings.password_cost)?);
        let recent = Arc::new(RecentActors::new(bus.as_ref()));
        let setup_token = Arc::new(Mutex::new(None));
        let settings = Arc::new(settings);
        Ok(Self { store, bus, clock, settings, recent, passwords, setup_token })
    }

    /// What the installation allows.
    #[must_use]
    pub fn settings(&self) -> &AccessSettings {
        &self.settings
    }
}
