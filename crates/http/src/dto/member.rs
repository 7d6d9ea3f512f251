//! Organizations, and who belongs to them.

use gantry_access::{ClosingPlace, Roster};
use gantry_ports::store::{Invitation, Member};
use gantry_types::{InvitationId, OrganizationId, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RoleWord;

/// A member of an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberBody {
    /// The person.
    #[schema(value_type = Uuid)]
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// Whether it is their personal organization, which they cannot leave.
    pub personal: bool,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user_id,
            email: member.email,
            name: member.name,
            role: member.role,
            personal: member.personal,
        }
    }
}

/// An invitation that is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: InvitationId,
    /// For whom.
    pub email: String,
    /// As what.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// Everybody who belongs to the organization, or may soon.
#[derive(Debug, Serialize, ToSchema)]
pub struct RosterBody {
    /// The members.
    pub members: Vec<MemberBody>,
    /// The invitations that are open.
    pub invitations: Vec<InvitationBody>,
    /// How many both may be by the plan; `null` for as many as you like.
    pub seats: Option<u32>,
}

impl From<Roster> for RosterBody {
    fn from(roster: Roster) -> Self {
        Self {
            members: roster.members.into_iter().map(Into::into).collect(),
            invitations: roster.invitations.into_iter().map(Into::into).collect(),
            seats: roster.seats,
        }
    }
}

/// Somebody to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// Their address; a mail with a link goes there.
    pub email: String,
    /// As what.
    #[schema(value_type = RoleWord)]
    pub role: Role,
}

/// Another role for a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRequest {
    /// The role.
    #[schema(value_type = RoleWord)]
    pub role: Role,
}

/// What somebody who was invited sees before they accept.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedPlace {
    /// The organization's name.
    pub organization: String,
    /// For whom.
    pub email: String,
    /// As what.
    #[schema(value_type = RoleWord)]
    pub role: Role,
}

/// What an organization is called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationRequest {
    /// The name for people.
    pub name: String,
}

/// An organization that is about to be erased.
#[derive(Serialize, ToSchema)]
pub struct ClosingBody {
    /// The organization.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
    /// Its name.
    pub name: String,
    /// When everything is erased; until then an owner may keep it.
    #[schema(value_type = String, format = DateTime)]
    pub erase_at: Timestamp,
}

impl From<ClosingPlace> for ClosingBody {
    fn from(place: ClosingPlace) -> Self {
        let ClosingPlace { closing, name } = place;
        Self { organization_id: closing.organization_id, name, erase_at: closing.erase_at }
    }
}

/// The organizations of a person that are about to be erased.
#[derive(Serialize, ToSchema)]
pub struct ClosingList {
    /// Those that they own.
    pub items: Vec<ClosingBody>,
}

/// Where the session is to work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchRequest {
    /// One of your organizations.
    #[schema(value_type = Uuid)]
    pub organization_id: OrganizationId,
}

/// From which network addresses the organization may be used.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworksBody {
    /// Networks such as `192.0.2.0/24`, and single addresses; empty for from anywhere.
    pub networks: Vec<String>,
}
