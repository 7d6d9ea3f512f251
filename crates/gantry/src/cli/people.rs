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
    /// Accept an invitation; asks for the password and the link of its mail
    #[command(after_help = "Example: gantry organizations join")]
    Join(ServerArgs),
    /// Leave the organization that the kept key works in, for your own one; asks for the password
    #[command(after_help = "Example: gantry organizations leave")]
    Leave(ServerArgs),
    /// Show or set the networks from which the organization may be used
    #[command(subcommand)]
    Networks(NetworksCommand),
}

/// `gantry organizations networks …`.
#[derive(Debug, Subcommand)]
pub enum NetworksCommand {
    /// List the networks from which the organization may be used
    #[command(after_help = "Example: gantry organizations networks show")]
    Show(ServerArgs),
    /// Set them, in place of those of now; a list without your own address is refused
    #[command(after_help = "Example: gantry organizations networks set 192.0.2.0/24 198.51.100.7")]
    Set {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Networks such as 192.0.2.0/24, and single addresses
        #[arg(
            value_name = "NETWORK",
            required_unless_present = "anywhere",
            conflicts_with = "anywhere"
        )]
        networks: Vec<String>,
        /// Let it be used from anywhere
        #[arg(long)]
        anywhere: bool,
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
