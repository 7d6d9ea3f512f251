//! The words of administrators about trials.
//!
//! Invariant: a trial that is moved has a reason.

use clap::Subcommand;
use gantry_types::{OrganizationId, Timestamp};

use super::ServerArgs;

/// `gantry admin trial …`.
#[derive(Debug, Subcommand)]
pub enum AdminTrialCommand {
    /// Let an organization's trial last longer, at most 730 days from now
    Lengthen {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// Its new end, such as 2027-01-31T00:00:00Z
        #[arg(value_name = "TIME")]
        until: Timestamp,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    /// End an organization's trial now, so that its first period is paid for
    End {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
}
