//! The one table of who may do what.
//!
//! Invariant: an action is allowed when the role allows it *and* a scope of the session or key
//! covers it; a new role, scope or permission does not compile until the table names it.

use std::fmt;

use gantry_types::{Role, Scope};

use crate::actor::{Actor, Desk, Via};
use crate::error::AccessError;

/// Something that an actor may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See jobs, their events and what they cost.
    ReadJobs,
    /// Submit, cancel and repeat jobs; call services.
    RunJobs,
    /// See and download datasets and artifacts.
    ReadData,
    /// Upload and delete datasets.
    WriteData,
    /// See plan, balance, ledger and use.
    ReadAccount,
    /// See and end one's own sessions.
    ManageSessions,
    /// Make, see and revoke one's own API keys.
    ManageKeys,
    /// See and revoke everybody's API keys; change members and roles.
    ManageMembers,
    /// Read the organization's audit log.
    ReadAudit,
    /// Buy plans and credits; change and end the subscription.
    ManageBilling,
    /// Administer the installation.
    Administer,
}

impl Permission {
    /// Every permission.
    pub const ALL: &'static [Self] = &[
        Self::ReadJobs,
        Self::RunJobs,
        Self::ReadData,
        Self::WriteData,
        Self::ReadAccount,
        Self::ManageSessions,
        Self::ManageKeys,
        Self::ManageMembers,
        Self::ReadAudit,
        Self::ManageBilling,
        Self::Administer,
    ];

    /// The scopes of which a session or key needs one for it. Who may run jobs sees them, and
    /// who may change data sees it.
    #[must_use]
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::ReadJobs => &[Scope::Read, Scope::Run],
            Self::ReadData => &[Scope::Read, Scope::Data],
            Self::ReadAccount => &[Scope::Read],
            Self::RunJobs => &[Scope::Run],
            Self::WriteData => &[Scope::Data],
            Self::ManageSessions
            | Self::ManageKeys
            | Self::ManageMembers
            | Self::ReadAudit
            | Self::ManageBilling => &[Scope::Account],
            Self::Administer => &[Scope::Admin],
        }
    }

    /// Whether members with this role have it. Administering the installation is no matter of a
    /// role in an organization.
    #[must_use]
    pub const fn is_of_role(self, role: Role) -> bool {
        match self {
            Self::ReadJobs | Self::ReadData | Self::ReadAccount | Self::ManageSessions => {
                match role {
                    Role::Owner | Role::Admin | Role::Member | Role::Viewer | Role::Billing => true,
                }
            }
            Self::RunJobs | Self::WriteData | Self::ManageKeys => match role {
                Role::Owner | Role::Admin | Role::Member => true,
                Role::Viewer | Role::Billing => false,
            },
            Self::ManageMembers | Self::ReadAudit => match role {
                Role::Owner | Role::Admin => true,
                Role::Member | Role::Viewer | Role::Billing => false,
            },
            Self::ManageBilling => match role {
                Role::Owner | Role::Admin | Role::Billing => true,
                Role::Member | Role::Viewer => false,
            },
            Self::Administer => true,
        }
    }

    /// Whether `actor` has it.
    #[must_use]
    pub fn allows(self, actor: &Actor) -> bool {
        let installation = match self {
            Self::Administer => actor.administrator,
            Self::ReadJobs
            | Self::RunJobs
            | Self::ReadData
            | Self::WriteData
            | Self::ReadAccount
            | Self::ManageSessions
            | Self::ManageKeys
            | Self::ManageMembers
            | Self::ReadAudit
            | Self::ManageBilling => true,
        };
        let covered = self.scopes().iter().any(|scope| actor.scopes.contains(scope));
        installation && self.is_of_role(actor.role) && covered
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ReadJobs => "see jobs",
            Self::RunJobs => "run jobs",
            Self::ReadData => "see data",
            Self::WriteData => "change data",
            Self::ReadAccount => "see the account",
            Self::ManageSessions => "manage sessions",
            Self::ManageKeys => "manage API keys",
            Self::ManageMembers => "manage members",
            Self::ReadAudit => "read the audit log",
            Self::ManageBilling => "manage plan and payments",
            Self::Administer => "administer the installation",
        })
    }
}

/// Stops an actor who may not do it.
///
/// # Errors
/// [`AccessError::Forbidden`], [`AccessError::AdministersElsewhere`].
pub fn require(actor: &Actor, permission: Permission) -> Result<(), AccessError> {
    if permission.allows(actor) {
        return Ok(());
    }
    match (permission, &actor.via) {
        (Permission::Administer, Via::Session { desk: Desk::Elsewhere, .. }) => {
            Err(AccessError::AdministersElsewhere)
        }
        (_, Via::Session { .. } | Via::ApiKey { .. } | Via::Token | Via::System) => {
            Err(AccessError::Forbidden { permission })
        }
    }
}

/// Stops a client of OAuth and the short-lived token of a renewable pair: what they make for
/// themselves would outlast what was granted to them.
///
/// # Errors
/// [`AccessError::Forbidden`].
pub(crate) fn require_no_token(actor: &Actor, permission: Permission) -> Result<(), AccessError> {
    match actor.via {
        Via::ApiKey { client: Some(_), .. } | Via::ApiKey { family: Some(_), .. } => {
            Err(AccessError::Forbidden { permission })
        }
        Via::ApiKey { client: None, family: None, .. }
        | Via::Session { .. }
        | Via::Token
        | Via::System => Ok(()),
    }
}

/// Stops these, and any key that ends by itself, from what never ends.
///
/// # Errors
/// [`AccessError::Forbidden`].
pub(crate) fn require_endless(actor: &Actor, permission: Permission) -> Result<(), AccessError> {
    require_no_token(actor, permission)?;
    match actor.key_ends_at() {
        Some(_) => Err(AccessError::Forbidden { permission }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::OrganizationId;

    /// Role, then the permissions that it has with all scopes, by their words.
    const TABLE: [(Role, &[Permission]); 5] = [
        (Role::Owner, Permission::ALL),
        (Role::Admin, Permission::ALL),
        (
            Role::Member,
            &[
                Permission::ReadJobs,
                Permission::RunJobs,
                Permission::ReadData,
                Permission::WriteData,
                Permission::ReadAccount,
                Permission::ManageSessions,
                Permission::ManageKeys,
            ],
        ),
        (
            Role::Viewer,
            &[
                Permission::ReadJobs,
                Permission::ReadData,
                Permission::ReadAccount,
                Permission::ManageSessions,
            ],
        ),
        (
            Role::Billing,
            &[
                Permission::ReadJobs,
                Permission::ReadData,
                Permission::ReadAccount,
                Permission::ManageSessions,
                Permission::ManageBilling,
            ],
        ),
    ];

    /// What each scope alone covers.
    const SCOPES: [(Scope, &[Permission]); 5] = [
        (Scope::Read, &[Permission::ReadJobs, Permission::ReadData, Permission::ReadAccount]),
        (Scope::Run, &[Permission::ReadJobs, Permission::RunJobs]),
        (Scope::Data, &[Permission::ReadData, Permission::WriteData]),
        (
            Scope::Account,
            &[
                Permission::ManageSessions,
                Permission::ManageKeys,
                Permission::ManageMembers,
                Permission::ReadAudit,
                Permission::ManageBilling,
            ],
        ),
        (Scope::Admin, &[Permission::Administer]),
    ];

    fn covers(scope: Scope, permission: Permission) -> bool {
        SCOPES.iter().any(|(known, covered)| *known == scope && covered.contains(&permission))
    }

    fn actor(role: Role, scopes: &[Scope], administrator: bool) -> Actor {
        let system = Actor::system(OrganizationId::generate());
        Actor { role, scopes: scopes.to_vec(), administrator, ..system }
    }

    #[test]
    fn the_table_holds_for_every_role_scope_and_permission() {
        for &(role, allowed) in &TABLE {
            for &permission in Permission::ALL {
                for &scope in Scope::ALL {
                    for administrator in [false, true] {
                        let of_role = match permission {
                            Permission::Administer => administrator,
                            _ => allowed.contains(&permission),
                        };
                        let expected = of_role && covers(scope, permission);
                        let actor = actor(role, &[scope], administrator);
                        assert_eq!(
                            require(&actor, permission).is_ok(),
                            expected,
                            "{role} {scope} {permission:?} administrator: {administrator}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn without_scopes_nothing_is_allowed() {
        let owner = actor(Role::Owner, &[], true);
        assert!(Permission::ALL.iter().all(|permission| !permission.allows(&owner)));
    }
}
