//! The words for programs of others that act for people, and for people whom an organization brings.

use clap::Subcommand;
use gantry_types::{OAuthClientId, Scope};

use super::ServerArgs;

/// `gantry oauth-clients …`.
#[derive(Debug, Subcommand)]
pub enum OAuthClientsCommand {
    /// List the clients of your organization, oldest first
    #[command(after_help = "Example: gantry oauth-clients list")]
    List(ServerArgs),
    /// Register a client; the secret of a confidential one is shown this once
    #[command(after_help = "Example: gantry oauth-clients create Reports --scopes read \
                      --redirect-uri https://reports.example/callback")]
    Create {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The name for people
        name: String,
        /// confidential: a server, which keeps a secret; public: an app on somebody's device
        #[arg(long, default_value = "confidential", value_parser = ["confidential", "public"])]
        kind: String,
        /// Where people may be sent back to, letter by letter; may be given several times
        #[arg(long = "redirect-uri", value_name = "URL")]
        redirect_uris: Vec<String>,
        /// The most that it may be used for, separated by commas: read, run, data, account, admin
        #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
    },
    /// Change what is given of a client; one that loses a scope loses its tokens
    #[command(
        after_help = "Example: gantry oauth-clients change 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f --scopes read"
    )]
    Change {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The client, which `gantry oauth-clients list` shows
        #[arg(value_name = "CLIENT")]
        id: OAuthClientId,
        /// The name for people
        #[arg(long)]
        name: Option<String>,
        /// Where people may be sent back to, in place of all of now; may be given several times
        #[arg(long = "redirect-uri", value_name = "URL")]
        redirect_uris: Vec<String>,
        /// The most that it may be used for, separated by commas: read, run, data, account, admin
        #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
        scopes: Vec<Scope>,
    },
    /// Give a confidential client another secret, shown this once, and end its tokens
    #[command(
        after_help = "Example: gantry oauth-clients rotate 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
    )]
    Rotate {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The client, which `gantry oauth-clients list` shows
        #[arg(value_name = "CLIENT")]
        id: OAuthClientId,
    },
    /// Remove a client with everything that people granted it
    #[command(
        after_help = "Example: gantry oauth-clients remove 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f"
    )]
    Remove {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The client, which `gantry oauth-clients list` shows
        #[arg(value_name = "CLIENT")]
        id: OAuthClientId,
    },
}

/// `gantry referrals …`.
#[derive(Debug, Subcommand)]
pub enum ReferralsCommand {
    /// Show what referrals bring, your organization's code, and whom it brought, newest first
    #[command(after_help = "Example: gantry referrals list")]
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Print the organization's code and the page for newcomers; makes a code where there is none
    #[command(after_help = "Example: gantry referrals code")]
    Code(ServerArgs),
}
