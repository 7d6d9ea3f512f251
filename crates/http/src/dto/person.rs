//! People as administrators see them, and what is done to them.

use gantry_access::PersonFacts;
use gantry_ports::store::{Home, Order, PersonRecord, Restriction, UserStatus};
use gantry_types::{OrganizationId, Role, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{CreditsBody, RoleWord};

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserStatus)]
pub enum UserStatusBody {
    /// May sign in.
    Active,
    /// May not for now.
    Suspended,
    /// May not any more.
    Banned,
    /// Asked to be deleted, and may still stay.
    Leaving,
    /// Was deleted.
    Erased,
}

impl From<UserStatus> for UserStatusBody {
    fn from(status: UserStatus) -> Self {
        match status {
            UserStatus::Active => Self::Active,
            UserStatus::Suspended => Self::Suspended,
            UserStatus::Banned => Self::Banned,
            UserStatus::Leaving => Self::Leaving,
            UserStatus::Erased => Self::Erased,
        }
    }
}

impl From<UserStatusBody> for UserStatus {
    fn from(status: UserStatusBody) -> Self {
        match status {
            UserStatusBody::Active => Self::Active,
            UserStatusBody::Suspended => Self::Suspended,
            UserStatusBody::Banned => Self::Banned,
            UserStatusBody::Leaving => Self::Leaving,
            UserStatusBody::Erased => Self::Erased,
        }
    }
}

/// Why a person is suspended or banned; for administrators alone.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestrictionBody {
    /// Why.
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it ends by itself; `null` means never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The administrator who said so.
    #[schema(value_type = Option<Uuid>)]
    pub by: Option<UserId>,
}

impl From<Restriction> for RestrictionBody {
    fn from(restriction: Restriction) -> Self {
        Self {
            reason: restriction.reason,
            at: restriction.at,
            until: restriction.until,
            by: restriction.by,
        }
    }
}

/// A person's organization, with what it has.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminHomeBody {
    /// The organization.
    #[schema(value_type = Uuid)]
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What the person may do there.
    #[schema(value_type = RoleWord)]
    pub role: Role,
    /// The name of its plan in the edition, such as `free`.
    pub plan: String,
    /// Its balance.
    pub credits: CreditsBody,
}

impl AdminHomeBody {
    /// `is_low` says whether a balance is.
    pub fn new(home: Home, is_low: impl Fn(&Home) -> bool) -> Self {
        let credits =
            CreditsBody { available: home.available, held: home.held, low: is_low(&home) };
        Self {
            id: home.organization_id,
            name: home.name,
            role: home.role,
            plan: home.plan,
            credits,
        }
    }
}

/// A person as administrators see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// The address.
    pub email: String,
    /// The name for people.
    pub name: String,
    /// Whether they may sign in.
    pub status: UserStatusBody,
    /// Why they may not, while they are suspended or banned.
    pub restriction: Option<RestrictionBody>,
    /// Whether they administer the installation.
    pub administrator: bool,
    /// Whether they proved to read the mails of their address.
    pub email_verified: bool,
    /// When they registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a session or key of theirs that is still kept was last used.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    /// The personal organization; `null` once they were deleted.
    pub organization: Option<AdminHomeBody>,
}

impl AdminUserBody {
    /// As it is at `now`; `is_low` says whether a balance is.
    pub fn new(person: PersonRecord, now: Timestamp, is_low: impl Fn(&Home) -> bool) -> Self {
        let status = person.derive_status(now);
        let restriction = match status {
            UserStatus::Suspended | UserStatus::Banned => person.restriction.map(Into::into),
            UserStatus::Active | UserStatus::Leaving | UserStatus::Erased => None,
        };
        Self {
            id: person.id,
            email: person.email,
            name: person.name,
            status: status.into(),
            restriction,
            administrator: person.administrator,
            email_verified: person.email_verified_at.is_some(),
            created_at: person.created_at,
            last_seen_at: person.last_seen_at,
            organization: person.home.map(|home| AdminHomeBody::new(home, is_low)),
        }
    }
}

/// A person and where they belong to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserDetailBody {
    /// The person.
    #[serde(flatten)]
    pub user: AdminUserBody,
    /// The organizations of the person, the personal one first.
    pub organizations: Vec<AdminHomeBody>,
}

impl AdminUserDetailBody {
    /// `is_low` says whether a balance is.
    pub fn new(facts: PersonFacts, is_low: impl Fn(&Home) -> bool) -> Self {
        let organizations = facts.organizations.into_iter();
        let organizations = organizations.map(|home| AdminHomeBody::new(home, &is_low)).collect();
        Self { user: AdminUserBody::new(facts.person, facts.now, &is_low), organizations }
    }
}

/// Which people are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AdminUserParams {
    /// A part of the address or the name, in any case.
    pub search: Option<String>,
    /// `active`, `suspended`, `banned`, `leaving` or `erased`.
    #[param(value_type = Option<String>)]
    pub status: Option<UserStatusBody>,
    /// At most so many items: 1 to 200, 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `newest_first` (if not given) or `oldest_first`.
    #[param(value_type = Option<crate::dto::ListOrder>)]
    pub order: Option<Order>,
}

/// Why somebody is suspended, and for how long.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendRequest {
    /// Why, for other administrators: 1 to 500 characters.
    pub reason: String,
    /// When it ends by itself; without it, it lasts until they are reinstated.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// Why somebody is banned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BanRequest {
    /// Why, for other administrators: 1 to 500 characters.
    pub reason: String,
}

/// That somebody may sign in again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReinstateRequest {
    /// Why, for other administrators: up to 500 characters.
    #[serde(default)]
    pub note: String,
}
