//! People, sessions and keys.

use gantry_access::{Actor, Desk, Profile, SessionView, Via};
use gantry_ports::store::{ApiKey, AuditEntry, Membership, SessionPurpose};
use gantry_types::{
    ApiKeyId, AuditEntryId, Locale, OrganizationId, Role, Scope, SessionId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{ChosenPlanBody, IntervalBody, LocaleWord, RoleWord, ScopeWord};

/// The page on which administrators sign in to administer.
pub const ADMINISTRATOR_SIGN_IN: &str = "/admin/sign-in";

/// A person who registers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// The e-mail address.
    pub email: String,
    /// At least 10 characters.
    #[schema(format = Password, min_length = 10)]
    pub password: String,
    /// The name for people.
    pub name: String,
    /// The secret of an invitation.
    #[serde(default)]
    pub invitation: Option<String>,
    /// The code of whoever referred the newcomer.
    #[serde(default)]
    pub referral_code: Option<String>,
    /// The name of the plan that the newcomer means to be on; one with a price is bought afterwards
    /// and gives nothing before.
    #[serde(default)]
    pub plan: Option<String>,
    /// How often that plan is to be paid for; every month if not given.
    #[serde(default)]
    pub interval: Option<IntervalBody>,
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The e-mail address.
    pub email: String,
    /// At least 10 characters.
    #[schema(format = Password, min_length = 10)]
    pub password: String,
    /// The name for people.
    pub name: String,
    /// What `gantry serve` printed when it started.
    pub token: String,
}

/// A person who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The e-mail address.
    pub email: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
}

/// An administrator who signs in to administer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminSignInRequest {
    /// The e-mail address.
    pub email: String,
    /// The password.
    #[schema(format = Password)]
    pub password: String,
    /// A code of the authenticator app, or a recovery code; empty for who needs none.
    #[serde(default)]
    pub code: String,
}

/// A session for administering.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminSessionBody {
    /// Whose it is; `null` for a key that is nobody's.
    #[schema(value_type = Option<Uuid>)]
    pub user_id: Option<UserId>,
    /// What state-changing requests under `/api/v1/admin` must carry in `X-CSRF-Token`; `null` for
    /// keys.
    pub csrf_token: Option<String>,
}

impl From<&Actor> for AdminSessionBody {
    fn from(actor: &Actor) -> Self {
        let csrf_token = match &actor.via {
            Via::Session { csrf_token, .. } => Some(csrf_token.clone()),
            Via::ApiKey { .. } | Via::Token | Via::System => None,
        };
        Self { user_id: actor.user_id, csrf_token }
    }
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The name for people.
    pub name: String,
    /// Whether the person administers the installation.
    pub administrator: bool,
    /// The language of mails to the person.
    #[schema(value_type = LocaleWord)]
    pub locale: Locale,
    /// Whether the person proved to read the mails of their address.
    pub email_verified: bool,
    /// Whether a password signs the person in.
    pub password: bool,
    /// Whether signing in needs a code.
    pub second_factor: bool,
    /// When the person registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A person's place in an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembershipBody {
    /// The organization.
    #[schema(value_type = Uuid)]
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What the person may do there.
    #[schema(value_type = RoleWord)]
    pub role: Role,
}

impl From<Membership> for MembershipBody {
    fn from(membership: Membership) -> Self {
        Self {
            id: membership.organization_id,
            name: membership.organization_name,
            role: membership.role,
        }
    }
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The person.
    pub user: UserBody,
    /// The organization that the session or key works in.
    pub organization: MembershipBody,
    /// All organizations of the person.
    pub organizations: Vec<MembershipBody>,
    /// What state-changing requests with the cookie must carry in `X-CSRF-Token`; `null` for keys.
    pub csrf_token: Option<String>,
    /// What the session or key may be used for.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<Scope>,
    /// The paid plan that was chosen for the organization at registration and is not bought yet.
    pub chosen_plan: Option<ChosenPlanBody>,
    /// The page on which an administrator signs in to administer, where this session does not.
    pub administrator_sign_in: Option<&'static str>,
}

impl Me {
    /// From what access knows.
    pub fn new(actor: &Actor, profile: Profile) -> Self {
        let csrf_token = match &actor.via {
            Via::Session { csrf_token, .. } => Some(csrf_token.clone()),
            Via::ApiKey { .. } | Via::Token | Via::System => None,
        };
        let administrator_sign_in = match &actor.via {
            Via::Session { desk: Desk::Elsewhere, .. } => Some(ADMINISTRATOR_SIGN_IN),
            Via::Session { desk: Desk::Own | Desk::Shared, .. }
            | Via::ApiKey { .. }
            | Via::Token
            | Via::System => None,
        };
        let user = profile.user;
        let password = user.has_password();
        Self {
            user: UserBody {
                id: user.id,
                email: user.email,
                name: user.name,
                administrator: user.administrator,
                locale: user.locale,
                email_verified: user.email_verified_at.is_some(),
                password,
                second_factor: user.second_factor_at.is_some(),
                created_at: user.created_at,
            },
            organization: profile.organization.into(),
            organizations: profile.organizations.into_iter().map(Into::into).collect(),
            csrf_token,
            scopes: actor.scopes.clone(),
            chosen_plan: profile.chosen_plan.map(Into::into),
            administrator_sign_in,
        }
    }
}

/// What a session is for.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionPurpose)]
pub enum SessionPurposeBody {
    /// The person's own work; where administering needs no session of its own, that too.
    Person,
    /// Administering alone, after a sign-in of its own.
    Administrator,
}

impl From<SessionPurpose> for SessionPurposeBody {
    fn from(purpose: SessionPurpose) -> Self {
        match purpose {
            SessionPurpose::Everything => Self::Person,
            SessionPurpose::Administer => Self::Administrator,
        }
    }
}

/// A browser session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What it is for.
    pub purpose: SessionPurposeBody,
    /// The browser's own description.
    pub user_agent: String,
    /// The address that signed in.
    pub ip: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, at most a minute old.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// When it ends if it is not used before.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl From<SessionView> for SessionBody {
    fn from(view: SessionView) -> Self {
        let session = view.session;
        Self {
            id: session.id,
            current: view.current,
            purpose: session.purpose.into(),
            user_agent: session.user_agent,
            ip: session.ip,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: view.ends_at,
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKeyRequest {
    /// The name for people.
    pub name: String,
    /// What it may be used for; at least one, and none that you do not have.
    #[schema(value_type = Vec<ScopeWord>, min_items = 1)]
    pub scopes: Vec<Scope>,
    /// When it ends by itself; never if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: ApiKeyId,
    /// The name for people.
    pub name: String,
    /// The first characters of the key, to recognise it.
    pub prefix: String,
    /// What it may be used for.
    #[schema(value_type = Vec<ScopeWord>)]
    pub scopes: Vec<Scope>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, at most a minute old.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
        }
    }
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct IssuedApiKey {
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: ApiKeyBody,
    /// The secret; it is shown this once.
    pub key: String,
}

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntryBody {
    /// The identifier.
    #[schema(value_type = Uuid)]
    pub id: AuditEntryId,
    /// Who did it.
    #[schema(value_type = Option<Uuid>)]
    pub user_id: Option<UserId>,
    /// What was done, such as `api_key.revoke`.
    pub action: String,
    /// To what: the kind and the identifier.
    pub subject: String,
    /// Before and after, without secrets.
    pub details: Value,
    /// From which address.
    pub ip: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl From<AuditEntry> for AuditEntryBody {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            user_id: entry.user_id,
            action: entry.action,
            subject: entry.subject,
            details: entry.details,
            ip: entry.ip,
            at: entry.at,
        }
    }
}
