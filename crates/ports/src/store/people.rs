//! People as the administrators of the installation see them, over all organizations.
//!
//! Invariant: nothing here proves identity: neither hashes nor secrets are read.

use async_trait::async_trait;
use gantry_types::{Credits, OrganizationId, Role, Timestamp, UserId};

use super::access::{Restriction, UserStatus};
use super::error::StoreError;
use super::page::{Page, PageRequest};

/// Which people are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFilter {
    /// A part of the address or the name, in any case.
    pub text: Option<String>,
    /// With this status; a suspension whose time has passed is none.
    pub status: Option<UserStatus>,
    /// Now.
    pub now: Timestamp,
}

/// An organization of a person, with what it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What the person may do there.
    pub role: Role,
    /// The name of its plan in the edition.
    pub plan: String,
    /// Credits that can be spent.
    pub available: Credits,
    /// Credits that jobs hold.
    pub held: Credits,
}

impl Home {
    /// What is left: what can be spent, and what jobs hold.
    #[must_use]
    pub fn derive_balance(&self) -> Credits {
        Credits::new(self.available.get().saturating_add(self.held.get()))
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// The identifier.
    pub id: UserId,
    /// In lower case.
    pub email: String,
    /// The name for people.
    pub name: String,
    /// Whether the person administers the installation.
    pub administrator: bool,
    /// As it is kept: a suspension may have ended meanwhile.
    pub status: UserStatus,
    /// Why the person is suspended or banned.
    pub restriction: Option<Restriction>,
    /// When they proved to read the mails of their address.
    pub email_verified_at: Option<Timestamp>,
    /// When they registered.
    pub created_at: Timestamp,
    /// When a session or key of theirs that is still kept was last used.
    pub last_seen_at: Option<Timestamp>,
    /// The personal organization; an erased person has none.
    pub home: Option<Home>,
}

impl PersonRecord {
    /// The status at `now`: a suspension whose time has passed is over.
    #[must_use]
    pub fn derive_status(&self, now: Timestamp) -> UserStatus {
        let is_over = self.restriction.as_ref().is_some_and(|one| one.has_ended(now));
        match self.status {
            UserStatus::Suspended if is_over => UserStatus::Active,
            status @ (UserStatus::Active
            | UserStatus::Suspended
            | UserStatus::Banned
            | UserStatus::Leaving
            | UserStatus::Erased) => status,
        }
    }
}

/// Looks up people; for administrators alone.
#[async_trait]
pub trait ReadPeople: Send + Sync {
    /// People of all organizations.
    async fn list_people(
        &self,
        filter: &PersonFilter,
        page: &PageRequest<UserId>,
    ) -> Result<Page<PersonRecord, UserId>, StoreError>;
    /// A person.
    async fn find_person(&self, id: UserId) -> Result<Option<PersonRecord>, StoreError>;
    /// The organizations of a person, the personal one first.
    async fn list_homes(&self, id: UserId) -> Result<Vec<Home>, StoreError>;
    /// Organizations all of whose owners are banned, and that have jobs which nobody asked to
    /// stop, at most `limit`.
    async fn list_halted(&self, limit: u32) -> Result<Vec<OrganizationId>, StoreError>;
}
