//! The words for organizations, who belongs to them, and what they did there.

use clap::{Args, Subcommand};
use gantry_types::{InvitationId, OrganizationId, Role, UserId};

use super::ServerArgs;

/// `gantry members …`.
#[derive(Debug, Subcommand)]
pub enum MembersCommand {
    /// List members, open invitations and seats
    List(ServerArgs),
    /// List open invitations
    Invitations(ServerArgs),
    /// Invite somebody by mail
    Invite {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Their address
        #[arg(value_name = "ADDRESS")]
        email: String,
        /// What they may do: owner, admin, member, viewer, billing
        #[arg(long, default_value = "member")]
        role: Role,
    },
    /// Take an invitation back
    Withdraw {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The invitation
        #[arg(value_name = "INVITATION")]
        id: InvitationId,
    },
    /// Give a member another role
    Role {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The member
        #[arg(value_name = "MEMBER")]
        id: UserId,
        /// What they may do: owner, admin, member, viewer, billing
        role: Role,
    },
    /// Remove a member, with their sessions and keys in the organization
    Remove {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The member
        #[arg(value_name = "MEMBER")]
        id: UserId,
    },
}

/// `gantry organizations …`.
#[derive(Debug, Subcommand)]
pub enum OrganizationsCommand {
    /// List your organizations
    List(ServerArgs),
    /// Make an organization; asks for the password
    Create {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The name for people
        name: String,
    },
    /// Give the organization that the key works in another name
    Rename {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The name for people
        name: String,
    },
    /// Close an organization that you own; asks for the password
    Close {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        #[arg(value_name = "ORGANIZATION")]
        id: OrganizationId,
    },
    /// List the organizations that you closed and may keep; asks for the password
    Closing(ServerArgs),
    /// Keep an organization that was closed, within the grace; asks for the password
    Keep {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        #[arg(value_name = "ORGANIZATION")]
        id: OrganizationId,
    },
    /// Work in another of your organizations: keep a key for it; asks for the password
    Use {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        #[arg(value_name = "ORGANIZATION")]
        id: OrganizationId,
    },
}

/// Arguments of `gantry audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u32,
}
