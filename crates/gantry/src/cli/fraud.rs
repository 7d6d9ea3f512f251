//! The words of administrators about fraud: claims, what they were, and what is blocked.

use clap::Subcommand;
use gantry_types::{FraudBlockId, FraudEventId, OrganizationId};

use super::ServerArgs;

/// `gantry admin fraud …`.
#[derive(Debug, Subcommand)]
pub enum FraudCommand {
    /// List what was decided about claims, newest first
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Only these: allow, flag or block
        #[arg(long)]
        verdict: Option<String>,
        /// Only of this organization
        #[arg(long, value_name = "ORGANIZATION")]
        account: Option<OrganizationId>,
        /// Only flagged and blocked ones that nobody has looked at
        #[arg(long)]
        open: bool,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Say what a claim was, once
    Decide {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// What was decided about the claim
        #[arg(value_name = "EVENT")]
        id: FraudEventId,
        /// cleared: credits that were held back are given; confirmed: given ones are taken back
        #[arg(value_parser = ["cleared", "confirmed"])]
        outcome: String,
        /// Why, for other administrators
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        /// What of a confirmed fraud is blocked from now on, separated by commas
        #[arg(long, value_delimiter = ',', value_parser = ["device", "network"])]
        block: Vec<String>,
    },
    /// List the devices and networks that are blocked, newest first
    #[command(after_help = "Example: gantry admin fraud blocks")]
    Blocks {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Block a device or a network: no claim from there is paid any more
    #[command(
        after_help = "Example: gantry admin fraud block network 192.0.2.0/24 --reason \"many accounts\""
    )]
    Block {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// What it is
        #[arg(value_parser = ["device", "network"])]
        kind: String,
        /// The digest of a fraud event's device, or a network such as 192.0.2.0/24
        value: String,
        /// Why, for other administrators
        #[arg(long)]
        reason: String,
    },
    /// Lift a block
    #[command(
        after_help = "Example: gantry admin fraud unblock 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
    )]
    Unblock {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The block, which `gantry admin fraud blocks` shows
        #[arg(value_name = "BLOCK")]
        id: FraudBlockId,
    },
}
