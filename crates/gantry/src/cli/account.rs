//! The words for an account: what it has and used, its sessions, its keys, its end.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gantry_types::{ApiKeyId, JobId, Scope, SessionId, Timestamp};

use super::{
    EmailArgs, GrantsCommand, IdentitiesCommand, PasskeysCommand, PasswordCommand, ProfileArgs,
    SecondFactorCommand, ServerArgs, SignUpArgs, VerifyArgs,
};

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
    /// Open an account and keep a key of it; reads the password
    #[command(after_help = "Example: gantry account sign-up --email you@example.org --name You")]
    SignUp(SignUpArgs),
    /// Prove an address, the first or a new one; asks for the link of the mail
    #[command(after_help = "Example: gantry account verify --resend")]
    Verify(VerifyArgs),
    /// Have your address changed by a mail to the new one; asks for the password
    #[command(after_help = "Example: gantry account email new@example.org")]
    Email(EmailArgs),
    /// Change your name or the language of mails; asks for the password
    #[command(after_help = "Example: gantry account profile --language de")]
    Profile(ProfileArgs),
    /// Set a new password, also without the present one
    #[command(subcommand)]
    Password(PasswordCommand),
    /// Turn the code at sign-in on and off, and make recovery codes
    #[command(subcommand)]
    SecondFactor(SecondFactorCommand),
    /// List and remove the accounts elsewhere that sign you in
    #[command(subcommand)]
    Identities(IdentitiesCommand),
    /// List, rename and remove the passkeys that sign you in
    #[command(subcommand)]
    Passkeys(PasskeysCommand),
    /// List the programs that act for you, and stop them
    #[command(subcommand)]
    Grants(GrantsCommand),
    /// Show or set the time zone of the organization, by which schedules run
    #[command(after_help = "Example: gantry account time-zone Europe/Berlin")]
    TimeZone {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The zone to set, by its name of the IANA database
        #[arg(value_name = "ZONE")]
        zone: Option<String>,
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
