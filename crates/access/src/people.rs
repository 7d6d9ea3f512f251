//! People as the administrators of the installation see them.

use gantry_ports::store::{Home, Page, PageRequest, PersonFilter, PersonRecord, UserStatus};
use gantry_types::{Timestamp, UserId};

use crate::Access;
use crate::actor::Actor;
use crate::error::AccessError;
use crate::permission::{Permission, require};

/// A person, when they were looked at, and where they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// The person.
    pub person: PersonRecord,
    /// The organizations of the person, the personal one first.
    pub organizations: Vec<Home>,
    /// Now.
    pub now: Timestamp,
}

impl Access {
    /// People of all organizations whose address or name contains `text`, with a status; with the
    /// time at which that was so.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::Store`].
    pub async fn list_people(
        &self,
        actor: &Actor,
        (text, status): (Option<String>, Option<UserStatus>),
        page: &PageRequest<UserId>,
    ) -> Result<(Page<PersonRecord, UserId>, Timestamp), AccessError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let filter = PersonFilter { text, status, now };
        let snapshot = self.store.read().await?;
        Ok((snapshot.people().list_people(&filter, page).await?, now))
    }

    /// A person and their organizations.
    ///
    /// # Errors
    /// [`AccessError::Forbidden`] for anybody but administrators, [`AccessError::NotFound`],
    /// [`AccessError::Store`].
    pub async fn find_person(&self, actor: &Actor, id: UserId) -> Result<PersonFacts, AccessError> {
        require(actor, Permission::Administer)?;
        let now = self.clock.now();
        let snapshot = self.store.read().await?;
        let person = snapshot.people().find_person(id).await?;
        let person = person.ok_or(AccessError::NotFound { what: "user" })?;
        let organizations = snapshot.people().list_homes(id).await?;
        Ok(PersonFacts { person, organizations, now })
    }
}
