//! The words for an account: what it has and used, its sessions, its keys, its end.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gantry_types::{ApiKeyId, JobId, Scope, SessionId, Timestamp};

use super::ServerArgs;

/// Arguments of `gantry account`; without a command it shows the account.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AccountArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: Option<AccountCommand>,
}

/// `gantry account …`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Show plan, credits, use against limits, and what is beyond them; so does no command at all
    Show(ServerArgs),
    /// Show what jobs used, day by day
    Usage(UsageArgs),
    /// List the credits that can be spent, in the order in which jobs spend them
    Lots {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// List the lines of the ledger, newest first
    Ledger(LedgerArgs),
    /// List the sessions in which you are signed in, or end one
    Sessions {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// End this session
        #[arg(long, value_name = "SESSION")]
        revoke: Option<SessionId>,
    },
    /// Take home what is kept about you, as a ZIP file; asks for the password
    Export {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The file to write
        #[arg(long, value_name = "FILE", default_value = "account-export.zip")]
        out: PathBuf,
    },
    /// Delete your account, which a mail lets you keep for a while; asks for the password
    Delete(ServerArgs),
    /// Keep an account that was to be deleted; asks for the link of the mail
    Keep(ServerArgs),
}

/// Arguments of `gantry account usage`.
#[derive(Debug, Args)]
pub struct UsageArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The first day, such as 2027-02-01 [default: 30 days up to the last one]
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The last day, which is included [default: today, in UTC]
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// By what it is summed
    #[arg(long, default_value = "day", value_parser = ["day", "operation", "member"])]
    pub by: String,
    /// Write it as CSV into this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

/// Arguments of `gantry account ledger`.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// Only lines for this reason, such as hold or settle
    #[arg(long)]
    pub reason: Option<String>,
    /// Only lines for this job
    #[arg(long, value_name = "JOB")]
    pub job: Option<JobId>,
    /// Only from this time on, such as 2027-02-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: u32,
    /// Write all of them as CSV into this file, oldest first
    #[arg(long, value_name = "FILE", conflicts_with = "limit")]
    pub csv: Option<PathBuf>,
}

/// `gantry keys …`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List API keys, newest first: yours, or everybody's for owners and admins
    List(ServerArgs),
    /// Make an API key, which is shown this once
    Create {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The name for people
        name: String,
        /// What it may be used for, separated by commas: read, run, data, account, admin
        #[arg(long, value_name = "SCOPES", value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// When it ends by itself, such as 2027-01-31T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME")]
        expires_at: Option<Timestamp>,
    },
    /// Replace one of your keys by a new one with the same scopes; the old one ends at once
    Rotate(KeyArgs),
    /// Revoke an API key
    Revoke(KeyArgs),
}

/// An API key of a server.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The key's identifier, which `gantry keys list` shows
    #[arg(value_name = "KEY_ID")]
    pub id: ApiKeyId,
}
