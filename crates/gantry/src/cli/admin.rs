//! The words of administrators: for a data folder without a server, and for a server.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gantry_types::{OrganizationId, Timestamp, UserId};

use super::payments::AdminPaymentsCommand;
use super::{AdminTrialCommand, DataArgs, FiguresCommand, FraudCommand, ServerArgs};

/// `gantry admin …`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create the first administrator of a data folder
    Create {
        /// The data folder
        #[command(flatten)]
        data: DataArgs,
        /// The e-mail address to sign in with
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// The name for people (by default the address before its @)
        #[arg(long)]
        name: Option<String>,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Take over accounts that people had elsewhere, with their passwords
    ImportPeople {
        /// The data folder
        #[command(flatten)]
        data: DataArgs,
        /// A CSV file with the columns email, name, password_hash (bcrypt or Argon2id) and verified
        /// (yes or no)
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The product whose plan they get: the name of an edition, or a file [default: default]
        #[arg(long, value_name = "NAME|FILE")]
        edition: Option<String>,
        /// Leave out who has an account here already, instead of importing nobody
        #[arg(long)]
        skip_known: bool,
    },
    /// Check that the audit log is as it was when it was sealed
    VerifyAudit {
        /// The data folder
        #[command(flatten)]
        data: DataArgs,
        /// Check an exported file (format jsonl) instead, without a database
        #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
        file: Option<PathBuf>,
    },
    /// List people of a server, look at one, suspend, ban and reinstate them
    #[command(subcommand)]
    Users(UsersCommand),
    /// Put organizations of a server on plans
    #[command(subcommand)]
    Plan(AdminPlanCommand),
    /// Lengthen trials of organizations of a server, or end them
    #[command(subcommand)]
    Trial(AdminTrialCommand),
    /// Give organizations of a server credits
    #[command(subcommand)]
    Credits(AdminCreditsCommand),
    /// Give organizations of a server limits in place of their plan's
    #[command(subcommand)]
    Limits(AdminLimitsCommand),
    /// Let an organization of a server be used from everywhere again, whose allowed networks shut its
    /// people out
    LiftNetworks {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
    },
    /// Give money back, compare with the payment provider, and settle what it told
    #[command(subcommand)]
    Payments(AdminPaymentsCommand),
    /// Look at claims of credits for ads, and block where fraud comes from
    #[command(subcommand)]
    Fraud(FraudCommand),
    /// Show how a server's recurring revenue moved in a month
    Revenue {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The month, such as 2027-02 [default: the present one, in UTC]
        #[arg(long, value_name = "MONTH")]
        month: Option<String>,
    },
    /// List, turn, try and delete the flags of a server
    #[command(subcommand)]
    Flags(FlagsCommand),
    /// List what limits of plans refused or kept back, the newest days first
    QuotaEvents {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The first day, such as 2027-02-01 [default: 30 days up to the last one]
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// The last day, which is included [default: today, in UTC]
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
        /// Only of this organization
        #[arg(long, value_name = "ORGANIZATION")]
        organization: Option<OrganizationId>,
    },
    /// What there is to read about a server.
    #[command(flatten)]
    Figures(FiguresCommand),
    /// Look at a server's audit log, of all organizations
    #[command(subcommand)]
    Audit(AdminAuditCommand),
}

/// `gantry admin users …`.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// List people, newest first
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// Only whose address or name contains this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only these: active, suspended, banned, leaving or erased
        #[arg(long)]
        status: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Show a person and their organizations
    Show(UserArgs),
    /// Keep a person out, for a time or until they are reinstated
    Suspend {
        /// The person
        #[command(flatten)]
        user: UserArgs,
        /// Why, for other administrators
        #[arg(long)]
        reason: String,
        /// When it ends by itself, such as 2027-01-31T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
    /// Keep a person out for good, and stop what only they own
    Ban {
        /// The person
        #[command(flatten)]
        user: UserArgs,
        /// Why, for other administrators
        #[arg(long)]
        reason: String,
    },
    /// Let a person sign in again who was suspended or banned
    Reinstate {
        /// The person
        #[command(flatten)]
        user: UserArgs,
        /// Why, for other administrators
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
}

/// A person of a server.
#[derive(Debug, Args)]
pub struct UserArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,
    /// The person
    #[arg(value_name = "USER")]
    pub id: UserId,
}

/// `gantry admin plan …`.
#[derive(Debug, Subcommand)]
pub enum AdminPlanCommand {
    /// Put an organization on a plan, also on one that is not for sale
    Set {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// The plan's name for programs
        plan: String,
        /// Until when, such as 2027-01-31T00:00:00Z [default: until it is released]
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
    /// Let an organization follow its subscription again
    Release {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
    },
}

/// `gantry admin credits …`.
#[derive(Debug, Subcommand)]
pub enum AdminCreditsCommand {
    /// Give an organization credits
    Give {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// How many
        credits: i64,
        /// Why, for the ledger
        #[arg(long)]
        reason: String,
        /// When what is left of them expires, such as 2027-01-31T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
    },
}

/// `gantry admin limits …`.
#[derive(Debug, Subcommand)]
pub enum AdminLimitsCommand {
    /// List the limits that an organization has in place of its plan's
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
    },
    /// Give an organization a limit of its own; another one of that name is replaced
    Set {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// concurrent_jobs, seats, retention_days, file_bytes, or per_month., per_day. or per_job.
        /// and a meter, such as per_month.jobs
        limit: String,
        /// How much, or `unlimited`
        #[arg(value_parser = LimitValue::parse)]
        value: LimitValue,
        /// Why, for other administrators
        #[arg(long)]
        reason: String,
        /// When the plan's limit holds again, such as 2027-01-31T00:00:00Z [default: never by itself]
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
    /// Take a limit back, so that the plan's holds again
    Clear {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The organization
        organization: OrganizationId,
        /// The limit's name
        limit: String,
    },
}

/// How much a limit lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitValue {
    /// So many units in its time.
    Units(u64),
    /// Everything.
    Unlimited,
}

impl LimitValue {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        text.parse().map(Self::Units).map_err(|_| "give a whole number or `unlimited`".to_owned())
    }
}

/// `gantry admin flags …`.
#[derive(Debug, Subcommand)]
pub enum FlagsCommand {
    /// List flags, by name
    List(ServerArgs),
    /// Turn a flag on or off; one that there is not is made
    Set {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The flag's name, such as operation.automl.train
        #[arg(value_name = "FLAG")]
        key: String,
        /// on: its rules decide, everybody has it without any; off: nobody has it
        #[arg(value_parser = ["on", "off"])]
        switch: String,
        /// Give it to so many organizations alone, in steps of 0.01, in place of its rules
        #[arg(long, value_name = "PERCENT")]
        percentage: Option<f64>,
    },
    /// Say what a flag is for somebody, and which rule says so
    #[command(after_help = "Example: gantry admin flags try new-look \
                      --organization 0190d5a2-7b1c-7c3e-9d2f-5a6b7c8d9e0f")]
    Try {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The flag's name
        #[arg(value_name = "FLAG")]
        key: String,
        /// For this organization
        #[arg(long, value_name = "ORGANIZATION")]
        organization: Option<OrganizationId>,
        /// For this person
        #[arg(long, value_name = "USER")]
        user: Option<UserId>,
    },
    /// Delete a flag with its rules
    #[command(after_help = "Example: gantry admin flags delete new-look")]
    Delete {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The flag's name
        #[arg(value_name = "FLAG")]
        key: String,
    },
}

/// `gantry admin audit …`.
#[derive(Debug, Subcommand)]
pub enum AdminAuditCommand {
    /// List the newest entries of a span of time, which is read as a whole
    List {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The time
        #[command(flatten)]
        span: SpanArgs,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
    /// Write entries into a file; `gantry admin verify-audit --file` checks those of jsonl
    Export {
        /// The server
        #[command(flatten)]
        server: ServerArgs,
        /// The time
        #[command(flatten)]
        span: SpanArgs,
        /// csv for people, jsonl with seals for checks
        #[arg(long, default_value = "jsonl", value_parser = ["csv", "jsonl"])]
        format: String,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// A span of time.
#[derive(Debug, Args)]
pub struct SpanArgs {
    /// Only from this time on, such as 2027-02-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
}
