//! Whether somebody may be who they are: suspended, banned, leaving, or none of it.
//!
//! Invariant: a suspension ends by itself when its time has passed, by the clock of whoever looks.

use gantry_ports::store::{ReadAccess, ReadIdentity, User, UserStatus};
use gantry_types::{OrganizationId, Role, Timestamp};

use crate::error::AccessError;

/// Whether somebody may be who they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Good,
    /// Not for now.
    Suspended,
    /// Never again, unless an administrator says otherwise.
    Banned,
    /// They asked to be deleted.
    Leaving,
    /// They were deleted.
    Erased,
}

impl Standing {
    /// In one word, for the audit log.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "active",
            Self::Suspended => "suspended",
            Self::Banned => "banned",
            Self::Leaving => "leaving",
            Self::Erased => "erased",
        }
    }
}

/// How somebody stands at `now`.
///
/// # Errors
/// [`AccessError::Store`].
pub async fn find_standing(
    access: &dyn ReadAccess,
    user: &User,
    now: Timestamp,
) -> Result<Standing, AccessError> {
    match user.status {
        UserStatus::Active => Ok(Standing::Good),
        UserStatus::Banned => Ok(Standing::Banned),
        UserStatus::Leaving => Ok(Standing::Leaving),
        UserStatus::Erased => Ok(Standing::Erased),
        UserStatus::Suspended => {
            let restriction = access.find_restriction(user.id).await?;
            let is_over = restriction.is_some_and(|one| one.has_ended(now));
            Ok(if is_over { Standing::Good } else { Standing::Suspended })
        }
    }
}

/// Lets nobody sign in but those who may.
pub(crate) async fn require_good_standing(
    access: &dyn ReadAccess,
    user: &User,
    now: Timestamp,
) -> Result<(), AccessError> {
    match find_standing(access, user, now).await? {
        Standing::Good => Ok(()),
        Standing::Suspended | Standing::Erased => Err(AccessError::Suspended),
        Standing::Banned => Err(AccessError::Banned),
        Standing::Leaving => Err(AccessError::Leaving),
    }
}

/// Lets no program work for an organization all of whose owners are suspended or banned.
pub(crate) async fn require_owner(
    (access, identity): (&dyn ReadAccess, &dyn ReadIdentity),
    organization_id: OrganizationId,
    now: Timestamp,
) -> Result<(), AccessError> {
    let members = identity.list_members(organization_id).await?;
    for owner in members.iter().filter(|member| member.role == Role::Owner) {
        let Some(user) = access.find_user(owner.user_id).await? else { continue };
        match find_standing(access, &user, now).await? {
            Standing::Good | Standing::Leaving => return Ok(()),
            Standing::Suspended | Standing::Banned | Standing::Erased => {}
        }
    }
    Err(AccessError::NotSignedIn)
}
